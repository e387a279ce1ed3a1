//! Packages in the page: the node shows what they hold, and a frame shows them on the stage, where nothing of them reaches
//! who is signed in here. Where one stopped is kept on the device.

use askama::Template;
use assets::{Shelf, TREE, Tree};
use base::{Hash, Subject};
use players::{Launch, Player, launch};
use web::{Freedom, PageError, Reply, Request, Shell, Site, Staged, escape, seal, stage_of};

use crate::facts::RESOURCE;
use crate::kept::{Leaves, whole};
use crate::pages;
use crate::show::file;

/// Days that an address of the stage holds.
const DAYS: u64 = 2;
/// Assessments of a cartridge that become questions when it comes.
const MOST_ASKED: usize = 50;
const DAY_MS: u64 = 86_400_000;

#[derive(Template)]
#[template(path = "play.html")]
struct PlayPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    /// What the frame shows: its address, and the stage's name.
    frame: Option<(String, String)>,
    /// What stands where nothing can be shown.
    said: Option<String>,
    left_out: Option<String>,
    /// How many sets of its questions stand beside it in the course.
    asked: Option<String>,
    parts: Vec<PartView>,
    now: String,
    before: Option<String>,
    after: Option<String>,
    /// It has scripts that keep something.
    keeps: bool,
}

struct PartView {
    n: usize,
    title: String,
    depth: u8,
    current: bool,
}

/// A resource that is a package, open.
struct Opened {
    title: String,
    hash: Hash,
    tree: Tree,
}

fn opened(site: &Site, request: &Request, shelf: &Shelf, id: &Subject) -> Result<Option<Opened>, PageError> {
    let (title, found) = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, id)?;
        let title: String = conn
            .prepare_cached("SELECT coalesce(title, '') FROM resource WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| r.get(0))?;
        Ok::<_, PageError>((title, file(conn, id)?.filter(|f| f.media == TREE).ok_or(PageError::NotFound)?))
    })?;
    if !whole(site, shelf, TREE, &found.content)? {
        return Ok(None);
    }
    let tree = shelf.tree(&found.content).map_err(|e| PageError::Internal(e.to_string()))?;
    Ok(tree.map(|tree| Opened { title, hash: found.content, tree }))
}

/// The page around a package.
pub(crate) fn page(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    if let Some(of) = pages::opened(site, request, &id)? {
        return pages::page(site, request, &id, &of);
    }
    let words = request.words(site);
    let opened = opened(site, request, shelf, &id)?;
    let title = opened.as_ref().map(|o| o.title.clone()).unwrap_or_default();
    let mut page = PlayPage {
        id: id.to_string(),
        frame: None,
        said: None,
        left_out: None,
        asked: None,
        parts: Vec::new(),
        now: String::new(),
        before: None,
        after: None,
        keeps: false,
        s: Shell::new(site, request, title.clone()),
        title,
    };
    let begun = opened.as_ref().map(|o| launch(&mut Leaves { tree: &o.tree, blobs: &site.blobs }));
    match (opened.as_ref().zip(begun), stage_of(&request.host)) {
        (None, _) => page.said = Some(words.get("file-coming").into_owned()),
        (Some((_, Err(e))), _) => page.said = Some(words.get(&format!("rule-package-{}", e.code())).into_owned()),
        (Some((_, Ok(None))), _) => page.said = Some(words.get("rule-package-broken").into_owned()),
        (Some((_, Ok(Some(l)))), _) if l.player == Player::Activity => {
            page.said = Some(words.get("play-activity").into_owned());
        }
        (_, None) => page.said = Some(words.get("play-no-name").into_owned()),
        (Some((o, Ok(Some(begun)))), Some(stage)) => {
            let n =
                request.query("part").and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).clamp(1, begun.parts.len());
            page.frame = Some((frame(site, &stage, &o.hash, &begun, n)?, stage));
            page.keeps = freedom(begun.player) == Freedom::Run;
            let asked = asked(site, o, &begun);
            let said = |key: &str, n: usize| words.with(key, &[("n", i64::try_from(n).unwrap_or(0).into())]);
            let left_out = begun.left_out + begun.questions.len() - asked;
            page.left_out = (left_out > 0).then(|| said("play-left-out", left_out));
            page.asked = (asked > 0).then(|| said("play-asked", asked));
            around(&mut page, &words, &begun, n);
        }
    }
    Ok(Reply::Page(page.render()?))
}

/// How many assessments of a package became questions of the course, beside it.
fn asked(site: &Site, opened: &Opened, begun: &Launch) -> usize {
    let mut leaves = Leaves { tree: &opened.tree, blobs: &site.blobs };
    let mut is_asked = |path: &String| {
        let bytes = players::Files::read(&mut leaves, path, quizzes::MAX_ITEM as u64);
        bytes.and_then(|b| quizzes::read_assessment(&b).ok()).is_some_and(|a| !a.items.is_empty())
    };
    begun.questions.iter().take(MOST_ASKED).filter(|path| is_asked(path)).count()
}

