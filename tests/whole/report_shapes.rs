//! The shapes of tables of HXL and of aggregates of DHIS2, as their standards describe them, and that what goes out in both
//! is the same when it is read again. The descriptions stand here, so that they are asked wherever the tests run.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use base::Date;
use serde_json::Value as Json;

use crate::desk::{Desk, desk_at};
use crate::divided::open;
use crate::reports::{is_uid, tagged};

/// What a cell of a column of HXL holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Whole,
    Day,
    Id,
    Hash,
    Any,
}

/// The core hashtags of HXL 1.1 that the tables use, with the attributes that they use of its dictionary, what a cell holds, and
/// whether every row has one.
const HXL: [(&str, &[&str], Holds, bool); 11] = [
    ("#indicator", &["code", "name"], Holds::Text, true),
    ("#indicator", &["value", "num"], Holds::Whole, true),
    ("#meta", &["rule", "version", "adds"], Holds::Text, true),
    ("#meta", &["hash"], Holds::Hash, true),
    ("#date", &["start", "end"], Holds::Day, true),
    ("#loc", &["code"], Holds::Id, false),
    ("#loc", &["name"], Holds::Any, false),
    ("#org", &["name", "type"], Holds::Text, true),
    ("#activity", &["name", "type"], Holds::Any, false),
    ("#reached", &["num"], Holds::Whole, false),
    ("#region", &["name", "origin"], Holds::Any, false),
];
/// Hashtags that stand alone, and administrative levels.
const HXL_PLAIN: [&str; 3] = ["#sector", "#subsector", "#adm1+name"];

fn holds(what: Holds, cell: &str) -> bool {
    match what {
        Holds::Any => true,
        Holds::Text => !cell.trim().is_empty(),
        Holds::Whole => cell.parse::<u64>().is_ok_and(|n| n.to_string() == cell),
        Holds::Day => cell.parse::<Date>().is_ok(),
        Holds::Id => cell.parse::<base::Subject>().is_ok(),
        // 256 bits in letters of five.
        Holds::Hash => cell.len() == 52 && cell.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()),
    }
}

/// What is wrong with rows of a table of HXL.
fn hxl_faults(rows: &[BTreeMap<String, String>]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for row in rows {
        for (tag, cell) in row {
            if HXL_PLAIN.contains(&tag.as_str()) {
                continue;
            }
            let (name, attributes) = tag.split_once('+').unwrap_or((tag, ""));
            let attributes: Vec<&str> = attributes.split('+').filter(|a| !a.is_empty()).collect();
            let known = HXL.iter().find(|(n, has, ..)| *n == name && attributes.iter().all(|a| has.contains(a)));
            match known {
                None => drop(out.insert(format!("{tag} is not of the standard"))),
                Some((_, _, what, always)) if (*always || !cell.is_empty()) && !holds(*what, cell) => {
                    out.insert(format!("{tag} holds {cell}"));
                }
                Some(_) => {}
            }
        }
        if row.get("#date+end").is_some_and(|end| row.get("#date+start") > Some(end)) {
            out.insert("ends before it starts".to_owned());
        }
    }
    out
}

/// What an object of DHIS2 has: its list, and of each field whether it must be there and what it holds.
type Field = (&'static str, bool, fn(&Json) -> bool);

fn text(most: usize, value: &Json) -> bool {
    value.as_str().is_some_and(|s| (1..=most).contains(&s.chars().count()))
}

fn id(value: &Json) -> bool {
    value.as_str().is_some_and(is_uid)
}

fn ids(of: &str, value: &Json) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(|one| id(if of.is_empty() { &one["id"] } else { &one[of]["id"] })))
}

fn among(words: &[&str], value: &Json) -> bool {
    value.as_str().is_some_and(|s| words.contains(&s))
}

/// The fields that DHIS2 takes (its developers' manual: metadata and data value sets), with their lengths.
const UNIT: &[Field] = &[
    ("id", true, id),
    ("name", true, |v| text(230, v)),
    ("shortName", true, |v| text(50, v)),
    ("code", true, |v| text(50, v)),
    ("openingDate", true, |v| v.as_str().is_some_and(|d| d.parse::<Date>().is_ok())),
    ("parent", false, |v| id(&v["id"])),
];
const ELEMENT: &[Field] = &[
    ("id", true, id),
    ("name", true, |v| text(230, v)),
    ("shortName", true, |v| text(50, v)),
    ("code", true, |v| text(50, v)),
    ("description", true, |v| text(5000, v)),
    ("domainType", true, |v| among(&["AGGREGATE"], v)),
    ("valueType", true, |v| among(&["INTEGER_ZERO_OR_POSITIVE"], v)),
    ("aggregationType", true, |v| among(&["SUM", "NONE"], v)),
];
const SET: &[Field] = &[
    ("id", true, id),
    ("name", true, |v| text(230, v)),
    ("shortName", true, |v| text(50, v)),
    ("periodType", true, |v| among(&["Monthly", "Quarterly", "FinancialAug"], v)),
    ("dataSetElements", true, |v| ids("dataElement", v)),
    ("organisationUnits", true, |v| ids("", v)),
];
const VALUE: &[Field] = &[
    ("dataElement", true, id),
    ("period", true, |v| v.as_str().is_some_and(is_period)),
    ("orgUnit", true, id),
    ("value", true, |v| v.as_str().is_some_and(|s| holds(Holds::Whole, s))),
    ("comment", true, |v| text(50_000, v)),
];
const META: [(&str, &[Field]); 3] = [("organisationUnits", UNIT), ("dataElements", ELEMENT), ("dataSets", SET)];

