//! A visit as a pocket records it: read from JSON within bounds, before anything is done with it.

use base::{Date, Subject};
use serde_json::Value as Json;

/// Visits in one delivery.
pub(crate) const MAX_ITEMS: usize = 200;
/// Days of one stay.
const MAX_DAYS: usize = 31;
/// People who sign in on one day by name.
const MAX_PEOPLE: usize = 400;
/// Visitors.
const MAX_VISITORS: usize = 60;
/// People whom one delivery names.
const MAX_NAMES: usize = 5000;
/// Kinds of people that are counted on one day.
const MAX_COUNTS: usize = 10;

/// People whom one delivery names, each once: what signs in is a number in this list, so that a queue weighs little on a thin
/// link. An id itself is understood too.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Subject>);

impl Names {
    /// Reads the list of a delivery.
    pub fn read(json: Option<&Json>) -> Self {
        let all = json.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        Self(all.iter().take(MAX_NAMES).map(|one| subject(Some(one)).unwrap_or_default()).collect())
    }

    fn one(&self, json: &Json) -> Option<Subject> {
        match json.as_u64() {
            Some(n) => self.0.get(usize::try_from(n).ok()?).copied(),
            None => subject(Some(json)),
        }
    }

    fn some(&self, json: Option<&Json>, most: usize) -> Result<Vec<Subject>, &'static str> {
        list(json, most)?.iter().map(|one| self.one(one).ok_or("pocket-no-broken")).collect()
    }
}

/// Who made it, so that it is made once: its time and its chance.
pub(crate) type Mark = (u64, u32);

/// A visit that was held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub mark: Mark,
    /// The visit that was planned; none where it was not.
    pub visit: Option<Subject>,
    /// What the phone had seen of that.
    pub base: Option<Vec<u8>>,
    pub purpose: String,
    pub host: Option<Subject>,
    pub from: Option<Subject>,
    pub starts: String,
    pub ends: String,
    stay: (Date, Date),
    pub visitors: Vec<Subject>,
    pub lessons: i64,
    pub advice: String,
    pub follow_up: String,
    /// The day for that; empty where none was said.
    pub follow_up_on: String,
    /// What was done with the host's teachers.
    pub kind: String,
    pub days: Vec<Day>,
}

/// Who was there on one day.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub on: String,
    pub people: Vec<Subject>,
    pub codes: Vec<String>,
    /// Who, how many, counted or estimated.
    pub counts: Vec<(String, i64, String)>,
}

/// What the phone calls it.
pub(crate) fn name(json: &Json) -> &str {
    json.get("id").and_then(Json::as_str).unwrap_or_default()
}

impl Item {
    /// Reads one; the key of what is wrong with it.
    pub fn read(json: &Json, names: &Names) -> Result<Self, &'static str> {
        let broken = "pocket-no-broken";
        let mark = json.get("made").and_then(Json::as_u64).zip(json.get("chance").and_then(Json::as_u64));
        let (made, chance) = mark.ok_or(broken)?;
        let (starts, ends) = (line(json, "starts", 10)?, line(json, "ends", 10)?);
        let item = Self {
            stay: (date(&starts)?, date(&ends)?),
            // Ids have 48 bits of time.
            mark: (made & 0xffff_ffff_ffff, u32::try_from(chance).map_err(|_| broken)?),
            visit: subject(json.get("visit")),
            base: json.get("base").and_then(Json::as_str).and_then(base::base32::decode),
            purpose: line(json, "purpose", 120)?,
            host: subject(json.get("host")),
            from: subject(json.get("from")),
            starts,
            ends,
            visitors: names.some(json.get("visitors"), MAX_VISITORS)?,
            lessons: match json.get("lessons") {
                None | Some(Json::Null) => 0,
                Some(said) => said.as_i64().ok_or("pocket-no-lessons")?,
            },
            advice: text(json, "advice")?,
            follow_up: text(json, "follow_up")?,
            follow_up_on: line(json, "follow_up_on", 10)?,
            kind: line(json, "kind", 40)?,
            days: list(json.get("days"), MAX_DAYS)?
                .iter()
                .map(|day| Day::read(day, names))
                .collect::<Result<_, _>>()?,
        };
        if !item.follow_up_on.is_empty() {
            date(&item.follow_up_on)?;
        }
        if item.stay.1 < item.stay.0 {
            return Err("rule-dates-in-order");
        }
        let mut days: Vec<&str> = item.days.iter().map(|d| &*d.on).collect();
        days.sort_unstable();
        days.dedup();
        if days.len() != item.days.len() || item.days.iter().any(|d| d.on < item.starts || d.on > item.ends) {
            return Err("pocket-no-day");
        }
        Ok(item)
    }

    /// Refuses what is still to come: who records it does so when it has happened, or their clock is wrong.
    pub fn has_come(self, today: Date) -> Result<Self, &'static str> {
        let today_says = today.to_string();
        if self.stay.0 > today || self.days.iter().any(|day| day.on > today_says) {
            return Err("pocket-no-future");
        }
        Ok(self)
    }

    /// Its first and its last day.
    pub fn stay(&self) -> (Date, Date) {
        self.stay
    }
}

