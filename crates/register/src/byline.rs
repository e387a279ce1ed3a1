//! Who somebody is and where something was, in a line: what pages elsewhere say of them.

use base::{Lang, Subject};
use records::Kinds;
use rusqlite::{Connection, OptionalExtension};
use web::PageError;

use crate::look::Look;

/// In SQL, where an activity of the table `of` was, for a reader: its place; that is called in their language where it is the
/// host of a visit, and its school `o` where none was said.
///
/// # Errors
/// [`PageError::NotFound`] where the node has no organisations.
pub fn place_of(kinds: &Kinds, lang: Lang, of: &str) -> Result<String, PageError> {
    let kind = kinds.get("organisation").ok_or(PageError::NotFound)?;
    Ok(format!(
        "coalesce((SELECT {} FROM visit w JOIN organisation h ON h.id = w.host WHERE w.id = {of}.visit AND h.name = {of}.place),
                  nullif({of}.place, ''), {})",
        kind.called("h", lang),
        kind.called("o", lang)
    ))
}

/// A person's name and school, as readers elsewhere will see them.
///
/// # Errors
/// [`PageError::NotFound`] where the person's record is not here.
pub fn byline(conn: &Connection, person: Subject) -> Result<String, PageError> {
    line_of(conn, person, "p.name", "o.title")
}

/// The same for this reader, as records say it today; as it was kept where the person's record is not here.
///
/// # Errors
/// What the database says.
pub fn byline_now(look: &Look<'_>, person: &Subject, kept: &str) -> Result<String, PageError> {
    let called = |kind: &str, of: &str| {
        let kind = look.kinds.get(kind).ok_or(PageError::NotFound)?;
        Ok::<_, PageError>(kind.called(of, look.words.lang()))
    };
    match line_of(look.conn, *person, &called("person", "p")?, &called("organisation", "o")?) {
        Err(PageError::NotFound) => Ok(kept.to_owned()),
        said => said,
    }
}

fn line_of(conn: &Connection, person: Subject, name: &str, place: &str) -> Result<String, PageError> {
    let sql = format!("SELECT {name}, {place} FROM person p LEFT JOIN organisation o ON o.id = p.home WHERE p.id = ?1");
    let (name, place): (Option<String>, Option<String>) = conn
        .prepare_cached(&sql)?
        .query_row([person.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?
        .ok_or(PageError::NotFound)?;
    let parts: Vec<String> = name.into_iter().chain(place).collect();
    if parts.is_empty() { Err(PageError::NotFound) } else { Ok(parts.join(" · ")) }
}
