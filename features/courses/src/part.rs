//! What a course shows on its page: what it holds, who makes it, what reviewers found; and what a resource shows: itself.

use askama::Template;
use assets::{Shelf, TREE, recipes_for};
use base::{Lang, Subject};
use records::Kind;
use register::Look;
use rusqlite::Connection;
use text::Words;
use web::{NodeKind, PageError, Request, Shell, Site, TodayItem};

use crate::facts::{ALONE, COURSE, RESOURCE};
use crate::kept::{size, whole};
use crate::pages::ZIM;
use crate::show::{Page, file, made_of, pages, tree};
use crate::subtitles;

/// Colleagues that are offered before one types.
const OFFERED: usize = 60;

/// The part of a course's or a resource's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
    shelf: &Shelf,
) -> Result<Option<String>, PageError> {
    if kind.name == COURSE.name {
        return course(site, request, conn, id, shelf).map(Some);
    }
    if kind.name == RESOURCE.name {
        return player(site, request, conn, id, shelf).map(Some);
    }
    Ok(None)
}

#[derive(Template)]
#[template(path = "course.html")]
struct CoursePart<'a> {
    s: Shell<'a>,
    id: String,
    units: Vec<(String, Vec<Line>)>,
    size: String,
    writes: bool,
    hands: Vec<(String, String)>,
    others: Vec<(String, String)>,
    uses: bool,
    withdrawn: bool,
}

/// A resource in the list of a course.
struct Line {
    id: String,
    title: String,
    form: String,
    icon: &'static str,
    size: String,
    here: bool,
}

fn course(site: &Site, request: &Request, conn: &Connection, id: &Subject, shelf: &Shelf) -> Result<String, PageError> {
    let words = request.words(site);
    let reader = request.reader()?;
    let writes = register::in_hands(conn, reader, &COURSE, id)?;
    let look = Look::new(site, request, conn);
    let state: String = conn
        .prepare_cached("SELECT coalesce(state, '') FROM course WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    let mut stmt =
        conn.prepare_cached("SELECT byline, part FROM course_hand WHERE course = ?1 ORDER BY part = 'reviewer', made")?;
    let hands = stmt
        .query_map([id.as_bytes()], |r| {
            Ok((r.get::<_, Option<String>>(0)?.unwrap_or_default(), r.get::<_, String>(1)?))
        })?
        .map(|row| row.map(|(name, part)| (name, words.get(&format!("course_hand-part-{part}")).into_owned())))
        .collect::<Result<_, _>>()?;
    let others = match site.kinds.get("person") {
        Some(person) if writes => look
            .options(person, reader, OFFERED)?
            .into_iter()
            .filter(|(p, _)| *p != reader.person)
            .map(|(p, name)| (p.to_string(), name))
            .collect(),
        _ => Vec::new(),
    };
    let (units, bytes) = outline(site, request, conn, &words, id, shelf)?;
    let page = CoursePart {
        units,
        size: words.bytes(bytes),
        writes,
        hands,
        others,
        uses: site.kinds.get("course_use").is_some_and(|k| reader.may_make(k)) && state != "withdrawn",
        withdrawn: state == "withdrawn",
        id: id.to_string(),
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

type Outline = Vec<(String, Vec<Line>)>;

/// The resources of a course by their units, in their order, with the bytes of all.
fn outline(
    site: &Site,
    request: &Request,
    conn: &Connection,
    words: &Words<'_>,
    course: &Subject,
    shelf: &Shelf,
) -> Result<(Outline, u64), PageError> {
    let sees = request.reader()?.sees(&RESOURCE, "r");
    let sql = format!(
        "SELECT r.id, coalesce(r.unit, ''), coalesce(r.title, ''), coalesce(r.form, 'text') FROM resource r
         WHERE r.course = ?1 AND {ALONE} AND {sees} ORDER BY r.place, r.made"
    );
    let mut stmt = conn.prepare(&sql)?;
    let mut rows = stmt.query([course.as_bytes()])?;
    let (mut units, mut sum): (Outline, u64) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default();
        let (unit, form): (String, String) = (row.get(1)?, row.get(3)?);
        let file = file(conn, &id)?;
        let bytes = file.as_ref().map(|f| size(shelf, f)).transpose()?;
        sum += bytes.unwrap_or(0);
        let line = Line {
            id: id.to_string(),
            title: row.get(2)?,
            icon: icon(&form),
            form: register::label(words, &RESOURCE, RESOURCE.field("form"), &form),
            size: bytes.map(|b| words.bytes(b)).unwrap_or_default(),
            here: file.map_or(Ok(true), |f| whole(site, shelf, &f.media, &f.content))?,
        };
        match units.iter_mut().find(|(name, _)| *name == unit) {
            Some((_, lines)) => lines.push(line),
            None => units.push((unit, vec![line])),
        }
    }
    Ok((units, sum))
}

fn icon(form: &str) -> &'static str {
    match form {
        "slides" => "presentation",
        "video" => "film",
        "audio" | "micro" => "mic",
        "class" => "presentation",
        "picture" => "image",
        "book" => "book-open",
        "quiz" => "list",
        "activity" | "scorm" | "web" => "blocks",
        _ => "file-text",
    }
}

#[derive(Template)]
#[template(path = "player.html")]
struct Player<'a> {
    s: Shell<'a>,
    id: String,
    form: String,
    file: Option<(String, String)>,
    here: bool,
    opens: bool,
    /// It is a package that is played on the stage.
    plays: bool,
    pages: Vec<Page>,
    recipe: &'static str,
    /// Ways to play a video or a voice, the smallest first: address, type, words.
    sources: Vec<(String, String, String)>,
    poster: Option<String>,
    /// What is said in it, in languages.
    tracks: Vec<Track>,
    /// Whether the reader adds subtitles.
    adds: bool,
    /// Something more will come: the part renews itself.
    waits: bool,
    /// What stands where nothing can be shown.
    said: Option<String>,
    text: String,
    course: Option<(String, String)>,
    /// Where who writes the course writes its questions anew.
    edits: Option<String>,
    before: Option<(String, String)>,
    after: Option<(String, String)>,
}

