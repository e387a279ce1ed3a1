//! The pages of a package: plain HTML that every browser shows, with the course's own words, and nothing from elsewhere.

use std::collections::BTreeMap;

use askama::Template;
use base::Lang;
use players::{Leaf, LeafKind, Thing as Entry};
use quizzes::{Block, Choice, Compare, Item, Kind, Picture, Piece, Question};
use serde_json::json;
use web::PageError;

use super::gather::{Shown, Thing, address};
use super::{Format, Going};
use crate::quiz::right;

/// An entry of the contents.
pub(crate) struct Link {
    title: String,
    lang: &'static str,
    /// Its page, where it has one that a browser shows.
    href: Option<String>,
}

impl Link {
    pub(crate) fn of(entry: &Entry) -> Self {
        let shown = |p: &&Leaf| p.kind != LeafKind::Questions;
        let href = entry.pages.iter().find(shown).map(|p| format!("{}{}", p.href, p.after));
        Self { lang: Lang::of_text(&entry.title).tag(), title: entry.title.clone(), href }
    }
}

#[derive(Template)]
#[template(path = "export_about.html")]
struct AboutPage<'a> {
    s: &'a Going<'a>,
    lang: &'static str,
    title_lang: &'static str,
    terms: String,
    units: &'a [(String, Vec<Link>)],
    linked: bool,
    left_out: Option<String>,
}

#[derive(Template)]
#[template(path = "export_item.html")]
struct ItemPage<'a> {
    s: &'a Going<'a>,
    lang: &'static str,
    title: &'a str,
    title_lang: &'static str,
    text: &'a str,
    text_lang: &'static str,
    speaks: bool,
    pages: Vec<(String, u64, u64, String)>,
    sound: Option<(String, String)>,
    film: Option<(String, String, Option<String>)>,
    /// What is said in it: address, language, what that is called, and whether it is shown at once.
    tracks: Vec<(String, String, String, bool)>,
    picture: Option<String>,
    items: Vec<ItemView>,
    sum: String,
    saved: Option<(String, String)>,
    said: Option<String>,
}

struct ItemView {
    title: String,
    language: Option<String>,
    blocks: Vec<BlockView>,
}

/// One of: a heading, a picture, a question, or a paragraph.
#[derive(Default)]
struct BlockView {
    heading: Option<String>,
    picture: Option<(String, String)>,
    ask: Option<Ask>,
    pieces: Vec<(String, Option<Ask>)>,
}

struct Ask {
    name: String,
    kind: &'static str,
    prompt: String,
    /// What the page marks by.
    answer: String,
    options: Vec<OptionView>,
    places: Vec<usize>,
    right: String,
}

struct OptionView {
    value: String,
    text: String,
    group: Option<String>,
    picture: Option<(String, String)>,
}

