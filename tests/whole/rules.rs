//! What the published profile of Common Cartridge 1.3 says of a manifest and of its questions (QTI 1.2), as far as what goes
//! out of here uses it: which elements stand in which, how many and in what order, with which attributes and words. Their
//! schemas come by no registry, so the rules are written down here, and each must be able to fail.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

#[derive(Debug, Default)]
pub struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

fn started(e: &BytesStart<'_>) -> Element {
    let attribute = |a: quick_xml::events::attributes::Attribute<'_>| {
        let name = a.key.as_ref().to_owned();
        (name, quick_xml::escape::unescape(&a.value).unwrap().into_owned())
    };
    let attributes = e.attributes().map(|a| attribute(a.unwrap())).filter(|(n, _)| !n.starts_with("xmlns"));
    Element { name: e.local_name().as_ref().to_owned(), attributes: attributes.collect(), ..Element::default() }
}

fn tree(xml: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(e) => open.push(started(&e)),
            Event::Empty(e) => open.last_mut().unwrap().children.push(started(&e)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().ok_or("ends too soon")?.children.push(done);
            }
            Event::Text(t) => open.last_mut().unwrap().text.push_str(&t),
            Event::GeneralRef(_) => open.last_mut().unwrap().text.push('&'),
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().and_then(|mut root| root.children.pop()).ok_or_else(|| "nothing".to_owned())
}

