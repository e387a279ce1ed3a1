//! Activities and live classes that were held, as statements of schools (xAPI). No statement has a person in it, nor a title that
//! somebody typed: what was held is said by its kind.

use base::{Date, Lang, Subject};
use players::{LINES, Statement};
use serde_json::{Map, Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::chosen::Chosen;
use crate::places::{id, invented, places};

const HELD: &str = "http://activitystrea.ms/schema/1.0/host";
const LESSON: &str = "http://adlnet.gov/expapi/activities/lesson";
const MEETING: &str = "http://adlnet.gov/expapi/activities/meeting";
/// Kinds at which a class is taught.
const LESSONS: [&str; 4] = ["lesson", "demonstration_lesson", "dedicated", "synchronous"];

pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let days = Chosen::of(request)?.days();
    let reader = request.reader()?;
    let kind = |name: &str| site.kinds.get(name).ok_or(PageError::NotFound);
    let (activity, class) = (kind("activity")?, kind("live_class")?);
    let sql = format!(
        "SELECT id, school, held_on, kind, 'activity' FROM activity a WHERE a.state IN ('held', 'verified') AND {}
         UNION ALL SELECT id, origin, held_on, kind, 'live_class' FROM live_class c WHERE c.state = 'held' AND {}
         ORDER BY 3, 1",
        reader.sees(activity, "a"),
        reader.sees(class, "c"),
    );
    let lines = site.store.read(|conn| {
        let places = places(conn)?;
        let mut stmt = conn.prepare(&sql)?;
        let mut rows = stmt.query([])?;
        let mut out = String::new();
        while let Some(row) = rows.next()? {
            let (Some(fact), Some(school)) = (id(row, 0)?, id(row, 1)?) else { continue };
            let day = row.get::<_, Option<String>>(2)?.and_then(|d| d.parse::<Date>().ok());
            let (Some(day), Some(place)) = (day, places.get(&school)) else { continue };
            if days.is_some_and(|(from, to)| day < from || day > to) {
                continue;
            }
            let held = Held { fact, day, kind: row.get::<_, Option<String>>(3)?.unwrap_or_default(), of: row.get(4)? };
            out.push_str(&held.line(site, (&school.to_string(), place.name(Lang::Zh))).unwrap_or_default());
        }
        Ok::<_, PageError>(out)
    })?;
    Ok(Reply::Bytes(LINES, Some("xapi-held.jsonl".to_owned()), lines.into_bytes()))
}

/// What was held.
struct Held {
    fact: Subject,
    day: Date,
    kind: String,
    of: String,
}

impl Held {
    fn line(&self, site: &Site, school: (&str, &str)) -> Option<String> {
        let in_both = |say: &dyn Fn(&text::Words<'_>) -> String| -> Json {
            let said = |lang: Lang| (lang.tag().to_owned(), json!(say(&site.words(lang, None))));
            Json::Object([Lang::Zh, Lang::En].map(said).into_iter().collect::<Map<_, _>>())
        };
        let kind = site.kinds.get(&self.of)?;
        let name = in_both(&|words| register::label(words, kind, kind.field("kind"), &self.kind));
        let what = if LESSONS.contains(&self.kind.as_str()) { LESSON } else { MEETING };
        // The hour is not told: the day stands by its beginning.
        let at = self.day.to_zoned_datetime(site.zone()).ok()?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let platform = invented(site).map_or_else(|| "Zampa".to_owned(), |said| format!("Zampa. {said}"));
        let told = Statement {
            fact: &self.fact.0,
            verb: (HELD, in_both(&|words| words.get("report-held").into_owned())),
            at: &at,
            school,
            programme: &site.programme,
            object: (&self.fact.0, json!({ "type": what, "name": name })),
            platform: &platform,
        };
        Some(told.line())
    }
}
