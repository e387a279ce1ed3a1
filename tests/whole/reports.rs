//! Reports to other systems: each keeps its standard's shape, and its numbers are those of the figures.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base::Subject;
use figures::{Evidence, Measure, evidence, indicators};
use quick_xml::Reader;
use quick_xml::events::Event;
use records::{RecordError, Role};
use serde_json::Value as Json;

use crate::corpora::Schema;
use crate::desk::{Desk, desk_at};
use crate::exports::is_statement_of;

const STRIP: &str = "All persons, schools and rows are invented";

/// What anybody gets who has not signed in.
async fn open(desk: &Desk, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("host", "here").header("accept-language", "en");
    let request = request.body(Body::empty()).unwrap();
    let (head, body) = tower::ServiceExt::oneshot(desk.router.clone(), request).await.unwrap().into_parts();
    let bytes = to_bytes(body, 64 << 20).await.unwrap();
    (head.status, String::from_utf8_lossy(&bytes).into_owned())
}

async fn public(desk: &Desk, path: &str) -> String {
    let (status, body) = open(desk, path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    body
}

/// The rows of each published figure, and of those beside it, by the name that files give it.
fn counted(desk: &Desk) -> BTreeMap<String, (&'static figures::CountingRule, Vec<Evidence>)> {
    let site = &desk.node.site;
    site.store
        .read(|conn| {
            let mut out = BTreeMap::new();
            for i in indicators(conn, false)? {
                out.insert(i.code.clone(), (i.rule, evidence(conn, i.rule, &i.scope, site.today())?));
                for name in i.rule.beside {
                    let rule = figures::rule(name).unwrap();
                    out.insert(format!("{}/{name}", i.code), (rule, evidence(conn, rule, &i.scope, site.today())?));
                }
            }
            Ok::<_, RecordError>(out)
        })
        .unwrap()
}

fn value(rule: &'static figures::CountingRule, rows: &[Evidence]) -> i64 {
    figures::figure(rule, rows).value
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
}

/// The order of children in IATI 2.03, as far as the file uses it.
const ORDER: [(&str, &[&str]); 7] = [
    ("iati-activities", &["iati-activity"]),
    (
        "iati-activity",
        &[
            "iati-identifier",
            "reporting-org",
            "title",
            "description",
            "participating-org",
            "activity-status",
            "activity-date",
            "sector",
            "result",
        ],
    ),
    ("result", &["title", "indicator"]),
    ("indicator", &["title", "description", "reference", "period"]),
    ("period", &["period-start", "period-end", "actual"]),
    ("actual", &["comment"]),
    ("comment", &["narrative"]),
];
/// Attributes that an element must have.
const NEEDS: [(&str, &[&str]); 12] = [
    ("iati-activities", &["version"]),
    ("reporting-org", &["ref", "type"]),
    ("participating-org", &["role"]),
    ("activity-status", &["code"]),
    ("activity-date", &["type", "iso-date"]),
    ("sector", &["code"]),
    ("result", &["type"]),
    ("indicator", &["measure"]),
    ("reference", &["vocabulary", "code"]),
    ("period-start", &["iso-date"]),
    ("period-end", &["iso-date"]),
    ("actual", &["value"]),
];

/// Reads the file by that description; gives each indicator's reference with its number.
fn iati_numbers(xml: &str) -> BTreeMap<String, i64> {
    let (order, needs): (BTreeMap<_, _>, BTreeMap<_, _>) = (ORDER.into(), NEEDS.into());
    let mut reader = Reader::from_str(xml);
    let mut path: Vec<(String, usize)> = Vec::new();
    let (mut out, mut code) = (BTreeMap::new(), String::new());
    loop {
        let event = reader.read_event().unwrap();
        let (element, empty) = match &event {
            Event::Start(e) => (e, false),
            Event::Empty(e) => (e, true),
            Event::End(_) => {
                path.pop();
                continue;
            }
            Event::Eof => return out,
            _ => continue,
        };
        let name = String::from_utf8(element.name().as_ref().as_bytes().to_vec()).unwrap();
        let attributes: BTreeMap<String, String> = packages::xml::attributes(element).into_iter().collect();
        for wanted in needs.get(name.as_str()).copied().unwrap_or_default() {
            assert!(attributes.contains_key(*wanted), "{name} needs {wanted}");
        }
        if let Some((parent, last)) = path.last_mut()
            && let Some(children) = order.get(parent.as_str())
        {
            let at = children.iter().position(|c| *c == name).unwrap_or_else(|| panic!("{name} in {parent}"));
            assert!(at >= *last, "{name} comes too late in {parent}");
            *last = at;
        }
        match name.as_str() {
            "reference" => code.clone_from(&attributes["code"]),
            "actual" => {
                assert!(out.insert(code.clone(), attributes["value"].parse().unwrap()).is_none(), "{code} twice");
            }
            _ => {}
        }
        if !empty {
            path.push((name, 0));
        }
    }
}

/// By the published schema too.
fn validated(xml: &str) {
    let Some(schema) = Schema::of("iati-xsd", "iati-activities-schema.xsd") else { return };
    let (valid, said) = schema.check(xml);
    assert!(valid, "{said}");
    assert!(!schema.check(&xml.replace("period-start", "period-begin")).0, "the schema is asked");
    println!("validated by the schema of IATI 2.03");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_keep_the_schema_of_iati_and_are_the_figures() {
    let hub = desk_at(0);
    let xml = public(&hub, "/reports/iati.xml").await;
    assert!(xml.contains(STRIP) && xml.contains("xml:lang=\"zh\"") && xml.contains("xml:lang=\"en\""));
    let said = iati_numbers(&xml);
    let mut told = 0;
    for (key, (rule, rows)) in counted(&hub) {
        let figure = figures::figure(rule, &rows);
        let code = key.split('/').next().unwrap();
        let found = said.get(&format!("{code}/{}@{}", rule.name, rule.version));
        assert_eq!(found.copied(), figure.untold.is_none().then_some(figure.value), "{key}");
        assert!(figure.untold.is_some() || xml.contains(&figure.hash.to_string()), "{key}");
        told += usize::from(found.is_some());
    }
    assert_eq!(said.len(), told);
    assert_eq!((said["professionals-1/persons_arrived@1"], said["visits/visits_held@1"]), (1276, 4277));
    validated(&xml);

    // Narrowed to a school year: other days, other numbers, still by the schema.
    let year = public(&hub, "/reports/iati.xml?year=2025&term=autumn").await;
    assert!(
        year.contains("period-start iso-date=\"2025-08-01\"") && year.contains("period-end iso-date=\"2026-01-31\"")
    );
    assert!(iati_numbers(&year)["visits/visits_held@1"] < 4277);
    validated(&year);
    assert_eq!(open(&hub, "/reports/iati.xml?year=x").await.0, StatusCode::NOT_FOUND);
}

/// A hashtag of HXL with its attributes: `#[a-z][a-z0-9_]*(\s*\+[a-z][a-z0-9_]*)*`.
fn is_hashtag(tag: &str) -> bool {
    let word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_lowercase())
            && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    tag.strip_prefix('#').is_some_and(|rest| rest.split('+').all(|w| word(w.trim_end())))
}

/// A table of HXL: each row by hashtags.
pub(crate) fn tagged(text: &str) -> Vec<BTreeMap<String, String>> {
    let rows = csv_rows(text);
    assert!(rows[0][0].contains(STRIP), "{:?}", rows[0]);
    let tags = rows.iter().position(|r| r[0].starts_with('#')).unwrap();
    assert!(tags < 25, "within the rows that readers look at");
    assert!(rows[tags].iter().all(|t| is_hashtag(t)), "{:?}", rows[tags]);
    assert_eq!(rows[tags - 1].len(), rows[tags].len());
    rows[tags + 1..].iter().map(|r| rows[tags].iter().cloned().zip(r.iter().cloned()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_hxl_have_its_hashtags_and_the_figures() {
    assert!(!is_hashtag("org") && !is_hashtag("#Org") && !is_hashtag("#org+") && is_hashtag("#org +name"));
    let hub = desk_at(0);
    let all = counted(&hub);
    let rows = tagged(&public(&hub, "/reports/hxl-figures.csv").await);
    let mut whole = 0;
    for row in &rows {
        let (rule, evidence) = &all[&row["#indicator+code"]];
        let said: i64 = row["#indicator+value+num"].parse().unwrap();
        let school: Option<Subject> = row["#loc+code"].parse().ok();
        let own: Vec<Evidence> = evidence.iter().filter(|e| school.is_none() || e.school == school).cloned().collect();
        assert_eq!(said, value(rule, &own), "{row:?}");
        assert_eq!(row["#meta+adds"] == "yes", rule.measure == Measure::Sum);
        assert!(!rule.about_pupils || said == 0 || said >= 5, "{row:?}");
        whole += usize::from(school.is_none());
    }
    assert_eq!(whole, all.iter().filter(|(_, (rule, rows))| figures::figure(rule, rows).untold.is_none()).count());

    let rows = tagged(&public(&hub, "/reports/hxl-activities.csv").await);
    let sum = |what: &str, tag: &str| -> i64 {
        let own = rows.iter().filter(|r| r["#activity+name"] == what && !r[tag].is_empty());
        own.map(|r| r[tag].parse::<i64>().unwrap()).sum()
    };
    assert_eq!(sum("Visits to the countryside", "#indicator+value+num"), 4277, "each visit is in one row");
    assert_eq!(sum("Visits to the countryside", "#reached+num"), 0);
    let (rule, evidence) = &all["person-times"];
    assert_eq!(sum("Attendances of local teachers", "#reached+num"), value(rule, evidence));
    assert!(rows.iter().all(|r| r.values().all(|v| !v.starts_with("word-") && !v.starts_with("report-"))));
    assert!(rows.iter().all(|r| r["#sector"] == "Education" && !r["#org+name"].is_empty()));
}

pub(crate) fn is_uid(id: &str) -> bool {
    id.len() == 11 && id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(|c| c.is_ascii_alphanumeric())
}

fn period(day: &str, every: &str) -> String {
    let (year, month): (u32, u32) = (day[..4].parse().unwrap(), day[5..7].parse().unwrap());
    match every {
        "month" => format!("{year}{month:02}"),
        "quarter" => format!("{year}Q{}", month.div_ceil(3)),
        // A school year is DHIS2's financial year from August.
        _ => format!("{}Aug", if month < 8 { year - 1 } else { year }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_add_up_where_they_may_and_are_counted_anew_where_not() {
    let hub = desk_at(0);
    let all = counted(&hub);
    for (query, every, kind) in
        [("", "month", "Monthly"), ("?every=quarter", "quarter", "Quarterly"), ("?every=year", "year", "FinancialAug")]
    {
        let json = |body: String| serde_json::from_str::<Json>(&body).unwrap();
        let meta = json(public(&hub, &format!("/reports/dhis2-metadata.json{query}")).await);
        let list = |name: &str| meta[name].as_array().unwrap().clone();
        let ids = |name: &str| list(name).iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
        let units = ids("organisationUnits");
        for name in ["organisationUnits", "dataElements", "dataSets"] {
            assert_eq!(ids(name).len(), list(name).len(), "no id twice");
            assert!(ids(name).iter().all(|id| is_uid(id)));
            let short = |e: &Json| e["shortName"].as_str().unwrap().to_owned();
            assert!(list(name).iter().all(|e| (1..=50).contains(&short(e).chars().count())));
        }
        // One tree: every parent is in it, and one has none.
        let root: Vec<String> = list("organisationUnits")
            .iter()
            .filter(|u| u.get("parent").is_none())
            .map(|u| u["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(root.len(), 1);
        assert!(list("organisationUnits").iter().filter_map(|u| u["parent"]["id"].as_str()).all(|p| units.contains(p)));
        assert_eq!(list("dataSets")[0]["periodType"], kind);
        let names: BTreeSet<String> = list("dataElements").iter().map(|e| e["name"].to_string()).collect();
        assert_eq!(names.len(), all.len());

        let body = json(public(&hub, &format!("/reports/dhis2.json{query}")).await);
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["dataValues"]);
        let values = body["dataValues"].as_array().unwrap();
        let keys: BTreeSet<(&str, &str, &str)> = values
            .iter()
            .map(|v| {
                let text = |name: &str| v[name].as_str().unwrap();
                assert_eq!(v.as_object().unwrap().len(), 5);
                assert!(text("comment").contains(STRIP) && units.contains(text("orgUnit")));
                (text("dataElement"), text("period"), text("orgUnit"))
            })
            .collect();
        assert_eq!(keys.len(), values.len(), "one value for each element, period and place");
        for e in list("dataElements") {
            let (rule, rows) = &all[e["code"].as_str().unwrap().rsplit_once('@').unwrap().0];
            let own: Vec<&Json> = values.iter().filter(|v| v["dataElement"] == e["id"]).collect();
            let number = |v: &Json| v["value"].as_str().unwrap().parse::<i64>().unwrap();
            let dated: Vec<&Evidence> = rows.iter().filter(|r| r.day.is_some()).collect();
            if rule.measure == Measure::Sum {
                assert_eq!(e["aggregationType"], "SUM");
                let (sum, whole): (i64, i64) = (own.iter().map(|v| number(v)).sum(), dated.iter().map(|r| r.n).sum());
                assert!(if rule.about_pupils { sum <= whole } else { sum == whole }, "{}: {sum} of {whole}", e["code"]);
            } else {
                assert_eq!(e["aggregationType"], "NONE");
                let of = |r: &&Evidence| period(r.day.as_deref().unwrap(), every);
                let periods: BTreeSet<String> = dated.iter().map(of).collect();
                let together: Vec<&&Json> = own.iter().filter(|v| v["orgUnit"] == root[0].as_str()).collect();
                assert_eq!(together.len(), periods.len(), "{}", e["code"]);
                for v in together {
                    let of: Vec<Evidence> =
                        dated.iter().filter(|r| v["period"] == of(r).as_str()).map(|r| (*r).clone()).collect();
                    assert_eq!(number(v), value(rule, &of), "{}", e["code"]);
                }
            }
            assert!(!rule.about_pupils || own.iter().all(|v| number(v) == 0 || number(v) >= 5), "{}", e["code"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_is_told_of_schools_alone() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    let lines = |body: Vec<u8>| -> Vec<Json> {
        String::from_utf8(body).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    let all = lines(hub.get("/reports/xapi.jsonl", &officer, None).await.1);
    let platform = all[0]["context"]["platform"].as_str().unwrap().to_owned();
    assert!(platform.contains(STRIP));
    all.iter().for_each(|s| is_statement_of(s, &["http://activitystrea.ms/schema/1.0/host"], &platform));
    let count = |sql: &str| {
        let read = hub.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get::<_, i64>(0))?));
        usize::try_from(read.unwrap()).unwrap()
    };
    let held = count("SELECT count(*) FROM activity WHERE state IN ('held', 'verified')")
        + count("SELECT count(*) FROM live_class WHERE state = 'held'");
    assert_eq!(all.len(), held);
    let ids: BTreeSet<&str> = all.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), held);
    // Nothing that somebody typed, and nobody's name.
    let kinds: BTreeSet<String> = all.iter().map(|s| s["object"]["definition"]["name"]["en"].to_string()).collect();
    assert!(kinds.len() < 12, "{kinds:?}");
    let year = lines(hub.get("/reports/xapi.jsonl?year=2025", &officer, None).await.1);
    assert!(!year.is_empty() && year.len() < all.len() && year.iter().all(|s| all.contains(s)));
}