impl Going<'_> {
    fn lang(&self) -> &'static str {
        self.words.first().map_or(Lang::En, text::Words::lang).tag()
    }

    /// What the course is, and what it holds; with addresses, where it is opened on a disk.
    pub(crate) fn about_page(
        &self,
        units: &[(String, Vec<Link>)],
        linked: bool,
        without: usize,
    ) -> Result<String, PageError> {
        let page = AboutPage {
            lang: self.lang(),
            title_lang: Lang::of_text(&self.title).tag(),
            terms: self.terms(),
            units,
            linked,
            left_out: (without > 0).then(|| self.wn("export-questions-apart", without)),
            s: self,
        };
        Ok(page.render()?)
    }

    /// The page of a part. Of questions, those at these places; all where none are named.
    pub(crate) fn item_page(&self, thing: &Thing, only: Option<&[usize]>) -> Result<String, PageError> {
        let up = |path: &str| format!("../{}", address(path));
        let mut page = ItemPage {
            lang: self.lang(),
            title: &thing.title,
            title_lang: Lang::of_text(&thing.title).tag(),
            text: &thing.text,
            text_lang: Lang::of_text(&thing.text).tag(),
            speaks: self.format == Format::Scorm,
            pages: Vec::new(),
            sound: None,
            film: None,
            tracks: Vec::new(),
            picture: None,
            items: Vec::new(),
            sum: String::new(),
            saved: thing.saved.as_ref().map(|(path, name)| (up(path), name.clone())),
            said: None,
            s: self,
        };
        let first = self.words.first().map_or(Lang::En, text::Words::lang).code();
        let track = |(path, language, label): &(String, String, String)| {
            (up(path), language.clone(), label.clone(), language == first)
        };
        page.tracks = thing.tracks.iter().map(track).collect();
        match &thing.shown {
            Shown::Text | Shown::Package(..) => {}
            Shown::Pages(pages, sound) => {
                let shown = (1..).zip(pages).map(|(n, (path, w, h))| (up(path), *w, *h, self.wn("slide-n", n)));
                page.pages = shown.collect();
                page.sound = sound.as_ref().map(|(path, media)| (up(path), media.clone()));
                if thing.form == "micro" {
                    page.said = Some(self.w("export-micro"));
                }
            }
            Shown::Film(path, media, poster) => {
                page.film = Some((up(path), media.clone(), poster.as_deref().map(up)));
            }
            Shown::Sound(path, media) => page.sound = Some((up(path), media.clone())),
            Shown::Picture(path) => page.picture = Some(up(path)),
            Shown::Questions(items, pictures) => {
                let wanted = |n: &usize| only.is_none_or(|only| only.contains(n));
                let views = items.iter().enumerate().filter(|(n, _)| wanted(n));
                page.items = views.map(|(n, item)| self.item(n + 1, item, pictures)).collect();
                let said = |words: &text::Words<'_>| {
                    words.with("quiz-sum", &[("right", "{right}".into()), ("all", "{all}".into())])
                };
                page.sum = self.words.first().map(said).unwrap_or_default();
            }
            Shown::File => {
                let key = match &*thing.form {
                    "activity" => "export-activity",
                    "book" => "export-book",
                    _ => "export-file",
                };
                page.said = Some(self.w(key));
            }
        }
        Ok(page.render()?)
    }

    fn item(&self, n: usize, item: &Item, pictures: &BTreeMap<String, String>) -> ItemView {
        let shows = |p: &Picture| pictures.get(&p.path).map(|path| (format!("../{}", address(path)), p.alt.clone()));
        let ask = |q: usize| item.questions.get(q).map(|question| ask(&format!("i{n}.{q}"), question, &shows));
        let blocks = item.blocks.iter().map(|block| match block {
            Block::Heading(text) => BlockView { heading: Some(text.clone()), ..BlockView::default() },
            Block::Picture(p) => BlockView { picture: shows(p), ..BlockView::default() },
            Block::Ask(q) => BlockView { ask: ask(*q), ..BlockView::default() },
            Block::Paragraph(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Text(text) => (text.clone(), None),
                    Piece::Gap(q) => (String::new(), ask(*q)),
                };
                BlockView { pieces: pieces.iter().map(piece).collect(), ..BlockView::default() }
            }
        });
        let named = self.wn("quiz-item", n);
        let title = if item.title.is_empty() { named } else { format!("{named} · {}", item.title) };
        ItemView { title, language: item.language.clone(), blocks: blocks.collect() }
    }
}

/// What can be chosen in a question.
pub(crate) fn options(kind: &Kind) -> impl Iterator<Item = &Choice> {
    let (one, other): (&[Choice], &[Choice]) = match kind {
        Kind::Choice { options, .. } | Kind::Order(options) => (options, &[]),
        Kind::Match(from, to) => (from, to),
        Kind::Word | Kind::Text => (&[], &[]),
    };
    one.iter().chain(other)
}

fn ask(name: &str, question: &Question, shows: &impl Fn(&Picture) -> Option<(String, String)>) -> Ask {
    let option = |o: &Choice| OptionView {
        value: o.id.clone(),
        text: o.text.clone(),
        group: None,
        picture: o.picture.as_ref().and_then(shows),
    };
    let mut places = Vec::new();
    let (kind, options) = match &question.kind {
        Kind::Choice { many: false, options } => ("one", options.iter().map(option).collect()),
        Kind::Choice { many: true, options } => ("many", options.iter().map(option).collect()),
        Kind::Word => ("word", Vec::new()),
        Kind::Text => ("text", Vec::new()),
        Kind::Order(options) => {
            places = (1..=options.len()).collect();
            ("order", options.iter().map(option).collect())
        }
        Kind::Match(from, to) => {
            let pairs = from.iter().flat_map(|f| {
                to.iter().enumerate().map(move |(k, t)| OptionView {
                    value: format!("{} {}", f.id, t.id),
                    text: t.text.clone(),
                    group: (k == 0).then(|| f.text.clone()),
                    picture: None,
                })
            });
            ("many", pairs.collect())
        }
    };
    let compare = match question.compare {
        Compare::Exact => "exact",
        Compare::Words => "words",
        Compare::Cased => "cased",
        Compare::Numbers => "numbers",
    };
    let answer = json!({ "kind": kind, "correct": question.correct, "points": question.points, "compare": compare });
    Ask {
        name: name.to_owned(),
        kind,
        prompt: question.prompt.clone(),
        answer: answer.to_string(),
        options,
        places,
        right: right(question),
    }
}
