//! Questions in the page. The node marks them in the request; what was answered is written nowhere, since nobody but the
//! class needs it.

use std::fs::File;

use askama::Template;
use base::{Hash, Subject};
use packages::{Archive, Bounds};
use quizzes::{Block, Choice, Item, Kind, MAX_ITEM, Piece, Question, Quiz, Verdict, mark, read_item, read_package};
use text::Words;
use web::{PageError, Reply, Request, Sent, Shell, Site};

use crate::facts::RESOURCE;
use crate::show::file;

#[derive(Template)]
#[template(path = "quiz.html")]
struct QuizPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    /// How many were right, once it is marked.
    sum: Option<String>,
    /// Items that were not: their places, and their names.
    hard: Vec<(String, String)>,
    left_out: Option<String>,
    items: Vec<ItemView>,
}

pub(crate) struct ItemView {
    pub(crate) title: String,
    pub(crate) language: Option<String>,
    pub(crate) blocks: Vec<BlockView>,
}

/// One of: a heading, a picture, a question, or a paragraph.
#[derive(Default)]
pub(crate) struct BlockView {
    pub(crate) heading: Option<String>,
    pub(crate) picture: Option<(String, String)>,
    pub(crate) ask: Option<Ask>,
    pub(crate) pieces: Vec<PieceView>,
}

pub(crate) struct PieceView {
    pub(crate) text: String,
    pub(crate) gap: Option<Ask>,
}

pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) prompt: String,
    pub(crate) options: Vec<OptionView>,
    /// The places of an order.
    pub(crate) places: Vec<String>,
    pub(crate) typed: String,
    pub(crate) verdict: Option<(&'static str, String)>,
    /// The right answer, for who was not right.
    pub(crate) right: String,
}

#[derive(Default)]
pub(crate) struct OptionView {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) group: Option<String>,
    pub(crate) picture: Option<(String, String)>,
    pub(crate) chosen: bool,
    pub(crate) place: String,
}

/// Whether a file is one item of questions.
pub(crate) fn is_item(site: &Site, sent: &Sent) -> bool {
    let fits = sent.name.to_lowercase().ends_with(".xml") && sent.len <= MAX_ITEM as u64;
    let bytes = || std::fs::read(site.blobs.path(&sent.hash)).ok();
    fits && bytes().is_some_and(|bytes| read_item(&bytes, "").is_ok())
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    show(site, request, false)
}

/// Marks what was answered.
pub(crate) fn answer(site: &Site, request: &Request) -> Result<Reply, PageError> {
    show(site, request, true)
}

/// A resource's file that the reader sees, open, with the title under which it is known.
fn opened(site: &Site, request: &Request, id: Subject) -> Result<(String, File, String), PageError> {
    let (title, content, media) = named(site, request, id)?;
    Ok((title, open(site, &content)?, media))
}

/// The title of a resource of questions that the reader sees, and its file: the content, and what that is.
pub(crate) fn named(site: &Site, request: &Request, id: Subject) -> Result<(String, Hash, String), PageError> {
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &id)?;
        let (title, form): (String, String) = conn
            .prepare_cached("SELECT coalesce(title, ''), coalesce(form, '') FROM resource WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let found = file(conn, &id)?.filter(|_| form == "quiz").ok_or(PageError::NotFound)?;
        Ok((title, found.content, found.media))
    })
}

/// A file of questions.
pub(crate) fn open(site: &Site, content: &Hash) -> Result<File, PageError> {
    let open = site.blobs.open_blob(content).map_err(|e| PageError::Internal(e.to_string()))?;
    open.ok_or(PageError::NotFound)
}

/// The questions of a file.
pub(crate) fn quiz_of(mut file: File, media: &str) -> Quiz {
    if media == "application/zip" {
        let archive = Archive::open(file, &Bounds::default());
        return archive.ok().and_then(|mut a| read_package(&mut a).ok()).unwrap_or_default();
    }
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, MAX_ITEM as u64), &mut bytes);
    let item = read.ok().and_then(|_| read_item(&bytes, "").ok());
    Quiz { items: item.into_iter().collect(), left_out: 0 }
}

/// The items of a resource that the reader sees.
pub(crate) fn items(site: &Site, request: &Request, id: Subject) -> Result<Vec<Item>, PageError> {
    let (_, file, media) = opened(site, request, id)?;
    Ok(quiz_of(file, &media).items)
}

