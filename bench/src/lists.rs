//! A list of 100,000 people, and the rebuild of their tables.

use std::sync::Arc;

use anyhow::Result;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base::{Env, Scope, Subject};
use log::Context;
use records::{Change, RecordError, Value, append};
use tower::ServiceExt;
use zampa::files::Files;
use zampa::node::{Node, make_hub};

use crate::tell;

const PEOPLE: usize = 100_000;

/// Fills a hub with people, lists them, and rebuilds.
pub fn run() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let files = Files(dir.path().to_owned());
    let env = Env::system();
    let settings = make_hub(&files, &env, "Hub", true)?;
    let node = Node::open(&files, &env)?;
    let scope = Scope::Programme(settings.programme);
    let kinds = zampa::house::kinds();
    let kind = |name: &str| kinds.get(name).ok_or(RecordError::NotFound);
    let store = &node.site.store;
    let mut officer = Subject::default();
    let mut units = Vec::new();
    store.write(Context::NODE, |tx| {
        for n in 0..20 {
            let id = tx.subject(&scope);
            let change = Change::new().with_text("name", format!("单位 {n}")).with_text("kind", "assisting_unit");
            append(tx, kind("organisation")?, scope, id, change, None)?;
            units.push(id);
        }
        officer = tx.subject(&scope);
        append(tx, kind("person")?, scope, officer, Change::new().with_text("name", "officer"), None)?;
        let own = Scope::Person(officer);
        let change =
            Change::new().with_link("person", officer).with_text("role", "officer").with_text("from_on", "2020-01-01");
        append(tx, kind("grant_of_role")?, own, tx.subject(&own), change, None)
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

    let site = Arc::clone(&node.site);
    let token = site.local.start_session(officer)?;
    let cookie = format!("{}={token}", site.session_cookie());
    let router = web::serve(Arc::clone(&site), node.routes.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut times = Vec::new();
    for n in 0..300_usize {
        let unit = units.get(n % units.len()).copied().unwrap_or_default();
        let sort = ["name", "-name", "unit", "state"].get(n % 4).copied().unwrap_or("name");
        let uri = format!("/people?unit={unit}&sort={sort}&page={}", 1 + n % 30);
        let request =
            Request::builder().uri(uri).header("host", "here").header("cookie", &cookie).body(Body::empty())?;
        let began = env.clock.steady_ms();
        let bytes = runtime.block_on(async {
            let response = router.clone().oneshot(request).await?;
            anyhow::ensure!(response.status() == 200, "the list answers {}", response.status());
            Ok(to_bytes(response.into_body(), 8 << 20).await?)
        })?;
        anyhow::ensure!(bytes.len() > 5000, "an empty list");
        if n >= 20 {
            times.push(env.clock.steady_ms() - began);
        }
    }
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(u64::MAX) as f64;
    tell("list of 100,000 people, filtered and sorted, p99", p99, "ms", "< 30", p99 < 30.0, None);

    let began = env.clock.steady_ms();
    store.rebuild()?;
    let all = (env.clock.steady_ms() - began) as f64 / 1000.0;
    let entries = store.read(|c| Ok::<_, RecordError>(log::stats(c)?.entries))? as f64;
    tell("rebuild of 200,000 facts with indexes and search", entries / all, "facts/s", "-", true, None);
    let fold = store.read(|c| {
        let began = env.clock.steady_ms();
        let mut folded = 0_u64;
        log::each_subject(c, |_, entries| {
            folded += u64::from(records::fold(&kinds, settings.hub(), entries).is_some());
            Ok::<_, RecordError>(())
        })?;
        Ok::<_, RecordError>((env.clock.steady_ms() - began) as f64 / 1000.0)
    })?;
    tell("reading and folding alone", entries / fold, "facts/s", "-", true, None);
    Ok(())
}
