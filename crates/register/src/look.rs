//! How values are shown to a reader, and which records a reader may pick.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base::{Date, Subject};
use records::{Field, Homes, Kind, Kinds, Reader, Shape, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use text::Words;
use web::{PageError, Request, Site};

use crate::few::{FEW_SAID, is_few};

/// Reads and words for one page, so that each linked title is looked up once.
pub struct Look<'a> {
    /// The connection.
    pub conn: &'a Connection,
    /// The kinds.
    pub kinds: &'a Kinds,
    /// The reader's words.
    pub words: Words<'a>,
    reader: Option<&'a Reader>,
    /// By record, and whether it is told as the reader's own.
    titles: RefCell<BTreeMap<(Subject, bool), Called>>,
}

/// How a record is called to this reader.
#[derive(Clone, Debug)]
struct Called {
    said: Option<String>,
    /// Whether the reader may open it.
    open: bool,
}

/// What stands in a cell of a list or a field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The words.
    pub text: String,
    /// Where they lead.
    pub href: Option<String>,
}

impl<'a> Look<'a> {
    /// A look at the data through one connection.
    pub fn new(site: &'a Site, request: &'a Request, conn: &'a Connection) -> Self {
        let reader = request.session.as_ref().map(|s| &s.reader);
        Self { conn, kinds: &site.kinds, words: request.words(site), reader, titles: RefCell::default() }
    }

    /// How a record is called, by its own title or those of the records it joins. A record of another school, or
    /// one that names a person to somebody who has not signed in, is only said to be elsewhere.
    ///
    /// # Errors
    /// What the database says.
    pub fn title(&self, kind: &Kind, id: &Subject) -> Result<String, PageError> {
        self.title_at(kind, id, 0, false)
    }

    /// How a record is called that names the reader as one who did it: they are told also where they may open it no more,
    /// because they belong elsewhere now. Whether a record names them, the caller asks.
    ///
    /// # Errors
    /// What the database says.
    pub fn title_of_own(&self, kind: &Kind, id: &Subject) -> Result<String, PageError> {
        self.title_at(kind, id, 0, true)
    }

    fn title_at(&self, kind: &Kind, id: &Subject, depth: u8, told: bool) -> Result<String, PageError> {
        Ok(self.called(kind, id, depth, told)?.said.unwrap_or_else(|| self.unnamed()))
    }

    /// Whether this reader is shown what of a record is for those alone in whose hands it is.
    pub(crate) fn in_hands(&self, kind: &Kind, id: &Subject) -> Result<bool, PageError> {
        match self.reader {
            _ if !kind.fields.iter().any(|f| f.for_hands) => Ok(true),
            Some(reader) => Ok(crate::command::held(self.conn, reader, kind, id)? == Some(true)),
            None => Ok(false),
        }
    }

    fn may_open(&self, kind: &Kind, home: Option<Subject>) -> bool {
        let Some(reader) = self.reader else {
            return home.is_none() && !kind.fields.iter().any(|f| f.personal);
        };
        // What a role may not list it may still meet by name where a record of its own leads there.
        match (reader.homes(kind), home) {
            (Homes::All, _) | (Homes::Of(_), None) => true,
            (Homes::Of(schools), Some(home)) => schools.contains(&home) || reader.schools().contains(&home),
        }
    }

