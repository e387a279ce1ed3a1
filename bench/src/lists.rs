//! A list of 100,000 people, and the rebuild of their tables.

use anyhow::Result;
use base::Env;
use log::Context;
use records::{Change, RecordError, Value, append};

use crate::served::Served;
use crate::tell;

const PEOPLE: usize = 100_000;

/// Fills a hub with people, lists them, and rebuilds.
pub fn run() -> Result<()> {
    let hub = Served::hub()?;
    let scope = hub.scope;
    let kinds = zampa::house::kinds();
    let kind = |name: &str| kinds.get(name).ok_or(RecordError::NotFound);
    let store = &hub.node.site.store;
    let mut units = Vec::new();
    store.write(Context::NODE, |tx| {
        for n in 0..20 {
            let id = tx.subject(&scope);
            let change = Change::new().with_text("name", format!("单位 {n}")).with_text("kind", "assisting_unit");
            append(tx, kind("organisation")?, scope, id, change, None)?;
            units.push(id);
        }
        Ok::<_, RecordError>(())
    })?;
    let subjects = records::vocabulary::SUBJECTS;
    for batch in 0..PEOPLE / 5000 {
        store.write(Context::NODE, |tx| {
            for n in 0..5000 {
                let at = batch * 5000 + n;
                let letters: String = [at % 1000, at / 1000 % 1000, at % 777]
                    .iter()
                    .filter_map(|k| char::from_u32(0x4e00 + u32::try_from(*k).unwrap_or(0) * 7))
                    .collect();
                let unit = units.get(at % units.len()).copied().unwrap_or_default();
                let change = Change::new()
                    .with_text("name", letters)
                    .with_link("unit", unit)
                    .with_added("subjects", Value::text(subjects.get(at % subjects.len()).copied().unwrap_or("art")));
                append(tx, kind("person")?, scope, tx.subject(&scope), change, None)?;
            }
            Ok::<_, RecordError>(())
        })?;
    }

    let (p99, _) = hub.p99(280, "href=\"/people/", |n| {
        let unit = units.get(n % units.len()).copied().unwrap_or_default();
        let sort = ["name", "-name", "unit", "state"].get(n % 4).copied().unwrap_or("name");
        format!("/people?unit={unit}&sort={sort}&page={}", 1 + n % 30)
    })?;
    tell("list of 100,000 people, filtered and sorted, p99", p99, "ms", "< 30", p99 < 30.0, None);

    let env = Env::system();
    let began = env.clock.steady_ms();
    store.rebuild()?;
    let all = (env.clock.steady_ms() - began) as f64 / 1000.0;
    let entries = store.read(|c| Ok::<_, RecordError>(log::stats(c)?.entries))? as f64;
    tell("rebuild of 200,000 facts with indexes and search", entries / all, "facts/s", "-", true, None);
    let fold = store.read(|c| {
        let began = env.clock.steady_ms();
        let mut folded = 0_u64;
        log::each_subject(c, |_, entries| {
            folded += u64::from(records::fold(&kinds, store.key().id(), entries).is_some());
            Ok::<_, RecordError>(())
        })?;
        Ok::<_, RecordError>((env.clock.steady_ms() - began) as f64 / 1000.0)
    })?;
    tell("reading and folding alone", entries / fold, "facts/s", "-", true, None);
    Ok(())
}
