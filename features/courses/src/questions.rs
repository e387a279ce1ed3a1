//! Questions that a teacher writes: typed as text, kept as a QTI package, so that they are what any other questions are.

use std::io::Write as _;

use askama::Template;
use base::Subject;
use blobs::BlobError;
use log::Context;
use quizzes::{Item, TypedError, as_typed, typed, write_package};
use records::{Change, Value, append, record_scope};
use register::Look;
use web::{PageError, Reply, Request, Sent, Shell, Site};

use crate::add::{may_add, put};
use crate::facts::{COURSE, RESOURCE};
use crate::quiz;
use crate::unpack::{Piece, What};

#[derive(Template)]
#[template(path = "questions.html")]
struct QuestionsPage<'a> {
    s: Shell<'a>,
    course: String,
    course_title: String,
    error: Option<String>,
    title: String,
    text: String,
    /// The resource whose questions are written anew.
    of: Option<String>,
}

/// An empty page, or one with the questions of a resource.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let Some(of) = request.query("of") else {
        return Ok(Reply::Page(render(site, request, None, "", "", None)?));
    };
    let (of, title) = own(site, request, of)?;
    let text = as_typed(&quiz::items(site, request, of)?).ok_or(PageError::Rule("questions-elsewhere".to_owned()))?;
    Ok(Reply::Page(render(site, request, None, &title, &text, Some(of))?))
}

fn render(
    site: &Site,
    request: &Request,
    error: Option<String>,
    title: &str,
    text: &str,
    of: Option<Subject>,
) -> Result<String, PageError> {
    let course = request.id("id")?;
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let page = QuestionsPage {
            course: course.to_string(),
            course_title: look.title(&COURSE, &course)?,
            error,
            title: title.to_owned(),
            text: text.to_owned(),
            of: of.map(|o| o.to_string()),
            s: Shell::new(site, request, look.words.get("questions-write")),
        };
        Ok(page.render()?)
    })
}

/// A resource of questions that belongs to this course.
fn own(site: &Site, request: &Request, named: &str) -> Result<(Subject, String), PageError> {
    let course = request.id("id")?;
    let of: Subject = named.parse().map_err(|_| PageError::NotFound)?;
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &of)?;
        let (form, within, title): (Option<String>, Option<Vec<u8>>, Option<String>) = conn
            .prepare_cached("SELECT form, course, title FROM resource WHERE id = ?1")?
            .query_row([of.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let within = within.and_then(|w| Subject::try_from(w.as_slice()).ok());
        let here = form.as_deref() == Some("quiz") && within == Some(course);
        if here { Ok((of, title.unwrap_or_default())) } else { Err(PageError::NotFound) }
    })
}

/// Keeps what was typed.
pub(crate) fn save(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let course = request.id("id")?;
    let of = request.form("of").filter(|o| !o.is_empty()).map(|o| own(site, request, o)).transpose()?.map(|(of, _)| of);
    let (title, text) = (request.form("title").unwrap_or_default(), request.form("text").unwrap_or_default());
    let words = request.words(site);
    let refuse = |said: String| Ok(Reply::Invalid(render(site, request, Some(said), title, text, of)?));
    let Some(clean) = text::clean_line(title, 120).ok().filter(|t| !t.is_empty()) else {
        return refuse(words.get("error-required").into_owned());
    };
    let items = match typed(text) {
        Ok(items) => items,
        Err(e) => return refuse(said(&words, e)),
    };
    let sent = kept(site, &clean, &items)?;
    let reader = request.reader()?;
    site.store.write(Context { author: reader.person }, |tx| {
        let Some(of) = of else {
            let piece = Piece {
                what: What::File(sent),
                title: clean,
                unit: String::new(),
                form: Some("quiz"),
                beside: None,
                about: String::new(),
            };
            return put(tx, site, &course, &[piece]);
        };
        let scope = record_scope(tx.conn(), site.programme, &RESOURCE, &of)?;
        let change = Change::new()
            .with_text("title", clean)
            .with_text("file", sent.name)
            .with_text("media", sent.media)
            .with("bytes", Value::Int(i64::try_from(sent.len).unwrap_or(0)))
            .with("content", Value::Bytes(sent.hash.0.to_vec()));
        append(tx, &RESOURCE, scope, of, change, None)?;
        tx.fold()?;
        Ok(())
    })?;
    match of {
        Some(of) => Ok(register::done(&RESOURCE, of, "done-saved")),
        None => Ok(register::done(&COURSE, course, "done-saved")),
    }
}

/// Questions as a file of the node.
pub(crate) fn kept(site: &Site, title: &str, items: &[Item]) -> Result<Sent, PageError> {
    let failed = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
    let bytes = write_package(title, items).map_err(|e| failed(&e))?;
    let made = site.blobs.make(|file| file.write_all(&bytes).map_err(BlobError::Io)).map_err(|e| failed(&e))?;
    Ok(Sent {
        name: format!("{}.zip", packages::file_name(title)),
        media: "application/zip",
        hash: made.0,
        len: made.1,
    })
}

fn said(words: &text::Words<'_>, e: TypedError) -> String {
    let (key, n) = match e {
        TypedError::None => ("questions-none", 0),
        TypedError::TooMany => ("questions-too-many", 0),
        TypedError::NoPrompt(n) => ("questions-no-prompt", n),
        TypedError::NoneRight(n) => ("questions-none-right", n),
        TypedError::NoChoice(n) => ("questions-no-choice", n),
        TypedError::Mixed(n) => ("questions-mixed", n),
    };
    words.with(key, &[("n", i64::try_from(n).unwrap_or(0).into())])
}
