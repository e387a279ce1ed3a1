//! A roster that somebody brings, 1.2 or 1.1: organisations and adults are read, within bounds, and nothing else. What it says of
//! anybody's birth, sex or origin is refused by the name of its column: none of it is read, and so none of it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use packages::{Archive, Bounds, Entry, Refusal};

use crate::oneroster::NO_FAMILY_NAME;
use crate::oneroster::columns::{KIND, USERS};

/// What an archive may be, and a table in it.
const BOUNDS: Bounds = Bounds { entries: 64, file: 16 << 20, all: 48 << 20, growth: 200 };
/// Rows that are taken of one table.
const MAX_ROWS: usize = 5000;
/// Characters of a name, and of an id of another system.
const MAX_NAME: usize = 120;
const MAX_ID: usize = 255;

/// Words by which a column is refused, wherever they stand in its name: the columns of the standard's demographics, and what
/// others call them.
const REFUSED: [&str; 41] = [
    "birth",
    "dateofbirth",
    "dob",
    "age",
    "sex",
    "gender",
    "pronoun",
    "race",
    "racial",
    "ethnic",
    "hispanic",
    "latino",
    "americanindian",
    "alaska",
    "asian",
    "african",
    "blackor",
    "hawaiian",
    "pacificislander",
    "white",
    "nationality",
    "citizen",
    "religio",
    "belief",
    "politic",
    "party",
    "minzu",
    "income",
    "disab",
    "health",
    "password",
    "idnumber",
    "identitycard",
    "publicschoolresidence",
    "民族",
    "性别",
    "出生",
    "生日",
    "宗教",
    "籍贯",
    "身份证",
];
/// Of these the whole name is meant.
const WHOLE: [&str; 3] = ["age", "party", "dob"];
/// Roles of those who are no adults of a school.
const NOT_TAKEN: [&str; 4] = ["student", "guardian", "parent", "relative"];

/// An organisation of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its id in the other system.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What `OneRoster` calls it.
    pub kind: String,
    /// What it is here, where Zampa wrote the roster.
    pub own_kind: String,
    /// The id of what it is a part of.
    pub parent: String,
}

/// An adult of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id in the other system.
    pub id: String,
    /// Their name.
    pub name: String,
    /// The id of their organisation; empty where the roster does not say.
    pub at: String,
}

/// What is taken of a roster, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// What wrote it.
    pub system: String,
    /// Organisations.
    pub organisations: Vec<Organisation>,
    /// Adults.
    pub users: Vec<User>,
    /// Columns that are refused: file and column.
    pub refused: Vec<(String, String)>,
    /// Pupils and their families, who are left out.
    pub children: usize,
    /// Rows without a name or an id, or that are to be deleted.
    pub unclear: usize,
}

type Row = BTreeMap<String, String>;

/// Reads a roster.
///
/// # Errors
/// [`Refusal`] of the archive; [`Refusal::Broken`] where it lacks what a roster must have.
pub fn read<R: Read + Seek>(reader: R) -> Result<Roster, Refusal> {
    let mut archive = Archive::open(reader, &BOUNDS)?;
    let mut out = Roster::default();
    let entries = archive.entries().to_vec();
    let of = |name: &str| entries.iter().find(|e| e.path.rsplit('/').next() == Some(name));
    let manifest = table(&mut archive, of("manifest.csv").ok_or(Refusal::Broken)?, &mut out)?;
    let said = |name: &str| {
        let row = manifest.iter().find(|r| cell(r, "propertyName") == name);
        row.map_or_else(String::new, |r| line(cell(r, "value")))
    };
    if !["1.1", "1.2"].contains(&said("oneroster.version").as_str()) {
        return Err(Refusal::Broken);
    }
    out.system = said("source.systemName");
    if let Some(demographics) = of("demographics.csv") {
        // Only its first line is looked at, to tell what was refused.
        let columns = head(&mut archive, demographics)?;
        out.refused.extend(columns.into_iter().map(|c| ("demographics.csv".to_owned(), c)));
    }
    if let Some(orgs) = of("orgs.csv") {
        for row in table(&mut archive, orgs, &mut out)? {
            organisation(&row, &mut out);
        }
    }
    let roles = match of("roles.csv") {
        Some(roles) => table(&mut archive, roles, &mut out)?,
        None => Vec::new(),
    };
    if let Some(users) = of("users.csv") {
        let roles = Roles::of(&roles);
        for row in table(&mut archive, users, &mut out)? {
            user(&row, &roles, &mut out);
        }
    }
    Ok(out)
}

