//! A plan from what a teacher has already: a text or slides of an office program. The file itself stands beside the plan,
//! so that nothing of it is lost.

use std::fs::File;

use askama::Template;
use base::{Scope, Subject};
use log::Context;
use office::OfficeError;
use records::{Change, Shape, Value, append, check, check_value};
use web::{PageError, Reply, Request, Sent, Shell, Site};

use crate::arrange::{Found, of_slides, of_text};
use crate::facts::LESSON_PLAN;
use crate::outline::outline;
use crate::part::{MINUTES, author};
use crate::pictures::Shown;
use crate::versions;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage<'a> {
    s: Shell<'a>,
    error: Option<String>,
    title: String,
    subjects: Vec<(String, String, bool)>,
    types: Vec<(String, String, bool)>,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::Page(render(site, request, None)?))
}

fn render(site: &Site, request: &Request, error: Option<String>) -> Result<String, PageError> {
    let words = request.words(site);
    let options = |name: &str| -> Vec<(String, String, bool)> {
        let chosen = request.form(name).unwrap_or_default();
        let Some((field, Shape::Choice(list))) = LESSON_PLAN.field(name).map(|f| (f, f.shape)) else {
            return Vec::new();
        };
        let said = |w: &str| (w.to_owned(), register::label(&words, &LESSON_PLAN, Some(field), w), w == chosen);
        list.iter().map(|w| said(w)).collect()
    };
    let page = ImportPage {
        error,
        title: request.form("title").unwrap_or_default().to_owned(),
        subjects: options("subject"),
        types: options("type"),
        s: Shell::new(site, request, words.get("plan-import")),
    };
    Ok(page.render()?)
}

/// Refuses who may not make plans: asked before the file is read.
pub(crate) fn may_make(_: &Site, request: &Request) -> Result<(), PageError> {
    if request.reader()?.may_make(&LESSON_PLAN) { Ok(()) } else { Err(PageError::NotAllowed) }
}

/// Makes a plan of the file that was sent.
pub(crate) fn make(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_make(site, request)?;
    let words = request.words(site);
    let refuse = |key: &str| Ok(Reply::Invalid(render(site, request, Some(words.get(key).into_owned()))?));
    let Some(sent) = request.files.first() else { return refuse("rule-no-file") };
    let mut change = Change::new();
    for name in ["subject", "type"] {
        let value = Value::text(request.form(name).unwrap_or_default());
        if LESSON_PLAN.field(name).is_none_or(|f| check_value(f.shape, &value).is_err()) {
            return refuse("plan-import-lacks");
        }
        change = change.with(name, value);
    }
    let found = match read(site, sent)? {
        Ok(found) => found,
        Err(e) => return refuse(&reason(e)),
    };
    if found.is_empty() {
        return refuse("rule-office-empty");
    }
    let typed = text::clean_line(request.form("title").unwrap_or_default(), 120).unwrap_or_default();
    let named = || sent.name.rsplit_once('.').map_or(sent.name.as_str(), |(stem, _)| stem).to_owned();
    let title = [typed, found.title.clone()].into_iter().find(|t| !t.is_empty()).unwrap_or_else(named);
    let of_type = request.form("type").unwrap_or_default();
    let mut tree = found.tree(outline(of_type, MINUTES, &words));
    let shown = Shown::of(site, sent, &tree)?;
    // Whether it is too long is seen before anything is kept: the ids of all files are of one length.
    let mut tried = tree.clone();
    shown.put(&mut tried, &vec![Subject::default(); shown.files.len()], &words);
    if documents::seed(&tried, versions::chance(site)).is_err() {
        return refuse("rule-office-long");
    }
    let reader = request.reader()?;
    let id = site.store.write(Context { author: reader.person }, |tx| {
        let scope = Scope::Programme(site.programme);
        let id = tx.subject(&scope);
        append(tx, &LESSON_PLAN, scope, id, change.with_text("title", title), None)?;
        tx.fold()?;
        author(tx, site, reader.person, "lead", &id)?;
        let files: Vec<Sent> = [sent].into_iter().chain(&shown.files).cloned().collect();
        let made = register::attach(tx, site, &LESSON_PLAN, &id, &files)?;
        shown.put(&mut tree, made.get(1..).unwrap_or_default(), &words);
        let updates = documents::seed(&tree, versions::chance(site));
        let updates = updates.map_err(|_| PageError::Rule("office-long".to_owned()))?;
        versions::put(tx, site, &id, &updates)?;
        check(tx, &LESSON_PLAN, &id)?;
        Ok::<_, PageError>(id)
    })?;
    Ok(register::done(&LESSON_PLAN, id, "plan-imported"))
}

fn read(site: &Site, sent: &Sent) -> Result<Result<Found, OfficeError>, PageError> {
    let open = || -> Result<File, PageError> {
        let file = site.blobs.open_blob(&sent.hash).map_err(|e| PageError::Internal(e.to_string()))?;
        file.ok_or_else(|| PageError::Internal("a content that was just kept is gone".to_owned()))
    };
    let text = office::docx(open()?).map(|blocks| of_text(&blocks));
    Ok(match text {
        Err(OfficeError::Kind) => office::pptx(open()?).map(|slides| of_slides(&slides)),
        other => other,
    })
}

fn reason(e: OfficeError) -> String {
    match e {
        // What is no archive at all is an older document, or something else.
        OfficeError::Kind | OfficeError::Archive(packages::Refusal::Broken) => "rule-office-kind".to_owned(),
        OfficeError::Archive(refusal) => format!("rule-package-{}", refusal.code()),
        OfficeError::Broken => "rule-office-broken".to_owned(),
        OfficeError::TooLong => "rule-office-long".to_owned(),
    }
}
