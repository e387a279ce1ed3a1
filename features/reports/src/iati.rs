//! The programme's results as an activity of IATI 2.03: each published figure an indicator with its rule, the time that it is of
//! and the number. The identifiers are the programme's own: who publishes the file in the registry puts the registered ones.

use base::{Date, Lang};
use packages::xml::escape;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::chosen::Chosen;
use crate::counts::{By, Counts, Told};
use crate::places::in_languages;

/// Codes of IATI's lists: another public body tells; the programme goes on; education, its level not said, in the three
/// digits of the OECD; results are outputs, measured in units.
const PUBLIC_BODY: &str = "15";
const GOES_ON: &str = "2";
const BEGAN: &str = "2";
const EDUCATION: (&str, &str) = ("2", "111");
const OUTPUT: &str = "1";
const UNITS: &str = "1";
/// What tells and what answers for the activity.
const ACCOUNTABLE: &str = "2";
/// A reference of the teller's own.
const OWN_LIST: &str = "99";

pub(crate) fn send(site: &Site, request: &Request, counts: &dyn Counts) -> Result<Reply, PageError> {
    let chosen = Chosen::of(request)?;
    let xml = site.store.read(|conn| {
        let days = chosen.told(site, conn)?;
        let told = counts.told(conn, site.today(), &chosen.span(), &By::default())?;
        activity(site, conn, &told, days, &counts.as_of(conn)?)
    })?;
    Ok(Reply::Bytes("application/xml; charset=utf-8", Some("iati.xml".to_owned()), xml.into_bytes()))
}

/// A text in its languages, as elements.
fn narratives<'a>(texts: impl IntoIterator<Item = (Lang, &'a str)>) -> String {
    let of =
        |(lang, text): (Lang, &str)| format!("<narrative xml:lang=\"{}\">{}</narrative>", lang.code(), escape(text));
    texts.into_iter().map(of).collect()
}

/// A text of the words, in Chinese and English.
fn said(site: &Site, key: &str) -> String {
    let texts = [Lang::Zh, Lang::En].map(|lang| (lang, site.words(lang, None).get(key).into_owned()));
    narratives(texts.iter().map(|(lang, text)| (*lang, text.as_str())))
}

struct Programme {
    titles: Vec<(Lang, String)>,
    purpose: String,
}

fn programme(site: &Site, conn: &Connection) -> Result<Programme, PageError> {
    let sql =
        "SELECT coalesce(title, ''), coalesce(titles, ''), coalesce(purpose, '') FROM programme ORDER BY id LIMIT 1";
    let found =
        conn.query_row(sql, [], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get(2)?))).optional()?;
    let (title, names, purpose) = found.unwrap_or_else(|| (site.node_title.clone(), String::new(), String::new()));
    Ok(Programme { titles: in_languages(&title, &names), purpose })
}

fn activity(
    site: &Site,
    conn: &Connection,
    told: &[Told],
    (from, to): (Date, Date),
    as_of: &str,
) -> Result<String, PageError> {
    let id = format!("ZAMPA-{}", players::uuid(&site.programme));
    let programme = programme(site, conn)?;
    let title = narratives(programme.titles.iter().map(|(lang, t)| (*lang, t.as_str())));
    let purpose = match programme.purpose.as_str() {
        "" => title.clone(),
        text => narratives([(Lang::of_text(text), text)]),
    };
    let invented = if site.demonstration { said(site, "demonstration-strip") } else { String::new() };
    let mut results = String::new();
    for group in told.chunk_by(|a, b| a.code == b.code) {
        results.push_str(&result(site, group, (from, to)));
    }
    let (vocabulary, sector) = EDUCATION;
    let now = format!("{}T00:00:00Z", site.today());
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{note}<iati-activities version=\"2.03\" generated-datetime=\"{now}\">\n\
         <iati-activity default-currency=\"CNY\" humanitarian=\"0\" last-updated-datetime=\"{now}\">\
         <iati-identifier>{id}-1</iati-identifier>\
         <reporting-org ref=\"{id}\" type=\"{PUBLIC_BODY}\">{title}</reporting-org>\
         <title>{title}</title><description type=\"1\">{purpose}{invented}</description>\
         <participating-org ref=\"{id}\" type=\"{PUBLIC_BODY}\" role=\"{ACCOUNTABLE}\">{title}</participating-org>\
         <activity-status code=\"{GOES_ON}\"/><activity-date type=\"{BEGAN}\" iso-date=\"{begun}\"/>\
         <sector vocabulary=\"{vocabulary}\" code=\"{sector}\"/>\n{results}</iati-activity>\n</iati-activities>\n",
        note = note(site, as_of),
        begun = Chosen::default().told(site, conn)?.0,
    ))
}

/// What a reader of the file must know before its first element.
fn note(site: &Site, as_of: &str) -> String {
    let words = site.words(Lang::En, None);
    let invented = if site.demonstration { words.get("demonstration-strip").into_owned() } else { String::new() };
    let text = format!("{} {} {as_of} {invented}", words.get("report-iati-note"), words.get("figure-as-of-word"));
    // Two hyphens would end a comment.
    format!("<!-- {} -->\n", text.replace("--", "- -").trim_end())
}

/// A published figure with those that are shown beside it.
fn result(site: &Site, group: &[Told], days: (Date, Date)) -> String {
    let Some(first) = group.first() else { return String::new() };
    let indicators: String = group.iter().filter(|t| t.whole.told).map(|t| indicator(site, t, days)).collect();
    if indicators.is_empty() {
        return String::new();
    }
    let title = narratives(first.titles.iter().map(|(lang, t)| (*lang, t.as_str())));
    let adds = u8::from(first.rule.sums);
    format!("<result type=\"{OUTPUT}\" aggregation-status=\"{adds}\"><title>{title}</title>{indicators}</result>\n")
}

fn indicator(site: &Site, told: &Told, (from, to): (Date, Date)) -> String {
    let rule = told.rule;
    let titles = if told.own {
        narratives(told.titles.iter().map(|(lang, t)| (*lang, t.as_str())))
    } else {
        said(site, &format!("rule-{}", rule.name))
    };
    let says = said(site, &format!("rule-{}-says", rule.name));
    let comment = narratives([(Lang::En, format!("{} v{} {}", rule.name, rule.version, told.whole.hash).as_str())]);
    format!(
        "<indicator measure=\"{UNITS}\" ascending=\"1\" aggregation-status=\"{adds}\"><title>{titles}</title>\
         <description>{says}</description>\
         <reference vocabulary=\"{OWN_LIST}\" code=\"{key}/{name}@{version}\"/>\
         <period><period-start iso-date=\"{from}\"/><period-end iso-date=\"{to}\"/>\
         <actual value=\"{value}\"><comment>{comment}</comment></actual></period></indicator>",
        adds = u8::from(rule.sums),
        key = escape(&told.code),
        name = rule.name,
        version = rule.version,
        value = told.whole.value,
    )
}
