//! Running a hub or a school's node, and joining.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use assets::{Index, Shelf};
use base::Env;
use classroom::Classes;
use origin::{Certificates, Door, Welcome};
use people::SET_UP;
use web::{Check, NodeKind, Route, Site};

use crate::files::{Files, Settings};
use crate::house;
use crate::links::NodeLinks;
use crate::node::{Node, make_hub, open_store};

/// How often clocks are settled and the database tidied, in seconds.
const CHORES_SECONDS: u64 = 60;

/// How often it is looked which classes are to be open, in seconds.
const CLASSES_SECONDS: u64 = 2;

/// How often it is looked who may speak of encoders and players, in milliseconds.
const PROGRAMS_MS: u64 = 500;

/// How often contents that no fact names are swept, in seconds: twice a day.
const SWEEP_SECONDS: u64 = 12 * 3600;

/// How long a content may lie that no fact names, in milliseconds: a day, longer than any upload takes.
const UNNAMED_MS: u64 = 24 * 3_600_000;

/// Runs a hub until it is stopped.
pub fn hub(files: &Files, port: u16, env: &Env) -> Result<()> {
    if !files.exist() {
        make_hub(files, env, "Hub", false)?;
    }
    if files.settings()?.kind != NodeKind::Hub {
        bail!("{} is a school's node: run it with `zampa school`", files.0.display());
    }
    serve_one(files, port, env)
}

/// Runs a school's node until it is stopped.
pub fn school(files: &Files, port: u16, env: &Env) -> Result<()> {
    if !files.exist() {
        bail!(
            "{} has not joined a hub yet: `zampa join --data {0} CODE`, with a code from the hub's page of nodes",
            files.0.display()
        );
    }
    if files.settings()?.kind != NodeKind::School {
        bail!("{} is a hub: run it with `zampa hub`", files.0.display());
    }
    serve_one(files, port, env)
}

fn serve_one(files: &Files, port: u16, env: &Env) -> Result<()> {
    let runtime = runtime()?;
    let node = Node::open(files, env)?;
    let settings = files.settings()?;
    if node.wants_set_up()? {
        let secret = node.site.local.keep_secret(SET_UP)?;
        println!("Set up this hub once, at http://localhost:{port}/set-up/{secret}");
    }
    runtime.block_on(async {
        node.begin_classes(IpAddr::V4(Ipv4Addr::UNSPECIFIED))?;
        match settings.kind {
            NodeKind::Hub => node.links.listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))?,
            NodeKind::School => {
                // Neighbours dial it. What else has the port costs the school those alone.
                if let Err(e) = node.links.listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)) {
                    tracing::warn!("no neighbour can dial this node: {e:#}");
                }
                if !settings.hub_address.is_empty() {
                    node.links.dial(&settings.hub_address)?;
                }
                node.links.meet_neighbours()?;
            }
        }
        println!("{} is at http://localhost:{port}", settings.title);
        let lan = origin::own_addresses().first().map(ToString::to_string).unwrap_or_default();
        println!("and at https://{lan}:{port} for devices that trust it: http://{lan}:{port}/trust says how.");
        println!("The fingerprint (SHA-256) that they are to show: {}", node.authority.fingerprint());
        let first = Route::get("/", Check::Public, crate::home::first);
        serve(node, first, port, IpAddr::V6(Ipv6Addr::UNSPECIFIED)).await
    })
}

/// Joins a hub: the node's key is signed by the hub's own entry, and what the hub says of the programme is kept.
pub fn join(files: &Files, code: &str, title: Option<&str>, env: &Env) -> Result<()> {
    if files.exist() {
        bail!("{} is a node already; give an empty directory", files.0.display());
    }
    let key = files.key(env)?;
    let runtime = runtime()?;
    let joined = runtime.block_on(NodeLinks::join(code, &key, title.unwrap_or_default()))?;
    let settings = Settings {
        kind: NodeKind::School,
        programme: joined.programme,
        hub_key: joined.hub_key,
        hub_address: joined.hub_address,
        title: joined.title,
        school: joined.school,
        demonstration: joined.demonstration,
    };
    drop(open_store(files, &settings, env)?);
    files.write_settings(&settings)?;
    println!("{} has joined. Run it with: zampa school --data {}", settings.title, files.0.display());
    Ok(())
}

/// The runtime: two threads are what a cheap box has.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_stack_size(1 << 20)
        .enable_all()
        .build()?)
}

/// Serves a node's pages until the process is told to stop.
pub async fn serve(node: Node, first: Route, port: u16, address: IpAddr) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(SocketAddr::new(address, port))
        .await
        .with_context(|| format!("cannot listen on port {port}; is another Zampa running? Give another with --port"))?;
    let site = Arc::clone(&node.site);
    chores(&node);
    crate::workshop::open(&node);
    crate::films::open(&node);
    let certificates = Certificates::new(Arc::clone(&node.authority), site.store.env().clone());
    let door = Door::open(listener, Arc::new(certificates.context("no certificates for https")?));
    let mut routes = node.routes;
    routes.push(first);
    let router = web::serve(site, routes);
    axum::serve(door, Welcome::new(router)).with_graceful_shutdown(stopped()).await?;
    Ok(())
}

