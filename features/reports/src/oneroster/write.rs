//! A roster that goes out: of those who are there in the chosen time, or today.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use base::{Date, Lang, Subject, school_year};
use packages::Packer;
use records::Reader;
use rusqlite::Connection;
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::chosen::{Chosen, Term, called};
use crate::oneroster::NO_FAMILY_NAME;
use crate::oneroster::columns::{CLASSES, COURSES, ENROLLMENTS, FILES, MANIFEST, ORGS, ROLES, SESSIONS, USERS};
use crate::places::{Place, id, invented, places, table};

type Row = Vec<String>;

pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let zip = site.store.read(|conn| {
        let mut out = Out::new(site, request, conn, chosen)?;
        out.postings()?;
        out.own_people()?;
        out.classes()?;
        out.standing()?;
        out.pack()
    })?;
    Ok(Reply::Bytes("application/zip", Some("oneroster.zip".to_owned()), zip))
}

struct Out<'a> {
    site: &'a Site,
    words: Words<'a>,
    conn: &'a Connection,
    reader: &'a Reader,
    cohort: Option<Subject>,
    /// The days that somebody must be there on, and the school year of the classes.
    from: Date,
    to: Date,
    year: i16,
    places: BTreeMap<Subject, Place>,
    /// Who goes out, with their organisation.
    people: BTreeMap<Subject, Option<Subject>>,
    roles: Vec<Row>,
    classes: Vec<Row>,
    courses: BTreeMap<String, Row>,
    enrollments: Vec<Row>,
}

/// A class of a school in a subject, by its timetable.
#[derive(Default)]
struct Standing {
    grade: Option<i64>,
    terms: BTreeSet<&'static str>,
    /// Weekday and number of the period.
    periods: BTreeSet<String>,
    /// How many lessons each has, and their first and last day.
    teachers: BTreeMap<Subject, (usize, String, String)>,
}

/// The row of a file: its id, the two columns that a whole file leaves empty, and the rest.
fn row(id: &dyn ToString, rest: &[&str]) -> Row {
    let start = [id.to_string(), String::new(), String::new()];
    start.into_iter().chain(rest.iter().map(|s| (*s).to_owned())).collect()
}

fn cell<T: ToString>(id: Option<T>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}

impl<'a> Out<'a> {
    fn new(site: &'a Site, request: &'a Request, conn: &'a Connection, chosen: Chosen) -> Result<Self, PageError> {
        let today = site.today();
        let (from, to) = chosen.days().unwrap_or((today, today));
        Ok(Self {
            site,
            words: request.words(site),
            conn,
            reader: request.reader()?,
            cohort: chosen.cohort,
            from,
            to,
            year: school_year(from),
            places: places(conn)?,
            people: BTreeMap::new(),
            roles: Vec::new(),
            classes: Vec::new(),
            courses: BTreeMap::new(),
            enrollments: Vec::new(),
        })
    }