fn show(site: &Site, request: &Request, marks: bool) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let (title, file, media) = opened(site, request, id)?;
    let quiz = quiz_of(file, &media);
    let words = request.words(site);
    let Marked { sum, hard, items } = marked(request, &words, &quiz.items, &format!("/resources/{id}/quiz"), marks);
    let left_out = match (quiz.left_out, items.is_empty()) {
        (_, true) => Some(words.get("quiz-unreadable").into_owned()),
        (0, _) => None,
        (n, _) => Some(words.with("quiz-left-out", &[("n", i64::try_from(n).unwrap_or(0).into())])),
    };
    let page =
        QuizPage { id: id.to_string(), sum, hard, left_out, items, s: Shell::new(site, request, title.clone()), title };
    Ok(Reply::Page(page.render()?))
}

/// Questions as a page shows them, and what is said of the answers once they are marked.
pub(crate) struct Marked {
    /// How many were right.
    pub sum: Option<String>,
    /// Items that were not: their places, and their names.
    pub hard: Vec<(String, String)>,
    pub items: Vec<ItemView>,
}

/// Items for a page whose pictures lie under `base`; with marks where something was answered.
pub(crate) fn marked(request: &Request, words: &Words<'_>, of: &[Item], base: &str, marks: bool) -> Marked {
    let reading = Reading { request, words, marks, base: format!("{base}/picture?path=") };
    let (mut right, mut all, mut hard, mut items) = (0i64, 0i64, Vec::new(), Vec::new());
    for (n, item) in (1i64..).zip(of) {
        let named = words.with("quiz-item", &[("n", n.into())]);
        if marks {
            let verdicts: Vec<Verdict> = reading.verdicts(n, item);
            all += i64::try_from(verdicts.iter().filter(|v| **v != Verdict::Open).count()).unwrap_or(0);
            right += i64::try_from(verdicts.iter().filter(|v| **v == Verdict::Right).count()).unwrap_or(0);
            if verdicts.iter().any(|v| !matches!(v, Verdict::Right | Verdict::Open)) {
                hard.push((format!("i{n}"), named.clone()));
            }
        }
        items.push(reading.item(n, item, named));
    }
    let sum = marks.then(|| words.with("quiz-sum", &[("right", right.into()), ("all", all.into())]));
    Marked { sum, hard, items }
}

/// What was answered to a question under a name of the form, as the question's kind writes it.
pub(crate) fn given(request: &Request, name: &str, question: &Question) -> Vec<String> {
    if let Kind::Order(options) = &question.kind {
        let mut places: Vec<(usize, &str)> = options
            .iter()
            .enumerate()
            .filter_map(|(k, o)| Some((request.form(&format!("{name}.{k}"))?.parse().ok()?, o.id.as_str())))
            .collect();
        places.sort_unstable();
        return places.into_iter().map(|(_, id)| id.to_owned()).collect();
    }
    request.form_all(name).map(ToOwned::to_owned).collect()
}

struct Reading<'a> {
    request: &'a Request,
    words: &'a Words<'a>,
    marks: bool,
    base: String,
}