/// Settles clocks now and then: a hub rules on what is ahead, every node folds what has come due.
fn chores(node: &Node) {
    let (store, site, shelf) = (Arc::clone(&node.site.store), Arc::clone(&node.site), Arc::clone(&node.shelf));
    let index = Arc::clone(&node.index);
    let tidied = Arc::clone(&site);
    let is_hub = node.site.node_kind == NodeKind::Hub;
    tokio::spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(CHORES_SECONDS));
        loop {
            every.tick().await;
            let (store, site) = (Arc::clone(&store), Arc::clone(&tidied));
            let done = tokio::task::spawn_blocking(move || {
                store.settle_clocks(is_hub)?;
                // Whom to call on a tour that is over, here or elsewhere, is destroyed.
                if let Err(e) = tours::tidy(&site) {
                    tracing::error!("destroying contacts of tours that are over: {e}");
                }
                // What was erased while somebody read leaves the write-ahead log now.
                store.tidy()
            });
            if let Ok(Err(e)) = done.await {
                tracing::error!("settling clocks: {e}");
            }
        }
    });
    tokio::spawn(tend(Arc::clone(&site), Arc::clone(&node.classes), Arc::clone(&shelf)));
    tokio::spawn(programs(Arc::clone(&site), Arc::clone(&node.classes)));
    tokio::spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(SWEEP_SECONDS));
        loop {
            every.tick().await;
            let (site, shelf, index) = (Arc::clone(&site), Arc::clone(&shelf), Arc::clone(&index));
            let done = tokio::task::spawn_blocking(move || sweep(&site, &shelf, &index)).await;
            if let Ok(Err(e)) = done {
                tracing::error!("sweeping files: {e:#}");
            }
        }
    });
}

/// Opens and closes classes as they are planned, makes facts of what happened in them, and notes what has come for them.
async fn tend(site: Arc<Site>, classes: Arc<Classes>, shelf: Arc<Shelf>) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(CLASSES_SECONDS));
    loop {
        every.tick().await;
        let (site, classes, shelf) = (Arc::clone(&site), Arc::clone(&classes), Arc::clone(&shelf));
        let done = tokio::task::spawn_blocking(move || {
            // What is written of classes is made safe, also where something else went wrong with one.
            let (tended, synced) = (classes.tend(&site), classes.sync());
            tended.and(synced)?;
            let whole =
                |conn: &rusqlite::Connection, course: &base::Subject| courses::is_here(&site, conn, &shelf, course);
            classroom::note_ready(&site, &classes, &whole)?;
            classes.forget_withdrawn(&site)?;
            classes.forget_past(&site)
        });
        if let Ok(Err(e)) = done.await {
            tracing::error!("tending classes: {e}");
        }
    }
}

/// Looks after encoders and players that are in classes.
async fn programs(site: Arc<Site>, classes: Arc<Classes>) {
    let mut every = tokio::time::interval(std::time::Duration::from_millis(PROGRAMS_MS));
    loop {
        every.tick().await;
        if classes.has_programs() {
            let (site, classes) = (Arc::clone(&site), Arc::clone(&classes));
            let looked = tokio::task::spawn_blocking(move || classes.look_after_programs(&site));
            if let Err(e) = looked.await {
                tracing::error!("looking after programs in classes: {e}");
            }
        }
    }
}

/// Removes the contents that no fact names any more, and what was left of uploads.
fn sweep(site: &Site, shelf: &Shelf, index: &Index) -> Result<()> {
    let mut named = site.store.read(|conn| register::named(conn, &site.kinds))?;
    for tree in site.store.read(|conn| Ok::<_, log::LogError>(house::trees(conn)?))? {
        // A tree that came and was not looked at yet is taken in first.
        shelf.lacks(&tree, 0)?;
        named.extend(shelf.leaves(&tree)?.into_iter().map(|(content, _)| content));
    }
    // What this node chose not to keep goes too; whoever planned it again meanwhile keeps it.
    let since = crate::links::yesterday(&site.store);
    let own = site.store.key().id();
    let stock = site.store.read(|conn| courses::stock(conn, shelf, &site.local, own, &since))?;
    named.retain(|content| !stock.let_go.contains(content));
    let swept = site.blobs.sweep(&named, UNNAMED_MS, site.store.env())?;
    if swept.count > 0 {
        shelf.look_again()?;
        tracing::info!("swept {} files of {} bytes that no fact names", swept.count, swept.bytes);
    }
    // A file that was let go stays found by its words; one that no record names any more does not.
    index.keep_only(&site.store.read(|conn| Ok::<_, log::LogError>(courses::named(conn)?))?)?;
    Ok(())
}

async fn stopped() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let term = async {
        match &mut term {
            Some(term) => drop(term.recv().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = term => {}
    }
}
