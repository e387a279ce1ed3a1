//! A node: its directory opened, its rooms wired, its pages served, its link running.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use assets::{Films, INDEX, Index, Shelf};
use base::Env;
use classroom::Classes;
use figures::Counted;
use log::{Context, NodeKey, Store};
use nodes::{Links, Members};
use origin::Authority;
use records::{Kinds, Records};
use rusqlite::OptionalExtension;
use web::{Local, NodeKind, Route, Site};

use crate::files::{Files, Settings};
use crate::house;
use crate::links::NodeLinks;

/// A node that is open.
pub struct Node {
    /// Its pages and data.
    pub site: Arc<Site>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its links.
    pub links: Arc<NodeLinks>,
    /// Its figures.
    pub counted: Arc<Counted>,
    /// Its live classes.
    pub classes: Arc<Classes>,
    /// Its trees of files.
    pub shelf: Arc<Shelf>,
    /// The words of its files.
    pub index: Arc<Index>,
    /// The films that are asked for.
    pub films: Arc<Films>,
    /// Where its workers put scratch files.
    pub work: PathBuf,
    /// By which devices of the school trust it.
    pub authority: Arc<Authority>,
    /// Keeps its directory from another process.
    pub lock: std::fs::File,
}

/// Opens the log of a node.
pub fn open_store(files: &Files, settings: &Settings, env: &Env) -> Result<Store> {
    let key = files.key(env)?;
    let projector = Records::new(house::kinds(), settings.hub());
    Store::open(&files.database(), key, env.clone(), Box::new(projector))
        .with_context(|| format!("cannot open {}", files.database().display()))
}

/// Who is a member, as this node knows it.
pub fn members(settings: &Settings) -> Members {
    Members {
        programme: settings.programme,
        hub: settings.hub(),
        hub_key: settings.hub_key.clone(),
        is_hub: settings.kind == NodeKind::Hub,
    }
}

/// Makes a hub in an empty directory: its key, its programme, its own record.
pub fn make_hub(files: &Files, env: &Env, title: &str, demonstration: bool) -> Result<Settings> {
    let key: NodeKey = files.key(env)?;
    let settings = Settings {
        kind: NodeKind::Hub,
        programme: env.bytes::<16>(),
        hub_key: key.public().to_vec(),
        hub_address: String::new(),
        title: title.to_owned(),
        school: None,
        demonstration,
    };
    let store = open_store(files, &settings, env)?;
    store.write(Context::NODE, |tx| {
        nodes::enrol(tx, &house::kinds(), settings.programme, &settings.hub_key, title, None)
    })?;
    files.write_settings(&settings)?;
    Ok(settings)
}

/// The programme may be named, its zone mended, its schools called otherwise, while the node runs.
fn follow_programme(site: &Arc<Site>) {
    let watched = Arc::downgrade(site);
    site.store.watch(Box::new(move || {
        let Some(site) = watched.upgrade() else { return };
        if let (Ok(found), Ok(mut kept)) = (zone(&site.store), site.zone.write()) {
            *kept = found;
        }
        if let (Ok(found), Ok(mut kept)) = (names(&site.store, &site.kinds), site.node_names.write()) {
            *kept = found;
        }
    }));
}

