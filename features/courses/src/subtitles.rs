//! Subtitles: what is said in a film or in a sound, and when. They are a part of the course that stands beside another:
//! a file of the same name that came with it, or one that was added to it later. Whoever sees the film sees them.

use std::io::Read;

use assets::Shelf;
use base::{Lang, Subject};
use log::Context;
use media::{MAX_SUBTITLES, SubtitlesError};
use records::{Change, REMOVED, Value, append, record_scope};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Sent, Site};

use crate::add::one;
use crate::facts::{COURSE, RESOURCE};
use crate::form::{form_of, media_of};
use crate::unpack::{Piece, Trouble, What};

/// What a part that is subtitles is to who uses it.
pub(crate) const FORM: &str = "subtitles";
/// The languages that files are named after otherwise than by their tags.
const NAMES: [(&str, &str); 8] = [
    ("chs", "zh"),
    ("cht", "zh"),
    ("chi", "zh"),
    ("zho", "zh"),
    ("tib", "bo"),
    ("bod", "bo"),
    ("eng", "en"),
    ("cn", "zh"),
];

/// That a part stands beside another, and in which language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    /// The place of the other among the parts that came with it.
    pub of: usize,
    pub language: String,
}

/// Whether a part is one that subtitles stand beside.
fn is_heard(form: &str) -> bool {
    matches!(form, "video" | "audio")
}

/// The name of a file of subtitles without its ending.
fn stem(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    matches!(ending.to_lowercase().as_str(), "vtt" | "srt").then_some(stem)
}

/// The name before the ending that says a language, and the language.
fn language(stem: &str) -> Option<(&str, String)> {
    let (before, said) = stem.rsplit_once('.')?;
    Some((before, tag(said)?))
}

/// A language as a tag (BCP 47), one of the pages' languages by its first part alone; none where it is no tag.
pub(crate) fn tag(said: &str) -> Option<String> {
    let tag = said.to_lowercase().replace('_', "-");
    let (first, rest) = tag.split_once('-').map_or((tag.as_str(), None), |(first, rest)| (first, Some(rest)));
    let fits = (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && rest.is_none_or(|r| (2..=8).contains(&r.len()) && r.bytes().all(|b| b.is_ascii_alphanumeric()));
    let first = NAMES.iter().find(|(name, _)| *name == first).map_or(first, |(_, tag)| *tag);
    fits.then(|| if Lang::parse(first).is_some() { first.to_owned() } else { tag.clone() })
}

/// Puts the subtitles among parts beside the films and sounds that they are named after; others stay files as they came.
pub(crate) fn pair(site: &Site, pieces: &mut [Piece]) -> Result<(), Trouble> {
    for n in 0..pieces.len() {
        let Some(Piece { what: What::File(sent), unit, beside: None, .. }) = pieces.get(n) else { continue };
        let Some(stem) = stem(&sent.name) else { continue };
        let film = |named: &str| {
            pieces.iter().position(|p| match &p.what {
                What::File(film) => {
                    p.unit == *unit
                        && is_heard(p.form.unwrap_or_else(|| form_of(media_of(film.media, &film.name))))
                        && film.name.rsplit_once('.').is_some_and(|(s, _)| s.to_lowercase() == named.to_lowercase())
                }
                What::Text(_) => false,
            })
        };
        let told = language(stem);
        let of = film(stem).map(|of| (of, None));
        let of = of.or_else(|| told.and_then(|(before, tag)| film(before).map(|of| (of, Some(tag)))));
        let Some((of, tag)) = of else { continue };
        let sent = sent.clone();
        let title = pieces.get(of).map(|p| p.title.clone()).unwrap_or_default();
        if let Some(piece) = pieces.get_mut(n) {
            (piece.what, piece.beside) = beside(site, &sent, of, tag)?;
            (piece.title, piece.form) = (title, Some(FORM));
        }
    }
    Ok(())
}

/// Subtitles as they are kept, beside the part at a place.
pub(crate) fn beside(
    site: &Site,
    sent: &Sent,
    of: usize,
    language: Option<String>,
) -> Result<(What, Option<Beside>), Trouble> {
    let (sent, spoken) = cleaned(site, sent)?;
    Ok((What::File(sent), Some(Beside { of, language: language.unwrap_or(spoken) })))
}

/// A file of subtitles with nothing in it but times and words, and the language of the words.
fn cleaned(site: &Site, sent: &Sent) -> Result<(Sent, String), Trouble> {
    let inside = |e: &dyn std::fmt::Display| Trouble::Page(PageError::Internal(e.to_string()));
    let refused = |why: SubtitlesError| Trouble::Refused(sent.name.clone(), why.code());
    let file = site.blobs.open_blob(&sent.hash).map_err(|e| inside(&e))?;
    let file = file.ok_or_else(|| inside(&"a file that was sent is gone"))?;
    let mut bytes = Vec::new();
    file.take(MAX_SUBTITLES + 1).read_to_end(&mut bytes).map_err(|e| inside(&e))?;
    if bytes.len() as u64 > MAX_SUBTITLES {
        return Err(refused(SubtitlesError::TooMany));
    }
    let text = text::decoded(&bytes).ok_or_else(|| refused(SubtitlesError::None))?;
    let text = media::subtitles(&text).map_err(refused)?;
    let words: String = text.lines().filter(|l| !l.contains("-->")).skip(1).collect();
    let (hash, len) = site.blobs.put(text.as_bytes()).map_err(|e| inside(&e))?;
    let name: String = sent.name.rsplit_once('.').map_or(&*sent.name, |(s, _)| s).chars().take(110).collect();
    let kept = Sent { name: format!("{name}.vtt"), media: "text/vtt", hash, len };
    Ok((kept, Lang::of_text(&words).code().to_owned()))
}

/// Refuses who does not write the course of this film.
pub(crate) fn may_add(site: &Site, request: &Request) -> Result<(), PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.read(|conn| {
        register::visible(conn, reader, &RESOURCE, &id)?;
        if register::in_hands(conn, reader, &RESOURCE, &id)? { Ok(()) } else { Err(PageError::NotAllowed) }
    })
}

