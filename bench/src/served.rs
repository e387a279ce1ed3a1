//! A hub whose pages an officer asks for, without a network between.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base::{Env, Scope, Subject};
use log::Context;
use records::{Change, RecordError, append};
use tower::ServiceExt;
use zampa::files::Files;
use zampa::node::{Node, make_hub};

/// Requests before the first one that counts.
const WARM: usize = 20;

pub struct Served {
    pub node: Node,
    /// Where the programme's records lie.
    pub scope: Scope,
    env: Env,
    cookie: String,
    router: Router,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Served {
    /// An empty hub with an officer who has signed in.
    pub fn hub() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let files = Files(dir.path().to_owned());
        let env = Env::system();
        let settings = make_hub(&files, &env, "Hub", true)?;
        let node = Node::open(&files, &env)?;
        let scope = Scope::Programme(settings.programme);
        let kinds = zampa::house::kinds();
        let kind = |name: &str| kinds.get(name).ok_or(RecordError::NotFound);
        let mut officer = Subject::default();
        node.site.store.write(Context::NODE, |tx| {
            officer = tx.subject(&scope);
            append(tx, kind("person")?, scope, officer, Change::new().with_text("name", "officer"), None)?;
            let own = Scope::Person(officer);
            let change = Change::new()
                .with_link("person", officer)
                .with_text("role", "officer")
                .with_text("from_on", "2020-01-01");
            append(tx, kind("grant_of_role")?, own, tx.subject(&own), change, None)
        })?;
        let token = node.site.local.start_session(officer)?;
        let cookie = format!("{}={token}", node.site.session_cookie(false));
        let router = web::serve(Arc::clone(&node.site), node.routes.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { node, scope, env, cookie, router, runtime, _dir: dir })
    }

    /// The time within which 99 of 100 pages come, in milliseconds, and that for which this process had a processor to
    /// make them, which another's work hardly changes; each page must show a link that begins so.
    pub fn p99(&self, count: usize, link: &str, address: impl Fn(usize) -> String) -> Result<(f64, f64)> {
        let (mut times, mut worked) = (Vec::new(), Vec::new());
        for n in 0..count + WARM {
            let request = Request::builder().uri(address(n)).header("host", "here").header("cookie", &self.cookie);
            let request = request.body(Body::empty())?;
            let (began, had) = (self.env.clock.steady_ms(), processor_ms()?);
            let bytes = self.runtime.block_on(async {
                let response = self.router.clone().oneshot(request).await?;
                anyhow::ensure!(response.status() == 200, "the page answers {}", response.status());
                Ok(to_bytes(response.into_body(), 8 << 20).await?)
            })?;
            anyhow::ensure!(String::from_utf8_lossy(&bytes).contains(link), "an empty page: {}", address(n));
            if n >= WARM {
                times.push(self.env.clock.steady_ms() - began);
                worked.push(processor_ms()? - had);
            }
        }
        times.sort_unstable();
        worked.sort_by(f64::total_cmp);
        let time = times.get(times.len() * 99 / 100).copied().unwrap_or(u64::MAX) as f64;
        Ok((time, worked.get(worked.len() * 99 / 100).copied().unwrap_or(f64::MAX)))
    }
}

/// Milliseconds for which the threads of this process had a processor.
fn processor_ms() -> Result<f64> {
    let mut sum = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let said = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        sum += said.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(sum / 1e6)
}
