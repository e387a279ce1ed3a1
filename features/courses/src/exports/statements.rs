//! That a course was used in class, as statements of the Experience API (xAPI 1.0.3), one a line. Who acts is the school:
//! no statement has a pupil or any other person in it, nor which class it was, nor what somebody noted.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base::{Date, Lang, Subject};
use rusqlite::Connection;
use serde_json::{Map, Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::facts::{COURSE, COURSE_USE};

/// The verbs, by what was recorded. *Adapted* is what others call personalised: "to adapt an object created by a third
/// party for one's own use".
const USED: (&str, &str) = ("http://activitystrea.ms/schema/1.0/use", "xapi-used");
const ADAPTED: (&str, &str) = ("http://id.tincanapi.com/verb/personalized", "xapi-adapted");
const A_COURSE: &str = "http://adlnet.gov/expapi/activities/course";
const LINES: &str = "application/x-ndjson; charset=utf-8";

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
        out.extend_from_slice(statement(site, &used, &at, &title, &school).to_string().as_bytes());
        out.push(b'\n');
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

fn statement(site: &Site, used: &Use, at: &str, title: &str, school: &str) -> Json {
    let (verb, said) = if used.adapted { ADAPTED } else { USED };
    let programme = uuid(&site.programme);
    let display: Map<String, Json> = [Lang::Zh, Lang::En]
        .into_iter()
        .map(|lang| (lang.tag().to_owned(), json!(site.words(lang, None).get(said))))
        .collect();
    json!({
        "id": named(used.id.as_bytes().first_chunk().unwrap_or(&[0; 16]), verb),
        "version": "1.0.3",
        "timestamp": at,
        "actor": {
            "objectType": "Group",
            "name": school,
            "account": { "homePage": format!("urn:uuid:{programme}"), "name": used.school.to_string() },
        },
        "verb": { "id": verb, "display": display },
        "object": {
            "objectType": "Activity",
            "id": format!("urn:uuid:{}", uuid(&used.course.0)),
            "definition": { "type": A_COURSE, "name": { (Lang::of_text(title).tag()): title } },
        },
        "context": {
            "platform": "Zampa",
            "contextActivities": { "grouping": [{ "objectType": "Activity", "id": format!("urn:uuid:{programme}") }] },
        },
    })
}

/// Sixteen bytes as a UUID is written.
fn uuid(bytes: &[u8; 16]) -> String {
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// A UUID of version 5 (RFC 9562, 5.5): the same name within the same space gives the same, at every node and for ever.
fn named(space: &[u8; 16], name: &str) -> String {
    let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[space.as_slice(), name.as_bytes()].concat());
    let mut bytes = sum.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x50;
    *variant = *variant & 0x3f | 0x80;
    uuid(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_uuid_is_the_one_of_the_standard() {
        // RFC 9562, appendix A.4: the name www.example.com in the space of DNS.
        let dns = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8_u128.to_be_bytes();
        assert_eq!(uuid(&dns), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        assert_eq!(named(&dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
