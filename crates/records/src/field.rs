//! What is recorded: the fields of a kind, and what each can hold.

/// The field of records that files can be added to.
pub const FILES: &str = "files";

/// A field of a record. Adding one costs a line here, and a line of words in each language.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name: the key in facts, the SQL column, the end of its word.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// A record without it is refused.
    pub required: bool,
    /// It tells who somebody is: kept in an entry of its own, which can be erased.
    pub personal: bool,
    /// Shown in lists.
    pub column: bool,
    /// Lists can be narrowed by it.
    pub filter: bool,
    /// Found by the search box.
    pub searched: bool,
    /// Never shown, exported or searched.
    pub secret: bool,
    /// Not in the form: set by a move or by the system.
    pub set_by_move: bool,
    /// Asked of a new record alone: what it begins with.
    pub at_birth: bool,
    /// Only the hub's entries set it: who belongs where follows from it, and so who holds what.
    pub by_hub: bool,
    /// The page of the record that it points to shows these records in a part of its own, and lists them no more.
    pub within: bool,
    /// A day that has come, since something happened on it: a day ahead is refused.
    pub come: bool,
    /// A record goes with the one that it points to: it is withdrawn with that, and comes back with it.
    pub along: bool,
    /// A condition in SQL, `{t}` for the table, under which the number is of pupils, or of whoever could be told by it: a small
    /// one is shown to people of the record's school alone. Empty: never.
    pub few: &'static str,
    /// Shown to those alone in whose hands the record is; so it is no column, and no search finds it.
    pub for_hands: bool,
    /// A condition in SQL that narrows which records a form offers for the link: `{t}` for their table, and the name of another
    /// link of the record, in braces, for what that holds. Empty: all that may be picked.
    pub among: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line of text, at most so many characters.
    Line(usize),
    /// Several lines, at most so many characters.
    Text(usize),
    /// A whole number within bounds.
    Int(i64, i64),
    /// An amount of money in the programme's currency, in hundredths.
    Amount,
    /// A date of civil life, `YYYY-MM-DD`.
    Date,
    /// A time of a day in the programme's zone, `HH:MM`.
    Time,
    /// Yes or no.
    Yes,
    /// One word of a list.
    Choice(&'static [&'static str]),
    /// Some words of a list.
    Tags(&'static [&'static str]),
    /// A record of a kind.
    Link(&'static str),
    /// Some records of a kind.
    Links(&'static str),
    /// The same name in other languages or scripts, language tag to text.
    Names,
    /// The hash of a blob.
    Blob,
    /// Bytes: keys and other things that no person types.
    Bytes,
    /// A document that several people edit at once: its updates are entries of a kind of their own,
    /// [`crate::Kind::document`], and it has no column.
    Document,
}

impl Shape {
    /// Whether it holds a set, kept in a table of its own.
    pub fn is_set(self) -> bool {
        matches!(self, Self::Tags(_) | Self::Links(_))
    }

    /// The kind of record it points to.
    pub fn links_to(self) -> Option<&'static str> {
        match self {
            Self::Link(kind) | Self::Links(kind) => Some(kind),
            _ => None,
        }
    }
}

impl Field {
    const fn new(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            shape,
            required: false,
            personal: false,
            column: false,
            filter: false,
            searched: false,
            secret: false,
            set_by_move: false,
            at_birth: false,
            by_hub: false,
            within: false,
            come: false,
            along: false,
            few: "",
            for_hands: false,
            among: "",
        }
    }
    /// A form offers those of whom this condition holds.
    pub const fn among(mut self, condition: &'static str) -> Self {
        self.among = condition;
        self
    }
    /// A line of text of at most 120 characters.
    pub const fn line(name: &'static str) -> Self {
        Self::new(name, Shape::Line(120))
    }
    /// Several lines of text, at most 4,000 characters.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Shape::Text(4000))
    }
    /// A whole number within bounds.
    pub const fn int(name: &'static str, least: i64, most: i64) -> Self {
        Self::new(name, Shape::Int(least, most))
    }
    /// An amount of money, in hundredths.
    pub const fn amount(name: &'static str) -> Self {
        Self::new(name, Shape::Amount)
    }
    /// A date.
    pub const fn date(name: &'static str) -> Self {
        Self::new(name, Shape::Date)
    }
    /// A time of a day.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, Shape::Time)
    }
    /// Yes or no.
    pub const fn yes(name: &'static str) -> Self {
        Self::new(name, Shape::Yes)
    }
    /// One word of a list.
    pub const fn choice(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, Shape::Choice(words))
    }
    /// Some words of a list.
    pub const fn tags(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, Shape::Tags(words))
    }
    /// A record of a kind.
    pub const fn link(name: &'static str, kind: &'static str) -> Self {
        Self::new(name, Shape::Link(kind))
    }
    /// Some records of a kind.
    pub const fn links(name: &'static str, kind: &'static str) -> Self {
        Self::new(name, Shape::Links(kind))
    }
    /// Files that belong to the record, kept beside it.
    pub const fn files() -> Self {
        Self::new(FILES, Shape::Links("file")).by_move()
    }
    /// Names in other languages.
    pub const fn names(name: &'static str) -> Self {
        Self::new(name, Shape::Names)
    }
    /// Bytes that no person types.
    pub const fn bytes(name: &'static str) -> Self {
        let mut field = Self::new(name, Shape::Bytes);
        field.secret = true;
        field
    }
    /// A document that several people edit at once; in an editor, not in a form.
    pub const fn document(name: &'static str) -> Self {
        let mut field = Self::new(name, Shape::Document);
        field.set_by_move = true;
        field
    }
    /// The hash of a blob.
    pub const fn blob(name: &'static str) -> Self {
        Self::new(name, Shape::Blob)
    }
    /// A record without it is refused.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// It tells who somebody is.
    pub const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
    /// Shown in lists.
    pub const fn column(mut self) -> Self {
        self.column = true;
        self
    }
    /// Shown in lists, which can be narrowed by it.
    pub const fn filter(mut self) -> Self {
        self.column = true;
        self.filter = true;
        self
    }
    /// Found by the search box.
    pub const fn searched(mut self) -> Self {
        self.searched = true;
        self
    }
    /// Never shown.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
    /// Asked of a new record alone.
    pub const fn at_birth(mut self) -> Self {
        self.at_birth = true;
        self
    }
    /// Only the hub's entries set it.
    pub const fn by_hub(mut self) -> Self {
        self.by_hub = true;
        self
    }
    /// The page of the record that it points to shows these records in a part of its own.
    pub const fn within(mut self) -> Self {
        self.within = true;
        self
    }
    /// A day ahead is refused.
    pub const fn come(mut self) -> Self {
        self.come = true;
        self
    }
    /// The record is withdrawn with the one that it points to, and comes back with it.
    pub const fn along(mut self) -> Self {
        self.along = true;
        self
    }
    /// A small number is shown to people of the record's school alone, under a condition in SQL.
    pub const fn few_where(mut self, condition: &'static str) -> Self {
        self.few = condition;
        self
    }
    /// Shown to those alone in whose hands the record is ([`crate::Access::hands`]).
    pub const fn for_hands(mut self) -> Self {
        self.for_hands = true;
        self
    }
    /// Not in the form: a move asks for it.
    pub const fn by_move(mut self) -> Self {
        self.set_by_move = true;
        self
    }
}