    /// Whether a record is the reader's own, whatever their roles; and whether they are told what it is called.
    fn met(&self, kind: &Kind, id: &Subject) -> Result<(bool, bool), PageError> {
        let Some(reader) = self.reader.filter(|_| !kind.access.party.is_empty() || !kind.access.named.is_empty())
        else {
            return Ok((false, false));
        };
        let (own, named) = (reader.owns(kind, "t"), reader.knows(kind, "t"));
        let sql = format!("SELECT coalesce({own}, 0), coalesce({named}, 0) FROM {} t WHERE t.id = ?1", kind.name);
        let found = self.conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)));
        Ok(found.optional()?.unwrap_or_default())
    }

    fn called(&self, kind: &Kind, id: &Subject, depth: u8, told: bool) -> Result<Called, PageError> {
        if let Some(known) = self.titles.borrow().get(&(*id, told)) {
            return Ok(known.clone());
        }
        // A name in the reader's own language comes before the one that was typed first.
        let own = kind.called(kind.name, self.words.lang());
        let columns = std::iter::once(own.as_str()).chain(kind.title.iter().skip(1).copied());
        let columns = columns.collect::<Vec<_>>().join(", ");
        let sees = match self.reader {
            _ if kind.access.seen.is_empty() => "1".to_owned(),
            Some(reader) => reader.sees(kind, kind.name),
            None => "0".to_owned(),
        };
        let sql = format!("SELECT erased, home, {sees}, {columns} FROM {} WHERE id = ?1", kind.name);
        let found = self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.as_bytes()], |r| {
                let parts: Result<Vec<rusqlite::types::Value>, _> =
                    (0..kind.title.len()).map(|i| r.get(i + 3)).collect();
                Ok((r.get::<_, bool>(0)?, r.get::<_, Option<Vec<u8>>>(1)?, r.get::<_, bool>(2)?, parts?))
            })
            .optional()?;
        let mut open = found
            .as_ref()
            .is_some_and(|(_, home, ..)| self.may_open(kind, home.as_deref().and_then(|h| Subject::try_from(h).ok())));
        // What is the reader's own they open from wherever they are; of whom it names they are told the name.
        let (own, named) = if open { (false, false) } else { self.met(kind, id)? };
        open |= own;
        let called = match found {
            None => Called { said: None, open: false },
            Some((_, _, false, _)) if !told => {
                Called { said: Some(self.words.get("record-private").into_owned()), open: false }
            }
            Some(_) if !open && !named && !told => {
                Called { said: Some(self.words.get("record-elsewhere").into_owned()), open: false }
            }
            Some((erased, _, _, parts)) => {
                let mut said = Vec::new();
                for (name, part) in kind.title.iter().zip(parts) {
                    let Some(field) = kind.field(name) else { continue };
                    match (field.shape, part) {
                        (Shape::Link(other), rusqlite::types::Value::Blob(b)) if depth < 3 => {
                            let other = self.kinds.get(other);
                            if let (Some(other), Ok(link)) = (other, Subject::try_from(b.as_slice())) {
                                said.push(self.title_at(other, &link, depth + 1, told)?);
                            }
                        }
                        (Shape::Choice(_), rusqlite::types::Value::Text(word)) => {
                            said.push(label(&self.words, kind, Some(field), &word));
                        }
                        (Shape::Date, rusqlite::types::Value::Text(day)) => said.push(self.date(&day)),
                        (_, rusqlite::types::Value::Text(text)) => said.push(text),
                        _ => {}
                    }
                }
                if said.is_empty() && erased {
                    said.push(self.words.get("record-erased").into_owned());
                }
                Called { said: (!said.is_empty()).then(|| said.join(" · ")), open }
            }
        };
        self.titles.borrow_mut().insert((*id, told), called.clone());
        Ok(called)
    }

    /// A person's name in the reader's script, then as it was given and in the other scripts: papers are read by people
    /// who read another.
    ///
    /// # Errors
    /// [`PageError::NotFound`] where the node has no people; what the database says.
    pub fn names(&self, who: &Subject) -> Result<String, PageError> {
        let mut all = vec![self.title(self.kinds.get("person").ok_or(PageError::NotFound)?, who)?];
        let mut stmt = self.conn.prepare_cached(
            "SELECT name FROM person WHERE id = ?1 UNION ALL
             SELECT j.value FROM person p, json_each(p.names) j WHERE p.id = ?1",
        )?;
        for other in stmt.query_map([who.as_bytes()], |r| r.get::<_, Option<String>>(0))? {
            if let Some(other) = other?.filter(|o| !all.contains(o)) {
                all.push(other);
            }
        }
        Ok(all.join(" · "))
    }

    /// What a region is called in the reader's language: a unit of no province is a region of its own.
    ///
    /// # Errors
    /// What the database says.
    pub fn region(&self, region: &str) -> Result<String, PageError> {
        if let Some(said) = text::region_in(self.words.lang(), region) {
            return Ok(said.to_owned());
        }
        let kind = self.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let sql =
            format!("SELECT {} FROM organisation o WHERE o.name = ?1 LIMIT 1", kind.called("o", self.words.lang()));
        let found =
            self.conn.prepare_cached(&sql)?.query_row([region], |r| r.get::<_, Option<String>>(0)).optional()?;
        Ok(found.flatten().unwrap_or_else(|| region.to_owned()))
    }

    /// What tells a record from others of the same title: where it is, and when.
    ///
    /// # Errors
    /// What the database says.
    pub fn detail(&self, kind: &Kind, id: &Subject) -> Result<String, PageError> {
        let place = kind.fields.iter().find(|f| {
            matches!(f.shape, Shape::Link("organisation")) && ["host", "school", "parent", "unit"].contains(&f.name)
        });
        let day = kind.fields.iter().find(|f| f.shape == Shape::Date && f.column);
        let fields: Vec<&Field> = place.into_iter().chain(day).filter(|f| !kind.title.contains(&f.name)).collect();
        if fields.is_empty() {
            return Ok(String::new());
        }
        let columns: Vec<&str> = fields.iter().map(|f| f.name).collect();
        let sql = format!("SELECT {} FROM {} WHERE id = ?1", columns.join(", "), kind.name);
        let mut stmt = self.conn.prepare_cached(&sql)?;
        let mut rows = stmt.query([id.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(String::new()) };
        let mut said = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            let shown = self.cell(kind, field, row.get_ref(i)?)?.text;
            if !shown.is_empty() {
                said.push(shown);
            }
        }
        Ok(said.join(" · "))
    }

    pub(crate) fn unnamed(&self) -> String {
        self.words.get("record-unnamed").into_owned()
    }

    /// Whether small numbers of a field of a record are kept from this reader, who is not of the record's school.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) fn keeps_few(&self, kind: &Kind, field: &Field, id: &Subject) -> Result<bool, PageError> {
        if field.few.is_empty() {
            return Ok(false);
        }
        let sql = format!("SELECT home, {} FROM {} WHERE id = ?1", field.few.replace("{t}", kind.name), kind.name);
        let found = self.conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| {
            let home: Option<Vec<u8>> = r.get(0)?;
            Ok((home.and_then(|h| Subject::try_from(h.as_slice()).ok()), r.get::<_, Option<bool>>(1)?))
        });
        let own = |home: Subject| self.reader.is_some_and(|r| r.schools().contains(&home));
        // Of a record that was withdrawn no row says whose it was.
        Ok(found.optional()?.is_none_or(|(home, few)| few != Some(false) && !home.is_some_and(own)))
    }

    /// A number of a record as this reader is told it.
    ///
    /// # Errors
    /// What the database says.
    pub fn told(&self, kind: &Kind, field: &Field, id: &Subject, value: ValueRef<'_>) -> Result<Shown, PageError> {
        match value {
            ValueRef::Integer(n) if is_few(n) && self.keeps_few(kind, field, id)? => Ok(plain(FEW_SAID.to_owned())),
            value => self.cell(kind, field, value),
        }
    }

    /// A value of a fact about a record as this reader is told it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) fn value_told(
        &self,
        kind: &Kind,
        field: &Field,
        id: &Subject,
        value: &Value,
    ) -> Result<String, PageError> {
        match value {
            Value::Int(n) => Ok(self.told(kind, field, id, ValueRef::Integer(*n))?.text),
            value => self.value(kind, field, value),
        }
    }

    /// A column of a row as it is shown.
    ///
    /// # Errors
    /// What the database says.
    pub fn cell(&self, kind: &Kind, field: &Field, value: ValueRef<'_>) -> Result<Shown, PageError> {
        Ok(match (field.shape, value) {
            (Shape::Link(other), ValueRef::Blob(b)) => match (self.kinds.get(other), Subject::try_from(b)) {
                (Some(other), Ok(id)) => {
                    let called = self.called(other, &id, 0, false)?;
                    let href = (called.open && !other.hidden).then(|| format!("/{}/{id}", other.route));
                    Shown { text: called.said.unwrap_or_else(|| self.unnamed()), href }
                }
                _ => Shown::default(),
            },
            (Shape::Choice(_), ValueRef::Text(t)) => plain(label(&self.words, kind, Some(field), &string(t))),
            (Shape::Date, ValueRef::Text(t)) => plain(self.date(&string(t))),
            (Shape::Names, ValueRef::Text(t)) => plain(names(self.conn, &string(t))?),
            (Shape::Yes, ValueRef::Integer(n)) => {
                plain(self.words.get(if n == 0 { "word-no" } else { "word-yes" }).into_owned())
            }
            (Shape::Amount, ValueRef::Integer(n)) => plain(self.amount(n)),
            (_, ValueRef::Integer(n)) => plain(self.words.number(n)),
            (Shape::Blob | Shape::Bytes | Shape::Document, _) => Shown::default(),
            (_, ValueRef::Text(t)) if kind.name == "organisation" && field.name == "region" => {
                plain(self.region(&string(t))?)
            }
            (_, ValueRef::Text(t)) => plain(string(t)),
            _ => Shown::default(),
        })
    }

    /// A value of a fact as it is shown.
    ///
    /// # Errors
    /// What the database says.
    pub fn value(&self, kind: &Kind, field: &Field, value: &Value) -> Result<String, PageError> {
        let shown = match value {
            Value::Text(t) => self.cell(kind, &as_one(field), ValueRef::Text(t.as_bytes()))?,
            Value::Bytes(b) => self.cell(kind, &as_one(field), ValueRef::Blob(b))?,
            Value::Int(n) => self.cell(kind, field, ValueRef::Integer(*n))?,
            Value::Bool(b) => self.cell(kind, field, ValueRef::Integer(i64::from(*b)))?,
            Value::Names(n) => plain(n.iter().map(|(l, t)| format!("{t} ({l})")).collect::<Vec<_>>().join(" · ")),
            Value::Null => plain("—".to_owned()),
        };
        Ok(shown.text)
    }

    /// A date as facts hold it, for the reader.
    pub fn date(&self, iso: &str) -> String {
        iso.parse::<Date>().map_or_else(|_| iso.to_owned(), |d| self.words.date(d))
    }

    fn amount(&self, hundredths: i64) -> String {
        format!("{}.{:02}", self.words.number(hundredths / 100), (hundredths % 100).abs())
    }

    /// The elements of a set field of a record, shown.
    ///
    /// # Errors
    /// What the database says.
    pub fn set(&self, kind: &Kind, field: &Field, id: &Subject) -> Result<Vec<Shown>, PageError> {
        let sql = format!("SELECT value FROM {}_{} WHERE id = ?1 ORDER BY value", kind.name, field.name);
        let mut stmt = self.conn.prepare_cached(&sql)?;
        let mut rows = stmt.query([id.as_bytes()])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(self.cell(kind, &as_one(field), row.get_ref(0)?)?);
        }
        Ok(out)
    }

    /// The state in words.
    pub fn state(&self, kind: &Kind, state: &str) -> String {
        first(&self.words, &[format!("{}-state-{state}", kind.name), format!("state-{state}")])
    }

    /// A field's name in words.
    pub fn field(&self, kind: &Kind, field: &str) -> String {
        first(&self.words, &[format!("{}-{field}", kind.name), format!("field-{field}")])
    }

    /// A move in words.
    pub fn way(&self, kind: &Kind, name: &str) -> String {
        first(&self.words, &[format!("{}-move-{name}", kind.name), format!("move-{name}")])
    }

    /// The records of a kind that a reader may pick, by title, at most so many.
    ///
    /// # Errors
    /// What the database says.
    pub fn options(&self, kind: &Kind, reader: &Reader, most: usize) -> Result<Vec<(Subject, String)>, PageError> {
        self.options_among(kind, reader, most, "1")
    }

    /// Those of them for which a condition on a table `t` holds.
    pub(crate) fn options_among(
        &self,
        kind: &Kind,
        reader: &Reader,
        most: usize,
        among: &str,
    ) -> Result<Vec<(Subject, String)>, PageError> {
        let sees = reader.sees(kind, "t");
        let mut narrowed = String::new();
        if kind.name == "person" {
            // Who is not of the whole programme picks among the people of their own schools: local and posted.
            let schools: Vec<String> = reader.schools().iter().map(records::literal).collect();
            if let Homes::Of(_) = reader.homes(kind)
                && !schools.is_empty()
            {
                let list = schools.join(", ");
                narrowed = format!(
                    " AND (t.home IS NOT NULL OR t.id IN (SELECT person FROM posting
                       WHERE state IN ('accepted', 'arrived') AND school IN (SELECT id FROM organisation
                       WHERE id IN ({list}) OR parent IN ({list}))))"
                );
            }
        }
        let sql = format!(
            "SELECT t.id FROM {} t WHERE {sees}{narrowed} AND ({among}) AND {}
             ORDER BY t.title_key, t.changed DESC LIMIT {most}",
            kind.name,
            offered(kind, "t")
        );
        let mut stmt = self.conn.prepare(&sql)?;
        let ids = stmt.query_map([], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        let titles = ids.iter().map(|id| self.title(kind, id)).collect::<Result<Vec<_>, _>>()?;
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        titles.iter().for_each(|title| *times.entry(title).or_default() += 1);
        // Two of one title are told apart by where they are, and when.
        let called = |(id, title): (Subject, &String)| {
            let alike = times.get(title.as_str()).is_some_and(|n| *n > 1);
            let detail = if alike { self.detail(kind, &id)? } else { String::new() };
            Ok((id, if detail.is_empty() { title.clone() } else { format!("{title} · {detail}") }))
        };
        ids.into_iter().zip(&titles).map(called).collect()
    }

    /// A record by its title and where it belongs: people of one name are told apart by their school, visits by host and day.
    ///
    /// # Errors
    /// What the database says.
    pub fn placed(&self, kind: &Kind, id: &Subject) -> Result<String, PageError> {
        let mut placed = self.title(kind, id)?;
        for field in ["school", "unit"].into_iter().filter(|f| kind.field(f).is_some()) {
            let sql = format!("SELECT {field} FROM {} WHERE id = ?1", kind.name);
            let found = self.conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get::<_, Option<Vec<u8>>>(0));
            let place = found?.and_then(|b| Subject::try_from(b.as_slice()).ok());
            if let (Some(place), Some(places)) = (place, self.kinds.get("organisation")) {
                placed = format!("{placed} · {}", self.title(places, &place)?);
            }
        }
        // What happens somewhere on a day is told apart by these.
        if kind.field("host").is_some() {
            let detail = self.detail(kind, id)?;
            placed = [placed, detail].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" · ");
        }
        Ok(placed)
    }
}

