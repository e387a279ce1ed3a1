//! Aggregates as DHIS2 takes them: values by school and month, quarter or school year, and what their elements and places are. What adds up is
//! told by school, and DHIS2 adds it; of what does not, each number is counted from its own rows, that of the programme
//! too, and the element forbids adding. Ids follow from names and ids, so every file tells the same.

use std::collections::BTreeSet;

use base::{Hash, Lang, Subject};
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::chosen::Chosen;
use crate::counts::{By, Counts, Every, Number, Part, Told, open};
use crate::places::{invented, places};

const JSON: &str = "application/json; charset=utf-8";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Letters that may begin an id: those that are no digits.
const FIRST: usize = 52;
/// What DHIS2 takes of a short name.
const MAX_SHORT: usize = 50;

/// An id of DHIS2: eleven letters and digits, the first a letter.
fn uid(of: &str, what: &str) -> String {
    let hash = Hash::of(format!("zampa dhis2 {of} {what}").as_bytes());
    let pick = |(i, byte): (usize, &u8)| {
        let among = if i == 0 { FIRST } else { LETTERS.len() };
        LETTERS.get(usize::from(*byte) % among).copied().map_or('A', char::from)
    };
    hash.0.iter().enumerate().take(11).map(pick).collect()
}

fn element(told: &Told) -> String {
    uid("element", &format!("{}@{}", told.key(), told.rule.version))
}

fn place(id: &Subject) -> String {
    uid("place", &id.to_string())
}

fn root(site: &Site) -> String {
    uid("programme", &players::uuid(&site.programme))
}

/// The values.
pub(crate) fn values(site: &Site, request: &Request, counts: &dyn Counts) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let (today, span) = (site.today(), chosen.span());
    let out = site.store.read(|conn| {
        let by_school = counts.told(conn, today, &span, &By { school: true, every: chosen.every, ..By::default() })?;
        let together = counts.told(conn, today, &span, &By { every: chosen.every, ..By::default() })?;
        let known: BTreeSet<Subject> = places(conn)?.into_keys().collect();
        let mut out = Vec::new();
        for (parts, whole) in by_school.iter().zip(&together) {
            let rule = parts.rule;
            let adds = if rule.sums { "adds up" } else { "counted anew for each place and period: never add" };
            let strip = invented(site).map_or_else(String::new, |s| format!(" {s}"));
            let comment = format!("{} v{}, {adds}.{strip}", rule.name, rule.version);
            let id = element(parts);
            let mut put = |part: &Part, number: &Number, at: String| {
                // What no day decides is of no period.
                let Some(period) = &part.period else { return };
                out.push(json!({
                    "dataElement": id, "period": period, "orgUnit": at,
                    "value": number.value.to_string(), "comment": comment,
                }));
            };
            for (part, number) in open(&parts.parts) {
                match part.school.filter(|s| known.contains(s)) {
                    Some(school) => put(part, number, place(&school)),
                    None if rule.sums => put(part, number, root(site)),
                    None => {}
                }
            }
            if !rule.sums {
                open(&whole.parts).for_each(|(part, number)| put(part, number, root(site)));
            }
        }
        Ok::<_, PageError>(out)
    })?;
    Ok(sent("dhis2.json", &json!({ "dataValues": out })))
}

/// The elements and places that the values name, with a set of data for each kind of period.
pub(crate) fn metadata(site: &Site, request: &Request, counts: &dyn Counts) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let out = site.store.read(|conn| {
        let opened = Chosen::default().told(site, conn)?.0;
        let programme: String = conn
            .query_row("SELECT coalesce(title, '') FROM programme ORDER BY id LIMIT 1", [], |r| r.get(0))
            .unwrap_or_default();
        let mut units = vec![json!({
            "id": root(site), "name": programme, "shortName": cut(&programme), "code": players::uuid(&site.programme),
            "openingDate": opened.to_string(),
        })];
        let places = places(conn)?;
        for (id, at) in &places {
            let parent = at.parent.filter(|p| places.contains_key(p) && p != id);
            units.push(json!({
                "id": place(id), "name": at.name(Lang::Zh), "shortName": cut(at.name(Lang::Zh)), "code": id.to_string(),
                "openingDate": opened.to_string(),
                "parent": { "id": parent.map_or_else(|| root(site), |p| place(&p)) },
            }));
        }
        let told = counts.told(conn, site.today(), &chosen.span(), &By::default())?;
        let elements: Vec<Json> = told.iter().map(|t| element_said(site, t)).collect();
        let (kind, name) = match chosen.every {
            Every::Quarter => ("Quarterly", "quarter"),
            Every::Year => ("FinancialAug", "school year"),
            Every::Month | Every::Whole => ("Monthly", "month"),
        };
        // Of pupils, no number of a month or a quarter is told.
        let filled = told.iter().filter(|t| chosen.every == Every::Year || !t.rule.about_pupils);
        let sets = json!([{
            "id": uid("set", name), "name": format!("Zampa, by {name}"), "shortName": format!("Zampa, by {name}"),
            "periodType": kind,
            "dataSetElements": filled.map(|t| json!({ "dataElement": { "id": element(t) } })).collect::<Vec<_>>(),
            "organisationUnits": units.iter().map(|u| json!({ "id": u["id"] })).collect::<Vec<_>>(),
        }]);
        Ok::<_, PageError>(json!({ "organisationUnits": units, "dataElements": elements, "dataSets": sets }))
    })?;
    Ok(sent("dhis2-metadata.json", &out))
}

fn element_said(site: &Site, told: &Told) -> Json {
    let words = site.words(Lang::En, None);
    let says = words.get(&format!("rule-{}-says", told.rule.name)).into_owned();
    let strip = invented(site).map_or_else(String::new, |s| format!(" {s}"));
    json!({
        "id": element(told),
        "name": told.called(&words),
        "shortName": cut(&told.key()),
        "code": format!("{}@{}", told.key(), told.rule.version),
        "description": format!("{says}{strip}"),
        "domainType": "AGGREGATE",
        "valueType": "INTEGER_ZERO_OR_POSITIVE",
        "aggregationType": if told.rule.sums { "SUM" } else { "NONE" },
    })
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_SHORT).collect()
}

fn sent(name: &str, json: &Json) -> Reply {
    Reply::Bytes(JSON, Some(name.to_owned()), json.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_begins_with_a_letter() {
        for n in 0..500 {
            let id = uid("element", &n.to_string());
            assert_eq!(id, uid("element", &n.to_string()));
            assert!(id.len() == 11 && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
            assert!(id.starts_with(|c: char| c.is_ascii_alphabetic()), "{id}");
        }
    }
}
