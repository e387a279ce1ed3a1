//! What a plan was, and what others made of it: versions from the log, differences that can be read, an earlier text
//! brought back, a version of one's own.

use askama::Template;
use base::Subject;
use documents::{Live, Node, plain};
use log::{Context, Draft, Entry, Tx};
use records::{Change, Value, append, document_payload, document_update, record_scope};
use register::Look;
use rusqlite::Connection;
use similar::{ChangeTag, DiffTag, TextDiff};
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::facts::{BODY, LESSON_PLAN, PLAN_AUTHOR};
use crate::part::{author, may_edit};
use crate::pictures::{self, PICTURE};

/// Facts of one author within this time are one version.
const TOGETHER_MS: u64 = 10 * 60_000;
/// Versions that are listed.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "versions.html")]
struct VersionsPage<'a> {
    s: web::Shell<'a>,
    title: String,
    back: String,
    versions: Vec<Line>,
}

struct Line {
    who: String,
    when: String,
    compare: String,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    s: web::Shell<'a>,
    title: String,
    back: String,
    /// What is compared with what.
    intro: String,
    /// Of how many parts so many are unchanged; not said of what somebody made of another's plan.
    same: Option<(i64, i64)>,
    parts: Vec<Difference>,
    /// The version that can be brought back.
    restore: Option<usize>,
}

/// A part of a plan before and now.
struct Difference {
    label: String,
    /// Nothing of it differs.
    same: bool,
    pieces: Vec<Piece>,
}

/// Paragraphs that were taken over as they stand, for those who write the plan; or what differs.
struct Piece {
    kept: bool,
    runs: Vec<Run>,
}

struct Run {
    kind: &'static str,
    text: String,
}

/// A version: how many of the body's entries make it, and the last of them.
struct Version<'a> {
    upto: usize,
    last: &'a Entry,
}

fn body_of(conn: &Connection, plan: &Subject) -> Result<Vec<Entry>, PageError> {
    let kind = LESSON_PLAN.document(BODY);
    Ok(log::entries_of(conn, plan)?.into_iter().filter(|e| e.header.kind == kind).collect())
}

fn versions_of(entries: &[Entry]) -> Vec<Version<'_>> {
    let mut out: Vec<Version<'_>> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        // How a plan began, by an outline or by another plan, is a version by itself.
        let goes_on = i > 1
            && out.last().is_some_and(|v| {
                v.last.header.author == entry.header.author
                    && v.last.header.node == entry.header.node
                    && entry.effective.ms().saturating_sub(v.last.effective.ms()) < TOGETHER_MS
            });
        match out.last_mut() {
            Some(version) if goes_on => *version = Version { upto: i + 1, last: entry },
            _ => out.push(Version { upto: i + 1, last: entry }),
        }
    }
    out
}

fn tree_of(entries: &[Entry]) -> Vec<Node> {
    let updates = entries.iter().filter_map(|e| e.payload().and_then(document_update));
    Live::of(updates).tree().unwrap_or_default()
}

fn seen(request: &Request, conn: &Connection) -> Result<Subject, PageError> {
    let id = request.id("id")?;
    register::visible(conn, request.reader()?, &LESSON_PLAN, &id)?;
    Ok(id)
}

pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let id = seen(request, conn)?;
        let look = Look::new(site, request, conn);
        let entries = body_of(conn, &id)?;
        let lines = versions_of(&entries)
            .iter()
            .rev()
            .take(SHOWN)
            .map(|v| {
                Ok(Line {
                    who: register::who(&look, &v.last.header.author, v.last.header.node)?,
                    when: look.words.moment(v.last.effective.ms(), &site.zone()),
                    compare: format!("/plans/{id}/compare?version={}", v.upto),
                })
            })
            .collect::<Result<_, PageError>>()?;
        let page = VersionsPage {
            title: look.title(&LESSON_PLAN, &id)?,
            back: format!("/plans/{id}"),
            versions: lines,
            s: web::Shell::new(site, request, look.words.get("plan-versions")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The plan as it is beside an earlier version, or beside the plan that it was made from.
pub(crate) fn compare(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let id = seen(request, conn)?;
        let look = Look::new(site, request, conn);
        let entries = body_of(conn, &id)?;
        let now = tree_of(&entries);
        let version = request.query("version").and_then(|v| v.parse::<usize>().ok());
        let (before, intro, restore) = match version {
            Some(upto) => {
                let (earlier, _) = entries.split_at_checked(upto).ok_or(PageError::NotFound)?;
                let last = earlier.last().ok_or(PageError::NotFound)?;
                let when = look.words.moment(last.effective.ms(), &site.zone());
                let writes = register::in_hands(conn, request.reader()?, &LESSON_PLAN, &id)?;
                let intro = look.words.with("plan-compare-version", &[("text", when.as_str().into())]);
                (tree_of(earlier), intro, (writes && upto < entries.len()).then_some(upto))
            }
            None => {
                // What it was made from stands in its own first entries, so the origin itself need not be here.
                let taken: Option<u32> = conn
                    .prepare_cached("SELECT taken_over FROM lesson_plan WHERE id = ?1")?
                    .query_row([id.as_bytes()], |r| r.get(0))?;
                let taken = taken.and_then(|t| usize::try_from(t).ok()).ok_or(PageError::NotFound)?;
                let (origin, _) = entries.split_at_checked(taken).ok_or(PageError::NotFound)?;
                (tree_of(origin), look.words.get("plan-compare-origin").into_owned(), None)
            }
        };
        // What was taken over is for those who wrote along, not for everybody who reads.
        let shows =
            restore.is_none() && version.is_none() && register::in_hands(conn, request.reader()?, &LESSON_PLAN, &id)?;
        let parts = differences(&before, &now, &look, shows);
        let count = |n: usize| i64::try_from(n).unwrap_or(0);
        let same = parts.iter().filter(|p| p.same).count();
        let page = ComparePage {
            title: look.title(&LESSON_PLAN, &id)?,
            back: format!("/plans/{id}"),
            intro,
            same: version.map(|_| (count(same), count(parts.len()))),
            parts,
            restore,
            s: web::Shell::new(site, request, look.words.get("plan-compare")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn differences(before: &[Node], now: &[Node], look: &Look<'_>, shows: bool) -> Vec<Difference> {
    let (before, now) = (in_words(before, &look.words), in_words(now, &look.words));
    now.iter()
        .filter_map(|node| {
            let part = node.attribute("part")?;
            let then = before.iter().find(|n| n.attribute("part") == Some(part));
            let (old, new) = (then.map(said).unwrap_or_default(), said(node));
            let label = look.words.get(&format!("plan-part-{part}")).into_owned();
            let same = old == new;
            let pieces = match (shows, same) {
                (true, _) => pieces(&old, &new),
                (false, true) => Vec::new(),
                (false, false) => vec![Piece { kept: false, runs: runs(&old, &new) }],
            };
            Some(Difference { label, same, pieces })
        })
        .collect()
}

/// The same text, where each picture is a line that says so.
fn in_words(nodes: &[Node], words: &Words<'_>) -> Vec<Node> {
    let one = |node: &Node| match node {
        Node::Element { name, .. } if name == PICTURE => {
            Node::element("paragraph", vec![Node::text(pictures::instead(node, words))])
        }
        Node::Element { name, attributes, children } => {
            Node::Element { name: name.clone(), attributes: attributes.clone(), children: in_words(children, words) }
        }
        text @ Node::Text(..) => text.clone(),
    };
    nodes.iter().map(one).collect()
}

/// What a part says, the minutes of its steps with it.
fn said(node: &Node) -> String {
    if node.name() != "steps" {
        return plain(node.children());
    }
    let step = |step: &Node| {
        let minutes = step.children().first().and_then(|stage| stage.attribute("minutes")).unwrap_or_default();
        format!("{minutes} · {}", plain(step.children()))
    };
    node.children().iter().map(step).collect::<Vec<_>>().join("\n")
}

/// The paragraphs and steps that stand in both, and what differs between them.
fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let diff = TextDiff::from_slices(&before, &after);
    let said = |lines: &[&str], range: std::ops::Range<usize>| lines.get(range).unwrap_or_default().join("\n");
    let mut out: Vec<Piece> = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let flush = |gone: &mut Vec<String>, come: &mut Vec<String>, out: &mut Vec<Piece>| {
        if !gone.is_empty() || !come.is_empty() {
            out.push(Piece { kept: false, runs: runs(&gone.join("\n"), &come.join("\n")) });
        }
        gone.clear();
        come.clear();
    };
    for op in diff.ops() {
        if op.tag() == DiffTag::Equal {
            flush(&mut gone, &mut come, &mut out);
            let text = said(&after, op.new_range());
            if !text.trim().is_empty() {
                out.push(Piece { kept: true, runs: vec![Run { kind: "", text }] });
            }
            continue;
        }
        gone.extend((!op.old_range().is_empty()).then(|| said(&before, op.old_range())));
        come.extend((!op.new_range().is_empty()).then(|| said(&after, op.new_range())));
    }
    flush(&mut gone, &mut come, &mut out);
    out
}

/// Chinese and Tibetan set no spaces between words, so characters are compared; runs of them are shown.
fn runs(old: &str, new: &str) -> Vec<Run> {
    let diff = TextDiff::from_graphemes(old, new);
    let mut out: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Delete => "del",
            ChangeTag::Insert => "ins",
            ChangeTag::Equal => "",
        };
        match out.last_mut() {
            Some(run) if run.kind == kind => run.text.push_str(change.value()),
            _ => out.push(Run { kind, text: change.value().to_owned() }),
        }
    }
    out
}

/// Brings an earlier text back, as a change like any other: it can be undone by bringing back this one.
pub(crate) fn restore(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_edit(site, request)?;
    let id = request.id("id")?;
    let upto: usize =
        request.form("version").and_then(|v| v.parse().ok()).ok_or(PageError::Malformed("the version"))?;
    let chance = chance(site);
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let entries = body_of(tx.conn(), &id)?;
        let (earlier, _) = entries.split_at_checked(upto).ok_or(PageError::NotFound)?;
        let live = Live::of(entries.iter().filter_map(|e| e.payload().and_then(document_update)));
        let update = live.turned_into(&tree_of(earlier), chance).map_err(|e| PageError::Internal(e.to_string()))?;
        put(tx, site, &id, &[update])
    })?;
    Ok(register::done(&LESSON_PLAN, id, "done-restored"))
}

