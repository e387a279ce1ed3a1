//! How much typing each form asks, estimated from the form itself and shown by role: a new kind of record appears by itself.
//! Nobody is timed, and nothing here is known of anybody.

use askama::Template;
use records::{Field, Kind, Kinds, Role, Shape};
use register::form_fields;
use web::{PageError, Reply, Request, Shell, Site};

/// What it takes to answer: signs that are typed, and taps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Effort {
    strokes: i64,
    taps: i64,
}

impl Effort {
    fn and(self, other: Self) -> Self {
        Self { strokes: self.strokes + other.strokes, taps: self.taps + other.taps }
    }
}

/// What an answer of a shape is assumed to take: the key of the words for the shape, then the estimate. A record is found by
/// its first letters; a date, a time and a word of a list are picked.
fn assumed(shape: Shape) -> (&'static str, Effort) {
    let (key, strokes, taps) = match shape {
        Shape::Line(_) => ("typing-line", 20, 0),
        Shape::Names => ("typing-names", 20, 0),
        Shape::Text(_) => ("typing-text", 120, 0),
        Shape::Int(..) => ("typing-int", 3, 0),
        Shape::Amount => ("typing-amount", 6, 0),
        Shape::Date => ("typing-date", 0, 2),
        Shape::Time => ("typing-time", 0, 2),
        Shape::Yes => ("typing-yes", 0, 1),
        Shape::Choice(_) => ("typing-choice", 0, 2),
        Shape::Tags(_) => ("typing-tags", 0, 2),
        Shape::Link(_) => ("typing-link", 6, 1),
        Shape::Links(_) => ("typing-links", 6, 1),
        // No form asks for these.
        Shape::Blob | Shape::Bytes | Shape::Document => ("", 0, 0),
    };
    (key, Effort { strokes, taps })
}

/// One of each shape, for the page that tells what is assumed.
const SHAPES: [Shape; 12] = [
    Shape::Line(0),
    Shape::Names,
    Shape::Text(0),
    Shape::Int(0, 0),
    Shape::Amount,
    Shape::Date,
    Shape::Time,
    Shape::Yes,
    Shape::Choice(&[]),
    Shape::Tags(&[]),
    Shape::Link(""),
    Shape::Links(""),
];

/// What a form asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    must: i64,
    may: i64,
    /// For what must be filled, and for what may be filled too.
    least: Effort,
    more: Effort,
}

fn asked(kind: &'static Kind) -> Asked {
    form_fields(kind).fold(Asked::default(), |sum, field: &Field| {
        let effort = assumed(field.shape).1;
        if field.required {
            Asked { must: sum.must + 1, least: sum.least.and(effort), ..sum }
        } else {
            Asked { may: sum.may + 1, more: sum.more.and(effort), ..sum }
        }
    })
}

/// The forms that a role may fill, the ones that ask most first.
fn forms(kinds: &Kinds, role: Role) -> Vec<(&'static Kind, Asked)> {
    let open = |k: &&'static Kind| k.has_form() && !k.hidden && k.access.write.has(role);
    let mut forms: Vec<_> = kinds.all().filter(open).map(|k| (k, asked(k))).collect();
    forms.sort_by(|(a, x), (b, y)| y.least.cmp(&x.least).then(y.more.cmp(&x.more)).then(a.name.cmp(b.name)));
    forms
}

struct Row {
    name: &'static str,
    form: String,
    asked: Asked,
    /// Each answer that must be given is a step, and saving is one.
    steps: i64,
    /// Keystrokes where all is filled.
    all: i64,
}

struct OfRole {
    code: &'static str,
    said: String,
    n: i64,
    most: String,
    shown: bool,
}

#[derive(Template)]
#[template(path = "typing.html")]
struct TypingPage<'a> {
    s: Shell<'a>,
    roles: Vec<OfRole>,
    role: String,
    rows: Vec<Row>,
    assumed: Vec<(String, Effort)>,
}

/// The page.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let words = request.words(site);
    let role = match request.query("role") {
        Some(code) => code.parse().map_err(|()| PageError::NotFound)?,
        None => reader.grants.first().map_or(Role::Posted, |g| g.role),
    };
    let said = |role: Role| words.get(&format!("role-{}", role.code())).into_owned();
    let name = |kind: &Kind| words.get(kind.name).into_owned();
    let of_role = |one: &Role| {
        let forms = forms(&site.kinds, *one);
        OfRole {
            code: one.code(),
            said: said(*one),
            n: i64::try_from(forms.len()).unwrap_or(i64::MAX),
            most: forms.first().map(|(kind, _)| name(kind)).unwrap_or_default(),
            shown: *one == role,
        }
    };
    let row = |(kind, asked): (&'static Kind, Asked)| Row {
        name: kind.name,
        form: name(kind),
        steps: asked.must + 1,
        all: asked.least.and(asked.more).strokes,
        asked,
    };
    let assumed = SHAPES.map(|shape| {
        let (key, effort) = assumed(shape);
        (words.get(key).into_owned(), effort)
    });
    let page = TypingPage {
        roles: Role::ALL.iter().map(of_role).collect(),
        role: said(role),
        rows: forms(&site.kinds, role).into_iter().map(row).collect(),
        assumed: assumed.into(),
        s: Shell::new(site, request, words.get("typing").into_owned()),
    };
    Ok(Reply::Page(page.render()?))
}

#[cfg(test)]
mod tests {
    use super::{Asked, Effort, asked, forms};
    use records::{Access, Home, Kind, Kinds, Role};

    use records::Field;

    static SOME: Kind = Kind {
        name: "some",
        route: "somes",
        icon: "list",
        home: Home::Programme,
        title: &["title"],
        fields: &[
            Field::line("title").required(),
            Field::link("school", "organisation").required(),
            Field::choice("kind", &["a", "b"]).required(),
            Field::date("starts_on").required(),
            Field::text("notes"),
            Field::int("lessons", 0, 5),
            Field::yes("online"),
            // Neither is asked: a move brings the one, nobody is shown the other.
            Field::date("held_on").by_move(),
            Field::bytes("key"),
        ],
        states: &[],
        moves: &[],
        access: Access::staff(&[Role::Head], &[]),
        rules: &[],
        order: "title",
        hub_only: false,
        hidden: false,
    };

    #[test]
    fn a_form_adds_up_and_a_new_kind_appears_by_itself() {
        // By hand: 20 for the line, 6 and a tap for the link, 2 taps each for the choice and the date; 120 for the notes, 3
        // for the number, a tap for the yes.
        let by_hand =
            Asked { must: 4, may: 3, least: Effort { strokes: 26, taps: 5 }, more: Effort { strokes: 123, taps: 1 } };
        assert_eq!(asked(&SOME), by_hand);
        let kinds = Kinds::new(&[&[&SOME]]);
        assert_eq!(forms(&kinds, Role::Head).len(), 1);
        assert_eq!(forms(&kinds, Role::Local).len(), 0);
    }
}
