//! The shell's own pages: Today, the switches, the link sign.

use askama::Template;
use base::Lang;

use crate::{Check, PageError, Reply, Request, Route, Shell, Site, TodayItem, set_cookie};

/// Items of a part of Today that are shown.
const SHOWN: usize = 12;

/// The shell's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/today", Check::SignedIn, today),
        Route::get("/language/{lang}", Check::Public, language),
        Route::get("/theme/{theme}", Check::Public, theme),
        Route::get("/sign", Check::Public, sign),
    ]
}

#[derive(Template)]
#[template(path = "today.html")]
struct Today<'a> {
    s: Shell<'a>,
    date: String,
    parts: Vec<(&'static str, &'static str, Vec<TodayItem>, &'static str)>,
}

fn today(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let mut items = Vec::new();
    for of in &site.today {
        items.extend(of(site, request)?);
    }
    items.sort_by_key(|i| i.order);
    let part = |name: &str| items.iter().filter(|i| i.part == name).take(SHOWN).cloned().collect();
    let page = Today {
        s: Shell::new(site, request, words.get("today")),
        date: words.date_weekday(site.today()).clone(),
        parts: vec![
            ("waits", "today-waits", part("waits"), "today-waits-none"),
            ("next", "today-next", part("next"), "today-next-none"),
            ("changed", "today-changed", part("changed"), "today-changed-none"),
        ],
    };
    Ok(Reply::Page(page.render()?))
}

/// An address to go back to, if it is a page of this node: browsers take more than two slashes for another host.
pub fn own_page(address: &str) -> Option<&str> {
    let plain = !address.contains('\\') && !address.chars().any(char::is_control);
    Some(address).filter(|a| plain && a.starts_with('/') && !a.starts_with("//"))
}

fn back(request: &Request) -> String {
    request.query("back").and_then(own_page).unwrap_or("/").to_owned()
}

const YEAR: u32 = 365 * 24 * 3600;

fn language(_: &Site, request: &Request) -> Result<Reply, PageError> {
    let lang = request.params.get("lang").and_then(|l| Lang::parse(l)).ok_or(PageError::NotFound)?;
    let mut cookies = vec![set_cookie("zampa_lang", lang.code(), YEAR)];
    if lang != request.lang {
        // The language one comes from is the one to fall back to.
        cookies.push(set_cookie("zampa_second", request.lang.code(), YEAR));
    }
    Ok(Reply::ToWith(back(request), cookies))
}

fn theme(_: &Site, request: &Request) -> Result<Reply, PageError> {
    let theme = match request.params.get("theme").map(String::as_str) {
        Some("dark") => "dark",
        Some("light") => "light",
        _ => return Err(PageError::NotFound),
    };
    Ok(Reply::ToWith(back(request), vec![set_cookie("zampa_theme", theme, YEAR)]))
}

#[derive(Template)]
#[template(path = "sign.html")]
struct Sign<'a> {
    s: Shell<'a>,
}

fn sign(site: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::Page(Sign { s: Shell::new(site, request, "") }.render()?))
}
