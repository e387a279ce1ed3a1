//! What a cycle of research lessons shows: how far it is on its round, each lesson with what was seen and what was revised
//! after it, and what comes next.

use askama::Template;
use base::Subject;
use records::Kind;
use register::{Look, tone};
use rusqlite::{Connection, Row};
use web::{PageError, Request, Shell, Site};

use crate::facts::{RESEARCH_CYCLE, RESEARCH_LESSON};
use crate::id_in;

/// The steps of the round.
const STEPS: [&str; 5] = ["plan", "teach", "observe", "revise", "again"];

#[derive(Template)]
#[template(path = "cycle.html")]
struct CyclePart<'a> {
    s: Shell<'a>,
    id: String,
    school: String,
    /// The reader chooses the plan that it begins with.
    chooses: bool,
    question: String,
    /// The steps: whether walked, whether it is the one that comes now, its name.
    steps: Vec<(bool, bool, String)>,
    plan: Option<(String, String)>,
    lessons: Vec<Lesson>,
    /// Where the next step is done and what it is called.
    next: Option<(String, String)>,
    adds: bool,
    today: String,
}

/// A lesson of a cycle.
pub(crate) struct Lesson {
    pub id: String,
    /// The day it was taught, or is to be.
    pub day: String,
    /// The cycle's title.
    pub title: String,
    pub school: String,
    pub grade: String,
    pub tone: &'static str,
    pub state: String,
    stands: String,
    seen: String,
    revised: String,
    said: String,
}

impl Lesson {
    fn read(look: &Look<'_>, row: &Row<'_>) -> Result<Self, PageError> {
        let text =
            |at: usize| -> Result<String, PageError> { Ok(row.get::<_, Option<String>>(at)?.unwrap_or_default()) };
        let school = shown(look, &RESEARCH_LESSON, "school", row, 3)?.1;
        let stands = text(5)?;
        Ok(Self {
            id: id_in(row.get(0)?).unwrap_or_default().to_string(),
            day: text(1)?,
            title: text(2)?,
            school,
            grade: text(4)?,
            tone: match &*stands {
                "revised" => "ok",
                "taught" | "observed" => "now",
                other => tone(other),
            },
            state: look.state(&RESEARCH_LESSON, &stands),
            stands,
            seen: text(6)?,
            revised: text(7)?,
            said: String::new(),
        })
    }
}

const COLUMNS: &str =
    "l.id, coalesce(l.taught_on, l.starts_on), c.title, l.school, l.grade, coalesce(l.state, 'planned'),
                       l.seen, l.revised FROM research_lesson l JOIN research_cycle c ON c.id = l.cycle";

/// The research lessons of a team's cycles that have a day.
pub(crate) fn lessons_of(look: &Look<'_>, request: &Request, team: &Subject) -> Result<Vec<Lesson>, PageError> {
    read(look, request, &format!("c.team = ?1 AND {}", request.reader()?.sees(&RESEARCH_CYCLE, "c")), team)
}

fn read(look: &Look<'_>, request: &Request, which: &str, id: &Subject) -> Result<Vec<Lesson>, PageError> {
    let sees = request.reader()?.sees(&RESEARCH_LESSON, "l");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT {COLUMNS} WHERE {which} AND {sees} AND coalesce(l.state, '') <> 'cancelled' ORDER BY 2, l.made LIMIT 300"
    ))?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(Lesson::read(look, row)?);
    }
    Ok(out)
}

fn shown(look: &Look<'_>, kind: &Kind, field: &str, row: &Row<'_>, at: usize) -> Result<(String, String), PageError> {
    let field = kind.field(field).ok_or(PageError::NotFound)?;
    let shown = look.cell(kind, field, row.get_ref(at)?)?;
    Ok((shown.href.unwrap_or_default(), shown.text))
}

pub(crate) fn part(site: &Site, request: &Request, conn: &Connection, cycle: &Subject) -> Result<String, PageError> {
    let look = Look::new(site, request, conn);
    let reader = request.reader()?;
    let mut stmt = conn.prepare_cached(
        "SELECT plan, school, coalesce(state, 'open'), coalesce(question, '') FROM research_cycle WHERE id = ?1",
    )?;
    let mut rows = stmt.query([cycle.as_bytes()])?;
    let row = rows.next()?.ok_or(PageError::NotFound)?;
    let plan = shown(&look, &RESEARCH_CYCLE, "plan", row, 0)?;
    let (school, closed) = (id_in(row.get(1)?).unwrap_or_default(), row.get::<_, String>(2)? == "closed");
    let mut lessons = read(&look, request, "c.id = ?1", cycle)?;
    for (lesson, n) in lessons.iter_mut().zip(1_i64..) {
        let said = look.words.with("cycle-lesson", &[("n", n.into())]);
        lesson.day = look.date(&lesson.day);
        lesson.said = [said.as_str(), &lesson.school, &lesson.grade, &lesson.day]
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
    }
    let at = at(!plan.1.is_empty(), &lessons);
    let steps = STEPS
        .iter()
        .enumerate()
        .map(|(i, step)| {
            (closed || i < at, !closed && i == at, look.words.get(&format!("cycle-step-{step}")).into_owned())
        })
        .collect();
    let keeps = |lesson: &Lesson| {
        let id = lesson.id.parse().ok();
        id.is_some_and(|id| register::may_change(conn, reader, &RESEARCH_LESSON, &id).is_ok())
    };
    let page = CyclePart {
        chooses: !closed && register::may_change(conn, reader, &RESEARCH_CYCLE, cycle).is_ok(),
        id: cycle.to_string(),
        school: school.to_string(),
        question: row.get(3)?,
        steps,
        plan: (!plan.1.is_empty()).then_some(plan),
        next: lessons.last().filter(|l| !closed && l.stands != "revised" && keeps(l)).map(|l| {
            let key = match &*l.stands {
                "planned" => "cycle-next-teach",
                "taught" => "cycle-next-observe",
                _ => "cycle-next-revise",
            };
            (format!("/research-lessons/{}", l.id), look.words.get(key).into_owned())
        }),
        adds: !closed && reader.may_make(&RESEARCH_LESSON),
        today: site.today().to_string(),
        lessons,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

/// Which step of the round comes now. After the first lesson was revised it is taught again, however often.
fn at(planned: bool, lessons: &[Lesson]) -> usize {
    let taught = lessons.iter().filter(|l| l.stands != "planned").count();
    match lessons.last() {
        _ if taught > 1 || lessons.len() > 1 => 4,
        None => usize::from(planned),
        Some(l) => match &*l.stands {
            "planned" => 1,
            "taught" => 2,
            "observed" => 3,
            _ => 4,
        },
    }
}
