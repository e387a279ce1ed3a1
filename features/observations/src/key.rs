//! Keys of persons: made in the browser, kept here sealed. A node never sees a passphrase or a private half.

use askama::Template;
use base::Scope;
use envelopes::{Key, part_of_form};
use log::Context;
use records::{Change, STATE, Value, append};
use register::Look;
use serde_json::json;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::SEAL_KEY;
use crate::page;

/// A point of P-256, uncompressed (SEC 1, 2.3.3): 4, x, y.
const PUBLIC: usize = 65;
/// Salt, rounds, vector, and the sealed PKCS #8 with its tag: about 190 bytes.
const PRIVATE: std::ops::RangeInclusive<usize> = 120..=400;

fn private(request: &Request) -> Result<Vec<u8>, PageError> {
    let sealed = part_of_form(request, "private")?;
    if PRIVATE.contains(&sealed.len()) { Ok(sealed) } else { Err(PageError::Rule("seal-shape".to_owned())) }
}

#[derive(Template)]
#[template(path = "key.html")]
struct KeyPage<'a> {
    s: Shell<'a>,
    words: String,
    data: String,
    since: Option<String>,
}

/// One's own key.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let key = Key::of(conn, &person)?;
        let data = json!({ "key": key.as_ref().map(Key::own_half), "csrf": envelopes::csrf(request) });
        let page = KeyPage {
            words: page::said(site, request, conn)?,
            data: envelopes::embedded(&data),
            since: key.map(|k| look.date(&k.since)),
            s: Shell::new(site, request, look.words.get("observation-key")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Takes in a new key. One that was in use is replaced: what was sealed to it is not read with the new one until the other
/// of the two seals it anew.
pub(crate) fn make(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let (public, private) = (part_of_form(request, "public")?, private(request)?);
    if public.len() != PUBLIC || public.first() != Some(&4) {
        return Err(PageError::Rule("seal-shape".to_owned()));
    }
    let scope = Scope::Person(person);
    let id = site.store.write(Context { author: person }, |tx| {
        if let Some(before) = Key::of(tx.conn(), &person)? {
            if request.form("replace") != Some("yes") {
                return Err(PageError::Rule("seal-key-there".to_owned()));
            }
            append(tx, &SEAL_KEY, scope, before.id, Change::new().with(STATE, Value::text("replaced")), None)?;
        }
        let change = Change::new()
            .with_link("person", person)
            .with("public", Value::Bytes(public))
            .with("private", Value::Bytes(private))
            .with_text("since", site.today().to_string());
        let id = tx.subject(&scope);
        append(tx, &SEAL_KEY, scope, id, change, None)?;
        tx.fold()?;
        Ok(id)
    })?;
    Ok(envelopes::json_of(&json!({ "id": id.to_string() })))
}

/// The private half under another passphrase.
pub(crate) fn again(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let private = private(request)?;
    site.store.write(Context { author: person }, |tx| {
        let key = Key::of(tx.conn(), &person)?.ok_or(PageError::NotFound)?;
        let change = Change::new().with("private", Value::Bytes(private));
        append(tx, &SEAL_KEY, Scope::Person(person), key.id, change, None)?;
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(envelopes::json_of(&json!({ "done": true })))
}
