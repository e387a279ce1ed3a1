//! The accounts of a node, as its administrator keeps them.

use askama::Template;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, append};
use register::Look;
use rusqlite::OptionalExtension;
use web::{PageError, Reply, Request, Shell, Site, set_cookie};

use crate::accounts::{NewAccount, make_account};
use crate::pages::password_errors;
use crate::password::hash;

struct AccountLine {
    id: String,
    name: String,
    person: String,
    href: String,
    /// Role and place; the grant that can be ended here.
    roles: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage<'a> {
    s: Shell<'a>,
    lines: Vec<AccountLine>,
    errors: Vec<String>,
    roles: Vec<(&'static str, String, bool)>,
    organisations: Vec<(String, String, bool)>,
    person: String,
    name: String,
    until: String,
}

pub(crate) fn accounts(site: &Site, request: &Request, errors: Option<Vec<String>>) -> Result<Reply, PageError> {
    let wrong = errors.is_some();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let (Some(person), Some(org)) = (site.kinds.get("person"), site.kinds.get("organisation")) else {
            return Err(PageError::NotFound);
        };
        let mut stmt = conn.prepare("SELECT id, sign_in_name, person FROM account ORDER BY sign_in_name LIMIT 2000")?;
        let found = stmt
            .query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?, r.get::<_, Vec<u8>>(2)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let today = site.today().to_string();
        let mut lines = Vec::new();
        for (account, name, who) in found {
            let who = Subject::try_from(who.as_slice()).unwrap_or_default();
            let mut stmt = conn.prepare_cached(
                "SELECT id, role, organisation FROM grant_of_role WHERE person = ?1
                 AND coalesce(state, 'given') = 'given' AND (until_on IS NULL OR until_on >= ?2) ORDER BY id",
            )?;
            let mut rows = stmt.query(rusqlite::params![who.as_bytes(), today])?;
            let mut roles = Vec::new();
            while let Some(row) = rows.next()? {
                let grant = Subject::try_from(row.get::<_, Vec<u8>>(0)?.as_slice()).unwrap_or_default();
                let mut said = look.words.get(&format!("role-{}", row.get::<_, String>(1)?)).into_owned();
                if let Some(place) = row.get::<_, Option<Vec<u8>>>(2)? {
                    let place = Subject::try_from(place.as_slice()).unwrap_or_default();
                    said = format!("{said} · {}", look.title(org, &place)?);
                }
                roles.push((grant.to_string(), said));
            }
            lines.push(AccountLine {
                id: Subject::try_from(account.as_slice()).unwrap_or_default().to_string(),
                name,
                person: look.title(person, &who)?,
                href: format!("/people/{who}"),
                roles,
            });
        }
        let chosen = |name: &str, value: &str| request.form(name) == Some(value);
        let kept = |name: &str| request.form(name).unwrap_or_default().to_owned();
        let page = AccountsPage {
            lines,
            errors: errors.unwrap_or_default(),
            roles: Role::ALL
                .into_iter()
                .map(|r| {
                    let said = look.words.get(&format!("role-{}", r.code())).into_owned();
                    (r.code(), said, chosen("role", r.code()))
                })
                .collect(),
            organisations: look
                .options(org, request.reader()?, 500)?
                .into_iter()
                .map(|(id, title)| (id.to_string(), title, chosen("organisation", &id.to_string())))
                .collect(),
            person: request.form("person").or(request.query("person")).unwrap_or_default().to_owned(),
            name: kept("name"),
            until: kept("until"),
            s: Shell::new(site, request, look.words.get("accounts-title")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(if wrong { Reply::Invalid(html) } else { Reply::Page(html) })
}

pub(crate) fn add_account(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let reader = request.reader()?;
    let typed = request.form("person").unwrap_or_default().trim();
    let person = site.store.read(|conn| {
        if let Some(id) = typed.rsplit('/').next().and_then(|t| t.parse::<Subject>().ok()) {
            return Ok::<_, PageError>(Some(id));
        }
        let mut stmt = conn.prepare_cached("SELECT id FROM person WHERE title = ?1 LIMIT 2")?;
        let found = stmt.query_map([typed], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(match found.as_slice() {
            [only] => Subject::try_from(only.as_slice()).ok(),
            _ => None,
        })
    })?;
    let mut errors: Vec<String> = password_errors(request).iter().map(|k| words.get(k).into_owned()).collect();
    let role = request.form("role").and_then(|r| r.parse::<Role>().ok());
    let name = text::clean_line(request.form("name").unwrap_or_default(), 120).unwrap_or_default();
    let until = request.form("until").filter(|u| !u.is_empty()).map(str::parse).transpose();
    if person.is_none() {
        errors.push(format!("{}: {}", words.get("account-person"), words.get("error-no-such")));
    }
    if role.is_none() || name.is_empty() || until.is_err() {
        errors.push(words.get("error-required").into_owned());
    }
    let (Some(person), Some(role), Ok(until), true) = (person, role, until, errors.is_empty()) else {
        return accounts(site, request, Some(errors));
    };
    let new = NewAccount {
        person,
        name,
        hash: hash(request.form("password").unwrap_or_default(), site.store.env())?,
        role,
        organisation: request.form("organisation").and_then(|o| o.parse().ok()),
        from: site.today(),
        until,
    };
    let made = site.store.write(Context { author: reader.person }, |tx| make_account(tx, &site.kinds, &new));
    match made {
        Ok(()) => Ok(Reply::ToWith("/accounts".to_owned(), vec![set_cookie("zampa_note", "account-made", 60)])),
        Err(RecordError::Rule { code, .. }) => accounts(site, request, Some(vec![words.get(code).into_owned()])),
        Err(e) => Err(e.into()),
    }
}

/// The person whose account or grant an id is.
fn whose(tx: &log::Tx<'_>, table: &str, id: Subject) -> Result<Subject, RecordError> {
    let found: Option<Vec<u8>> = tx
        .conn()
        .prepare_cached(&format!("SELECT person FROM {table} WHERE id = ?1"))?
        .query_row([id.as_bytes()], |r| r.get(0))
        .optional()?;
    found.and_then(|p| Subject::try_from(p.as_slice()).ok()).ok_or(RecordError::NotFound)
}

/// Somebody has forgotten a password: a new one, and all sessions end.
pub(crate) fn reset_password(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let id: Subject = request.form("account").and_then(|a| a.parse().ok()).ok_or(PageError::Malformed("account"))?;
    let errors: Vec<String> = password_errors(request).iter().map(|k| words.get(k).into_owned()).collect();
    if !errors.is_empty() {
        return accounts(site, request, Some(errors));
    }
    let new = hash(request.form("password").unwrap_or_default(), site.store.env())?;
    let author = request.reader()?.person;
    let person = site.store.write(Context { author }, |tx| {
        let person = whose(tx, "account", id)?;
        let kind = site.kinds.get("account").ok_or(RecordError::NotFound)?;
        let change = Change::new().with_text("password_hash", new);
        append(tx, kind, Scope::Person(person), id, change, None)?;
        Ok::<_, RecordError>(person)
    })?;
    site.local.end_sessions_of(person)?;
    Ok(Reply::ToWith("/accounts".to_owned(), vec![set_cookie("zampa_note", "account-reset", 60)]))
}

/// A role ends today's eve: from now on it counts no more.
pub(crate) fn end_role(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id: Subject = request.form("grant").and_then(|g| g.parse().ok()).ok_or(PageError::Malformed("grant"))?;
    let author = request.reader()?.person;
    site.store.write(Context { author }, |tx| {
        let person = whose(tx, "grant_of_role", id)?;
        let kind = site.kinds.get("grant_of_role").ok_or(RecordError::NotFound)?;
        let change = Change::new().with_text("state", "ended").with_text("until_on", site.today().to_string());
        append(tx, kind, Scope::Person(person), id, change, None)
    })?;
    Ok(Reply::ToWith("/accounts".to_owned(), vec![set_cookie("zampa_note", "account-role-ended", 60)]))
}
