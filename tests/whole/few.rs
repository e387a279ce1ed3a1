//! What is told of few pupils, to whom; and that nobody finds more by subtracting.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use base::{Date, Scope, Subject, school_year};
use figures::{Evidence, evidence, indicators};
use records::{Change, Role, Value};
use serde_json::Value as Json;
use zampa::house;

use crate::counted::write;
use crate::desk::{Desk, desk_at};
use crate::divided::open;
use crate::pairings::sql;
use crate::reports::tagged;

/// What is counted of pupils: the school, the day, the number.
fn put_pupils(hub: &Desk, school: Subject, day: &str, n: i64) -> Subject {
    let (store, kinds) = (&hub.node.site.store, house::kinds());
    let put = |kind: &str, change: Change| {
        write(store, &kinds, kind, Scope::School(school), None, change);
        hub.one(&format!("SELECT id FROM {kind} ORDER BY made DESC, id DESC LIMIT 1"))
    };
    let activity = Change::new()
        .with_text("title", "一次活动")
        .with_text("kind", "lesson")
        .with_link("school", school)
        .with_text("starts_on", day)
        .with_text("ends_on", day)
        .with_text("held_on", day)
        .with_text("state", "held");
    let activity = put("activity", activity);
    let count = Change::new()
        .with_link("activity", activity)
        .with_text("category", "pupils")
        .with_text("day", day)
        .with("number", Value::Int(n))
        .with_text("basis", "counted")
        .with_text("state", "verified");
    put("headcount", count)
}

fn supported(hub: &Desk, nth: usize) -> Subject {
    hub.one(&format!("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id LIMIT 1 OFFSET {nth}"))
}

/// Three pupils at one school and thirty at another, on one day.
struct Few {
    hub: Desk,
    three: Subject,
    thirty: Subject,
    at: [Subject; 2],
}

impl Few {
    fn new() -> Self {
        let hub = desk_at(0);
        let at = [supported(&hub, 0), supported(&hub, 1)];
        let [three, thirty] = [(at[0], 3), (at[1], 30)].map(|(school, n)| put_pupils(&hub, school, "2026-11-25", n));
        Self { hub, three, thirty, at }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_pupils_are_told_to_their_own_school_alone() {
    let few = Few::new();
    let hub = &few.hub;
    let officer = hub.sign_in(Role::Officer);
    let head = |school: Subject| {
        let of = format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {}", sql(school));
        hub.as_person(hub.one(&of))
    };
    let (own, other) = (head(few.at[0]), head(few.at[1]));
    let at = format!("/headcounts/{}", few.three);
    let line = async |who: &(String, String), id: Subject| {
        let (_, csv) = hub.page("/csv/headcounts", who).await;
        csv.lines().find(|l| l.contains(&id.to_string())).unwrap_or_default().to_owned()
    };
    for (who, told) in [(&officer, "\"<5\""), (&own, "\"3\"")] {
        assert!(line(who, few.three).await.contains(told), "{}", line(who, few.three).await);
        for path in [
            at.clone(),
            format!("{at}/history"),
            format!(
                "/headcounts?activity={}",
                hub.one(&format!("SELECT activity FROM headcount WHERE id = {}", sql(few.three)))
            ),
        ] {
            let (status, page) = hub.page(&path, who).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(page.contains("&#60;5"), told == "\"<5\"", "{path} {page}");
        }
    }
    assert!(line(&officer, few.thirty).await.contains("\"30\""), "thirty are no secret");
    assert_eq!(hub.page(&at, &other).await.0, StatusCode::NOT_FOUND);
    // Who may correct it writes it anew, and is not shown it in the form.
    let (_, form) = hub.page(&format!("{at}/edit"), &officer).await;
    let input = form.split("name=\"number\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!input.contains("value=\"3\""), "{input}");
    // Two teachers are two teachers: it is pupils that a small number could tell.
    let teachers = hub.one("SELECT id FROM headcount WHERE category <> 'pupils' AND number >= 5 ORDER BY id LIMIT 1");
    let number = hub.ask::<i64>(&format!("SELECT number FROM headcount WHERE id = {}", sql(teachers)));
    assert!(line(&officer, teachers).await.contains(&format!("\"{number}\"")));
}

/// Numbers that anybody was told, each with the rows that it is of.
struct Gathered<'a> {
    hub: &'a Desk,
    rows: Vec<Evidence>,
    /// Schools by the names that pages give them.
    schools: BTreeMap<String, Subject>,
    /// What the ids of aggregates mean; it is the same for all days.
    meta: BTreeMap<&'static str, Json>,
    told: BTreeMap<BTreeSet<usize>, String>,
}

type Is<'a> = &'a dyn Fn(&Evidence) -> bool;