/// Whether a column is refused by its name.
fn is_refused(column: &str) -> bool {
    let plain: String = column.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let last = plain.strip_prefix("metadata").unwrap_or(&plain);
    REFUSED.iter().any(|word| if WHOLE.contains(word) { last == *word } else { last.contains(word) })
}

/// Those of columns that are refused.
fn refused_columns<'a>(columns: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    columns.filter(|c| is_refused(c)).collect()
}

fn bytes<R: Read + Seek>(archive: &mut Archive<R>, entry: &Entry) -> Result<Vec<u8>, Refusal> {
    archive.read(entry, |reader| {
        let mut out = Vec::new();
        reader.take(BOUNDS.file).read_to_end(&mut out).map_err(|_| Refusal::Broken)?;
        Ok(out)
    })
}

fn head<R: Read + Seek>(archive: &mut Archive<R>, entry: &Entry) -> Result<Vec<String>, Refusal> {
    let text = text::decoded(&bytes(archive, entry)?).ok_or(Refusal::Broken)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|_| Refusal::Broken)?;
    Ok(columns.iter().map(line).filter(|c| !c.is_empty()).take(100).collect())
}

/// The rows of a table, without the columns that are refused.
fn table<R: Read + Seek>(archive: &mut Archive<R>, entry: &Entry, out: &mut Roster) -> Result<Vec<Row>, Refusal> {
    let text = text::decoded(&bytes(archive, entry)?).ok_or(Refusal::Broken)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().map_err(|_| Refusal::Broken)?.iter().map(ToOwned::to_owned).collect();
    let refused: BTreeSet<String> =
        refused_columns(columns.iter().map(String::as_str)).into_iter().map(ToOwned::to_owned).collect();
    let file = entry.path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut held = BTreeSet::new();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|_| Refusal::Broken)?;
        if rows.len() == MAX_ROWS {
            return Err(Refusal::TooMany);
        }
        let cells = columns.iter().zip(row.iter());
        held.extend(cells.clone().filter(|(c, v)| refused.contains(*c) && !v.is_empty()).map(|(c, _)| c.clone()));
        let kept = cells.filter(|(c, _)| !refused.contains(*c)).map(|(c, v)| (c.clone(), v.to_owned()));
        rows.push(kept.collect());
    }
    // Columns that the standard itself puts into every list are told of only where they held something.
    let told = |c: &String| held.contains(c) || !USERS.contains(&c.as_str());
    out.refused.extend(refused.iter().filter(|c| told(c)).map(|c| (file.clone(), line(c))));
    Ok(rows)
}

fn cell<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

fn line(said: &str) -> String {
    let cut: String = said.chars().take(MAX_NAME).collect();
    text::clean_line(&cut, MAX_NAME).unwrap_or_default()
}

/// The id of a row that is to be taken.
fn wanted(row: &Row) -> Option<String> {
    let id = cell(row, "sourcedId");
    let goes = cell(row, "status").eq_ignore_ascii_case("tobedeleted");
    (!id.is_empty() && id.chars().count() <= MAX_ID && !goes).then(|| id.to_owned())
}

fn organisation(row: &Row, out: &mut Roster) {
    let (id, name) = (wanted(row), line(cell(row, "name")));
    let Some(id) = id.filter(|id| !name.is_empty() && out.organisations.iter().all(|o| o.id != *id)) else {
        out.unclear += 1;
        return;
    };
    out.organisations.push(Organisation {
        id,
        name,
        kind: line(cell(row, "type")),
        own_kind: line(cell(row, KIND)),
        parent: cell(row, "parentSourcedId").to_owned(),
    });
}

/// Who has which roles, and where.
struct Roles(BTreeMap<String, Vec<(String, String)>>);

impl Roles {
    fn of(rows: &[Row]) -> Self {
        let mut out: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in rows {
            let role = (cell(row, "role").to_lowercase(), cell(row, "orgSourcedId").to_owned());
            out.entry(cell(row, "userSourcedId").to_owned()).or_default().push(role);
        }
        Self(out)
    }
}

