//! Signing in and out, setting up, accounts, and what is held on oneself.

use askama::Template;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Roles, append};
use register::Look;
use web::{Check, PageError, Reply, Request, Route, Shell, Site, set_cookie};

use crate::accounts::{NewAccount, account, make_account};
use crate::password::{LEAST, MOST, fits, hash};
use crate::{keepers, view_as};

/// The name of the one-use secret that sets up a node.
pub const SET_UP: &str = "set-up";

const KEEPERS: Roles = Roles::of(&[Role::Administrator]);

/// The room's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in", Check::Public, |site, r| sign_in_page(site, r, None, "")),
        Route::post("/sign-in", Check::Public, sign_in),
        Route::post("/sign-out", Check::SignedIn, sign_out),
        Route::get("/set-up/{secret}", Check::Public, |site, r| set_up_page(site, r, Vec::new())),
        Route::post("/set-up/{secret}", Check::Public, set_up),
        Route::get("/me", Check::SignedIn, |site, r| me(site, r, None)),
        Route::post("/me/password", Check::SignedIn, change_password),
        Route::get("/me/held", Check::SignedIn, held),
        Route::get("/accounts", Check::Roles(KEEPERS), |site, r| keepers::accounts(site, r, None)),
        Route::post("/accounts", Check::Roles(KEEPERS), keepers::add_account),
        Route::post("/accounts/password", Check::Roles(KEEPERS), keepers::reset_password),
        Route::post("/accounts/end-role", Check::Roles(KEEPERS), keepers::end_role),
        Route::get("/view-as", Check::Demonstration, view_as::page),
        Route::post("/view-as", Check::Demonstration, view_as::take),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    s: Shell<'a>,
    error: Option<String>,
    name: String,
    back: String,
    demonstration: bool,
}

fn sign_in_page(site: &Site, request: &Request, error: Option<String>, name: &str) -> Result<Reply, PageError> {
    let words = request.words(site);
    let back = request.form("back").or(request.query("back")).unwrap_or("/today").to_owned();
    let wrong = error.is_some();
    let page = SignInPage {
        s: Shell::new(site, request, words.get("sign-in")),
        error,
        name: name.to_owned(),
        back,
        demonstration: site.demonstration,
    };
    let html = page.render()?;
    Ok(if wrong { Reply::Invalid(html) } else { Reply::Page(html) })
}

fn sign_in(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let name: String = request.form("name").unwrap_or_default().chars().take(120).collect();
    let password: String = request.form("password").unwrap_or_default().chars().take(MOST).collect();
    let folded = text::fold(name.trim());
    let wait = site.local.must_wait_ms(&folded)?;
    if wait > 0 {
        let seconds = i64::try_from(wait.div_ceil(1000)).unwrap_or(i64::MAX);
        let said = words.with("sign-in-wait", &[("n", seconds.into())]);
        return sign_in_page(site, request, Some(said), &name);
    }
    let found = site.store.read(|conn| Ok::<_, PageError>(account(conn, &folded)?))?;
    let well = fits(&password, found.as_ref().and_then(|a| a.hash.as_deref()), site.store.env());
    site.local.tried(&folded, well)?;
    let Some(account) = found.filter(|_| well) else {
        return sign_in_page(site, request, Some(words.get("sign-in-wrong").into_owned()), &name);
    };
    let token = site.local.start_session(account.person)?;
    let back = request.form("back").and_then(web::own_page).unwrap_or("/today");
    let mut cookies = vec![site.set_session_cookie(Some(&token), request.secure)];
    cookies.extend(account.language.map(|l| set_cookie("zampa_lang", &l, 365 * 24 * 3600)));
    Ok(Reply::ToWith(back.to_owned(), cookies))
}

fn sign_out(site: &Site, request: &Request) -> Result<Reply, PageError> {
    if let Some(token) = &request.token {
        site.local.end_session(token)?;
    }
    Ok(Reply::ToWith("/".to_owned(), vec![site.set_session_cookie(None, request.secure)]))
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage<'a> {
    s: Shell<'a>,
    errors: Vec<String>,
    programme: String,
    zone: String,
    name: String,
    sign_in_name: String,
}

fn secret_fits(site: &Site, request: &Request) -> Result<(), PageError> {
    let secret = request.params.get("secret").map(String::as_str).unwrap_or_default();
    if site.local.is_secret(SET_UP, secret)? { Ok(()) } else { Err(PageError::NotFound) }
}

fn set_up_page(site: &Site, request: &Request, errors: Vec<String>) -> Result<Reply, PageError> {
    secret_fits(site, request)?;
    let words = request.words(site);
    let kept = |name: &str, or: &str| request.form(name).unwrap_or(or).to_owned();
    let wrong = !errors.is_empty();
    let page = SetUpPage {
        s: Shell::new(site, request, words.get("set-up-title")),
        errors,
        programme: kept("programme", ""),
        zone: kept("zone", "Asia/Shanghai"),
        name: kept("person", ""),
        sign_in_name: kept("name", ""),
    };
    let html = page.render()?;
    Ok(if wrong { Reply::Invalid(html) } else { Reply::Page(html) })
}

/// What is wrong with a new password, as the key of its words.
pub(crate) fn password_errors(request: &Request) -> Vec<&'static str> {
    let password = request.form("password").unwrap_or_default();
    let mut errors = Vec::new();
    if password.chars().count() < LEAST || password.chars().count() > MOST {
        errors.push("password-short");
    }
    if request.form("again").unwrap_or_default() != password {
        errors.push("password-differs");
    }
    errors
}