/// `202610`, `2026Q4`, `2026Aug`.
fn is_period(period: &str) -> bool {
    let (year, rest) = period.split_at_checked(4).unwrap_or(("", ""));
    let month = || rest.len() == 2 && rest.parse::<u8>().is_ok_and(|m| (1..=12).contains(&m));
    year.parse::<u16>().is_ok() && (["Q1", "Q2", "Q3", "Q4", "Aug"].contains(&rest) || month())
}

fn faults(of: &str, list: &Json, fields: &[Field]) -> BTreeSet<String> {
    let Some(list) = list.as_array() else { return BTreeSet::from([format!("{of} is no list")]) };
    let mut out = BTreeSet::new();
    for one in list {
        for (name, _) in one.as_object().unwrap() {
            if !fields.iter().any(|(field, ..)| field == name) {
                out.insert(format!("{of} has no {name}"));
            }
        }
        for (name, must, holds) in fields {
            match one.get(name) {
                None if *must => drop(out.insert(format!("{of} lacks {name}"))),
                Some(value) if !holds(value) => drop(out.insert(format!("{of}: {name} holds {value}"))),
                _ => {}
            }
        }
    }
    out
}

/// What is wrong with metadata and values, as one import after the other finds it.
fn dhis2_faults(meta: &Json, values: &Json) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = META.iter().flat_map(|(of, fields)| faults(of, &meta[of], fields)).collect();
    out.extend(faults("dataValues", &values["dataValues"], VALUE));
    let known = |of: &str| -> BTreeSet<String> {
        meta[of].as_array().into_iter().flatten().filter_map(|one| Some(one["id"].as_str()?.to_owned())).collect()
    };
    let (units, elements) = (known("organisationUnits"), known("dataElements"));
    for unit in meta["organisationUnits"].as_array().into_iter().flatten() {
        if unit["parent"]["id"].as_str().is_some_and(|parent| !units.contains(parent)) {
            out.insert("a parent is not there".to_owned());
        }
    }
    // Names of elements are told apart by people, and DHIS2 takes none twice.
    for field in ["name", "shortName", "code"] {
        let all: Vec<&str> =
            meta["dataElements"].as_array().into_iter().flatten().filter_map(|e| e[field].as_str()).collect();
        if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
            out.insert(format!("a {field} twice"));
        }
    }
    let monthly = meta["dataSets"][0]["periodType"].as_str();
    let kind = |period: &str| match period {
        p if p.ends_with("Aug") => "FinancialAug",
        p if p.contains('Q') => "Quarterly",
        _ => "Monthly",
    };
    let in_set: BTreeSet<&str> = meta["dataSets"][0]["dataSetElements"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|e| e["dataElement"]["id"].as_str())
        .collect();
    let mut seen = BTreeSet::new();
    for value in values["dataValues"].as_array().into_iter().flatten() {
        let of = |field: &str| value[field].as_str().unwrap_or_default();
        let (element, unit, period) = (of("dataElement"), of("orgUnit"), of("period"));
        if !elements.contains(element) || !units.contains(unit) || !in_set.contains(element) {
            out.insert("a value of nothing that is there".to_owned());
        }
        if Some(kind(period)) != monthly {
            out.insert(format!("{period} is not of the set"));
        }
        if !seen.insert((element, unit, period)) {
            out.insert("a value twice".to_owned());
        }
    }
    out
}

