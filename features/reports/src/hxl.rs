//! Tables with hashtags of HXL (1.1): the figures with their parts by school, and who does what where.

use base::Date;
use web::{PageError, Reply, Request, Site};

use crate::chosen::Chosen;
use crate::counts::{By, Counts, Every, Number, Part, Told, open};
use crate::places::{Place, places, region};

/// Rules whose numbers are of people who were reached.
const REACHED: [&str; 3] = ["person_times", "pupils_counted", "health_reached"];

/// What each column of the figures is called, by the key of its words, and its hashtag.
const FIGURES: [(&str, &str); 11] = [
    ("figure-code", "#indicator+code"),
    ("indicator", "#indicator+name"),
    ("figure-rule", "#meta+rule"),
    ("report-version", "#meta+version"),
    ("report-adds", "#meta+adds"),
    ("figure-from", "#date+start"),
    ("figure-to", "#date+end"),
    ("report-school-code", "#loc+code"),
    ("field-school", "#loc+name"),
    ("figure-n", "#indicator+value+num"),
    ("figure-hash", "#meta+hash"),
];

/// The same of who does what where.
const ACTIVITIES: [(&str, &str); 14] = [
    ("field-unit", "#org+name"),
    ("field-kind", "#org+type"),
    ("figure-region", "#region+name+origin"),
    ("report-sector", "#sector"),
    ("field-subject", "#subsector"),
    ("report-what", "#activity+name"),
    ("field-kind", "#activity+type"),
    ("report-place", "#adm1+name"),
    ("report-school-code", "#loc+code"),
    ("field-school", "#loc+name"),
    ("figure-from", "#date+start"),
    ("figure-to", "#date+end"),
    ("figure-n", "#indicator+value+num"),
    ("report-reached", "#reached+num"),
];

const CSV: &str = "text/csv; charset=utf-8";

/// What both tables begin with: that the rows are invented, where they are; what the columns are called; their hashtags.
fn heads(site: &Site, request: &Request, columns: &[(&str, &str)]) -> Vec<Vec<String>> {
    let words = request.words(site);
    let strip = site.demonstration.then(|| vec![words.get("demonstration-strip").into_owned()]);
    let named = columns.iter().map(|(key, _)| words.get(key).into_owned()).collect();
    let tags = columns.iter().map(|(_, tag)| (*tag).to_owned()).collect();
    strip.into_iter().chain([named, tags]).collect()
}

/// A table as people open it too: what begins like a formula is text.
fn written(rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = String::new();
    rows.iter().for_each(|row| register::csv_line(&mut out, row.iter().map(String::as_str)));
    out.into_bytes()
}

/// The figures, each whole and by school.
pub(crate) fn figures(site: &Site, request: &Request, counts: &dyn Counts) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let bytes = site.store.read(|conn| {
        let (from, to) = chosen.told(site, conn)?;
        let by = By { school: true, ..By::default() };
        let places = places(conn)?;
        let mut rows = heads(site, request, &FIGURES);
        for told in counts.told(conn, site.today(), &chosen.span(), &by)? {
            let line = |school: Option<(String, String)>, number: &Number| {
                let (code, name) = school.unwrap_or_default();
                let rule = told.rule;
                let adds = request.words(site).get(if rule.sums { "word-yes" } else { "word-no" }).into_owned();
                let title = told.called(&request.words(site));
                let value = number.value.to_string();
                let start = [told.key(), title, rule.name.to_owned(), rule.version.to_string(), adds];
                let end = [from.to_string(), to.to_string(), code, name, value, number.hash.clone()];
                start.into_iter().chain(end).collect::<Vec<_>>()
            };
            let named = |part: &Part| {
                let school = part.school?;
                Some((school.to_string(), places.get(&school)?.name(request.lang).to_owned()))
            };
            if told.whole.told {
                rows.push(line(None, &told.whole));
            }
            for (part, number) in open(&told.parts) {
                if let Some(school) = named(part) {
                    rows.push(line(Some(school), number));
                }
            }
        }
        Ok::<_, PageError>(written(&rows))
    })?;
    Ok(Reply::Bytes(CSV, Some("hxl-figures.csv".to_owned()), bytes))
}

/// Who does what where: the indicators' own rules, by unit, school, subject and kind.
pub(crate) fn activities(site: &Site, request: &Request, counts: &dyn Counts) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let bytes = site.store.read(|conn| {
        let days = chosen.told(site, conn)?;
        let by = By { school: true, unit: true, subject: true, kind: true, every: Every::Whole };
        let places = places(conn)?;
        let mut rows = heads(site, request, &ACTIVITIES);
        for told in counts.told(conn, site.today(), &chosen.span(), &by)?.iter().filter(|t| t.own) {
            for (part, number) in open(&told.parts).filter(|(p, _)| p.school.is_some()) {
                let of = |id: Option<base::Subject>| id.and_then(|id| places.get(&id));
                let said = |text: Option<&str>| text.map_or_else(String::new, |t| region(&places, request.lang, t));
                let school = of(part.school);
                let ends = [(of(part.unit), said(part.region.as_deref())), (school, said(school.map(|s| &*s.region)))];
                rows.push(line(site, request, told, (part, number), ends, days));
            }
        }
        Ok::<_, PageError>(written(&rows))
    })?;
    Ok(Reply::Bytes(CSV, Some("hxl-activities.csv".to_owned()), bytes))
}

fn line(
    site: &Site,
    request: &Request,
    told: &Told,
    (part, number): (&Part, &Number),
    [(unit, origin), (school, region)]: [(Option<&Place>, String); 2],
    (from, to): (Date, Date),
) -> Vec<String> {
    let words = request.words(site);
    // Where a kind's word is said of another record alone, its name for machines stands.
    let word = |w: &str| {
        let key = format!("word-{w}");
        if words.has(&key) { words.get(&key).into_owned() } else { w.to_owned() }
    };
    let said = |text: &Option<String>| word(text.as_deref().unwrap_or_default());
    let name = |place: Option<&Place>| place.map_or_else(String::new, |p| p.name(request.lang).to_owned());
    // What a school does by itself is its own.
    let who = unit.or(school);
    let value = number.value.to_string();
    let reached = if REACHED.contains(&told.rule.name) { value.clone() } else { String::new() };
    vec![
        name(who),
        word(who.map_or("", |p| &p.kind)),
        origin,
        words.get("report-education").into_owned(),
        said(&part.subject),
        told.called(&words),
        said(&part.kind),
        region,
        part.school.map_or_else(String::new, |s| s.to_string()),
        name(school),
        from.to_string(),
        to.to_string(),
        value,
        reached,
    ]
}