impl Node {
    /// Opens a node's directory.
    pub fn open(files: &Files, env: &Env) -> Result<Self> {
        let settings = files.settings()?;
        let lock = files.lock()?.with_context(|| format!("another Zampa is running on {}", files.0.display()))?;
        let store = Arc::new(open_store(files, &settings, env)?);
        let local = Arc::new(Local::open(&files.local(), env.clone()).context("cannot open local.db")?);
        let cookie: String = store.key().id().to_string().chars().take(8).collect();
        let authority = Arc::new(files.authority(&format!("Zampa {cookie}"), env)?);
        let kinds = house::kinds();
        let counted = Arc::new(Counted::default());
        let watching = Arc::clone(&counted);
        store.watch(Box::new(move || watching.changed()));
        let blobs = Arc::new(blobs::Blobs::open(&files.blobs())?);
        let shelf = Arc::new(Shelf::open(&files.shelf(), (*blobs).clone())?);
        let index = Arc::new(Index::open(&files.index(), (*blobs).clone()).context("cannot open said.db")?);
        store.beside(INDEX, &files.index());
        let links = Arc::new(NodeLinks::new(
            Arc::clone(&store),
            Arc::clone(&blobs),
            Arc::clone(&shelf),
            Arc::clone(&local),
            members(&settings),
            kinds.clone(),
            &settings,
        ));
        let as_links: Arc<dyn Links> = Arc::clone(&links) as Arc<dyn Links>;
        let films = Arc::new(Films::default());
        let classes = Classes::new(store.key().id(), settings.hub(), &files.classes(), Arc::clone(&shelf));
        let classes = Arc::new(classes.context("cannot keep classes")?);
        let mut routes = house::routes(&kinds, &counted, &links, &shelf, &classes, &authority, &films);
        routes.extend(crate::home::routes(&counted));
        let signs = Arc::clone(&as_links);
        let shown = Arc::clone(&shelf);
        let held = Arc::clone(&classes);
        let site = Site {
            zone: std::sync::RwLock::new(zone(&store)?),
            blobs,
            local,
            catalogue: house::catalogue()?,
            nav: house::navigation(&kinds),
            begins: vec![courses::BEGINS],
            also: house::ALSO.to_vec(),
            leads: courses::LEADS.to_vec(),
            node_kind: settings.kind,
            node_title: settings.title.clone(),
            node_names: std::sync::RwLock::new(names(&store, &kinds)?),
            cookie,
            programme: settings.programme,
            hub: settings.hub(),
            demonstration: settings.demonstration,
            reader_of: Box::new(people::reader_of),
            reader_then: Box::new(people::reader_then),
            sign_of: Box::new(move |site, words| nodes::sign(site, words, &signs.peers())),
            today: vec![
                Box::new(register::today),
                Box::new(lessons::today),
                Box::new(courses::today),
                Box::new(pairings::today),
                Box::new(dispatch::today),
                Box::new(programme::today),
                Box::new(visits::today),
                Box::new(tours::today),
                Box::new(observations::today),
                Box::new(worklog::today),
                Box::new(timetables::today),
                Box::new(classroom::today),
            ],
            parts: vec![
                Box::new(visits::part),
                Box::new(teams::part),
                Box::new(practices::part),
                Box::new(tours::part),
                Box::new(activities::part),
                Box::new(lessons::part),
                Box::new(pairings::part),
                Box::new(dispatch::part),
                Box::new(programme::part),
                Box::new(observations::part),
                Box::new(move |site, r, conn, kind, id| courses::part(site, r, conn, kind, id, &shown)),
                Box::new(move |site, r, conn, kind, id| classroom::part(site, r, conn, kind, id, &held)),
                // After the door to the class: it is of its planning.
                Box::new(timetables::part),
            ],
            asks: vec![Box::new(timetables::beside)],
            completes: vec![Box::new(activities::completes)],
            made: vec![
                Box::new(lessons::made),
                Box::new(courses::made),
                Box::new(classroom::made),
                Box::new(pairings::made),
                Box::new(observations::made),
                Box::new(timetables::made),
            ],
            kinds,
            store,
        };
        let site = Arc::new(site);
        lessons::recover(&site);
        follow_programme(&site);
        let work = files.work();
        Ok(Self { site, routes, links, counted, classes, shelf, index, films, work, authority, lock })
    }

    /// Lets classes go over the link, from before it listens or dials, and browsers speak and listen at a UDP port of
    /// this address. Within a runtime.
    pub fn begin_classes(&self, address: IpAddr) -> Result<()> {
        let voice = UdpSocket::bind((address, 0)).context("no UDP port for the voice of classes")?;
        let port = voice.local_addr()?.port();
        let addresses = if address.is_unspecified() { origin::own_addresses() } else { vec![address] };
        let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        if let Some(live) = self.links.live(&self.classes) {
            self.classes.begin(live, voice, addresses)?;
        }
        Ok(())
    }

    /// Whether nobody keeps this hub yet: the first start prints a one-use link to set it up.
    pub fn wants_set_up(&self) -> Result<bool> {
        let any: bool = self.site.store.read(|conn| {
            Ok::<_, log::LogError>(conn.query_row(
                "SELECT EXISTS (SELECT 1 FROM grant_of_role WHERE role = 'administrator')",
                [],
                |r| r.get(0),
            )?)
        })?;
        Ok(!any && self.site.node_kind == NodeKind::Hub)
    }
}

/// What the node is called in each language.
fn names(store: &Store, kinds: &Kinds) -> Result<BTreeMap<base::Lang, String>> {
    let node = store.key().id();
    store.read(|conn| {
        let said = |lang| Ok(register::node_called(conn, kinds, lang, node)?.map(|name| (lang, name)));
        base::Lang::ALL.into_iter().filter_map(|lang| said(lang).transpose()).collect()
    })
}

/// The programme's time zone; UTC until there is a programme.
fn zone(store: &Store) -> Result<jiff::tz::TimeZone> {
    let name: Option<String> = store.read(|conn| {
        Ok::<_, log::LogError>(conn.query_row("SELECT zone FROM programme LIMIT 1", [], |r| r.get(0)).optional()?)
    })?;
    Ok(name.and_then(|n| jiff::tz::TimeZone::get(&n).ok()).unwrap_or(jiff::tz::TimeZone::UTC))
}
