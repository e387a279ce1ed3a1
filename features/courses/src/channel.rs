//! A channel of Kolibri as its makers keep it before it is published: a folder tree with `Channel.csv` and `Content.csv`
//! beside it, as `ricecooker` reads them. Folders are units by the titles of their topics; what the tables say of a file
//! goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use packages::{Archive, Entry, Refusal};
use records::{Change, Value};

use crate::exercises::{EXERCISES, Exercises, QUESTIONS, exercises};
use crate::facts::COURSE;
use crate::package::{fits, read};

const CHANNEL: &str = "Channel.csv";
const CONTENT: &str = "Content.csv";
/// Bytes and rows of a table that are read.
const MAX_TABLE: u64 = 2 << 20;
const MAX_ROWS: usize = 4000;
/// The names of licences there, and here. What may not be changed has no name here: it is used by its owner's permission.
const LICENCES: [(&str, &str); 6] = [
    ("CC BY", "cc_by"),
    ("CC BY-SA", "cc_by_sa"),
    ("CC BY-NC", "cc_by_nc"),
    ("CC BY-NC-SA", "cc_by_nc_sa"),
    ("CC0", "cc0"),
    ("Public Domain", "cc0"),
];

/// What the tables of a channel say.
pub(crate) struct Channel {
    /// The folder that the tables lie in, with its stroke.
    at: String,
    /// What the course is to say.
    pub about: Change,
    /// Files and folders by their paths from there.
    rows: BTreeMap<String, Row>,
    /// Pictures of files and of the channel: no part of it.
    pictures: BTreeSet<String>,
    /// Its files are not all under one licence that has a name here.
    mixed: bool,
    /// What its tables of exercises hold.
    pub exercises: Exercises,
}

#[derive(Default)]
struct Row {
    title: String,
    about: String,
    licence: String,
    owner: String,
}

/// Reads the tables of a channel. None where the archive is no such channel.
///
/// # Errors
/// [`Refusal::Broken`] where a table is not one, or lacks a column that it must have.
pub(crate) fn channel(archive: &mut Archive<File>) -> Result<Option<Channel>, Refusal> {
    let of = |path: &str, entries: &[Entry]| entries.iter().find(|e| e.path == path).cloned();
    let entries = archive.entries();
    let Some(content) = entries.iter().find(|e| name(&e.path) == CONTENT).cloned() else { return Ok(None) };
    let at = content.path.strip_suffix(CONTENT).unwrap_or_default().to_owned();
    let Some(about) = of(&format!("{at}{CHANNEL}"), entries) else { return Ok(None) };
    let mut out = Channel {
        at,
        about: Change::new(),
        rows: BTreeMap::new(),
        pictures: BTreeSet::new(),
        mixed: false,
        exercises: Exercises::default(),
    };
    out.exercises = exercises(archive, &out.at)?;
    let told = table(&read(archive, &about, MAX_TABLE)?, &["Title"])?;
    let told = told.first().ok_or(Refusal::Broken)?;
    let said = |row: &BTreeMap<String, String>, column: &str| row.get(column).cloned().unwrap_or_default();
    let texts = [("title", clean(&said(told, "Title"), 120)), ("about", clean(&said(told, "Description"), 4000))];
    for (field, value) in texts {
        out.say(field, &value);
    }
    out.picture(&said(told, "Thumbnail"));
    let mut languages: BTreeSet<String> = [said(told, "Language")].into();
    let (mut licences, mut credit) = (BTreeSet::new(), Vec::new());
    for row in table(&read(archive, &content, MAX_TABLE)?, &["Path *", "Title *"])? {
        let of = |column: &str| said(&row, column);
        out.picture(&of("Thumbnail"));
        languages.insert(of("Language"));
        let licence = of("License ID *");
        let owner = [of("Copyright Holder"), of("Author")].into_iter().find(|o| !o.is_empty()).unwrap_or_default();
        if !licence.is_empty() {
            licences.insert(LICENCES.iter().find(|(there, _)| *there == licence).map(|(_, here)| *here));
        }
        if !owner.is_empty() && !credit.contains(&owner) {
            credit.push(owner.clone());
        }
        let row = Row { title: clean(&of("Title *"), 120), about: clean(&of("Description"), 3000), licence, owner };
        out.rows.insert(key(&of("Path *")), row);
    }
    let licence = match licences.iter().collect::<Vec<_>>().as_slice() {
        [] => None,
        [Some(one)] => Some(*one),
        _ => Some("permission"),
    };
    out.mixed = licence == Some("permission");
    out.say("licence", licence.unwrap_or_default());
    out.say("credit", &clean(&credit.join(", "), 120));
    for language in languages {
        let value = Value::text(language.split(['-', '_']).next().unwrap_or_default());
        if fits(&COURSE, "languages", &value) {
            out.about = std::mem::take(&mut out.about).with_added("languages", value);
        }
    }
    Ok(Some(out))
}