fn set_up(site: &Site, request: &Request) -> Result<Reply, PageError> {
    secret_fits(site, request)?;
    let words = request.words(site);
    let line = |name: &str| text::clean_line(request.form(name).unwrap_or_default(), 120).unwrap_or_default();
    let (programme, person, name) = (line("programme"), line("person"), line("name"));
    let zone = line("zone");
    let mut errors: Vec<String> = password_errors(request).iter().map(|k| words.get(k).into_owned()).collect();
    if programme.is_empty() || person.is_empty() || name.is_empty() {
        errors.push(words.get("error-required").into_owned());
    }
    if !errors.is_empty() {
        return set_up_page(site, request, errors);
    }
    let hash = hash(request.form("password").unwrap_or_default(), site.store.env())?;
    site.store
        .write(Context::NODE, |tx| {
            let scope = Scope::Programme(site.programme);
            let kind = |name: &str| site.kinds.get(name).ok_or(RecordError::NotFound);
            let change =
                Change::new().with_text("title", programme).with_text("zone", zone).with_text("state", "running");
            append(tx, kind("programme")?, scope, tx.subject(&scope), change, None)?;
            let who = tx.subject(&scope);
            append(tx, kind("person")?, scope, who, Change::new().with_text("name", person), None)?;
            tx.fold()?;
            let new = NewAccount {
                person: who,
                name,
                hash,
                role: Role::Administrator,
                organisation: None,
                from: site.today(),
                until: None,
            };
            make_account(tx, &site.kinds, &new)
        })
        .map_err(PageError::from)?;
    site.local.set(SET_UP, None)?;
    Ok(Reply::ToWith("/sign-in".to_owned(), vec![set_cookie("zampa_note", "set-up-done", 60)]))
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage<'a> {
    s: Shell<'a>,
    roles: Vec<String>,
    errors: Vec<String>,
    has_account: bool,
}

fn me(site: &Site, request: &Request, errors: Option<Vec<String>>) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let wrong = errors.is_some();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let org = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let mut roles = Vec::new();
        for grant in &reader.grants {
            let role = look.words.get(&format!("role-{}", grant.role.code())).into_owned();
            let place = grant.organisation.map(|o| look.title(org, &o)).transpose()?;
            roles.push(place.map_or(role.clone(), |p| format!("{role} · {p}")));
        }
        let has_account: bool = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM account WHERE person = ?1)")?
            .query_row([reader.person.as_bytes()], |r| r.get(0))?;
        let title = look.words.get("me").into_owned();
        let page =
            MePage { s: Shell::new(site, request, title), roles, errors: errors.unwrap_or_default(), has_account };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(if wrong { Reply::Invalid(html) } else { Reply::Page(html) })
}

fn change_password(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let person = request.reader()?.person;
    let found = site.store.read(|conn| {
        let name: Option<String> = conn
            .prepare_cached("SELECT sign_in_name FROM account WHERE person = ?1")?
            .query_row([person.as_bytes()], |r| r.get(0))
            .unwrap_or(None);
        Ok::<_, PageError>(name.map(|n| account(conn, &n)).transpose()?.flatten())
    })?;
    let found = found.ok_or(PageError::NotFound)?;
    let mut errors: Vec<String> = password_errors(request).iter().map(|k| words.get(k).into_owned()).collect();
    if !fits(request.form("old").unwrap_or_default(), found.hash.as_deref(), site.store.env()) {
        errors.push(words.get("sign-in-wrong").into_owned());
    }
    if !errors.is_empty() {
        return me(site, request, Some(errors));
    }
    let new = hash(request.form("password").unwrap_or_default(), site.store.env())?;
    site.store
        .write(Context { author: person }, |tx| {
            let kind = site.kinds.get("account").ok_or(RecordError::NotFound)?;
            let change = Change::new().with_text("password_hash", new);
            append(tx, kind, Scope::Person(person), found.id, change, None)
        })
        .map_err(PageError::from)?;
    site.local.end_sessions_of(person)?;
    let token = site.local.start_session(person)?;
    let cookies =
        vec![site.set_session_cookie(Some(&token), request.secure), set_cookie("zampa_note", "password-changed", 60)];
    Ok(Reply::ToWith("/me".to_owned(), cookies))
}

/// All that is held on who asks: every entry about the person, as text, without a network.
fn held(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let bytes = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut out = String::new();
        for kind in site.kinds.all() {
            let links = kind.fields.iter().filter(|f| f.shape == records::Shape::Link("person"));
            let mut ids: Vec<Subject> = if kind.name == "person" { vec![person] } else { Vec::new() };
            for field in links {
                let sql = format!("SELECT id FROM {} WHERE {} = ?1", kind.name, field.name);
                let mut stmt = conn.prepare(&sql)?;
                let rows = stmt.query_map([person.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
                for id in rows {
                    ids.extend(Subject::try_from(id?.as_slice()).ok());
                }
            }
            ids.sort();
            ids.dedup();
            for id in ids {
                out.push_str(&format!("{} {id}\n", look.words.get(kind.name)));
                for entry in log::entries_of(conn, &id)? {
                    let Some(Ok(change)) = entry.payload().map(Change::decode) else { continue };
                    for (name, value) in &change.set {
                        let Some(field) = kind.field(name).filter(|f| !f.secret) else { continue };
                        let when = look.words.moment(entry.effective.ms(), &site.zone());
                        let said = look.value(kind, field, value)?;
                        out.push_str(&format!("  {when}  {}: {said}\n", look.field(kind, name)));
                    }
                }
            }
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/plain; charset=utf-8", Some("zampa-me.txt".to_owned()), bytes))
}
