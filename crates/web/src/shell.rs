use askama::Template;
use base::Lang;
use text::{Arg, Words};

use crate::assets::stamp;
use crate::request::escape;
use crate::{LinkSign, PageError, Request, Site};

/// What every page shows around its own matter. Templates call it `s`.
pub struct Shell<'a> {
    words: Words<'a>,
    /// The page's language.
    pub lang: Lang,
    /// The page's title.
    pub title: String,
    /// `light` or `dark` where the reader chose.
    pub theme: Option<&'static str>,
    /// A stamp of the static files, so that a new version is fetched.
    pub stamp: &'static str,
    /// Whether rows are invented.
    pub demonstration: bool,
    /// This page's address, for links that come back.
    pub back: String,
    /// What was searched for.
    pub query: String,
    /// The navigation.
    pub nav: Vec<Nav>,
    /// The name of who is signed in.
    pub account: Option<String>,
    /// The link sign.
    pub sign: LinkSign,
    /// A done thing, shown once.
    pub note: Option<Note>,
    /// The node's name.
    pub node_title: String,
    csrf: Option<String>,
}

/// An entry of the navigation as it is shown.
#[derive(Debug)]
pub struct Nav {
    /// The address.
    pub href: String,
    /// The words.
    pub said: String,
    /// Whether the page is under it.
    pub current: bool,
}

/// A done thing, and how to undo it.
#[derive(Debug)]
pub struct Note {
    /// What was done.
    pub said: String,
    /// Where to undo it.
    pub undo: Option<String>,
}

/// A language in the switch.
#[derive(Debug)]
pub struct LangLink {
    /// Its tag.
    pub tag: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// Whether the page is in it.
    pub current: bool,
    /// Its name is drawn, so that no font is needed for it.
    pub drawn: bool,
}

impl<'a> Shell<'a> {
    /// The shell of a page with a title in the reader's language.
    pub fn new(site: &'a Site, request: &Request, title: impl Into<String>) -> Self {
        let words = request.words(site);
        let reader = request.session.as_ref().map(|s| &s.reader);
        let nav = site
            .nav
            .iter()
            .filter(|n| n.check.allows(site, reader))
            .map(|n| Nav {
                said: words.get(&n.key).into_owned(),
                current: if n.href == "/" { request.path == "/" } else { request.path.starts_with(&n.href) },
                href: n.href.clone(),
            })
            .collect();
        let here = if request.query.is_empty() { request.path.clone() } else { request.query_with("", None) };
        Self {
            sign: (site.sign_of)(site, &words),
            lang: request.lang,
            title: title.into(),
            theme: request.theme,
            stamp: stamp(),
            demonstration: site.demonstration,
            back: escape(&here),
            query: if request.path == "/search" {
                request.query("q").unwrap_or_default().to_owned()
            } else {
                String::new()
            },
            nav,
            account: request.session.as_ref().map(|s| s.called.clone()),
            note: note(&words, request),
            node_title: site.node_called(request.lang),
            csrf: request.session.as_ref().map(|s| s.csrf.clone()),
            words,
        }
    }

    /// The reader's words.
    pub fn words(&self) -> Words<'a> {
        self.words
    }

    /// A word.
    pub fn w(&self, key: &str) -> String {
        self.words.get(key).into_owned()
    }

    /// A word with a number in it.
    pub fn wn(&self, key: &str, n: &i64) -> String {
        self.words.with(key, &[("n", Arg::Number(*n))])
    }

    /// A word with a text in it.
    pub fn wt(&self, key: &str, text: &str) -> String {
        self.words.with(key, &[("text", Arg::Text(text))])
    }

    /// A number with its thousands set apart.
    pub fn number(&self, n: &i64) -> String {
        self.words.number(*n)
    }

    /// The address of the icons.
    pub fn sprite(&self) -> String {
        format!("/static/sprite.svg?{}", self.stamp)
    }

    /// An icon of the sprite.
    pub fn icon(&self, name: &str) -> String {
        format!(
            "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/static/sprite.svg?{}#i-{name}\"/></svg>",
            self.stamp
        )
    }

    /// The hidden field that proves that a form is this session's.
    pub fn csrf(&self) -> String {
        self.csrf
            .as_ref()
            .map(|token| format!("<input type=\"hidden\" name=\"_csrf\" value=\"{token}\">"))
            .unwrap_or_default()
    }

    /// Whether somebody is signed in.
    pub fn signed_in(&self) -> bool {
        self.account.is_some()
    }

    /// Whether the page is in Tibetan, whose words wait for a native teacher's review.
    pub fn is_tibetan(&self) -> bool {
        self.lang == Lang::Bo
    }

    /// The languages of the switch.
    pub fn languages(&self) -> Vec<LangLink> {
        [(Lang::Zh, "中文"), (Lang::Bo, "བོད་ཡིག"), (Lang::En, "English")]
            .into_iter()
            .map(|(lang, name)| LangLink {
                tag: lang.code(),
                name,
                current: lang == self.lang,
                drawn: lang == Lang::Bo,
            })
            .collect()
    }

    /// The theme that the switch offers.
    pub fn other_theme(&self) -> &'static str {
        if self.theme == Some("dark") { "light" } else { "dark" }
    }

    /// The key of its words.
    pub fn other_theme_key(&self) -> &'static str {
        if self.theme == Some("dark") { "theme-light" } else { "theme-dark" }
    }
}

fn note(words: &Words<'_>, request: &Request) -> Option<Note> {
    let note = request.note.as_deref()?;
    let (key, undo) = note.split_once('|').unwrap_or((note, ""));
    let undo = (undo.starts_with('/') && !undo.starts_with("//")).then(|| undo.to_owned());
    words.has(key).then(|| Note { said: words.get(key).into_owned(), undo })
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    s: Shell<'a>,
    what: String,
    safe: String,
    next: String,
    status: u16,
    sign_in: bool,
}

/// A page that says what happened, what is safe and what to do next.
///
/// # Errors
/// [`PageError::Template`].
pub fn error_page(site: &Site, request: &Request, error: &PageError) -> Result<String, PageError> {
    let words = request.words(site);
    let key = error.key();
    let what = match error {
        PageError::Rule(code) => words.get(&format!("rule-{code}")).into_owned(),
        _ => words.get(&format!("{key}-what")).into_owned(),
    };
    let page = ErrorPage {
        s: Shell::new(site, request, what.clone()),
        what,
        safe: words.get(&format!("{key}-safe")).into_owned(),
        next: words.get(&format!("{key}-next")).into_owned(),
        status: error.status(),
        sign_in: matches!(error, PageError::SignIn),
    };
    Ok(page.render()?)
}