    fn kind(&self, name: &str) -> Result<&'static records::Kind, PageError> {
        self.site.kinds.get(name).ok_or(PageError::NotFound)
    }

    /// A role of somebody at an organisation; the first is the chief one.
    fn role(&mut self, of: &str, person: Subject, role: &str, days: (&str, &str), at: Subject) {
        if !self.places.contains_key(&at) {
            return;
        }
        let chief = if self.people.contains_key(&person) { "secondary" } else { "primary" };
        self.people.entry(person).or_insert(Some(at));
        let (begins, ends) = days;
        self.roles.push(row(&of, &[&person.to_string(), chief, role, begins, ends, &at.to_string(), ""]));
    }

    /// Those who are posted.
    fn postings(&mut self) -> Result<(), PageError> {
        let sees = self.reader.sees(self.kind("posting")?, "p");
        let mut stmt = self.conn.prepare(&format!(
            "SELECT p.id, p.person, p.school, p.role, p.arrived_on, coalesce(p.ended_on, p.ends_on, '') FROM posting p
             WHERE p.state IN ('arrived', 'completed', 'ended_early') AND p.arrived_on <= ?1
               AND coalesce(p.ended_on, p.ends_on) >= ?2 AND (?3 IS NULL OR p.cohort = ?3) AND {sees} ORDER BY p.id"
        ))?;
        let cohort = self.cohort;
        let mut rows =
            stmt.query((self.to.to_string(), self.from.to_string(), cohort.as_ref().map(Subject::as_bytes)))?;
        while let Some(r) = rows.next()? {
            let (Some(posting), Some(person), Some(school)) = (id(r, 0)?, id(r, 1)?, id(r, 2)?) else { continue };
            let role = match r.get::<_, Option<String>>(3)?.as_deref() {
                Some("leader" | "manager") => "siteAdministrator",
                Some("medic" | "technician") => "aide",
                _ => "teacher",
            };
            let days: (String, String) = (r.get(4)?, r.get(5)?);
            self.role(&posting.to_string(), person, role, (&days.0, &days.1), school);
        }
        Ok(())
    }

    /// The schools' own people, and their heads. Pupils and devices are no adults.
    fn own_people(&mut self) -> Result<(), PageError> {
        let sees = self.reader.sees(self.kind("person")?, "p");
        let mut stmt = self.conn.prepare(&format!(
            "SELECT p.id, p.school, (SELECT g.id FROM grant_of_role g WHERE g.person = p.id AND g.role = 'head'
                AND coalesce(g.state, 'given') = 'given' AND coalesce(g.until_on, '9999') >= ?1 LIMIT 1)
             FROM person p WHERE p.school IS NOT NULL AND coalesce(p.state, 'active') = 'active' AND {sees}
             AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.id AND g.role IN ('pupil', 'device'))
             ORDER BY p.id"
        ))?;
        let mut rows = stmt.query([self.from.to_string()])?;
        while let Some(r) = rows.next()? {
            let (Some(person), Some(school)) = (id(r, 0)?, id(r, 1)?) else { continue };
            let role = if id(r, 2)?.is_some() { "principal" } else { "teacher" };
            self.role(&format!("{person}-own"), person, role, ("", ""), school);
        }
        Ok(())
    }

    /// Live classes of the school year, those of a series as one, with the adults who hold them; meetings of teachers are none.
    fn classes(&mut self) -> Result<(), PageError> {
        let sees = self.reader.sees(self.kind("live_class")?, "c");
        let mut stmt = self.conn.prepare(&format!(
            "SELECT coalesce(s.id, c.id), coalesce(s.title, c.title, ''), coalesce(c.subject, s.subject, ''), c.origin,
                    c.starts_on, c.teacher, c.co_teacher, c.id
             FROM live_class c LEFT JOIN class_series s ON s.id = c.series
             WHERE c.state IN ('planned', 'live', 'held') AND coalesce(c.kind, '') NOT IN ('research', 'preparation')
               AND c.starts_on BETWEEN ?1 AND ?2 AND {sees}
             ORDER BY c.starts_on, c.id"
        ))?;
        let (from, to) = (Term::Autumn.days(self.year), Term::Spring.days(self.year));
        let (Some((from, _)), Some((_, to))) = (from, to) else { return Ok(()) };
        let mut rows = stmt.query([from.to_string(), to.to_string()])?;
        let mut made: BTreeMap<Subject, BTreeSet<&'static str>> = BTreeMap::new();
        let mut heads: BTreeMap<Subject, (String, String, Subject)> = BTreeMap::new();
        let mut adults = BTreeSet::new();
        while let Some(r) = rows.next()? {
            let (Some(class), Some(origin), Some(one)) = (id(r, 0)?, id(r, 3)?, id(r, 7)?) else { continue };
            if !self.places.contains_key(&origin) {
                continue;
            }
            let day: String = r.get(4)?;
            let second = Term::Spring.days(self.year).is_some_and(|d| day >= d.0.to_string());
            made.entry(class).or_default().insert(if second { Term::Spring } else { Term::Autumn }.code());
            heads.entry(class).or_insert((r.get(1)?, r.get(2)?, origin));
            adults.extend(id(r, 5)?.map(|p| (class, p, "teacher", true)));
            adults.extend(id(r, 6)?.map(|p| (class, p, "teacher", false)));
            adults.extend(self.rooms(&one)?.into_iter().map(|p| (class, p, "proctor", false)));
        }
        for (class, (title, subject, origin)) in heads {
            let terms = made.get(&class).into_iter().flatten().map(|t| self.term(t)).collect::<Vec<_>>().join(",");
            let course = self.course(&subject);
            let said = self.subject(&subject);
            let at = origin.to_string();
            let cells = [title.as_str(), "", &course, "", "scheduled", "", &at, &terms, &said, &subject, ""];
            self.classes.push(row(&class, &cells));
            self.enroll(class, origin, &mut adults);
        }
        Ok(())
    }

    /// The standing classes: what a class of a school has in a subject by its timetable, with when it is held and who teaches it.
    /// Live classes stand beside them: they are held over the link, and have other people.
    fn standing(&mut self) -> Result<(), PageError> {
        let (Some(autumn), Some(spring)) = (Term::Autumn.days(self.year), Term::Spring.days(self.year)) else {
            return Ok(());
        };
        let sees = self.reader.sees(self.kind("timetable_lesson")?, "l");
        let mut stmt = self.conn.prepare(&format!(
            "SELECT l.school, l.class, l.subject, l.grade, l.weekday, coalesce(p.position, 0), l.teacher, l.starts_on, l.ends_on
             FROM timetable_lesson l LEFT JOIN period p ON p.id = l.period
             WHERE l.starts_on <= ?2 AND l.ends_on >= ?1 AND l.class IS NOT NULL AND l.subject IS NOT NULL AND {sees}
             ORDER BY l.school, l.class, l.subject, l.starts_on, l.id"
        ))?;
        let mut rows = stmt.query([autumn.0.to_string(), spring.1.to_string()])?;
        let mut all: BTreeMap<(Subject, String, String), Standing> = BTreeMap::new();
        while let Some(r) = rows.next()? {
            let Some(school) = id(r, 0)?.filter(|s| self.places.contains_key(s)) else { continue };
            let of = all.entry((school, r.get(1)?, r.get(2)?)).or_default();
            of.grade = r.get(3)?;
            let (day, position): (String, i64) = (r.get(4)?, r.get(5)?);
            of.periods.insert(format!("{day}-{position}"));
            let (from, to): (String, String) = (r.get(7)?, r.get(8)?);
            for (term, days) in [(Term::Autumn, autumn), (Term::Spring, spring)] {
                if from <= days.1.to_string() && to >= days.0.to_string() {
                    of.terms.insert(term.code());
                }
            }
            if let Some(teacher) = id(r, 6)? {
                let (lessons, first, last) = of.teachers.entry(teacher).or_insert((0, from.clone(), to.clone()));
                *lessons += 1;
                *first = from.min(first.clone());
                *last = to.max(last.clone());
            }
        }
        for ((school, class, subject), of) in all {
            // Its id follows from the school's, the subject and the class's name: it is the same in every term.
            let own = format!("timetable-{school}-{subject}-{}", base::base32::encode(class.as_bytes()));
            let (course, said) = (self.course(&subject), self.subject(&subject));
            let grade = of.grade.map(|g| format!("{g:02}")).unwrap_or_default();
            let terms = of.terms.iter().map(|t| self.term(t)).collect::<Vec<_>>().join(",");
            let periods = of.periods.iter().map(String::as_str).collect::<Vec<_>>().join(",");
            let (title, at) = (format!("{class} {said}"), school.to_string());
            let cells = [&title, &grade, &course, &class, "scheduled", "", &at, &terms, &said, &subject, &periods];
            self.classes.push(row(&own, &cells.map(|c: &str| c)));
            // Who has the most of its lessons is the chief one.
            let chief = of.teachers.iter().max_by_key(|(id, (n, ..))| (*n, std::cmp::Reverse(**id))).map(|(id, _)| *id);
            for (teacher, (_, from, to)) in of.teachers {
                if !self.people.contains_key(&teacher) {
                    self.role(&format!("{teacher}-timetable"), teacher, "teacher", ("", ""), school);
                }
                let is_chief = (Some(teacher) == chief).to_string();
                let cells = [&own, &at, &teacher.to_string(), "teacher", &is_chief, &from, &to];
                self.enrollments.push(row(&format!("{own}-{teacher}"), &cells.map(|c: &str| c)));
            }
        }
        Ok(())
    }

    /// The adults in the rooms of a class.
    fn rooms(&self, class: &Subject) -> Result<Vec<Subject>, PageError> {
        let mut stmt = self.conn.prepare_cached("SELECT person FROM class_room WHERE class = ?1 ORDER BY id")?;
        let mut rows = stmt.query([class.as_bytes()])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            out.extend(id(r, 0)?);
        }
        Ok(out)
    }

    fn enroll(
        &mut self,
        class: Subject,
        origin: Subject,
        adults: &mut BTreeSet<(Subject, Subject, &'static str, bool)>,
    ) {
        let mut seen = BTreeSet::new();
        // Who teaches and is in a room too, teaches: the chief one first.
        let mut own: Vec<_> = adults.iter().filter(|(c, ..)| *c == class).copied().collect();
        own.sort_by_key(|(_, _, role, chief)| (!chief, *role != "teacher"));
        for (_, person, role, chief) in own.into_iter().filter(|(_, person, ..)| seen.insert(*person)) {
            if !self.people.contains_key(&person) {
                self.role(&format!("{person}-class"), person, "teacher", ("", ""), origin);
            }
            let cells = [
                class.to_string(),
                origin.to_string(),
                person.to_string(),
                role.to_owned(),
                if role == "teacher" { chief.to_string() } else { String::new() },
                String::new(),
                String::new(),
            ];
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            self.enrollments.push(row(&format!("{class}-{person}"), &cells));
        }
    }

    fn subject(&self, subject: &str) -> String {
        if subject.is_empty() { String::new() } else { self.words.get(&format!("word-{subject}")).into_owned() }
    }

    fn school_year(&self) -> String {
        format!("year-{}", self.year)
    }

    fn term(&self, term: &str) -> String {
        format!("year-{}-{term}", self.year)
    }

    /// The course that a class is of: `OneRoster` wants one, and here it is the subject.
    fn course(&mut self, subject: &str) -> String {
        let id = format!("course-{}", if subject.is_empty() { "other" } else { subject });
        let said = self.subject(subject);
        let title = if said.is_empty() { self.words.get("report-no-subject").into_owned() } else { said.clone() };
        let cells = [self.school_year(), title, String::new(), String::new(), self.root(), said, subject.to_owned()];
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        self.courses.insert(id.clone(), row(&id, &cells));
        id
    }

    /// The organisation that courses are of: the authority, or else any.
    fn root(&self) -> String {
        let authority = self.places.iter().find(|(_, p)| p.kind == "authority").or(self.places.iter().next());
        cell(authority.map(|(id, _)| id))
    }

    fn orgs(&self) -> Vec<Row> {
        let of = |(id, place): (&Subject, &Place)| {
            let kind = match place.kind.as_str() {
                "authority" => "district",
                "assisting_unit" => "department",
                _ => "school",
            };
            let parent = cell(place.parent.filter(|p| self.places.contains_key(p)));
            row(&id, &[place.name(self.own_language(place)), kind, "", &parent, &place.kind])
        };
        self.places.iter().map(of).collect()
    }

    /// A roster has an organisation's own name, whoever takes it along.
    fn own_language(&self, place: &Place) -> Lang {
        place.names.first().map_or_else(|| self.words.lang(), |(lang, _)| *lang)
    }

    fn users(&mut self) -> Result<Vec<Row>, PageError> {
        let mut stmt = self.conn.prepare("SELECT name FROM person WHERE id = ?1 AND erased = 0")?;
        let mut out = Vec::new();
        let mut nameless = BTreeSet::new();
        for (person, at) in &self.people {
            let name: Option<String> = stmt.query_row([person.as_bytes()], |r| r.get(0)).unwrap_or(None);
            let Some(name) = name.filter(|n| !n.is_empty()) else {
                nameless.insert(person.to_string());
                continue;
            };
            let own = person.to_string();
            let mut cells = vec![""; USERS.len() - 3];
            let at = cell(at.as_ref());
            for (column, value) in [
                ("enabledUser", "true"),
                ("username", own.as_str()),
                ("givenName", &name),
                ("familyName", NO_FAMILY_NAME),
                ("primaryOrgSourcedId", &at),
            ] {
                let place = USERS.iter().position(|c| *c == column).and_then(|i| cells.get_mut(i - 3));
                if let Some(cell) = place {
                    *cell = value;
                }
            }
            out.push(row(&own, &cells));
        }
        // Who has no name any more is in no file.
        let named = |r: &Row, i: usize| r.get(i).is_none_or(|p| !nameless.contains(p));
        self.roles.retain(|r| named(r, 3));
        self.enrollments.retain(|r| named(r, 5));
        Ok(out)
    }

    fn sessions(&self) -> Vec<Row> {
        let year = self.year;
        let (whole, title) = (self.school_year(), called(year));
        let ends = (year + 1).to_string();
        let mut out = Vec::new();
        let (Some(autumn), Some(spring)) = (Term::Autumn.days(year), Term::Spring.days(year)) else { return out };
        let (first, last) = (autumn.0.to_string(), spring.1.to_string());
        out.push(row(&whole, &[&title, "schoolYear", &first, &last, "", &ends]));
        for term in Term::ALL {
            let Some((from, to)) = term.days(year) else { continue };
            let said = format!("{title} {}", self.words.get(term.key()));
            let (from, to) = (from.to_string(), to.to_string());
            out.push(row(&self.term(term.code()), &[&said, "term", &from, &to, &whole, &ends]));
        }
        out
    }

    fn manifest(&self) -> Vec<Row> {
        let pair = |name: String, value: &str| vec![name, value.to_owned()];
        let mut out = vec![pair("manifest.version".into(), "1.0"), pair("oneroster.version".into(), "1.2")];
        out.extend(FILES.iter().map(|(f, there)| pair(format!("file.{f}"), if *there { "bulk" } else { "absent" })));
        let name = invented(self.site).map_or_else(|| "Zampa".to_owned(), |said| format!("Zampa. {said}"));
        out.push(pair("source.systemName".into(), &name));
        out.push(pair("source.systemCode".into(), &players::uuid(&self.site.programme)));
        out
    }

    fn pack(mut self) -> Result<Vec<u8>, PageError> {
        let wrong = |e: std::io::Error| PageError::Internal(e.to_string());
        let users = self.users()?;
        let courses: Vec<Row> = self.courses.values().cloned().collect();
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        for (name, columns, rows) in [
            ("manifest.csv", MANIFEST, self.manifest()),
            ("academicSessions.csv", SESSIONS, self.sessions()),
            ("orgs.csv", ORGS, self.orgs()),
            ("courses.csv", COURSES, courses),
            ("classes.csv", CLASSES, self.classes),
            ("users.csv", USERS, users),
            ("roles.csv", ROLES, self.roles),
            ("enrollments.csv", ENROLLMENTS, self.enrollments),
        ] {
            let head: Row = columns.iter().map(|c| (*c).to_owned()).collect();
            let bytes = table(std::iter::once(&head).chain(&rows))?;
            packer.add(name, false, bytes.as_slice()).map_err(wrong)?;
        }
        Ok(packer.finish().map_err(wrong)?.into_inner())
    }
}