/// A version of one's own of a plan that one may read: it names what it was made from, and by whom.
pub(crate) fn own(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let chance = chance(site);
    let made = site.store.write(Context { author: person }, |tx| {
        let conn = tx.conn();
        let from = seen(request, conn)?;
        let entries = log::entries_of(conn, &from)?;
        let folded = records::fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
        let tree = tree_of(&body_of(conn, &from)?);
        let updates = documents::seed(&tree, chance).map_err(|e| PageError::Internal(e.to_string()))?;
        let taken = i64::try_from(updates.len()).unwrap_or(0);
        let mut change = Change::new().with_link("made_from", from).with("taken_over", Value::Int(taken));
        for field in ["title", "subject", "stage", "grade", "type", "minutes", "textbook"] {
            if let Some(value) = folded.get(field) {
                change = change.with(field, value.clone());
            }
        }
        for language in folded.sets.get("languages").into_iter().flatten() {
            change = change.with_added("languages", language.clone());
        }
        for file in folded.sets.get(records::FILES).into_iter().flatten() {
            change = change.with_added(records::FILES, file.clone());
        }
        let scope = record_scope(conn, site.programme, &LESSON_PLAN, &from)?;
        let plan = tx.subject(&scope);
        append(tx, &LESSON_PLAN, scope, plan, change, None)?;
        tx.fold()?;
        author(tx, site, person, "lead", &plan)?;
        credit(tx, &from, &plan, scope)?;
        put(tx, site, &plan, &updates)?;
        Ok::<_, PageError>(plan)
    })?;
    Ok(register::done(&LESSON_PLAN, made, "done-made"))
}

/// The authors of the plan that another is made from, and those of what that was made from, are named on it.
pub(crate) fn credit(tx: &Tx<'_>, from: &Subject, plan: &Subject, scope: base::Scope) -> Result<(), PageError> {
    let mut stmt = tx.conn().prepare_cached(
        "SELECT person, byline FROM plan_author WHERE plan = ?1 AND part <> 'reviewer' AND byline IS NOT NULL
         AND person NOT IN (SELECT person FROM plan_author WHERE plan = ?2) ORDER BY made, id",
    )?;
    let found = stmt
        .query_map([from.as_bytes(), plan.as_bytes()], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for (person, byline) in found {
        let change = Change::new()
            .with_link("plan", *plan)
            .with("person", Value::Bytes(person))
            .with_text("byline", byline)
            .with_text("part", "origin");
        append(tx, &PLAN_AUTHOR, scope, tx.subject(&scope), change, None)?;
    }
    tx.fold()?;
    Ok(())
}

/// Appends updates of a plan's text.
pub(crate) fn put(tx: &Tx<'_>, site: &Site, plan: &Subject, updates: &[Vec<u8>]) -> Result<(), PageError> {
    let scope = record_scope(tx.conn(), site.programme, &LESSON_PLAN, plan)?;
    for update in updates {
        let payload = document_payload(update)?;
        tx.append(&Draft { scope, subject: *plan, kind: LESSON_PLAN.document(BODY), payload, base: None })?;
    }
    tx.fold()?;
    Ok(())
}

/// What sets one author of updates apart from every other.
pub(crate) fn chance(site: &Site) -> u64 {
    u64::from(u32::from_be_bytes(site.store.env().bytes::<4>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_over_stands_between_what_was_changed() {
        let old = "看图。\n说一说。\n写一写。\n画一画。";
        let new = "看图。\n说一说、问一问。\n写一写。\n画一画。\n唱。";
        let found: Vec<(bool, Vec<(&str, String)>)> = pieces(old, new)
            .into_iter()
            .map(|p| (p.kept, p.runs.into_iter().map(|r| (r.kind, r.text)).collect()))
            .collect();
        let run = |kind, text: &str| (kind, text.to_owned());
        assert_eq!(
            found,
            [
                (true, vec![run("", "看图。")]),
                (false, vec![run("", "说一说"), run("ins", "、问一问"), run("", "。")]),
                (true, vec![run("", "写一写。\n画一画。")]),
                (false, vec![run("ins", "唱。")]),
            ]
        );
        assert!(pieces("", "").is_empty());
        assert_eq!(pieces("甲", "").len(), 1);
    }
}
