//! A story: on its record's page, who is not to be seen in its pictures; and as it is read, in the reader's language first.

use askama::Template;
use base::{Lang, Subject};
use register::{Look, visible};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::TOUR_STORY;
use crate::going::{going, names};
use crate::tour::{Tour, id_at, text_at};

#[derive(Template)]
#[template(path = "story.html")]
struct StoryPart<'a> {
    s: Shell<'a>,
    id: String,
    tour: String,
    /// The reader sees the pupils, here.
    sees: bool,
    /// Every family has given consent for pictures.
    all: bool,
    /// The names of pupils without consent for pictures.
    hidden: String,
    /// Those of families that withdrew theirs.
    withdrawn: String,
}

/// The part of a story's page.
pub(crate) fn part(site: &Site, request: &Request, conn: &Connection, id: &Subject) -> Result<String, PageError> {
    let tour = conn
        .prepare_cached("SELECT tour FROM tour_story WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| id_at(r, 0))?;
    let about = Tour::read(conn, &tour)?;
    let sees = about.is_home(site, conn)? && about.sees_pupils(conn, request.reader()?)?;
    let pupils = if sees { going(conn, &tour)? } else { Vec::new() };
    let words = request.words(site);
    let page = StoryPart {
        id: id.to_string(),
        tour: tour.to_string(),
        sees,
        all: pupils.iter().all(|p| p.pictures == "given"),
        hidden: names(site, &words, &about, pupils.iter().filter(|p| p.pictures != "given"))?,
        withdrawn: names(site, &words, &about, pupils.iter().filter(|p| p.pictures == "withdrawn"))?,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "read.html")]
struct ReadPage<'a> {
    s: Shell<'a>,
    tour: String,
    title: String,
    story: String,
    state: String,
    published: bool,
    days: String,
    /// Language tag and paragraphs; the first is the reader's.
    texts: Vec<(&'static str, Vec<String>)>,
    pictures: Vec<String>,
}

/// A story as it is read, by all who see it.
pub(crate) fn read(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let story: Subject = request.params.get("story").and_then(|s| s.parse().ok()).ok_or(PageError::NotFound)?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let tour = Tour::of(conn, request)?;
        let state = visible(conn, request.reader()?, &TOUR_STORY, &story)?;
        let sql = "SELECT text_zh, text_bo, text_en FROM tour_story WHERE id = ?1 AND tour = ?2";
        let said = conn.prepare_cached(sql)?.query_row([story.as_bytes(), tour.id.as_bytes()], |r| {
            Ok([text_at(r, 0)?, text_at(r, 1)?, text_at(r, 2)?])
        });
        let mut texts: Vec<(Lang, String)> =
            [Lang::Zh, Lang::Bo, Lang::En].into_iter().zip(said.map_err(|_| PageError::NotFound)?).collect();
        texts.retain(|(_, said)| !said.is_empty());
        texts.sort_by_key(|(lang, _)| (*lang != request.lang, *lang != request.second));
        let page = ReadPage {
            tour: tour.id.to_string(),
            story: story.to_string(),
            days: format!("{} – {}", look.date(&tour.starts), look.date(&tour.ends)),
            published: state == "published",
            state: look.state(&TOUR_STORY, &state),
            texts: texts
                .into_iter()
                .map(|(lang, said)| (lang.tag(), said.lines().map(ToOwned::to_owned).collect()))
                .collect(),
            pictures: pictures(site, conn, &story)?,
            s: Shell::new(site, request, look.title(&TOUR_STORY, &story)?),
            title: tour.title,
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Pictures whose content is here.
fn pictures(site: &Site, conn: &Connection, id: &Subject) -> Result<Vec<String>, PageError> {
    let sql = "SELECT f.id, f.content FROM tour_story_files s JOIN file f ON f.id = s.value
               WHERE s.id = ?1 AND f.media IN ('image/jpeg', 'image/png', 'image/webp') ORDER BY f.made LIMIT 60";
    let mut stmt = conn.prepare_cached(sql)?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let content: Option<Vec<u8>> = row.get(1)?;
        let hash = content.and_then(|c| base::Hash::try_from(c.as_slice()).ok());
        if hash.is_some_and(|h| site.blobs.has(&h)) {
            out.push(id_at(row, 0)?.to_string());
        }
    }
    Ok(out)
}
