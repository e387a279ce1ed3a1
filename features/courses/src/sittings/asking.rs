//! What a teacher sees of a sitting: the page for the room's screen, and what is hard.

use std::net::IpAddr;

use askama::Template;
use quizzes::{Block, Count, Item, Piece, Question, Tally};
use text::Words;
use web::{PageError, Reply, Request, Shell, Site};

use super::{Asks, DEVICES, Sitting, Sittings, code};
use crate::facts::RESOURCE;
use crate::quiz;

/// Wrong answers of a question that are shown.
const SHOWN: usize = 4;
/// Letters of a question that are shown.
const LETTERS: usize = 160;

#[derive(Template)]
#[template(path = "sitting.html")]
struct Screen<'a> {
    s: Shell<'a>,
    code: u32,
    /// The code in two halves, as one reads it out.
    halves: (String, String),
    id: String,
    /// Where a device goes, without what every browser adds itself.
    at: String,
    squares: Option<(i32, String)>,
    handed: String,
    /// The name under which it was opened leads no other device here.
    alone: bool,
}

#[derive(Template)]
#[template(path = "hard.html")]
struct Hard<'a> {
    s: Shell<'a>,
    code: u32,
    handed: String,
    none: bool,
    beyond: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    named: String,
    asked: String,
    language: Option<String>,
    /// How many had it right, of how many.
    right: String,
    /// The rest in words, where there is any.
    rest: Vec<String>,
    /// Parts of a hundred: right, partly right.
    parts: Option<(u32, u32)>,
    mistakes: Vec<(String, String)>,
}

/// Opens a resource of questions for a class.
pub(super) fn open(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let resource = request.id("id")?;
    let (title, content, media) = quiz::named(site, request, resource)?;
    let asks = Asks { person: request.reader()?.person, resource, title, content, media };
    let items = asks.items(site)?;
    if items.iter().all(|i| i.questions.is_empty()) {
        return Err(PageError::Rule("sitting-nothing".to_owned()));
    }
    let code = sittings.open(site, asks, Tally::of(&items))?;
    Ok(Reply::To(format!("/sittings/{code}")))
}

/// A sitting of who asks. That of somebody else is not there.
fn own(site: &Site, request: &Request, sittings: &Sittings) -> Result<(u32, Sitting), PageError> {
    let code = request.params.get("code").and_then(|c| code(c)).ok_or(PageError::NotFound)?;
    let person = request.reader()?.person;
    let found = sittings.get(site, code).filter(|s| s.asks.person == person).ok_or(PageError::NotFound)?;
    Ok((code, found))
}

pub(super) fn screen(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let (code, sitting) = own(site, request, sittings)?;
    let scheme = origin::scheme(request.secure, &request.host);
    let words = request.words(site);
    let page = Screen {
        halves: (format!("{:04}", code / 10_000), format!("{:04}", code % 10_000)),
        id: sitting.asks.resource.to_string(),
        squares: web::squares(&format!("{scheme}://{}/q/{code}", request.host)),
        at: format!("{}/q", request.host),
        handed: handed(&words, &sitting),
        alone: is_alone(&request.host),
        s: Shell::new(site, request, sitting.asks.title),
        code,
    };
    Ok(Reply::Page(page.render()?))
}

fn handed(words: &Words<'_>, sitting: &Sitting) -> String {
    words.with("sitting-handed", &[("n", i64::from(sitting.counted).into())])
}

/// Whether a host is this very machine, whichever asks.
fn is_alone(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let number = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || number.is_ok_and(|n| n.is_loopback())
}

pub(super) fn hard(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let (code, sitting) = own(site, request, sittings)?;
    let items = sitting.asks.items(site)?;
    let words = request.words(site);
    let row = |count: &&Count| {
        let item = items.get(count.item)?;
        Some(row(&words, item, item.questions.get(count.question)?, count))
    };
    let page = Hard {
        handed: handed(&words, &sitting),
        none: sitting.counted == 0,
        beyond: (sitting.beyond > 0).then(|| {
            let most = i64::try_from(DEVICES).unwrap_or(0);
            words.with("sitting-beyond", &[("n", i64::from(sitting.beyond).into()), ("most", most.into())])
        }),
        rows: sitting.tally.hardest_first().iter().filter_map(row).collect(),
        s: Shell::new(site, request, sitting.asks.title),
        code,
    };
    Ok(Reply::Page(page.render()?))
}

fn row(words: &Words<'_>, item: &Item, question: &Question, count: &Count) -> Row {
    let n = |n: u32| i64::from(n).into();
    let with = |key: &str, of: u32| words.with(key, &[("n", n(of))]);
    let (all, answered) = (count.asked(), count.answered());
    let part = |of: u32| of.saturating_mul(100).checked_div(all).unwrap_or(0);
    let mut rest = Vec::new();
    if all > 0 {
        rest.push(with("sitting-answered", answered));
    }
    for (key, of) in [("sitting-partly", count.partly), ("sitting-empty", count.empty)] {
        if of > 0 {
            rest.push(with(key, of));
        }
    }
    Row {
        named: words.with("quiz-item", &[("n", i64::try_from(count.item + 1).unwrap_or(0).into())]),
        asked: asked(item, count.question, question),
        language: item.language.clone(),
        right: if all == 0 {
            with("sitting-read", answered)
        } else {
            words.with("quiz-right-of", &[("right", n(count.right)), ("all", n(all))])
        },
        rest,
        parts: (all > 0).then(|| (part(count.right), part(count.partly))),
        mistakes: count
            .common(question)
            .into_iter()
            .take(SHOWN)
            .map(|(answer, of)| (with("sitting-times", of), quiz::said(question, answer)))
            .collect(),
    }
}

/// What is asked, as long as a list has room for it.
fn asked(item: &Item, at: usize, question: &Question) -> String {
    let prompt = Some(question.prompt.clone()).filter(|p| !p.is_empty());
    let said = prompt.or_else(|| around(item, at)).unwrap_or_else(|| item.title.clone());
    if said.chars().count() <= LETTERS {
        return said;
    }
    said.chars().take(LETTERS).chain("…".chars()).collect()
}

/// The paragraph in which the gap of a question stands, or what stands above a question without words of its own.
fn around(item: &Item, at: usize) -> Option<String> {
    let mut above = None;
    for block in &item.blocks {
        match block {
            Block::Paragraph(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Gap(n) => if *n == at { "____" } else { "…" }.to_owned(),
                };
                above = Some(pieces.iter().map(piece).collect::<Vec<_>>().join(" "));
                if pieces.contains(&Piece::Gap(at)) {
                    break;
                }
            }
            Block::Heading(text) => above = Some(text.clone()),
            Block::Ask(n) if *n == at => break,
            Block::Ask(_) | Block::Picture(_) => {}
        }
    }
    above
}

/// Ends a sitting, and with it all that was counted.
pub(super) fn end(site: &Site, request: &Request, sittings: &Sittings) -> Result<Reply, PageError> {
    let (code, sitting) = own(site, request, sittings)?;
    sittings.end(site, code);
    Ok(register::done(&RESOURCE, sitting.asks.resource, "sitting-ended"))
}

#[cfg(test)]
mod tests {
    use super::is_alone;

    #[test]
    fn a_name_that_leads_no_other_device_here_is_known() {
        for host in ["localhost", "localhost:7400", "school-1.localhost:7401", "127.0.0.1:7400", "[::1]:7400"] {
            assert!(is_alone(host), "{host}");
        }
        for host in ["10.0.0.7:7400", "school.example", "zampa.local:7401", "[fd00::7]:7400"] {
            assert!(!is_alone(host), "{host}");
        }
    }
}