/// Children in their order: names, at least, at most.
type Model = &'static [(&'static [&'static str], usize, usize)];
/// An attribute, whether it must be there, and its words; none where any word may stand.
type Attribute = (&'static str, bool, &'static [&'static str]);
/// An element: its name, its attributes, its children, and the words that it may hold, if it holds any.
type Rule = (&'static str, &'static [Attribute], Model, Option<&'static [&'static str]>);

const ANY: usize = usize::MAX;
const MUST: bool = true;
const FREE: Option<&[&str]> = Some(&[]);

const MANIFEST: &[Rule] = &[
    (
        "manifest",
        &[("identifier", MUST, &[])],
        &[(&["metadata"], 1, 1), (&["organizations"], 1, 1), (&["resources"], 1, 1)],
        None,
    ),
    ("metadata", &[], &[(&["schema"], 1, 1), (&["schemaversion"], 1, 1), (&["lom"], 1, 1)], None),
    ("schema", &[], &[], Some(&["IMS Common Cartridge"])),
    ("schemaversion", &[], &[], Some(&["1.3.0"])),
    ("lom", &[], &[(&["general"], 1, 1), (&["rights"], 0, 1)], None),
    ("general", &[], &[(&["title"], 1, 1), (&["language"], 0, ANY), (&["description"], 0, ANY)], None),
    ("rights", &[], &[(&["copyrightAndOtherRestrictions"], 1, 1), (&["description"], 0, 1)], None),
    ("copyrightAndOtherRestrictions", &[], &[(&["value"], 1, 1)], None),
    ("value", &[], &[], Some(&["yes", "no"])),
    ("description", &[], &[(&["string"], 1, ANY)], None),
    ("language", &[], &[], FREE),
    ("string", &[("language", false, &[])], &[], FREE),
    ("organizations", &[], &[(&["organization"], 0, 1)], None),
    (
        "organization",
        &[("identifier", MUST, &[]), ("structure", MUST, &["rooted-hierarchy"])],
        &[(&["item"], 1, 1)],
        None,
    ),
    (
        "item",
        &[("identifier", MUST, &[]), ("identifierref", false, &[])],
        &[(&["title"], 0, 1), (&["item"], 0, ANY)],
        None,
    ),
    ("resources", &[], &[(&["resource"], 0, ANY)], None),
    (
        "resource",
        &[
            ("identifier", MUST, &[]),
            ("type", MUST, &["webcontent", "imsqti_xmlv1p2/imscc_xmlv1p3/assessment"]),
            ("href", false, &[]),
        ],
        &[(&["file"], 0, ANY), (&["dependency"], 0, ANY)],
        None,
    ),
    ("file", &[("href", MUST, &[])], &[], None),
    ("dependency", &[("identifierref", MUST, &[])], &[], None),
];

const QUESTIONS: &[Rule] = &[
    ("questestinterop", &[], &[(&["assessment"], 1, 1)], None),
    (
        "assessment",
        &[("ident", MUST, &[]), ("title", MUST, &[])],
        &[(&["qtimetadata"], 0, 1), (&["section"], 1, 1)],
        None,
    ),
    ("qtimetadata", &[], &[(&["qtimetadatafield"], 1, ANY)], None),
    ("qtimetadatafield", &[], &[(&["fieldlabel"], 1, 1), (&["fieldentry"], 1, 1)], None),
    ("fieldlabel", &[], &[], Some(&["cc_profile", "qmd_assessmenttype", "qmd_scoretype", "qmd_computerscored"])),
    (
        "fieldentry",
        &[],
        &[],
        Some(&[
            "cc.exam.v0p1",
            "cc.multiple_choice.v0p1",
            "cc.multiple_response.v0p1",
            "cc.true_false.v0p1",
            "cc.fib.v0p1",
            "cc.pattern_match.v0p1",
            "cc.essay.v0p1",
            "Examination",
            "Percentage",
            "Yes",
            "No",
        ]),
    ),
    ("section", &[("ident", MUST, &[])], &[(&["item"], 0, ANY)], None),
    (
        "item",
        &[("ident", MUST, &[]), ("title", false, &[])],
        &[(&["itemmetadata"], 1, 1), (&["presentation"], 1, 1), (&["resprocessing"], 0, 1)],
        None,
    ),
    ("itemmetadata", &[], &[(&["qtimetadata"], 1, 1)], None),
    ("presentation", &[], &[(&["material"], 1, ANY), (&["response_lid", "response_str"], 1, 1)], None),
    ("material", &[], &[(&["mattext"], 1, ANY)], None),
    ("mattext", &[("texttype", false, &["text/plain", "text/html"])], &[], FREE),
    (
        "response_lid",
        &[("ident", MUST, &[]), ("rcardinality", MUST, &["Single", "Multiple"])],
        &[(&["render_choice"], 1, 1)],
        None,
    ),
    ("response_str", &[("ident", MUST, &[]), ("rcardinality", MUST, &["Single"])], &[(&["render_fib"], 1, 1)], None),
    ("render_choice", &[], &[(&["response_label"], 1, ANY)], None),
    ("render_fib", &[("prompt", false, &["Box", "Dashline", "Asterisk", "Underline"])], &[], None),
    ("response_label", &[("ident", MUST, &[])], &[(&["material"], 1, 1)], None),
    ("resprocessing", &[], &[(&["outcomes"], 1, 1), (&["respcondition"], 1, ANY)], None),
    ("outcomes", &[], &[(&["decvar"], 1, 1)], None),
    (
        "decvar",
        &[
            ("maxvalue", MUST, &["100"]),
            ("minvalue", MUST, &["0"]),
            ("varname", MUST, &["SCORE"]),
            ("vartype", MUST, &["Decimal"]),
        ],
        &[],
        None,
    ),
    (
        "respcondition",
        &[("continue", false, &["Yes", "No"])],
        &[(&["conditionvar"], 1, 1), (&["setvar"], 0, ANY)],
        None,
    ),
    ("conditionvar", &[], &[(&["and", "varequal"], 1, ANY)], None),
    ("and", &[], &[(&["varequal", "not"], 1, ANY)], None),
    ("not", &[], &[(&["varequal"], 1, 1)], None),
    ("varequal", &[("respident", MUST, &[]), ("case", false, &["Yes", "No"])], &[], FREE),
    ("setvar", &[("action", MUST, &["Set"]), ("varname", MUST, &["SCORE"])], &[], Some(&["100"])),
];

/// Every element by its rule; `title` is text in contents, and strings in what is told of the whole.
fn keeps(e: &Element, rules: &[Rule], around: &str) -> Result<(), String> {
    const TEXT: Rule = ("title", &[], &[], FREE);
    const STRINGS: Rule = ("title", &[], &[(&["string"], 1, ANY)], None);
    let rule = match (e.name.as_str(), around) {
        ("title", "general") => &STRINGS,
        ("title", _) => &TEXT,
        (name, _) => rules.iter().find(|r| r.0 == name).ok_or(format!("{name} in {around}"))?,
    };
    let (name, attributes, model, words) = rule;
    for (attribute, must, words) in *attributes {
        match e.attributes.get(*attribute) {
            None if *must => return Err(format!("{name} without {attribute}")),
            Some(said) if !words.is_empty() && !words.contains(&said.as_str()) => {
                return Err(format!("{name}: {attribute} is {said}"));
            }
            _ => {}
        }
    }
    if let Some(other) = e.attributes.keys().find(|k| attributes.iter().all(|(n, ..)| n != k)) {
        return Err(format!("{name} with {other}"));
    }
    match words {
        None if !e.text.trim().is_empty() => return Err(format!("{name} says {}", e.text)),
        Some(words) if !words.is_empty() && !words.contains(&e.text.as_str()) => {
            return Err(format!("{name} says {}", e.text));
        }
        _ => {}
    }
    let mut rest = e.children.iter().peekable();
    for (names, least, most) in *model {
        let mut found = 0;
        while rest.next_if(|c| found < *most && names.contains(&c.name.as_str())).is_some() {
            found += 1;
        }
        if found < *least {
            return Err(format!("{name} lacks {names:?}"));
        }
    }
    if let Some(other) = rest.next() {
        return Err(format!("{} stands where {name} has no place for it", other.name));
    }
    e.children.iter().try_for_each(|child| keeps(child, rules, name))
}

fn all<'e>(e: &'e Element, name: &str, out: &mut Vec<&'e Element>) {
    e.children.iter().for_each(|child| {
        if child.name == name {
            out.push(child);
        }
        all(child, name, out);
    });
}

fn named<'e>(e: &'e Element, name: &str) -> Vec<&'e Element> {
    let mut out = Vec::new();
    all(e, name, &mut out);
    out
}