impl Channel {
    fn say(&mut self, field: &str, value: &str) {
        if !value.is_empty() && fits(&COURSE, field, &Value::text(value)) {
            self.about = std::mem::take(&mut self.about).with_text(field, value);
        }
    }

    fn picture(&mut self, path: &str) {
        if !path.is_empty() {
            self.pictures.insert(key(path));
        }
    }

    /// Whether a file is a part of the course: the tables and the pictures that stand for something are not.
    pub(crate) fn is_part(&self, path: &str) -> bool {
        // Tables of which every row became something.
        let tables = if self.exercises.left_out == 0 {
            &[CHANNEL, CONTENT, EXERCISES, QUESTIONS][..]
        } else {
            &[CHANNEL, CONTENT]
        };
        path.strip_prefix(&*self.at).is_some_and(|path| !tables.contains(&path) && !self.pictures.contains(&key(path)))
    }

    /// The unit that a file belongs to: the titles of the topics that it lies in, below the channel's own folder.
    pub(crate) fn unit(&self, path: &str) -> String {
        let path = path.strip_prefix(&*self.at).unwrap_or(path);
        let titles: Vec<&str> = path
            .match_indices('/')
            .skip(1)
            .filter_map(|(end, _)| path.get(..end))
            .map(|folder| {
                let row = self.rows.get(&key(folder)).filter(|row| !row.title.is_empty());
                row.map_or(name(folder), |row| &row.title)
            })
            .collect();
        clean(&titles.join(" · "), 120)
    }

    /// What a file is called, and what is said of it: its licence too where the course's is not the same for all.
    pub(crate) fn told(&self, path: &str) -> Option<(String, String)> {
        let row = self.rows.get(&key(path.strip_prefix(&*self.at).unwrap_or(path)))?;
        let terms: Vec<&str> = [&*row.licence, &*row.owner].into_iter().filter(|t| !t.is_empty()).collect();
        let terms = if self.mixed { clean(&terms.join(" · "), 300) } else { String::new() };
        let about: Vec<&str> = [&*row.about, &*terms].into_iter().filter(|t| !t.is_empty()).collect();
        Some((row.title.clone(), about.join("\n")))
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path as one finds it: the tables may divide it as Windows does, and write an accent otherwise than the archive.
fn key(path: &str) -> String {
    text::fold(&path.replace('\\', "/")).trim_end_matches('/').to_owned()
}

/// A text within its bound, a longer one cut; what cannot stand in a text is left out with the whole.
pub(crate) fn clean(said: &str, most: usize) -> String {
    let cut: String = said.trim().chars().take(most).collect();
    text::clean_text(&cut, most).unwrap_or_default()
}

/// The rows of a table, each by its columns' names.
pub(crate) fn table(bytes: &[u8], needs: &[&str]) -> Result<Vec<BTreeMap<String, String>>, Refusal> {
    let text = text::decoded(bytes).ok_or(Refusal::Broken)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|_| Refusal::Broken)?.clone();
    if needs.iter().any(|column| heads.iter().all(|head| head != *column)) {
        return Err(Refusal::Broken);
    }
    let mut out = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|_| Refusal::Broken)?;
        if out.len() == MAX_ROWS {
            return Err(Refusal::TooMany);
        }
        out.push(heads.iter().map(ToOwned::to_owned).zip(row.iter().map(ToOwned::to_owned)).collect());
    }
    Ok(out)
}