impl Gathered<'_> {
    fn take(&mut self, said: &str, is_in: Is<'_>, at: &str) {
        let Ok(n) = said.replace(',', "").parse::<i64>() else {
            assert!(["<5", "&#60;5", "—", ""].contains(&said), "{said} at {at}");
            return;
        };
        let of: BTreeSet<usize> = (0..self.rows.len()).filter(|at| is_in(&self.rows[*at])).collect();
        assert_eq!(n, of.iter().map(|at| self.rows[*at].n).sum::<i64>(), "{at}");
        assert!(n == 0 || n >= 5, "{n} at {at}");
        self.told.insert(of, at.to_owned());
    }

    async fn open(&self, path: &str) -> String {
        let (status, body) = open(self.hub, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    /// The figure's page, its card, its table: what they say of a school and days.
    async fn pages(&mut self, school: Option<Subject>, days: (&str, &str)) {
        let (from, to) = days;
        let query = format!("school={}&from={from}&to={to}", school.map_or_else(String::new, |s| s.to_string()));
        let query = if school.is_none() { query.replace("school=&", "") } else { query };
        let query = query.replace("from=&", "").trim_end_matches("&to=").to_owned();
        let is_in = move |row: &Evidence| {
            let day = row.day.as_deref().unwrap();
            (school.is_none() || row.school == school) && day >= from && (to.is_empty() || day <= to)
        };
        let path = format!("/figures/pupils?{query}");
        let page = self.open(&path).await;
        let number = page.split("<data>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        self.take(&number, &is_in, &path);
        if number == "—" || number == "&#60;5" {
            let why = ["whole school years", "Fewer than 5", "it would tell one below 5", "tell one below 5"];
            assert!(why.iter().any(|why| page.contains(why)), "{path} says why");
            assert!(!page.contains("<td class=\"num\">"), "{path}");
        }
        for line in page.split("<th scope=\"row\">").skip(1) {
            let (name, rest) = line.split_once("</th>").unwrap();
            let said = rest.split("<td class=\"num\">").nth(1).unwrap().split('<').next().unwrap();
            let year: Option<i16> =
                name.split(|c: char| !c.is_ascii_digit()).find(|n| n.len() == 4).map(|n| n.parse().unwrap());
            let school = self.schools.get(&name.replace("&#39;", "'")).copied();
            let part = |row: &Evidence| {
                let day: Date = row.day.as_deref().unwrap().parse().unwrap();
                is_in(row)
                    && match school {
                        Some(_) => row.school == school,
                        None => Some(school_year(day)) == year,
                    }
            };
            self.take(said, &part, &format!("{path} {name}"));
        }
        let csv = self.open(&format!("/csv/figures/pupils?{query}")).await;
        for line in csv.lines().skip_while(|l| !l.starts_with("code,")).skip(1) {
            let (code, rest) = line.split_once(',').unwrap();
            let one = |row: &Evidence| {
                base::base32::encode(row.id.as_bytes()).chars().rev().take(8).collect::<String>() == code
            };
            self.take(rest.split('"').nth(1).unwrap(), &one, &format!("{path} as a table"));
        }
        // Cards say of a school what its page says; of all, they are asked for all days.
        if school.is_some() && !from.is_empty() {
            return;
        }
        let cards = self.open(&format!("/figures?{query}")).await;
        let before = cards.split("<a href=\"/figures/pupils").next().unwrap();
        let card = before.rsplit("<article").next().unwrap();
        let value = card.split("<data value=\"").nth(1).unwrap().split('"').next().unwrap();
        self.take(value, &is_in, &format!("/figures?{query}"));
    }

    /// What goes to other systems.
    async fn files(&mut self, query: &str, days: (&str, &str)) {
        let within = |row: &Evidence| row.day.as_deref().is_some_and(|day| day >= days.0 && day <= days.1);
        let path = format!("/reports/hxl-figures.csv?{query}");
        let figures = tagged(&self.open(&path).await);
        for row in figures.iter().filter(|row| row["#indicator+code"] == "pupils") {
            let school: Option<Subject> = row["#loc+code"].parse().ok();
            let is_in = |e: &Evidence| within(e) && (school.is_none() || e.school == school);
            self.take(&row["#indicator+value+num"], &is_in, &path);
        }
        let path = format!("/reports/hxl-activities.csv?{query}");
        let title =
            figures.iter().find(|row| row["#indicator+code"] == "pupils").map(|row| row["#indicator+name"].clone());
        let mut parts: BTreeMap<Subject, usize> = BTreeMap::new();
        for row in tagged(&self.open(&path).await).iter().filter(|row| Some(&row["#activity+name"]) == title.as_ref()) {
            let school: Subject = row["#loc+code"].parse().unwrap();
            *parts.entry(school).or_default() += 1;
            self.take(&row["#indicator+value+num"], &|e| within(e) && e.school == Some(school), &path);
        }
        assert!(parts.values().all(|n| *n == 1), "schools are not divided further");
        let path = format!("/reports/iati.xml?{query}");
        let xml = self.open(&path).await;
        if let Some(of) = xml.split("code=\"pupils/pupils_counted@").nth(1) {
            let said = of.split("<actual value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            self.take(&said, &within, &path);
        }
        // By quarters too where all days are asked for.
        for every in ["month", "year", "quarter"].into_iter().take(if query.is_empty() { 3 } else { 2 }) {
            let path = format!("/reports/dhis2.json?{query}&every={every}");
            let json = |text: String| serde_json::from_str::<Json>(&text).unwrap();
            if !self.meta.contains_key(every) {
                let meta = self.open(&format!("/reports/dhis2-metadata.json?every={every}")).await;
                self.meta.insert(every, json(meta));
            }
            let meta = self.meta[every].clone();
            let of = |list: &str, by: &str, value: &str, give: &str| -> Option<String> {
                let found =
                    meta[list].as_array().unwrap().iter().find(|e| e[by].as_str().unwrap().starts_with(value))?;
                Some(found[give].as_str().unwrap().to_owned())
            };
            let Some(element) = of("dataElements", "code", "pupils@", "id") else { continue };
            let filled = meta["dataSets"][0]["dataSetElements"].as_array().unwrap();
            assert_eq!(filled.iter().any(|e| e["dataElement"]["id"] == *element), every == "year", "{path}");
            let values = json(self.open(&path).await)["dataValues"].as_array().unwrap().clone();
            for value in values.iter().filter(|v| v["dataElement"] == *element) {
                let (period, place) = (value["period"].as_str().unwrap(), value["orgUnit"].as_str().unwrap());
                let school: Option<Subject> = of("organisationUnits", "id", place, "code").unwrap().parse().ok();
                let is_in = |e: &Evidence| {
                    let day: Date = e.day.as_deref().unwrap().parse().unwrap();
                    let month = format!("{}{:02}", day.year(), day.month());
                    let quarter = format!("{}Q{}", day.year(), (day.month() + 2) / 3);
                    within(e)
                        && e.school == school
                        && [month, quarter, format!("{}Aug", school_year(day))].contains(&period.to_owned())
                };
                self.take(value["value"].as_str().unwrap(), &is_in, &path);
            }
        }
    }

    /// Whatever can be said in sums and differences of what was told is looked through for these.
    fn gives(&self, wanted: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
        // Gauss, in the numbers up to a prime: what follows in fractions follows there.
        const P: i64 = 1_000_003;
        let inverse = |n: i64| {
            (0..20).rev().fold(1, |out, bit| {
                let out = out * out % P;
                if ((P - 2) >> bit) & 1 == 1 { out * n % P } else { out }
            })
        };
        let numbers = |of: &BTreeSet<usize>| (0..self.rows.len()).map(|at| i64::from(of.contains(&at))).collect();
        let reduced = |basis: &[(usize, Vec<i64>)], mut row: Vec<i64>| {
            for (at, with) in basis {
                let by = row[*at];
                if by != 0 {
                    row.iter_mut().zip(with).for_each(|(x, y)| *x = (*x - by * y).rem_euclid(P));
                }
            }
            row
        };
        let mut basis: Vec<(usize, Vec<i64>)> = Vec::new();
        for of in self.told.keys() {
            let row = reduced(&basis, numbers(of));
            if let Some(at) = row.iter().position(|x| *x != 0) {
                let by = inverse(row[at]);
                basis.push((at, row.iter().map(|x| x * by % P).collect()));
            }
        }
        let follows = |of: &&BTreeSet<usize>| reduced(&basis, numbers(of)).iter().all(|x| *x == 0);
        wanted.iter().filter(follows).cloned().collect()
    }
}

/// The sets of rows that somebody could mean and that are few: rows, and what schools or all have in days of all sorts.
fn meant(rows: &[Evidence]) -> Vec<BTreeSet<usize>> {
    let mut sets: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let day: Date = row.day.as_deref().unwrap().parse().unwrap();
        let (year, month, school) = (day.year(), day.month(), row.school.map_or_else(String::new, |s| s.to_string()));
        let spans = [
            day.to_string(),
            format!("{year} {month}"),
            format!("{year} q{}", (month + 2) / 3),
            format!("{} term {}", school_year(day), (2..8).contains(&month)),
            format!("calendar {year}"),
            format!("school year {}", school_year(day)),
            String::new(),
        ];
        sets.entry(format!("row {at}")).or_default().insert(at);
        for span in spans {
            sets.entry(format!("{span} of all")).or_default().insert(at);
            sets.entry(format!("{span} of {school}")).or_default().insert(at);
        }
    }
    let few = |of: &BTreeSet<usize>| (1..5).contains(&of.iter().map(|at| rows[*at].n).sum::<i64>());
    sets.into_values().filter(few).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_table_or_file_tells_few_pupils_by_subtraction() {
    let hub = desk_at(0);
    let at: Vec<Subject> = (0..5).map(|n| supported(&hub, n)).collect();
    for (school, day, n) in [
        // Few in one of the months, and in the school year few at one school alone.
        (0, "2025-09-10", 20),
        (0, "2025-10-10", 3),
        (1, "2025-09-10", 9),
        (0, "2026-11-20", 3),
        (1, "2026-11-20", 30),
        (2, "2024-10-10", 40),
        (2, "2025-10-10", 25),
        (2, "2026-10-10", 12),
        // Few in two years that are few together, and few that nothing stands beside.
        (3, "2024-03-10", 2),
        (3, "2025-03-10", 2),
        (4, "2019-10-10", 4),
    ] {
        put_pupils(&hub, at[school], day, n);
    }
    let rows = hub.node.site.store.read(|conn| {
        let pupils = indicators(conn, false)?.into_iter().find(|i| i.code == "pupils").unwrap();
        evidence(conn, pupils.rule, &pupils.scope, hub.node.site.today())
    });
    let named = tagged(&open(&hub, "/reports/hxl-figures.csv").await.1);
    let named = named.iter().filter_map(|row| Some((row["#loc+name"].clone(), row["#loc+code"].parse().ok()?)));
    let mut all = Gathered {
        hub: &hub,
        rows: rows.unwrap(),
        schools: named.collect(),
        meta: BTreeMap::new(),
        told: BTreeMap::new(),
    };
    let schools: Vec<Option<Subject>> = std::iter::once(None).chain(at.iter().copied().map(Some)).collect();
    let days = [
        ("", ""),
        ("", "2025-07-31"),
        ("", "2026-07-31"),
        ("", "2026-11-19"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20", ""),
        ("2026-08-01", ""),
        ("2026-08-01", "2027-07-31"),
        ("2025-08-01", "2026-07-31"),
        ("2024-08-01", "2025-07-31"),
        ("2023-08-01", "2025-07-31"),
        ("2024-08-01", "2026-07-31"),
        ("2025-08-01", "2026-01-31"),
        ("2025-09-01", "2025-09-30"),
        ("2025-10-01", "2025-10-31"),
        ("2025-07-01", "2025-09-30"),
        ("2025-10-01", "2025-12-31"),
        ("2025-01-01", "2025-12-31"),
        ("2019-08-01", "2020-07-31"),
    ];
    for school in schools {
        for days in days {
            all.pages(school, days).await;
        }
    }
    all.files("", ("", "9")).await;
    for year in [2019, 2024, 2025, 2026] {
        let next = year + 1;
        all.files(&format!("year={year}"), (&format!("{year}-08-01"), &format!("{next}-07-31"))).await;
    }
    all.files("year=2025&term=autumn", ("2025-08-01", "2026-01-31")).await;
    all.files("year=2025&term=spring", ("2026-02-01", "2026-07-31")).await;
    let found = all.gives(&meant(&all.rows));
    let said = |of: &BTreeSet<usize>| of.iter().map(|at| format!("{:?}", all.rows[*at])).collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{}", found.iter().map(said).collect::<Vec<_>>().join("\n\n"));
    // What is large, and tells nothing, is told as before.
    let told = |is_in: Is<'_>| {
        let of: BTreeSet<usize> = (0..all.rows.len()).filter(|at| is_in(&all.rows[*at])).collect();
        all.told.contains_key(&of)
    };
    let in_year = |row: &Evidence, year: i16| school_year(row.day.as_deref().unwrap().parse().unwrap()) == year;
    assert!(told(&|_| true) && told(&|row| row.school == Some(at[2])), "all, and a school");
    assert!(told(&|row| row.school == Some(at[2]) && in_year(row, 2025)), "a school in a school year");
    assert!((2024..=2026).all(|year| told(&|row| in_year(row, year))), "all schools in a school year");
    // The elimination finds what stands there to be found.
    let small = BTreeSet::from([all.rows.iter().position(|row| row.n == 3).unwrap()]);
    let rest: BTreeSet<usize> = (0..all.rows.len()).filter(|at| !small.contains(at)).collect();
    all.told.insert(rest, "all but three".to_owned());
    assert_eq!(all.gives(std::slice::from_ref(&small)), [small]);
}