fn said<'e>(e: &'e Element, attribute: &str) -> Option<&'e str> {
    e.attributes.get(attribute).map(String::as_str)
}

/// Whether a manifest keeps the rules; what it breaks otherwise.
pub fn manifest(xml: &str) -> Result<(), String> {
    let root = tree(xml)?;
    keeps(&root, MANIFEST, "")?;
    let mut ids = BTreeSet::new();
    for e in [named(&root, "organization"), named(&root, "item"), named(&root, "resource"), vec![&root]].concat() {
        let id = said(e, "identifier").unwrap_or_default();
        let plain = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !plain || !ids.insert(id) {
            return Err(format!("{} has the identifier {id}", e.name));
        }
    }
    let resources = named(&root, "resource");
    let kind_of = |id: &str| resources.iter().find(|r| said(r, "identifier") == Some(id)).map(|r| said(r, "type"));
    let around = named(&root, "organization").first().and_then(|o| o.children.first());
    for item in named(&root, "item") {
        let is_root = around.is_some_and(|a| std::ptr::eq(a, item));
        let titled = item.children.iter().any(|c| c.name == "title");
        match said(item, "identifierref") {
            Some(to) if kind_of(to).is_none() => return Err(format!("an item leads to {to}")),
            Some(_) if item.children.iter().any(|c| c.name == "item") => {
                return Err("a page with pages in it".to_owned());
            }
            Some(_) if is_root => return Err("what stands around all is a page".to_owned()),
            _ if titled == is_root => return Err(format!("{:?}: a title, or none", said(item, "identifier"))),
            _ => {}
        }
    }
    for r in &resources {
        let files: Vec<&str> = r.children.iter().filter(|c| c.name == "file").filter_map(|f| said(f, "href")).collect();
        if files.iter().any(|f| f.starts_with('/') || f.contains("..") || f.contains(':')) {
            return Err(format!("{files:?} lies elsewhere"));
        }
        let to: Vec<&str> =
            r.children.iter().filter(|c| c.name == "dependency").filter_map(|d| said(d, "identifierref")).collect();
        if to.iter().any(|to| kind_of(to) != Some(Some("webcontent"))) {
            return Err(format!("{to:?} is no page to depend on"));
        }
        match (said(r, "type"), said(r, "href")) {
            (Some("webcontent"), Some(href)) if !files.contains(&href) => {
                return Err(format!("{href} is no file of it"));
            }
            (Some("webcontent"), _) => {}
            (_, Some(_)) => return Err("questions with an address".to_owned()),
            _ if files.len() != 1 => return Err("questions are one file".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

/// Whether an assessment keeps the rules.
pub fn questions(xml: &str) -> Result<(), String> {
    let root = tree(xml)?;
    keeps(&root, QUESTIONS, "")?;
    let mut ids = BTreeSet::new();
    for item in named(&root, "item") {
        if !ids.insert(said(item, "ident")) {
            return Err("two items of one name".to_owned());
        }
        let entries = named(item, "fieldentry");
        let profile = entries.iter().map(|e| e.text.as_str()).find(|t| t.starts_with("cc.")).ok_or("no profile")?;
        let response = [named(item, "response_lid"), named(item, "response_str")].concat();
        let [response] = response[..] else { return Err("one response".to_owned()) };
        let labels: Vec<_> = named(item, "response_label").iter().filter_map(|l| said(l, "ident")).collect();
        let many = said(response, "rcardinality") == Some("Multiple");
        let fits = match profile {
            "cc.multiple_choice.v0p1" | "cc.true_false.v0p1" => !labels.is_empty() && !many,
            "cc.multiple_response.v0p1" => !labels.is_empty() && many,
            _ => labels.is_empty(),
        };
        if !fits {
            return Err(format!("{profile} is answered so"));
        }
        for e in named(item, "varequal") {
            if said(e, "respident") != said(response, "ident")
                || !labels.is_empty() && !labels.contains(&e.text.as_str())
            {
                return Err(format!("{} is no answer of it", e.text));
            }
        }
        let by_hand = profile == "cc.essay.v0p1";
        if by_hand == item.children.iter().any(|c| c.name == "resprocessing") {
            return Err(format!("{profile} is marked so"));
        }
    }
    Ok(())
}

/// That each of these changes of what keeps the rules breaks one.
pub fn can_fail(xml: &str, check: fn(&str) -> Result<(), String>, changes: &[(&str, &str)]) {
    for (from, to) in changes {
        assert!(xml.contains(from), "{from} stands nowhere: {xml}");
        assert!(check(&xml.replacen(from, to, 1)).is_err(), "{from} → {to} breaks nothing");
    }
}