/// Subtitles that can be shown.
struct Track {
    id: String,
    language: String,
    label: String,
    /// Shown at once: they are in the reader's language.
    first: bool,
}

fn tracks(site: &Site, conn: &Connection, id: &Subject, reads: Lang) -> Result<Vec<Track>, PageError> {
    let mut out: Vec<Track> = Vec::new();
    for found in subtitles::of(conn, id)? {
        let here = file(conn, &found.id)?.is_some_and(|f| site.blobs.has(&f.content));
        if here && out.iter().all(|t| t.language != found.language) {
            let first = Lang::parse(&found.language) == Some(reads);
            out.push(Track { id: found.id.to_string(), label: found.label(), language: found.language, first });
        }
    }
    Ok(out)
}

fn player(site: &Site, request: &Request, conn: &Connection, id: &Subject, shelf: &Shelf) -> Result<String, PageError> {
    let words = request.words(site);
    let (form, text): (String, String) = conn
        .prepare_cached("SELECT coalesce(form, 'text'), coalesce(text, '') FROM resource WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let mut page = Player {
        s: Shell::new(site, request, ""),
        id: id.to_string(),
        form,
        file: None,
        here: true,
        opens: false,
        plays: false,
        pages: Vec::new(),
        recipe: "",
        sources: Vec::new(),
        poster: None,
        tracks: Vec::new(),
        adds: false,
        waits: false,
        said: None,
        text,
        course: None,
        edits: None,
        before: None,
        after: None,
    };
    around(site, request, conn, id, shelf, &mut page)?;
    let Some(file) = file(conn, id)? else { return Ok(page.render()?) };
    page.here = whole(site, shelf, &file.media, &file.content)?;
    page.plays = file.media == ZIM || file.media == TREE && !matches!(&*page.form, "activity" | "micro" | "class");
    page.opens = media::opens_in_page(&file.media);
    if matches!(&*page.form, "video" | "audio") {
        page.tracks = tracks(site, conn, id, page.s.lang)?;
        page.adds = register::in_hands(conn, request.reader()?, &RESOURCE, id)?;
    }
    let mut refused = None;
    let mut waits = false;
    for recipe in recipes_for(&file.media) {
        let Some(made) = made_of(conn, &file.content, recipe.name)? else {
            waits = true;
            continue;
        };
        refused = refused.or(made.refused);
        let Some(tree) = made.tree.map(|t| tree(shelf, &t)).transpose()?.flatten() else { continue };
        let at = |name: &str| format!("/resources/{id}/made/{}/{name}", recipe.name);
        let found = pages(site, &tree);
        if !found.is_empty() {
            page.recipe = recipe.name;
            page.pages = found;
        }
        for (name, leaf) in tree.leaves().filter(|(_, leaf)| site.blobs.has(&leaf.content)) {
            if name.starts_with("poster") {
                page.poster = Some(at(name));
            } else if leaf.media.starts_with("video/") || leaf.media.starts_with("audio/") {
                let said =
                    format!("{} · {}", words.get(&format!("recipe-{}", kind_of(recipe.name))), words.bytes(leaf.bytes));
                page.sources.push((at(name), leaf.media.clone(), said));
            }
        }
    }
    if page.here && page.opens && !file.media.starts_with("image/") {
        let said = format!("{} · {}", words.get("recipe-original"), words.bytes(file.bytes));
        page.sources.push((format!("/resources/{id}/content"), file.media.clone(), said));
    }
    let shows = (file.media == TREE || file.media == ZIM) && page.here
        || !page.pages.is_empty()
        || !page.sources.is_empty()
        || (page.opens && page.here);
    if !shows {
        page.said = refused
            .map(|code| words.get(&format!("refused-{code}")).into_owned())
            .or_else(|| (!page.here).then(|| words.get("file-coming").into_owned()))
            .or_else(|| waits.then(|| words.get(waiting_key(site)).into_owned()));
    }
    page.waits = !shows && (waits || !page.here);
    let bytes = size(shelf, &file)?;
    page.file = Some((file.name, words.bytes(bytes)));
    Ok(page.render()?)
}

