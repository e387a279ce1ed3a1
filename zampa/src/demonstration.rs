//! The demonstration: a hub and two schools in one process, a bad link between them, and a page that shows it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use askama::Template;
use base::Env;
use figures::{Card, Counted, Scope};
use link::{Bad as Weather, Relay};
use web::{Check, PageError, Reply, Request, Route, Shell, Site};

use crate::fill::{BOXES, fill, place};
use crate::node::Node;
use crate::run::{runtime, serve};

/// Fills what is not filled yet, and runs the demonstration until it is stopped.
pub fn run(dir: &Path, port: u16, seed: u64, fill_only: bool, env: &Env) -> Result<()> {
    fill(dir, seed, env, &|what| println!("{what}"))?;
    if fill_only {
        println!("filled {}", dir.display());
        return Ok(());
    }
    runtime()?.block_on(run_nodes(dir, port, env))
}

async fn run_nodes(dir: &Path, port: u16, env: &Env) -> Result<()> {
    let local = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let hub = Node::open(&place(dir, 0), env)?;
    crate::lesson_of_today::plan(&hub.site)?;
    hub.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
    hub.links.listen(local(port))?;
    let mut relays = Vec::new();
    let mut schools = Vec::new();
    for n in 1..=BOXES {
        let at = port + u16::try_from(n)?;
        // The relay stands on the school's number, on UDP: what the school sends to the hub passes through it.
        let relay = Arc::new(Relay::start(local(at), local(port), env.clone(), Weather::default()).await?);
        let school = Node::open(&place(dir, n), env)?;
        school.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        school.links.dial(&local(at).to_string())?;
        relays.push(relay);
        schools.push((school, at));
    }
    let stage = Arc::new(Stage {
        relays,
        port,
        counted: Arc::clone(&hub.counted),
        schools: schools.iter().map(|(s, _)| (Arc::clone(&s.site), Arc::clone(&s.counted))).collect(),
        links: schools.iter().map(|(s, _)| Arc::clone(&s.links)).collect(),
    });
    let first = {
        let stage = Arc::clone(&stage);
        Route::get("/", Check::Public, move |site, r| stage.page(site, r))
    };
    let mut hub = hub;
    hub.routes.extend(routes(&stage));
    println!("\n  The demonstration is at http://hub.localhost:{port}/\n  Stop it with Ctrl-C; the data stays.\n");
    let mut all = tokio::task::JoinSet::new();
    all.spawn(serve(hub, first, port, IpAddr::V4(Ipv4Addr::LOCALHOST)));
    for (school, at) in schools {
        let first = Route::get("/", Check::Public, crate::home::first);
        all.spawn(serve(school, first, at, IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    while let Some(done) = all.join_next().await {
        done??;
    }
    Ok(())
}

/// What the opening page shows and moves.
struct Stage {
    relays: Vec<Arc<Relay>>,
    port: u16,
    counted: Arc<Counted>,
    schools: Vec<(Arc<Site>, Arc<Counted>)>,
    links: Vec<Arc<crate::links::NodeLinks>>,
}

fn routes(stage: &Arc<Stage>) -> Vec<Route> {
    let at = |s: &Arc<Stage>| Arc::clone(s);
    let (a, b, c) = (at(stage), at(stage), at(stage));
    vec![
        Route::get("/demo/state", Check::Demonstration, move |site, r| a.state(site, r)),
        Route::post("/demo/cut", Check::Demonstration, move |_, r| b.cut(r)),
        Route::post("/demo/weather", Check::Demonstration, move |_, r| c.weather(r)),
    ]
}

struct School {
    n: usize,
    title: String,
    host: String,
    visits: String,
    cut: bool,
    waiting: i64,
    state: &'static str,
    said: String,
    rate: String,
    delay: u64,
    loss: u32,
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage<'a> {
    s: Shell<'a>,
    card: Card,
    schools: Vec<School>,
    today: String,
    hosts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "demo_state.html")]
struct DemoState<'a> {
    s: Shell<'a>,
    card: Card,
    schools: Vec<School>,
    today: String,
}

impl Stage {
    fn visits(&self, site: &Site, request: &Request) -> Result<Card, PageError> {
        site.store.read(|conn| {
            let all = figures::indicators(conn, false)?;
            let visits = all.iter().find(|i| i.code == "visits").ok_or(PageError::NotFound)?;
            figures::card(site, request, conn, &self.counted, visits, &Scope::default())
        })
    }

    fn schools(&self, request: &Request, hub: &Site) -> Result<Vec<School>, PageError> {
        let words = request.words(hub);
        let mut out = Vec::new();
        for (i, ((site, counted), relay)) in self.schools.iter().zip(&self.relays).enumerate() {
            let visits = site.store.read(|conn| {
                let rule = figures::rule("visits_held").ok_or(PageError::NotFound)?;
                counted.figure(conn, rule, &Scope::default(), &Scope::default(), site.today())
            })?;
            let weather = relay.settings();
            let peers = self.links.get(i).map(|l| nodes::Links::peers(&**l)).unwrap_or_default();
            let waiting = peers.iter().map(|p| p.waiting).sum::<u64>();
            let connected = peers.iter().all(|p| p.connected) && !peers.is_empty();
            let (state, key) = match (weather.cut, connected) {
                (true, _) => ("broken", "node-cut"),
                (false, false) => ("thin", "demo-dialling"),
                (false, true) if waiting > 0 => ("thin", "node-sending"),
                (false, true) => ("whole", "sign-in-step"),
            };
            out.push(School {
                n: i + 1,
                title: site.node_title.clone(),
                host: format!("http://school-{}.localhost:{}", i + 1, usize::from(self.port) + i + 1),
                visits: words.number(visits.value),
                cut: weather.cut,
                waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
                state,
                said: words.get(key).into_owned(),
                rate: weather.bits_per_second.map(|b| (b / 1000).to_string()).unwrap_or_default(),
                delay: weather.delay_ms,
                loss: weather.loss_permille,
            });
        }
        Ok(out)
    }

    fn page(&self, site: &Site, request: &Request) -> Result<Reply, PageError> {
        let words = request.words(site);
        let schools = self.schools(request, site)?;
        let hub = format!("http://hub.localhost:{}", self.port);
        let hosts = std::iter::once((hub, site.node_title.clone()))
            .chain(schools.iter().map(|s| (s.host.clone(), s.title.clone())))
            .collect();
        let page = DemoPage {
            card: self.visits(site, request)?,
            schools,
            today: site.today().to_string(),
            hosts,
            s: Shell::new(site, request, words.get("demo-title")),
        };
        Ok(Reply::Page(page.render()?))
    }

    fn state(&self, site: &Site, request: &Request) -> Result<Reply, PageError> {
        let page = DemoState {
            card: self.visits(site, request)?,
            schools: self.schools(request, site)?,
            today: site.today().to_string(),
            s: Shell::new(site, request, ""),
        };
        Ok(Reply::Page(page.render()?))
    }

    fn relay(&self, request: &Request) -> Result<(usize, &Relay), PageError> {
        let n: usize = request.form("school").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("school"))?;
        let relay = n.checked_sub(1).and_then(|i| self.relays.get(i)).ok_or(PageError::NotFound)?;
        Ok((n - 1, relay))
    }

    fn cut(&self, request: &Request) -> Result<Reply, PageError> {
        let (n, relay) = self.relay(request)?;
        let cut = request.form("cut") == Some("yes");
        relay.set(Weather { cut, ..relay.settings() });
        if let (false, Some(link)) = (cut, self.links.get(n)) {
            link.nudge();
        }
        Ok(Reply::To("/".to_owned()))
    }

    fn weather(&self, request: &Request) -> Result<Reply, PageError> {
        let (_, relay) = self.relay(request)?;
        let number = |name: &str, most: u64| -> Result<Option<u64>, PageError> {
            match request.form(name).map(str::trim).filter(|v| !v.is_empty()) {
                None => Ok(None),
                Some(v) => v.parse().ok().filter(|n| *n <= most).map(Some).ok_or(PageError::Malformed("a number")),
            }
        };
        relay.set(Weather {
            bits_per_second: number("rate", 1_000_000)?.filter(|n| *n > 0).map(|kbit| kbit * 1000),
            delay_ms: number("delay", 5000)?.unwrap_or(0),
            loss_permille: u32::try_from(number("loss", 500)?.unwrap_or(0)).unwrap_or(0),
            ..relay.settings()
        });
        Ok(Reply::To("/".to_owned()))
    }
}
