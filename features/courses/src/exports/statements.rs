//! That a course was used in class, as statements of the Experience API (xAPI 1.0.3), one a line. Who acts is the school:
//! no statement has a pupil or any other person in it, nor which class it was, nor what somebody noted.

use base::{Date, Lang, Subject};
use players::{LINES, Statement};
use rusqlite::Connection;
use serde_json::{Map, Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::facts::{COURSE, COURSE_USE};

/// The verbs, by what was recorded. *Adapted* is what others call personalised: "to adapt an object created by a third
/// party for one's own use".
const USED: (&str, &str) = ("http://activitystrea.ms/schema/1.0/use", "xapi-used");
const ADAPTED: (&str, &str) = ("http://id.tincanapi.com/verb/personalized", "xapi-adapted");
const A_COURSE: &str = "http://adlnet.gov/expapi/activities/course";

/// The uses of one course that the reader sees.
pub(crate) fn of_course(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &COURSE, &id)?;
        let lines = lines(site, request, conn, Some(&id))?;
        Ok(Reply::Bytes(LINES, Some(format!("xapi-{id}.jsonl")), lines))
    })
}

/// The uses of all courses that the reader sees.
pub(crate) fn all(site: &Site, request: &Request) -> Result<Reply, PageError> {
    site.store.read(|conn| {
        let lines = lines(site, request, conn, None)?;
        Ok(Reply::Bytes(LINES, Some("xapi.jsonl".to_owned()), lines))
    })
}

fn lines(site: &Site, request: &Request, conn: &Connection, of: Option<&Subject>) -> Result<Vec<u8>, PageError> {
    let reader = request.reader()?;
    let mut stmt = conn.prepare(&format!(
        "SELECT u.id, u.course, u.school, u.used_on, u.how, coalesce(c.title, ''), coalesce(o.name, '')
         FROM course_use u JOIN course c ON c.id = u.course JOIN organisation o ON o.id = u.school
         WHERE u.state = 'used' AND (?1 IS NULL OR u.course = ?1) AND {} AND {} ORDER BY u.used_on, u.id",
        reader.sees(&COURSE_USE, "u"),
        reader.sees(&COURSE, "c"),
    ))?;
    let mut rows = stmt.query([of.map(Subject::as_bytes)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |n| -> Result<Subject, PageError> {
            Ok(Subject::try_from(row.get_ref(n)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default())
        };
        let (day, how): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        let (title, school): (String, String) = (row.get(5)?, row.get(6)?);
        let used = Use { id: id(0)?, course: id(1)?, school: id(2)?, adapted: how.as_deref() == Some("adapted") };
        let Some(day) = day.parse::<Date>().ok().and_then(|d| d.to_zoned_datetime(site.zone()).ok()) else { continue };
        // The hour is recorded nowhere: the day stands by its beginning.
        let at = day.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        out.extend_from_slice(statement(site, &used, &at, &title, &school).as_bytes());
    }
    Ok(out)
}

/// A use of a course.
struct Use {
    id: Subject,
    course: Subject,
    school: Subject,
    adapted: bool,
}

fn statement(site: &Site, used: &Use, at: &str, title: &str, school: &str) -> String {
    let (verb, said) = if used.adapted { ADAPTED } else { USED };
    let display: Map<String, Json> = [Lang::Zh, Lang::En]
        .into_iter()
        .map(|lang| (lang.tag().to_owned(), json!(site.words(lang, None).get(said))))
        .collect();
    let of = used.school.to_string();
    let told = Statement {
        fact: &used.id.0,
        verb: (verb, Json::Object(display)),
        at,
        school: (&of, school),
        programme: &site.programme,
        object: (&used.course.0, json!({ "type": A_COURSE, "name": { (Lang::of_text(title).tag()): title } })),
        platform: "Zampa",
    };
    told.line()
}