/// Which records of a kind are offered where one is chosen: none that is over or withdrawn, and no device of a class or pupil
/// where people are meant.
pub(crate) fn offered(kind: &Kind, of: &str) -> String {
    let over = ["closed", "merged", "archived", "cancelled", "declined", "superseded", "withdrawn"]
        .map(|s| format!("'{s}'"))
        .join(", ");
    let living = format!("coalesce({of}.state, '') NOT IN ({over})");
    if kind.name == "person" {
        let device = "SELECT person FROM grant_of_role WHERE role IN ('device', 'pupil') AND person IS NOT NULL";
        return format!("{living} AND {of}.id NOT IN ({device})");
    }
    living
}

fn as_one(field: &Field) -> Field {
    let shape = match field.shape {
        Shape::Tags(words) => Shape::Choice(words),
        Shape::Links(kind) => Shape::Link(kind),
        shape => shape,
    };
    Field { shape, ..*field }
}

/// A word of a choice.
pub fn label(words: &Words<'_>, kind: &Kind, field: Option<&Field>, word: &str) -> String {
    let field = field.map_or("", |f| f.name);
    first(words, &[format!("{}-{field}-{word}", kind.name), format!("word-{word}")])
}

fn first(words: &Words<'_>, keys: &[String]) -> String {
    let key = keys.iter().find(|k| words.has(k)).or(keys.last());
    key.map(|k| words.get(k).into_owned()).unwrap_or_default()
}

/// An id in a row.
pub(crate) fn id_at(row: &Row<'_>, i: usize) -> rusqlite::Result<Subject> {
    let bytes: Vec<u8> = row.get(i)?;
    Ok(Subject::try_from(bytes.as_slice()).unwrap_or_default())
}

fn names(conn: &Connection, json: &str) -> Result<String, PageError> {
    Ok(conn
        .prepare_cached("SELECT group_concat(value, ' · ') FROM json_each(?1)")?
        .query_row([json], |r| r.get::<_, Option<String>>(0))?
        .unwrap_or_default())
}

fn plain(text: String) -> Shown {
    Shown { text, href: None }
}

fn string(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