impl Day {
    fn read(json: &Json, names: &Names) -> Result<Self, &'static str> {
        let mut counts = Vec::new();
        for count in list(json.get("counts"), MAX_COUNTS)? {
            let number = count.get("number").and_then(Json::as_i64).ok_or("pocket-no-broken")?;
            counts.push((line(count, "category", 40)?, number, line(count, "basis", 20)?));
        }
        let day = line(json, "day", 10)?;
        date(&day)?;
        let mut people = names.some(json.get("people"), MAX_PEOPLE)?;
        people.sort_unstable();
        people.dedup();
        let codes = list(json.get("codes"), MAX_PEOPLE)?.iter().filter_map(Json::as_str);
        Ok(Self { on: day, people, codes: codes.map(|c| c.trim().to_ascii_lowercase()).collect(), counts })
    }
}

fn date(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "error-not-understood")
}

fn line(json: &Json, field: &str, most: usize) -> Result<String, &'static str> {
    let said = json.get(field).and_then(Json::as_str).unwrap_or_default();
    text::clean_line(said, most).map_err(|_| "error-too-long")
}

fn text(json: &Json, field: &str) -> Result<String, &'static str> {
    let said = json.get(field).and_then(Json::as_str).unwrap_or_default();
    text::clean_text(said, 4000).map_err(|_| "error-too-long")
}

fn list(json: Option<&Json>, most: usize) -> Result<&[Json], &'static str> {
    let list = json.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    if list.len() > most { Err("pocket-no-many") } else { Ok(list) }
}

fn subject(json: Option<&Json>) -> Option<Subject> {
    json?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole() -> Json {
        json!({ "id": "a", "made": 1_700_000_000_000_u64, "chance": 7, "purpose": "p", "starts": "2026-05-04", "ends": "2026-05-05",
                "days": [{ "day": "2026-05-04", "counts": [{ "category": "pupils", "number": 30, "basis": "counted" }] }] })
    }

    #[test]
    fn a_visit_is_read() {
        let item = Item::read(&whole(), &Names::default()).unwrap();
        assert_eq!(item.mark, (1_700_000_000_000, 7));
        assert_eq!(item.days[0].counts, [("pupils".to_owned(), 30, "counted".to_owned())]);
    }

    #[test]
    fn who_is_named_by_a_number_stands_in_the_list() {
        let id = Subject([7; 16]);
        let names = Names::read(Some(&json!([id.to_string()])));
        let mut item = whole();
        item["visitors"] = json!([0, id.to_string()]);
        assert_eq!(Item::read(&item, &names).unwrap().visitors, [id, id]);
        item["visitors"] = json!([1]);
        assert_eq!(Item::read(&item, &names), Err("pocket-no-broken"));
    }

    #[test]
    fn what_is_still_to_come_is_not_held() {
        let on = |today: &str| Item::read(&whole(), &Names::default()).unwrap().has_come(today.parse().unwrap());
        assert_eq!(on("2026-05-03"), Err("pocket-no-future"));
        assert!(on("2026-05-04").is_ok(), "a stay goes on until tomorrow");
        let mut item = whole();
        item["days"][0]["day"] = json!("2026-05-05");
        let early = Item::read(&item, &Names::default()).unwrap().has_come("2026-05-04".parse().unwrap());
        assert_eq!(early, Err("pocket-no-future"), "nobody has signed in tomorrow");
    }

    #[test]
    fn what_cannot_be_is_refused_by_what_is_wrong() {
        let with = |field: &str, value: Json| {
            let mut item = whole();
            item[field] = value;
            Item::read(&item, &Names::default())
        };
        assert_eq!(with("ends", json!("2026-05-03")), Err("rule-dates-in-order"));
        assert_eq!(with("days", json!([{ "day": "2026-05-09" }])), Err("pocket-no-day"));
        assert_eq!(with("days", json!([{ "day": "2026-05-04" }, { "day": "2026-05-04" }])), Err("pocket-no-day"));
        assert_eq!(with("starts", json!("soon")), Err("error-not-understood"));
        assert_eq!(with("purpose", json!("p".repeat(200))), Err("error-too-long"));
        assert_eq!(with("visitors", json!(["nobody"])), Err("pocket-no-broken"));
        assert_eq!(with("visitors", json!(vec!["x"; 100])), Err("pocket-no-many"));
        assert_eq!(with("lessons", json!(1.5)), Err("pocket-no-lessons"));
        assert_eq!(with("lessons", json!("2")), Err("pocket-no-lessons"));
        assert_eq!(with("follow_up_on", json!("later")), Err("error-not-understood"));
        assert_eq!(with("chance", json!(u64::MAX)), Err("pocket-no-broken"));
        assert_eq!(Item::read(&json!([1]), &Names::default()), Err("pocket-no-broken"));
    }
}
