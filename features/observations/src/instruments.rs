//! The closed set of instruments. A programme switches one off, or says it in a language in which Zampa does not say it yet;
//! it adds none, and rewords none: there is no form for that.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::Lang;
use log::Context;
use records::{Change, Value};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{INSTRUMENT, INSTRUMENT_WORD, INSTRUMENTS};
use crate::plan::told;

/// Characters of a word of the programme's own.
const WORD: usize = 120;

/// The instruments that the programme does not use.
pub(crate) fn off(conn: &Connection) -> Result<BTreeSet<String>, PageError> {
    let sql = "SELECT i.instrument FROM instrument i WHERE i.off = 1 AND NOT EXISTS
                 (SELECT 1 FROM instrument later WHERE later.instrument = i.instrument
                  AND (later.changed, later.id) > (i.changed, i.id))";
    let mut stmt = conn.prepare_cached(sql)?;
    let found = stmt.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// Words of the instruments that a language lacks, so that the programme may say them.
fn lacks(site: &Site, lang: Lang) -> BTreeSet<&str> {
    let of_instrument = |key: &&str| INSTRUMENTS.iter().any(|i| key.starts_with(&format!("observe-{i}")));
    site.catalogue.missing(lang).into_iter().filter(of_instrument).collect()
}

/// What the programme says in a language that lacks it: key to word, the last that was said.
pub(crate) fn own_words(site: &Site, conn: &Connection, lang: Lang) -> Result<BTreeMap<String, String>, PageError> {
    let lacks = lacks(site, lang);
    let sql = "SELECT key, said FROM instrument_word WHERE language = ?1 ORDER BY changed, id";
    let mut stmt = conn.prepare_cached(sql)?;
    let rows = stmt.query_map([lang.code()], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))?;
    let all = rows.collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(all.into_iter().filter(|(key, said)| lacks.contains(key.as_str()) && !said.is_empty()).collect())
}

/// What an instrument is called.
pub(crate) fn title(look: &Look<'_>, instrument: &str) -> String {
    look.words.get(&format!("observe-{instrument}")).into_owned()
}

struct Shown {
    code: &'static str,
    title: String,
    about: String,
    /// What it asks, in order.
    asks: Vec<Asked>,
    off: bool,
}

struct Asked {
    key: String,
    said: String,
    /// It begins a group.
    begins: bool,
    /// The programme's own word, where it may say one.
    own: Option<String>,
}

#[derive(Template)]
#[template(path = "instruments.html")]
struct InstrumentsPage<'a> {
    s: Shell<'a>,
    shown: Vec<Shown>,
    switches: bool,
    translates: bool,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let (off, own, lacks) = (off(conn)?, own_words(site, conn, request.lang)?, lacks(site, request.lang));
        let switches = request.reader()?.may_make(&INSTRUMENT);
        let one = |code: &&'static str| {
            let beginning = format!("observe-{code}-");
            let asks = site.catalogue.keys().into_iter().filter_map(|key| {
                let place = key.strip_prefix(&beginning)?;
                place.starts_with(|c: char| c.is_ascii_digit()).then(|| Asked {
                    begins: !place.contains('-'),
                    said: own.get(key).cloned().unwrap_or_else(|| look.words.get(key).into_owned()),
                    own: (switches && lacks.contains(key)).then(|| own.get(key).cloned().unwrap_or_default()),
                    key: key.to_owned(),
                })
            });
            Shown {
                code,
                title: title(&look, code),
                about: look.words.get(&format!("observe-{code}-about")).into_owned(),
                asks: asks.collect(),
                off: off.contains(*code),
            }
        };
        let page = InstrumentsPage {
            shown: INSTRUMENTS.iter().map(one).collect(),
            switches,
            translates: switches && !lacks.is_empty(),
            s: Shell::new(site, request, look.words.get("observation-instruments")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The office switches one off, or on again. What was recorded with it stays readable.
pub(crate) fn switch(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let which = request.form("instrument").unwrap_or_default();
    let off = request.form("off") == Some("yes");
    if !INSTRUMENTS.contains(&which) {
        return Err(PageError::NotFound);
    }
    let change = Change::new().with_text("instrument", which).with("off", Value::Bool(off));
    match register::save_new(site, request, &INSTRUMENT, change, None) {
        Ok(_) => Ok(Reply::To("/observations/instruments".to_owned())),
        Err(register::Refusal::Page(e)) => Err(e),
        Err(register::Refusal::Fields(_)) => Err(PageError::NotFound),
    }
}

/// The office says what an instrument asks in the language of its page, where Zampa has no word there.
pub(crate) fn translate(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let lang = request.lang;
    let lacks = lacks(site, lang);
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let before = own_words(site, tx.conn(), lang)?;
        for (key, said) in request.form.iter().filter(|(key, _)| lacks.contains(key.as_str())) {
            let said = text::clean_line(said, WORD).map_err(|_| PageError::Rule("observe-form".to_owned()))?;
            if said.is_empty() || before.get(key) == Some(&said) {
                continue;
            }
            let change =
                Change::new().with_text("key", key.as_str()).with_text("language", lang.code()).with_text("said", said);
            register::make_in(tx, site, request, &INSTRUMENT_WORD, change, None, None).map_err(told)?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(Reply::To("/observations/instruments".to_owned()))
}