/// Adds subtitles to a film or a sound; those of a language take the place of what it had in that language.
pub(crate) fn add(site: &Site, request: &Request, _: &Shelf) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let id = request.id("id")?;
    let (form, course, title, unit, place) = site.store.read(|conn| {
        let sql = "SELECT coalesce(form, ''), course, coalesce(title, ''), coalesce(unit, ''), coalesce(place, 0)
                   FROM resource WHERE id = ?1";
        conn.prepare_cached(sql)?
            .query_row([id.as_bytes()], |r| {
                Ok((
                    r.get::<_, String>(0)?,
                    r.get::<_, Vec<u8>>(1)?,
                    r.get::<_, String>(2)?,
                    r.get::<_, String>(3)?,
                    r.get::<_, i64>(4)?,
                ))
            })
            .map_err(PageError::from)
    })?;
    let course = Subject::try_from(course.as_slice()).map_err(|_| PageError::NotFound)?;
    if request.files.is_empty() || !is_heard(&form) {
        return Err(PageError::Rule("no-file".to_owned()));
    }
    let mut pieces = Vec::new();
    for sent in &request.files {
        let tag = stem(&sent.name).and_then(language).map(|(_, tag)| tag);
        let (what, beside) = beside(site, sent, 0, tag).map_err(|trouble| match trouble {
            Trouble::Refused(_, code) => PageError::Rule(format!("package-{code}")),
            Trouble::Page(e) => e,
        })?;
        pieces.push(Piece {
            what,
            title: title.clone(),
            unit: unit.clone(),
            form: Some(FORM),
            beside,
            about: String::new(),
        });
    }
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &COURSE, &course)?;
        for piece in &pieces {
            let language = piece.beside.as_ref().map(|b| b.language.clone()).unwrap_or_default();
            for before in of(tx.conn(), &id)?.into_iter().filter(|s| s.language == language) {
                append(tx, &RESOURCE, scope, before.id, Change::new().with(REMOVED, Value::Bool(true)), None)?;
            }
            one(tx, site, &course, place, piece, Some(id))?;
            tx.fold()?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(register::done(&RESOURCE, id, "done-saved"))
}

/// Subtitles of a film.
pub(crate) struct Subtitles {
    pub id: Subject,
    pub language: String,
}

impl Subtitles {
    /// The language's own name; its tag, where the pages do not know it.
    pub(crate) fn label(&self) -> String {
        match Lang::parse(&self.language) {
            Some(Lang::Zh) => "中文".to_owned(),
            Some(Lang::Bo) => "བོད་ཡིག".to_owned(),
            Some(Lang::En) => "English".to_owned(),
            None => self.language.clone(),
        }
    }
}

/// The subtitles of a film, by their languages, the newest of each first.
pub(crate) fn of(conn: &Connection, film: &Subject) -> Result<Vec<Subtitles>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT s.id, coalesce(s.language, '') FROM resource s WHERE s.beside = ?1 AND s.content IS NOT NULL
         AND s.course = (SELECT course FROM resource WHERE id = ?1) ORDER BY s.language, s.made DESC, s.id DESC",
    )?;
    let rows = stmt.query_map([film.as_bytes()], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (id, language) = row?;
        out.extend(Subject::try_from(id.as_slice()).ok().map(|id| Subtitles { id, language }));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_by_its_name_what_it_belongs_to() {
        assert_eq!(stem("lesson.zh.VTT"), Some("lesson.zh"));
        assert_eq!(stem("lesson.txt"), None);
        for (name, tag) in [("l.zh", "zh"), ("l.zh_CN", "zh"), ("l.bo", "bo"), ("l.tib", "bo"), ("l.pt-BR", "pt-br")] {
            assert_eq!(language(name), Some(("l", tag.to_owned())), "{name}");
        }
        for name in ["lesson", "lesson.1", "lesson.final", "v1.2"] {
            assert_eq!(language(name), None, "{name}");
        }
    }
}
