//! `zampa figures`: every figure of a node, with what it is made of.

use std::io::Write;

use anyhow::Result;
use base::Env;
use serde_json::json;

use crate::files::Files;
use crate::node::open_store;

/// Prints the figures: one JSON object a line, or a table for people.
pub fn run(files: &Files, env: &Env, as_json: bool, with_rows: bool) -> Result<()> {
    let settings = files.settings()?;
    let store = open_store(files, &settings, env)?;
    let now = env.clock.now_ms();
    let stamp = jiff::Timestamp::from_millisecond(i64::try_from(now)?)?;
    let mut out = std::io::stdout().lock();
    store.read(|conn| -> Result<(), log::LogError> {
        let zone: Option<String> =
            conn.query_row("SELECT zone FROM programme LIMIT 1", [], |r| r.get(0)).unwrap_or(None);
        let zone = zone.and_then(|z| jiff::tz::TimeZone::get(&z).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = zone.to_datetime(stamp).date();
        let digest = figures::as_of(conn)?;
        for indicator in figures::indicators(conn, false)? {
            let beside = indicator.rule.beside.iter().filter_map(|name| figures::rule(name));
            let divided = |rule: &&'static figures::CountingRule| indicator.scope.undivided(rule).is_none();
            for rule in std::iter::once(indicator.rule).chain(beside).filter(divided) {
                let rows = figures::evidence(conn, rule, &indicator.scope, today)?;
                let figure = figures::Cells::of(conn, rule, &indicator.scope, today)?.figure(rule, &rows);
                let main = rule.name == indicator.rule.name;
                let id = if main { indicator.code.clone() } else { format!("{}/{}", indicator.code, rule.name) };
                let untold = figure.untold.map(|u| if u == figures::Untold::Few { "<5" } else { "-" });
                let cohorts: Vec<String> = indicator.scope.cohorts.iter().map(ToString::to_string).collect();
                if !as_json {
                    let shown = untold.map_or_else(|| figure.value.to_string(), ToOwned::to_owned);
                    let _ = writeln!(out, "{shown:>10}  {id}  ({} v{}, {} rows)", rule.name, rule.version, rows.len());
                    continue;
                }
                let mut line = json!({
                    "id": id,
                    "value": untold.map_or_else(|| json!(figure.value), |u| json!(u)),
                    "rule": rule.name,
                    "version": rule.version,
                    "scope": { "node": store.key().id().to_string(), "cohorts": cohorts },
                    "as_of": { "time": stamp.to_string(), "digest": digest.to_string() },
                    "hash": figure.hash.to_string(),
                    "rows": rows.len(),
                    "demonstration": settings.demonstration,
                });
                if with_rows && figure.is_told() {
                    let ids: Vec<_> =
                        rows.iter().map(|r| json!({ "id": r.id.to_string(), "n": r.n, "day": r.day })).collect();
                    if let Some(object) = line.as_object_mut() {
                        object.insert("evidence".to_owned(), json!(ids));
                    }
                }
                let _ = writeln!(out, "{line}");
            }
        }
        Ok(())
    })?;
    Ok(())
}