fn user(row: &Row, roles: &Roles, out: &mut Roster) {
    let Some(id) = wanted(row) else {
        out.unclear += 1;
        return;
    };
    let at = cell(row, "orgSourcedIds").split(',').next().unwrap_or_default().trim().to_owned();
    let older = (cell(row, "role").to_lowercase(), at);
    let own = roles.0.get(&id).cloned().unwrap_or_default();
    let all: Vec<&(String, String)> = own.iter().chain([&older]).filter(|(role, _)| !role.is_empty()).collect();
    // Whoever has one role of a pupil or of a family is left out; so is who has no role at all, since nobody knows.
    if all.iter().any(|(role, _)| NOT_TAKEN.contains(&role.as_str())) {
        out.children += 1;
        return;
    }
    let name = name(row);
    if all.is_empty() || name.is_empty() || out.users.iter().any(|u| u.id == id) {
        out.unclear += 1;
        return;
    }
    let first = [cell(row, "primaryOrgSourcedId")].into_iter().chain(all.iter().map(|(_, at)| at.as_str()));
    let at = first.filter(|at| !at.is_empty()).map(ToOwned::to_owned).next().unwrap_or_default();
    out.users.push(User { id, name, at });
}

/// A name as it is written: the family name first where it is written in characters.
fn name(row: &Row) -> String {
    let family = Some(cell(row, "familyName")).filter(|n| *n != NO_FAMILY_NAME).unwrap_or_default();
    let given = cell(row, "givenName");
    let han = |text: &str| text.chars().all(|c| ('\u{3400}'..='\u{9fff}').contains(&c) || c == '·');
    let whole = match (family, given) {
        ("", one) | (one, "") => one.to_owned(),
        (family, given) if han(family) && han(given) => format!("{family}{given}"),
        (family, given) => format!("{given} {family}"),
    };
    line(&whole)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use packages::Packer;

    use super::*;

    fn zip(files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        files.iter().for_each(|(name, text)| packer.add(name, false, text.as_bytes()).unwrap());
        Cursor::new(packer.finish().unwrap().into_inner())
    }

    const MANIFEST: (&str, &str) =
        ("manifest.csv", "propertyName,value\noneroster.version,1.1\nsource.systemName,District\n");

    #[test]
    fn birth_sex_and_origin_are_refused_by_name_and_never_read() {
        let users = "sourcedId,status,role,orgSourcedIds,givenName,familyName,birthDate,metadata.gender,民族,email\n\
                     u1,,teacher,\"s1,s2\",雪莲,钟,1980-01-01,F,x,a@b\n\
                     u2,,student,s1,A,B,2012-01-01,M,y,\n\
                     u3,tobedeleted,teacher,s1,A,B,,,,\n\
                     u4,,administrator,s1,Ada,Byron,,,,\n";
        let demographics = "sourcedId,birthDate,sex,asian\nu1,1980-01-01,female,true\n";
        let orgs = "sourcedId,status,name,type,parentSourcedId\ns1,,First School,school,d\nd,,District,district,\n";
        let files = [MANIFEST, ("orgs.csv", orgs), ("users.csv", users), ("demographics.csv", demographics)];
        let roster = read(zip(&files)).unwrap();
        let refused: Vec<&str> = roster.refused.iter().map(|(_, c)| c.as_str()).collect();
        assert_eq!(refused, ["sourcedId", "birthDate", "sex", "asian", "birthDate", "metadata.gender", "民族"]);
        let names: Vec<(&str, &str)> = roster.users.iter().map(|u| (u.name.as_str(), u.at.as_str())).collect();
        assert_eq!(names, [("钟雪莲", "s1"), ("Ada Byron", "s1")]);
        assert_eq!((roster.children, roster.unclear), (1, 1));
        assert_eq!(roster.organisations.len(), 2);
        assert!(!format!("{roster:?}").contains("1980"));
    }

    #[test]
    fn ordinary_columns_are_not_refused() {
        let columns = ["sourcedId", "primaryOrgSourcedId", "agentSourcedIds", "preferredGivenName", "dateLastModified"];
        assert!(refused_columns(columns.into_iter()).is_empty());
        let standard = "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,\
                        nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,\
                        countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus";
        assert_eq!(refused_columns(standard.split(',')).len(), standard.split(',').count());
    }

    #[test]
    fn what_is_no_roster_or_too_long_is_refused() {
        assert_eq!(read(zip(&[("users.csv", "a,b\n")])), Err(Refusal::Broken));
        assert_eq!(read(zip(&[("manifest.csv", "propertyName,value\noneroster.version,9\n")])), Err(Refusal::Broken));
        let many = format!("sourcedId,name\n{}", "x,y\n".repeat(MAX_ROWS + 1));
        assert_eq!(read(zip(&[MANIFEST, ("orgs.csv", &many)])), Err(Refusal::TooMany));
        assert_eq!(read(Cursor::new(b"no archive".to_vec())), Err(Refusal::Broken));
    }
}