/// At the hub it is made at once; a school's box leaves what is heavy to the hub, or to its nights.
fn waiting_key(site: &Site) -> &'static str {
    if site.node_kind == NodeKind::Hub { "rendition-soon" } else { "rendition-later" }
}

/// The name of a recipe without its version.
fn kind_of(recipe: &str) -> &str {
    recipe.rsplit_once('-').map_or(recipe, |(name, _)| name)
}

/// The course that a resource belongs to, and what stands before and after it.
fn around(
    site: &Site,
    request: &Request,
    conn: &Connection,
    id: &Subject,
    shelf: &Shelf,
    page: &mut Player<'_>,
) -> Result<(), PageError> {
    let course: Option<Vec<u8>> =
        conn.prepare_cached("SELECT course FROM resource WHERE id = ?1")?.query_row([id.as_bytes()], |r| r.get(0))?;
    let Some(course) = course.and_then(|c| Subject::try_from(c.as_slice()).ok()) else { return Ok(()) };
    let look = Look::new(site, request, conn);
    page.course = Some((format!("/courses/{course}"), look.title(&COURSE, &course)?));
    if page.form == "quiz" && register::in_hands(conn, request.reader()?, &COURSE, &course)? {
        page.edits = Some(format!("/courses/{course}/questions?of={id}"));
    }
    let (units, _) = outline(site, request, conn, &look.words, &course, shelf)?;
    let all: Vec<(String, String)> = units.into_iter().flat_map(|(_, lines)| lines).map(|l| (l.id, l.title)).collect();
    let at = all.iter().position(|(other, _)| *other == page.id);
    let to =
        |n: Option<usize>| n.and_then(|n| all.get(n)).map(|(id, title)| (format!("/resources/{id}"), title.clone()));
    page.before = to(at.and_then(|n| n.checked_sub(1)));
    page.after = to(at.map(|n| n + 1));
    Ok(())
}

/// Courses that wait for this reader's review.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    let words = request.words(site);
    site.store.read(|conn| {
        let mut stmt = conn.prepare_cached(
            "SELECT c.id, c.title, c.changed FROM course c JOIN course_hand h ON h.course = c.id
             WHERE h.person = ?1 AND h.part = 'reviewer' AND c.state = 'submitted'
               AND NOT EXISTS (SELECT 1 FROM course_review r WHERE r.course = c.id AND r.person = ?1)",
        )?;
        let rows = stmt.query_map([reader.person.as_bytes()], |r| {
            Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Option<String>>(1)?, r.get::<_, Option<i64>>(2)?))
        })?;
        let mut items = Vec::new();
        for row in rows {
            let (id, title, changed) = row?;
            let id = Subject::try_from(id.as_slice()).unwrap_or_default();
            items.push(TodayItem {
                part: "waits",
                icon: "check",
                title: words.get("course-review-asked").into_owned(),
                detail: title.unwrap_or_default(),
                href: format!("/courses/{id}"),
                order: -changed.unwrap_or(0),
                when: String::new(),
            });
        }
        Ok(items)
    })
}
