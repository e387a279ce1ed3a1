//! What this room asks of the rules of counting. It counts nothing itself.

use base::{Date, Lang, Subject};
use rusqlite::Connection;
use web::PageError;

/// What narrows a report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// One cohort's rows.
    pub cohort: Option<Subject>,
    /// From this day on.
    pub from: Option<Date>,
    /// To this day.
    pub to: Option<Date>,
}

/// How days are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// All together.
    #[default]
    Whole,
    /// By months.
    Month,
    /// By quarters of the calendar's year.
    Quarter,
    /// By school years.
    Year,
}

/// By what a figure is divided.
#[derive(Clone, Copy, Debug, Default)]
pub struct By {
    /// By schools.
    pub school: bool,
    /// By units, with their regions.
    pub unit: bool,
    /// By subjects.
    pub subject: bool,
    /// By kinds.
    pub kind: bool,
    /// By days put together.
    pub every: Every,
}

/// What a part of a figure is of; what it is not divided by is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The period, as DHIS2 writes it: `202610`, `2026Q4`, `2026Aug`.
    pub period: Option<String>,
    /// The school.
    pub school: Option<Subject>,
    /// The unit.
    pub unit: Option<Subject>,
    /// The unit's region.
    pub region: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The kind.
    pub kind: Option<String>,
}

/// A number that a rule gives.
#[derive(Clone, Debug)]
pub struct Number {
    /// The number.
    pub value: i64,
    /// The hash of its rows.
    pub hash: String,
    /// It is told: of pupils, not every number is.
    pub told: bool,
}

/// A rule of counting.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// The parts of its numbers add up to the whole. Where not, a part is counted anew and never added to another.
    pub sums: bool,
    /// It counts pupils.
    pub about_pupils: bool,
}

/// A published figure.
#[derive(Clone, Debug)]
pub struct Told {
    /// The indicator's code.
    pub code: String,
    /// The rule is the indicator's own, not one that is shown beside it.
    pub own: bool,
    /// The indicator's title in the languages that it has.
    pub titles: Vec<(Lang, String)>,
    /// The rule.
    pub rule: Rule,
    /// The whole.
    pub whole: Number,
    /// Its parts, each counted from its own rows.
    pub parts: Vec<(Part, Number)>,
}

impl Told {
    /// The title in a language, or else any.
    pub fn title(&self, lang: Lang) -> &str {
        let own = self.titles.iter().find(|(l, _)| *l == lang).or(self.titles.first());
        own.map_or("", |(_, title)| title)
    }

    /// What it is called in a language: a rule that is shown beside an indicator after the indicator.
    pub fn called(&self, words: &text::Words<'_>) -> String {
        let title = self.title(words.lang());
        if self.own {
            return title.to_owned();
        }
        format!("{title}: {}", words.get(&format!("rule-{}", self.rule.name)))
    }

    /// Its name for machines: the indicator's code, and the rule where it is another.
    pub fn key(&self) -> String {
        if self.own { self.code.clone() } else { format!("{}/{}", self.code, self.rule.name) }
    }
}

/// Counts by the programme's rules.
pub trait Counts: Send + Sync {
    /// The published figures and those shown beside them within a span, as they stand on a day, divided.
    ///
    /// # Errors
    /// What the database says.
    fn told(&self, conn: &Connection, today: Date, span: &Span, by: &By) -> Result<Vec<Told>, PageError>;

    /// The digest of what the node holds.
    ///
    /// # Errors
    /// What the database says.
    fn as_of(&self, conn: &Connection) -> Result<String, PageError>;
}

/// The parts that are told.
pub(crate) fn open(parts: &[(Part, Number)]) -> impl Iterator<Item = &(Part, Number)> {
    parts.iter().filter(|(_, number)| number.told)
}
