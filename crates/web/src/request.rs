use std::collections::BTreeMap;

use base::{Hash, Lang, Subject};
use records::Reader;
use text::Words;

use crate::{PageError, Site};

/// Who is signed in on this device.
#[derive(Clone, Debug)]
pub struct Session {
    /// The person.
    pub person: Subject,
    /// What forms must send back.
    pub csrf: String,
    /// What the person may.
    pub reader: Reader,
    /// The person's name as it was given, by which others know them.
    pub name: String,
    /// The same in the reader's language, as the head of the page shows it.
    pub called: String,
}

/// A file that came with a form and lies in the store of blobs, freed of what its metadata said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its name on the sender's device.
    pub name: String,
    /// What it is, by its bytes.
    pub media: &'static str,
    /// Its content.
    pub hash: Hash,
    /// Bytes.
    pub len: u64,
}

/// A request, read and authorised.
#[derive(Clone, Debug)]
pub struct Request {
    /// The path, without the query.
    pub path: String,
    /// The variable parts of the address.
    pub params: BTreeMap<String, String>,
    /// The query's values, in order.
    pub query: Vec<(String, String)>,
    /// The form's values, in order.
    pub form: Vec<(String, String)>,
    /// The files that came with the form, on a route that takes files.
    pub files: Vec<Sent>,
    /// The host that was asked, with its port.
    pub host: String,
    /// Whether it came over https: to the node itself, or to a reverse proxy before it that says so.
    pub secure: bool,
    /// The session's cookie.
    pub token: Option<String>,
    /// What the browser kept for this page.
    pub cookies: Vec<(String, String)>,
    /// Who is signed in.
    pub session: Option<Session>,
    /// The language.
    pub lang: Lang,
    /// The language where that has no words.
    pub second: Lang,
    /// `light`, `dark`, or nothing: as the device has it.
    pub theme: Option<&'static str>,
    /// Only a part of the page is wanted.
    pub partial: bool,
    /// What the device says about a done thing: shown once.
    pub note: Option<String>,
}

impl Request {
    /// Who is signed in now, where a conversation goes on after what was asked: a session ends, and roles are given and taken.
    pub fn signed_in(&self, site: &Site) -> Option<Session> {
        crate::serve::session(site, self.token.as_deref()?, self.lang)
    }

    /// What is done in a person's name without a page: by a program that proved whose it is.
    pub fn of(session: Session, lang: Lang) -> Self {
        Self {
            path: String::new(),
            params: BTreeMap::new(),
            query: Vec::new(),
            form: Vec::new(),
            files: Vec::new(),
            host: String::new(),
            secure: false,
            token: None,
            cookies: Vec::new(),
            session: Some(session),
            lang,
            second: lang.second(),
            theme: None,
            partial: false,
            note: None,
        }
    }

    /// The reader's words.
    pub fn words<'a>(&self, site: &'a Site) -> Words<'a> {
        site.words(self.lang, Some(self.second))
    }

    /// Who reads; [`PageError::SignIn`] where nobody is signed in.
    ///
    /// # Errors
    /// [`PageError::SignIn`].
    pub fn reader(&self) -> Result<&Reader, PageError> {
        self.session.as_ref().map(|s| &s.reader).ok_or(PageError::SignIn)
    }

    /// A value of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// A value of the form.
    pub fn form(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of the form with a name.
    pub fn form_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.form.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A value that the browser kept for this page.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A part of the address that is an id.
    ///
    /// # Errors
    /// [`PageError::NotFound`].
    pub fn id(&self, name: &str) -> Result<Subject, PageError> {
        self.params.get(name).and_then(|p| p.parse().ok()).ok_or(PageError::NotFound)
    }

    /// The query with one value changed (or taken out), for links that keep the rest.
    pub fn query_with(&self, name: &str, value: Option<&str>) -> String {
        let mut parts: Vec<(&str, &str)> = self
            .query
            .iter()
            .filter(|(n, v)| n != name && n != "page" && !v.is_empty())
            .map(|(n, v)| (&**n, &**v))
            .collect();
        if let Some(value) = value {
            parts.push((name, value));
        }
        let parts: Vec<String> = parts.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect();
        if parts.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, parts.join("&")) }
    }
}

/// A text as a part of a query.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(u32::from(nibble), 16).map_or('0', |c| c.to_ascii_uppercase()));
                }
            }
        }
    }
    out
}