fn around(page: &mut PlayPage<'_>, words: &text::Words<'_>, begun: &Launch, now: usize) {
    let named = |n: usize, title: &str| {
        let n = i64::try_from(n).unwrap_or(0);
        if title.is_empty() { words.with("play-part", &[("n", n.into())]) } else { title.to_owned() }
    };
    let to = |n: usize| (1..=begun.parts.len()).contains(&n).then(|| format!("/resources/{}/play?part={n}", page.id));
    (page.before, page.after) = (now.checked_sub(1).and_then(to), to(now + 1));
    let parts = (1..).zip(&begun.parts);
    page.parts = parts
        .map(|(n, p)| PartView { n, title: named(n, &p.title), depth: p.depth.min(4), current: n == now })
        .collect();
    page.now = page.parts.iter().find(|p| p.current).map(|p| p.title.clone()).unwrap_or_default();
}

fn freedom(player: Player) -> Freedom {
    match player {
        Player::Book => Freedom::Read,
        Player::Web | Player::Scorm12 | Player::Scorm2004 | Player::Cartridge | Player::Activity => Freedom::Run,
    }
}

/// The address of a part on the stage.
fn frame(site: &Site, stage: &str, tree: &Hash, begun: &Launch, n: usize) -> Result<String, PageError> {
    let token = token(site, tree, freedom(begun.player))?;
    let part = begun.parts.get(n - 1).ok_or(PageError::NotFound)?;
    let path: Vec<String> = part.path.split('/').map(escape).collect();
    let at = format!("/s/{token}/{}{}", path.join("/"), part.after);
    Ok(match begun.player {
        Player::Scorm12 => format!("//{stage}/p/{token}?how=scorm12&at={}", escape(&at)),
        Player::Scorm2004 => format!("//{stage}/p/{token}?how=scorm2004&at={}", escape(&at)),
        _ => format!("//{stage}{at}"),
    })
}

/// What opens a package on the stage for some days, to who was shown it: that is the whole of its rights.
pub(crate) fn token(site: &Site, tree: &Hash, freedom: Freedom) -> Result<String, PageError> {
    let said =
        format!("{tree}.{}.{}", site.now_ms() / DAY_MS + DAYS, if freedom == Freedom::Run { "run" } else { "read" });
    let sealed = seal(site, "stage", &said)?;
    Ok(format!("{said}.{sealed}"))
}

pub(crate) fn redeem(site: &Site, token: &str) -> Result<(Hash, Freedom), PageError> {
    let (said, sealed) = token.rsplit_once('.').ok_or(PageError::NotFound)?;
    let mut parts = said.split('.');
    let (Some(tree), Some(until), Some(how), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(PageError::NotFound);
    };
    let holds = until.parse::<u64>().is_ok_and(|until| site.now_ms() / DAY_MS <= until);
    if !holds || seal(site, "stage", said)? != sealed {
        return Err(PageError::NotFound);
    }
    let freedom = if how == "run" { Freedom::Run } else { Freedom::Read };
    Ok((tree.parse().map_err(|_| PageError::NotFound)?, freedom))
}

/// A file of a package, on the stage.
pub(crate) fn staged(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let param = |name: &str| request.params.get(name).map(String::as_str).unwrap_or_default();
    let (hash, freedom) = redeem(site, param("token"))?;
    let tree = shelf.tree(&hash).map_err(|e| PageError::Internal(e.to_string()))?.ok_or(PageError::NotFound)?;
    let path = param("path");
    // Where it was made, case may not have counted.
    let same = || tree.leaves().find(|(p, _)| p.to_lowercase() == path.to_lowercase()).map(|(_, leaf)| leaf);
    let leaf = tree.get(path).or_else(same).ok_or(PageError::NotFound)?;
    Ok(Reply::Stage(Staged::File { hash: leaf.content, media: leaf.media.clone() }, freedom))
}

#[derive(Template)]
#[template(path = "stage.html")]
struct Around {
    script: &'static str,
    at: String,
}

/// The page that a SCORM package finds its player in, on the stage.
pub(crate) fn player(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let token = request.params.get("token").map(String::as_str).unwrap_or_default();
    let (_, freedom) = redeem(site, token)?;
    let script = match request.query("how") {
        Some("scorm12") => "scorm12.js",
        Some("scorm2004") => "scorm2004.js",
        _ => return Err(PageError::NotFound),
    };
    let at = request.query("at").filter(|at| at.starts_with(&format!("/s/{token}/"))).ok_or(PageError::NotFound)?;
    Ok(Reply::Stage(Staged::Page(Around { script, at: at.to_owned() }.render()?), freedom))
}
