//! The facts of the programme, gathered in any order and written in that of their days.

use std::collections::BTreeMap;

use base::{Scope, Subject};
use log::{Context, Draft, LogError, Store};
use records::{Change, Kinds, RecordError, Value};

use crate::DemoClock;
use crate::day::Day;

/// Facts in one transaction.
const BATCH: usize = 2000;
/// Offices in Lhasa work from 9 to 18 o'clock, which is from 1 to 10 o'clock in UTC.
const MORNING_MS: u64 = 3_600_000;
const WORKDAY_MS: u64 = 9 * 3_600_000;

/// What can go wrong while the demonstration is written.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The log refused.
    #[error("the log refused")]
    Log(#[from] LogError),
    /// A record was refused.
    #[error("a record was refused")]
    Record(#[from] RecordError),
    /// The demonstration needs a kind of record that the programme does not have.
    #[error("there is no kind of record `{0}`")]
    NoKind(&'static str),
    /// A plan's text is too large.
    #[error("a plan's text is too large")]
    Document(#[from] documents::DocumentError),
    /// A school has nobody of its own, so nobody can have a role there.
    #[error("a school has nobody of its own")]
    NobodyThere,
}

/// What a fact says of its subject.
enum What {
    Change(Change),
    /// An update of the document in a field.
    Update(&'static str, Vec<u8>),
}

struct Fact {
    day: Day,
    kind: &'static str,
    scope: Scope,
    subject: Subject,
    what: What,
    /// Who wrote it, where that is not somebody of the office.
    by: Option<Subject>,
}

/// Facts to be written. On one day they stand in the order in which they were put in.
pub(crate) struct Book {
    facts: Vec<Fact>,
    ids: u32,
    salt: u32,
    names: BTreeMap<Subject, String>,
    by: Option<Subject>,
}

impl Book {
    pub fn new(seed: u64) -> Self {
        let salt = u32::try_from((seed ^ (seed >> 32)) & 0xffff_ffff).unwrap_or(0);
        Self { facts: Vec::new(), ids: 0, salt, names: BTreeMap::new(), by: None }
    }

    /// From now on somebody writes with their own hand; nobody: the office does.
    pub fn hand(&mut self, by: Option<Subject>) {
        self.by = by;
    }

    /// A new record, recorded on a day.
    pub fn record(&mut self, kind: &'static str, scope: Scope, day: Day, change: Change) -> Subject {
        let subject = self.subject(scope, day);
        self.change(kind, scope, subject, day, change);
        subject
    }

    /// A new record of a person, whose name stands under what the person writes.
    pub fn person(&mut self, scope: Scope, day: Day, name: &str, change: Change) -> Subject {
        let person = self.record("person", scope, day, change);
        self.names.insert(person, name.to_owned());
        person
    }

    /// What a person is called.
    pub fn name_of(&self, person: Subject) -> &str {
        self.names.get(&person).map_or("", String::as_str)
    }

    /// An update of a document of a record.
    pub fn update(
        &mut self,
        kind: &'static str,
        field: &'static str,
        scope: Scope,
        subject: Subject,
        day: Day,
        update: Vec<u8>,
    ) {
        let by = self.by;
        self.facts.push(Fact { day, kind, scope, subject, what: What::Update(field, update), by });
    }

    /// An id for a record to come. Ids follow from the seed, and an odd factor lets no two of them meet.
    pub fn subject(&mut self, scope: Scope, day: Day) -> Subject {
        self.ids += 1;
        Subject::new(&scope, day.ms() + MORNING_MS, self.ids.wrapping_mul(0x9e37_79b1) ^ self.salt)
    }

    /// A further fact about a record.
    pub fn change(&mut self, kind: &'static str, scope: Scope, subject: Subject, day: Day, change: Change) {
        let by = self.by;
        self.facts.push(Fact { day, kind, scope, subject, what: What::Change(change), by });
    }

    /// Writes all facts in the order of their days, one of the authors after the other, a batch each. Tells how
    /// many of a hundred are done. Returns how many facts there were.
    pub fn write(
        mut self,
        store: &Store,
        clock: &DemoClock,
        kinds: &Kinds,
        authors: &[Subject],
        progress: &dyn Fn(u32),
    ) -> Result<usize, DemoError> {
        self.facts.sort_by_key(|f| f.day);
        let times = times(&self.facts);
        let total = self.facts.len();
        let mut done = 0;
        let mut facts = self.facts.into_iter().zip(times).peekable();
        let mut authors = authors.iter().copied().cycle();
        while let Some(by) = facts.peek().map(|(fact, _)| fact.by) {
            let author = by.or_else(|| authors.next()).unwrap_or_default();
            let wrote = store.write(Context { author }, |tx| {
                let mut wrote = 0;
                while wrote < BATCH {
                    let Some((fact, ms)) = facts.next_if(|(fact, _)| fact.by == by) else { break };
                    clock.set(ms);
                    let kind = kinds.get(fact.kind).ok_or(DemoError::NoKind(fact.kind))?;
                    let (scope, subject) = (fact.scope, fact.subject);
                    match fact.what {
                        What::Change(change) => {
                            records::append(tx, kind, scope, subject, change, None)?;
                        }
                        What::Update(field, update) => {
                            let payload = records::document_payload(&update)?;
                            tx.append(&Draft { scope, subject, kind: kind.document(field), payload, base: None })?;
                        }
                    }
                    wrote += 1;
                }
                tx.fold()?;
                Ok::<usize, DemoError>(wrote)
            })?;
            done += wrote;
            progress(u32::try_from(done * 100 / total).unwrap_or(100));
        }
        Ok(total)
    }
}

/// The moments of facts that are sorted by day: those of a day share its working hours.
fn times(facts: &[Fact]) -> Vec<u64> {
    let mut out = Vec::with_capacity(facts.len());
    for of_day in facts.chunk_by(|a, b| a.day == b.day) {
        let step = WORKDAY_MS / (of_day.len() as u64 + 1);
        let days = of_day.iter().zip(1_u64..);
        out.extend(days.map(|(fact, i)| fact.day.ms() + MORNING_MS + i * step));
    }
    out
}

/// Short ways to say what a fact says.
pub(crate) trait Say: Sized {
    fn state(self, state: &str) -> Self;
    fn day(self, field: &str, day: Day) -> Self;
    fn int(self, field: &str, n: i32) -> Self;
    fn yes(self, field: &str) -> Self;
    fn names(self, field: &str, names: &[(&str, String)]) -> Self;
    fn tags(self, field: &str, words: &[&str]) -> Self;
    fn links(self, field: &str, ids: &[Subject]) -> Self;
    fn because(self, why: &str) -> Self;
    fn maybe(self, field: &str, word: Option<&str>) -> Self;
}

impl Say for Change {
    fn state(self, state: &str) -> Self {
        self.with_text(records::STATE, state)
    }
    fn day(self, field: &str, day: Day) -> Self {
        self.with_text(field, day.to_string())
    }
    fn int(self, field: &str, n: i32) -> Self {
        self.with(field, Value::Int(i64::from(n)))
    }
    fn yes(self, field: &str) -> Self {
        self.with(field, Value::Bool(true))
    }
    fn names(self, field: &str, names: &[(&str, String)]) -> Self {
        let names = names.iter().map(|(lang, name)| ((*lang).to_owned(), name.clone())).collect();
        self.with(field, Value::Names(names))
    }
    fn tags(self, field: &str, words: &[&str]) -> Self {
        words.iter().fold(self, |change, word| change.with_added(field, Value::text(*word)))
    }
    fn links(self, field: &str, ids: &[Subject]) -> Self {
        ids.iter().fold(self, |change, id| change.with_added(field, Value::link(id)))
    }
    fn because(mut self, why: &str) -> Self {
        self.why = Some(why.to_owned());
        self
    }
    fn maybe(self, field: &str, word: Option<&str>) -> Self {
        match word {
            Some(word) => self.with_text(field, word),
            None => self,
        }
    }
}
