//! What a class sees of a sitting: the door where one types the code, the questions, and one's own marks.

use askama::Template;
use web::{PageError, Reply, Request, Shell, Site};

use super::{Asks, Counted, Sittings, code};
use crate::quiz::{self, ItemView, Marked, given, marked};

/// The cookie by which one device is counted once. It is of one sitting's address, and goes when the browser is closed.
const COOKIE: &str = "zampa_q";

#[derive(Template)]
#[template(path = "door.html")]
struct Door<'a> {
    s: Shell<'a>,
    typed: String,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "answer.html")]
struct Answer<'a> {
    s: Shell<'a>,
    code: u32,
    sum: Option<String>,
    hard: Vec<(String, String)>,
    /// What became of the answers, or of those before.
    said: Option<String>,
    items: Vec<ItemView>,
}

/// Where one types the code that the room's screen shows.
pub(super) fn door(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let Some(typed) = request.query("code") else { return shut(site, request, "", false) };
    match code(typed).filter(|c| sittings.asks(site, *c, None).is_some()) {
        Some(code) => Ok(Reply::To(format!("/q/{code}"))),
        None => shut(site, request, typed, true),
    }
}

fn shut(site: &Site, request: &Request, typed: &str, wrong: bool) -> Result<Reply, PageError> {
    let s = Shell::new(site, request, request.words(site).get("sitting-door"));
    let page = Door { s, typed: typed.chars().take(20).collect(), wrong }.render()?;
    Ok(if wrong { Reply::Invalid(page) } else { Reply::Page(page) })
}

fn device(request: &Request) -> Option<[u8; 16]> {
    let said = request.cookie(COOKIE).filter(|c| c.len() == 32)?;
    u128::from_str_radix(said, 16).ok().map(u128::to_be_bytes)
}

/// The code of the address, what is asked under it, and whether this device has handed in.
fn asked(request: &Request, site: &Site, sittings: &Sittings) -> Option<(u32, Asks, bool)> {
    let code = code(request.params.get("code")?)?;
    let (asks, handed) = sittings.asks(site, code, device(request))?;
    Some((code, asks, handed))
}

/// The questions.
pub(super) fn page(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let Some((code, asks, handed)) = asked(request, site, sittings) else { return shut(site, request, "", true) };
    if device(request).is_none() && request.query("on").is_none() {
        let name = u128::from_be_bytes(site.store.env().bytes());
        let secure = if request.secure { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={name:032x}; Path=/q/{code}; HttpOnly; SameSite=Lax{secure}");
        // A browser that keeps no cookies is not sent round again.
        return Ok(Reply::ToWith(format!("/q/{code}?on=1"), vec![cookie]));
    }
    let said = handed.then_some(Counted::Before);
    show(site, request, code, &asks, said, false)
}

/// Marks what was answered, for who answered, and counts it.
pub(super) fn answer(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let Some((code, asks, _)) = asked(request, site, sittings) else { return shut(site, request, "", true) };
    let items = asks.items(site)?;
    let device = device(request).unwrap_or_else(|| site.store.env().bytes());
    let counted = sittings
        .count(site, code, device, &items, |item, n, question| given(request, &format!("i{}.{n}", item + 1), question));
    show(site, request, code, &asks, Some(counted), true)
}

fn show(
    site: &Site,
    request: &Request,
    code: u32,
    asks: &Asks,
    counted: Option<Counted>,
    marks: bool,
) -> Result<Reply, PageError> {
    let words = request.words(site);
    let Marked { sum, hard, items } = marked(request, &words, &asks.items(site)?, &format!("/q/{code}"), marks);
    let key = counted.map(|c| match c {
        Counted::Now => "sitting-counted",
        Counted::Before => "sitting-counted-before",
        Counted::Beyond => "sitting-not-counted",
        Counted::Ended => "sitting-over",
    });
    let said = key.map(|k| words.get(k).into_owned());
    let page = Answer { code, sum, hard, said, items, s: Shell::new(site, request, asks.title.clone()) };
    Ok(Reply::Page(page.render()?))
}

/// A picture of the questions.
pub(super) fn picture(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let (_, asks, _) = asked(request, site, sittings).ok_or(PageError::NotFound)?;
    quiz::picture_of(quiz::open(site, &asks.content)?, request)
}
