//! What is sealed to two people, as a node handles it: it gives out keys of persons and checks the shape of envelopes, and
//! can open none. Browsers seal and open (`islands/src/sealed`).

mod key;
mod shape;

pub use key::Key;
pub use shape::{part_of_form, shape};

use base::Lang;
use serde_json::{Map, Value as Json};
use text::Arg;
use web::{Reply, Request, Site};

/// The words that every script says that seals.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "envelopes", include_str!("../words/zh.ftl")),
    (Lang::Bo, "envelopes", include_str!("../words/bo.ftl")),
    (Lang::En, "envelopes", include_str!("../words/en.ftl")),
];

/// What a page's script asks for.
#[must_use]
pub fn json_of(said: &Json) -> Reply {
    Reply::Bytes("application/json", None, said.to_string().into_bytes())
}

/// What a page's script must send back with a form.
#[must_use]
pub fn csrf(request: &Request) -> &str {
    request.session.as_ref().map(|s| s.csrf.as_str()).unwrap_or_default()
}

/// JSON in a page as text that no element ends.
#[must_use]
pub fn embedded(json: &Json) -> String {
    json.to_string().replace('<', "\\u003c")
}

/// The words that a script says, in the reader's language: those of sealing, and those with one of these beginnings.
#[must_use]
pub fn said(site: &Site, request: &Request, beginnings: &[&str]) -> Map<String, Json> {
    let words = request.words(site);
    let holes = [("text", Arg::Text("{text}")), ("n", Arg::Text("{n}"))];
    let asked = |key: &&str| key.starts_with("seal-") || beginnings.iter().any(|b| key.starts_with(b));
    let keys = site.catalogue.keys().into_iter().filter(asked);
    keys.map(|key| (key.to_owned(), Json::String(words.with(key, &holes)))).collect()
}
