//! What pages cost: CPU a request, bytes of a first visit.

use std::path::Path;

use anyhow::{Context, Result};
use base::{Env, Subject};

use crate::process::{PORT, cpu_seconds, get, get_bytes, start};
use crate::tell;

/// Measures the hub of a demonstration that is filled.
pub fn run(zampa: &Path, data: &Path) -> Result<()> {
    let dir = data.to_str().context("a path that is text")?;
    // A session of somebody who is signed in at a school, made where the node keeps them.
    let school = data.join("school-1");
    let files = zampa::files::Files(school.clone());
    let cookie = {
        let node = zampa::node::Node::open(&files, &Env::system())?;
        let person: Vec<u8> = node.site.store.read(|c| {
            let sql = "SELECT person FROM grant_of_role WHERE role = 'posted' ORDER BY id LIMIT 1";
            Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get(0))?)
        })?;
        let token = node.site.local.start_session(Subject::try_from(person.as_slice())?)?;
        format!("{}={token}", node.site.session_cookie(false))
    };
    let port = PORT.to_string();
    let at = school.to_str().context("a path that is text")?;
    let (running, _) = start(zampa, &["school", "--data", at, "--port", &port], PORT, "/welcome")?;
    let answer = get(PORT, "/today", &cookie)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "Today answers {}", answer.lines().next().unwrap_or_default());
    for _ in 0..20 {
        get(PORT, "/today", &cookie)?;
    }
    let before = cpu_seconds(running.0.id())?;
    let count = 500;
    for _ in 0..count {
        get(PORT, "/today", &cookie)?;
    }
    let ms = (cpu_seconds(running.0.id())? - before) * 1000.0 / f64::from(count);
    tell("signed-in first page, CPU a request", ms, "ms", "<= 1", ms <= 1.0, Some("122"));
    drop(running);

    let (running, _) = start(zampa, &["demo", "--data", dir, "--port", &port], PORT, "/")?;
    let headers = "Accept-Encoding: br, gzip\r\nAccept-Language: zh\r\n";
    let page = get_bytes(PORT, "/", headers)?;
    let text = String::from_utf8_lossy(&page).into_owned();
    let mut total = page.len();
    let mut requests = 1;
    let mut seen = std::collections::BTreeSet::new();
    for part in text.split("/static/").skip(1) {
        let name = part.split(['"', '#']).next().unwrap_or_default().to_owned();
        if seen.insert(name.clone()) {
            total += get_bytes(PORT, &format!("/static/{name}"), headers)?.len();
            requests += 1;
        }
    }
    let kb = total as f64 / 1000.0;
    tell("first visit, all requests", kb, "KB", "<= 50", kb <= 50.0, Some("2900"));
    tell("first visit, requests", f64::from(requests), "requests", "-", true, Some("27"));
    drop(running);
    Ok(())
}