impl Reading<'_> {
    fn verdicts(&self, n: i64, item: &Item) -> Vec<Verdict> {
        let verdict =
            |(q, question): (usize, &Question)| mark(question, &given(self.request, &format!("i{n}.{q}"), question));
        item.questions.iter().enumerate().map(verdict).collect()
    }

    fn item(&self, n: i64, item: &Item, named: String) -> ItemView {
        let blocks = item.blocks.iter().map(|block| match block {
            Block::Heading(text) => BlockView { heading: Some(text.clone()), ..BlockView::default() },
            Block::Picture(p) => BlockView { picture: Some(self.picture(p)), ..BlockView::default() },
            Block::Ask(q) => BlockView { ask: self.ask(n, *q, item), ..BlockView::default() },
            Block::Paragraph(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Text(text) => PieceView { text: text.clone(), gap: None },
                    Piece::Gap(q) => PieceView { text: String::new(), gap: self.ask(n, *q, item) },
                };
                BlockView { pieces: pieces.iter().map(piece).collect(), ..BlockView::default() }
            }
        });
        let title = if item.title.is_empty() { named } else { format!("{named} · {}", item.title) };
        ItemView { title, language: item.language.clone(), blocks: blocks.collect() }
    }

    fn picture(&self, p: &quizzes::Picture) -> (String, String) {
        (format!("{}{}", self.base, web::escape(&p.path)), p.alt.clone())
    }

    fn ask(&self, n: i64, q: usize, item: &Item) -> Option<Ask> {
        let question = item.questions.get(q)?;
        let name = format!("i{n}.{q}");
        let given = given(self.request, &name, question);
        let chosen = |value: &str| given.iter().any(|g| g == value);
        let option = |o: &Choice| OptionView {
            value: o.id.clone(),
            text: o.text.clone(),
            picture: o.picture.as_ref().map(|p| self.picture(p)),
            chosen: chosen(&o.id),
            ..OptionView::default()
        };
        let mut places = Vec::new();
        let (kind, options) = match &question.kind {
            Kind::Choice { many: false, options } => ("one", options.iter().map(option).collect()),
            Kind::Choice { many: true, options } => ("many", options.iter().map(option).collect()),
            Kind::Word => ("word", Vec::new()),
            Kind::Text => ("text", Vec::new()),
            Kind::Order(options) => {
                places = (1..=options.len()).map(|n| n.to_string()).collect();
                let place = |id: &str| given.iter().position(|g| g == id).map(|n| (n + 1).to_string());
                let views = options.iter().enumerate().map(|(k, o)| OptionView {
                    name: format!("{name}.{k}"),
                    place: place(&o.id).unwrap_or_default(),
                    ..option(o)
                });
                ("order", views.collect())
            }
            Kind::Match(from, to) => {
                let pairs = from.iter().flat_map(|f| {
                    to.iter().enumerate().map(move |(k, t)| {
                        let group = (k == 0).then(|| f.text.clone());
                        (format!("{} {}", f.id, t.id), t.text.clone(), group)
                    })
                });
                let view = |(value, text, group): (String, String, Option<String>)| OptionView {
                    chosen: chosen(&value),
                    value,
                    text,
                    group,
                    ..OptionView::default()
                };
                ("many", pairs.map(view).collect())
            }
        };
        let verdict = self.marks.then(|| mark(question, &given));
        Some(Ask {
            kind,
            options,
            places,
            prompt: question.prompt.clone(),
            typed: given.first().cloned().unwrap_or_default(),
            right: match verdict {
                Some(Verdict::Wrong | Verdict::Partly | Verdict::Empty) => right(question),
                _ => String::new(),
            },
            verdict: verdict.map(|v| self.said(v)),
            name,
        })
    }

    fn said(&self, verdict: Verdict) -> (&'static str, String) {
        let (tone, key) = match verdict {
            Verdict::Right => ("ok", "quiz-right"),
            Verdict::Partly => ("wait", "quiz-partly"),
            Verdict::Wrong => ("bad", "quiz-wrong"),
            Verdict::Empty => ("wait", "quiz-empty"),
            Verdict::Open => ("", "quiz-open-answer"),
        };
        (tone, self.words.get(key).into_owned())
    }
}

/// The right answer in words.
pub(crate) fn right(question: &Question) -> String {
    said(question, &question.correct)
}

/// An answer in words.
pub(crate) fn said(question: &Question, answer: &[String]) -> String {
    let text = |options: &[Choice], id: &str| options.iter().find(|o| o.id == id).map(|o| o.text.clone());
    let said = answer.iter().map(|c| {
        match &question.kind {
            Kind::Choice { options, .. } | Kind::Order(options) => text(options, c),
            Kind::Match(from, to) => {
                c.split_once(' ').and_then(|(f, t)| Some(format!("{} – {}", text(from, f)?, text(to, t)?)))
            }
            Kind::Word | Kind::Text => None,
        }
        .unwrap_or_else(|| c.clone())
    });
    let said: Vec<String> = said.collect();
    said.join(if matches!(question.kind, Kind::Order(_)) { " → " } else { " · " })
}

/// A picture of a package of questions; only what a page shows anyway.
pub(crate) fn picture(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (_, file, _) = opened(site, request, request.id("id")?)?;
    picture_of(file, request)
}

/// The picture of a file of questions that is asked for.
pub(crate) fn picture_of(file: File, request: &Request) -> Result<Reply, PageError> {
    let path = request.query("path").ok_or(PageError::NotFound)?;
    let mut archive = Archive::open(file, &Bounds::default()).map_err(|_| PageError::NotFound)?;
    let bytes = quizzes::picture(&mut archive, path).map_err(|_| PageError::NotFound)?;
    let media = media::sniff(bytes.get(..media::HEAD).unwrap_or(&bytes));
    if !media::is_picture(media) && media != "image/gif" {
        return Err(PageError::NotFound);
    }
    Ok(Reply::Bytes(media, None, bytes))
}
