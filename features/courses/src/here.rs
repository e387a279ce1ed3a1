//! What is on this node of the library, what is coming and how long it takes, and what the node keeps: each node's own
//! choice, which no other node hears of.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use assets::{Shelf, Tool};
use base::{Hash, Subject};
use records::{Role, Roles};
use register::Look;
use rusqlite::Connection;
use web::{NodeKind, PageError, Reply, Request, Shell, Site, set_cookie};

use crate::facts::COURSE;
use crate::stock::{is_own, let_go, parts, set_let_go};

/// Who chooses what a node keeps.
pub(crate) const KEEPERS: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head]);

/// Courses that the page shows.
const MOST: usize = 300;

/// The door to the link and the machine, as the library sees them.
pub trait Carrier: Send + Sync {
    /// Programs that this machine lacks.
    fn missing(&self) -> Vec<Tool>;
    /// Bytes a second that came of late.
    fn rate(&self) -> u64;
    /// What is wanted has changed.
    fn look_again(&self);
}

struct Line {
    id: String,
    title: String,
    state: String,
    said: String,
    tone: &'static str,
    gone: bool,
    may_go: bool,
}

#[derive(Template)]
#[template(path = "here.html")]
struct HerePage<'a> {
    s: Shell<'a>,
    here: String,
    coming: Option<String>,
    left: String,
    lines: Vec<Line>,
    chooses: bool,
    /// What it costs to go without programs that are missing.
    without: Vec<String>,
}

/// The key of the words for what it costs to go without a program.
pub fn words_without(tool: Tool) -> &'static str {
    match tool {
        Tool::Soffice => "here-without-soffice",
        Tool::Ffmpeg => "here-without-ffmpeg",
    }
}

/// What a course has here, and lacks.
#[derive(Default)]
struct Held {
    contents: BTreeSet<Hash>,
    here: u64,
    lacks: u64,
}

fn held(site: &Site, conn: &Connection, shelf: &Shelf) -> Result<BTreeMap<Subject, Held>, PageError> {
    let mut out: BTreeMap<Subject, Held> = BTreeMap::new();
    for part in parts(conn, shelf)? {
        let of = out.entry(part.course).or_default();
        if !of.contents.insert(part.content) {
            continue;
        }
        if site.blobs.has(&part.content) {
            of.here += part.bytes;
        } else {
            of.lacks += part.bytes;
        }
    }
    Ok(out)
}

pub(crate) fn page(site: &Site, request: &Request, shelf: &Shelf, carrier: &dyn Carrier) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = request.words(site);
        let reader = request.reader()?;
        let goes = let_go(&site.local)?;
        let held = held(site, conn, shelf)?;
        let sql = format!(
            "SELECT c.id, coalesce(c.state, '') FROM course c WHERE {} ORDER BY c.changed DESC LIMIT {MOST}",
            reader.sees(&COURSE, "c")
        );
        let mut stmt = conn.prepare(&sql)?;
        let mut rows = stmt.query([])?;
        let (mut lines, mut here, mut coming) = (Vec::new(), 0, 0);
        while let Some(row) = rows.next()? {
            let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default();
            let Some(of) = held.get(&id) else { continue };
            let gone = goes.contains(&id);
            here += of.here;
            if !gone {
                coming += of.lacks;
            }
            let of_all = [("here", words.bytes(of.here)), ("all", words.bytes(of.here + of.lacks))];
            let of_all = of_all.each_ref().map(|(name, size)| (*name, size.as_str().into()));
            let (said, tone) = match (gone, of.lacks) {
                (true, _) => (words.get("here-let-go").into_owned(), ""),
                (false, 0) => (words.with("here-whole", &[("size", words.bytes(of.here).as_str().into())]), "ok"),
                (false, _) => (words.with("here-coming", &of_all), "warn"),
            };
            let state: String = row.get(1)?;
            lines.push(Line {
                title: look.title(&COURSE, &id)?,
                state: words.get(&format!("course-state-{state}")).into_owned(),
                said,
                tone,
                gone,
                may_go: !own(site, conn, &id)?,
                id: id.to_string(),
            });
        }
        let page = HerePage {
            here: words.bytes(here),
            coming: (coming > 0).then(|| words.bytes(coming)),
            without: carrier.missing().into_iter().map(|t| words.get(words_without(t)).into_owned()).collect(),
            left: left(&words, coming, carrier.rate()),
            lines,
            chooses: site.node_kind != NodeKind::Hub && reader.is_any(KEEPERS),
            s: Shell::new(site, request, words.get("here-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// How long bytes take at a rate, in words.
fn left(words: &text::Words<'_>, bytes: u64, rate: u64) -> String {
    if rate == 0 {
        return words.get("here-no-rate").into_owned();
    }
    let minutes = bytes.div_ceil(rate).div_ceil(60);
    let (key, n) = match minutes {
        0..=90 => ("here-minutes", minutes),
        91..=2880 => ("here-hours", minutes.div_ceil(60)),
        _ => ("here-days", minutes.div_ceil(1440)),
    };
    words.with(key, &[("n", i64::try_from(n).unwrap_or(i64::MAX).into())])
}

/// Whether part of a course was made at this node.
fn own(site: &Site, conn: &Connection, course: &Subject) -> Result<bool, PageError> {
    let mut stmt = conn.prepare_cached("SELECT id FROM resource WHERE course = ?1 AND content IS NOT NULL")?;
    let mut rows = stmt.query([course.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default();
        if is_own(conn, &id, site.store.key().id())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps a course here, or lets it go.
pub(crate) fn keep(site: &Site, request: &Request, carrier: &dyn Carrier) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let goes = match request.form("keep") {
        Some("yes") => false,
        Some("no") => true,
        _ => return Err(PageError::Malformed("keep is yes or no")),
    };
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &COURSE, &id)?;
        // What was made here may be nowhere else yet; and the schools have everything from the hub.
        if goes && (site.node_kind == NodeKind::Hub || own(site, conn, &id)?) {
            Err(PageError::NotAllowed)
        } else {
            Ok(())
        }
    })?;
    set_let_go(&site.local, id, goes)?;
    carrier.look_again();
    let note = if goes { "here-went" } else { "here-stays" };
    Ok(Reply::ToWith("/courses/here".to_owned(), vec![set_cookie("zampa_note", note, 60)]))
}