async fn told(desk: &Desk, path: &str) -> String {
    let (status, body) = open(desk, path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    body
}

async fn json(desk: &Desk, path: &str) -> Json {
    serde_json::from_str(&told(desk, path).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_hxl_keep_its_description() {
    let hub = desk_at(0);
    for path in ["/reports/hxl-figures.csv", "/reports/hxl-activities.csv", "/reports/hxl-figures.csv?year=2025"] {
        let rows = tagged(&told(&hub, path).await);
        assert!(!rows.is_empty(), "{path}");
        assert_eq!(hxl_faults(&rows), BTreeSet::new(), "{path}");
    }
    // The description is asked.
    let row = |tag: &str, cell: &str| BTreeMap::from([(tag.to_owned(), cell.to_owned())]);
    for (tag, cell) in [
        ("#number+value", "3"),
        ("#indicator+colour", "x"),
        ("#indicator+value+num", "three"),
        ("#indicator+value+num", "-3"),
        ("#indicator+code", ""),
        ("#date+start", "2026-13-01"),
        ("#loc+code", "a school"),
    ] {
        assert_eq!(hxl_faults(&[row(tag, cell)]).len(), 1, "{tag} {cell}");
    }
    let swapped = [("#date+start", "2026-02-01"), ("#date+end", "2026-01-01")];
    let swapped = swapped.map(|(tag, day)| (tag.to_owned(), day.to_owned()));
    assert_eq!(hxl_faults(&[swapped.into()]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_keep_the_description_of_dhis2() {
    let hub = desk_at(0);
    for every in ["month", "quarter", "year"] {
        let meta = json(&hub, &format!("/reports/dhis2-metadata.json?every={every}")).await;
        let values = json(&hub, &format!("/reports/dhis2.json?every={every}")).await;
        assert_eq!(dhis2_faults(&meta, &values), BTreeSet::new(), "{every}");
        // The description is asked: of each object each field that must be there, and what goes wrong in values.
        for (of, fields) in META {
            for (field, ..) in fields.iter().filter(|(_, must, _)| *must) {
                let mut broken = meta.clone();
                broken[of][0].as_object_mut().unwrap().remove(*field);
                assert!(dhis2_faults(&broken, &values).contains(&format!("{of} lacks {field}")), "{field}");
            }
        }
        for (field, bad) in [
            ("period", "2026-10"),
            ("value", "-1"),
            ("value", "1.5"),
            ("orgUnit", "nowhere"),
            ("dataElement", "aaaaaaaaaaa"),
        ] {
            let mut broken = values.clone();
            broken["dataValues"][0][field] = bad.into();
            assert!(!dhis2_faults(&meta, &broken).is_empty(), "{field} {bad}");
        }
        let mut twice = values.clone();
        let first = twice["dataValues"][0].clone();
        twice["dataValues"].as_array_mut().unwrap().push(first);
        assert!(dhis2_faults(&meta, &twice).contains("a value twice"));
    }
}

/// What a system that took both files holds of each figure that adds up: schools' numbers, over all periods.
fn taken_in(meta: &Json, values: &Json) -> BTreeMap<(String, String), u64> {
    let of = |list: &str, value: &str, from: &str| -> Option<String> {
        let one = meta[list].as_array()?.iter().find(|one| one["id"] == value)?;
        Some(one[from].as_str()?.to_owned())
    };
    let mut out = BTreeMap::new();
    for value in values["dataValues"].as_array().unwrap() {
        let element = value["dataElement"].as_str().unwrap();
        if of("dataElements", element, "aggregationType").as_deref() == Some("SUM") {
            let code = of("dataElements", element, "code").unwrap().rsplit_once('@').unwrap().0.to_owned();
            let school = of("organisationUnits", value["orgUnit"].as_str().unwrap(), "code").unwrap();
            *out.entry((code, school)).or_insert(0) += value["value"].as_str().unwrap().parse::<u64>().unwrap();
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_systems_take_in_is_the_same_of_each_school() {
    let hub = desk_at(0);
    let rows = tagged(&told(&hub, "/reports/hxl-figures.csv").await);
    let tables: BTreeMap<(String, String), u64> = rows
        .iter()
        .filter(|row| row["#meta+adds"] == "yes" && !row["#loc+code"].is_empty())
        .map(|row| {
            ((row["#indicator+code"].clone(), row["#loc+code"].clone()), row["#indicator+value+num"].parse().unwrap())
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    assert!(tables.len() > 40, "{}", tables.len());
    for every in ["month", "quarter", "year"] {
        let meta = json(&hub, &format!("/reports/dhis2-metadata.json?every={every}")).await;
        let values = json(&hub, &format!("/reports/dhis2.json?every={every}")).await;
        let schools: BTreeSet<&String> = tables.keys().map(|(_, school)| school).collect();
        let taken: BTreeMap<(String, String), u64> =
            taken_in(&meta, &values).into_iter().filter(|((_, at), n)| *n > 0 && schools.contains(at)).collect();
        // Of pupils, DHIS2 is told school years alone.
        let filled = meta["dataSets"][0]["dataSetElements"].as_array().unwrap();
        let of = |code: &str| {
            let found = meta["dataElements"]
                .as_array()
                .unwrap()
                .iter()
                .find(|e| e["code"].as_str().unwrap().starts_with(&format!("{code}@")))
                .unwrap();
            filled.iter().any(|e| e["dataElement"]["id"] == found["id"])
        };
        let expected: BTreeMap<(String, String), u64> =
            tables.clone().into_iter().filter(|((code, _), _)| of(code)).collect();
        assert_eq!(taken, expected, "{every}");
        assert_eq!(expected.len() == tables.len(), every == "year");
    }
}
