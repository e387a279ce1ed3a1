//! Questions as a QTI 3 package, so that they open wherever questions are taken.

use std::fmt::Write as _;
use std::io::{self, Cursor};

use packages::Packer;
use packages::xml::escape;

use crate::{Block, Choice, Compare, Item, Kind, Piece, Question};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0";

/// Writes a package without pictures.
///
/// # Errors
/// Of the archive.
pub fn write_package(title: &str, items: &[Item]) -> io::Result<Vec<u8>> {
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    let mut resources = String::new();
    let mut refs = String::new();
    for n in 1..=items.len() {
        let _ = write!(
            resources,
            r#"<resource identifier="item{n}" type="imsqti_item_xmlv3p0" href="item{n}.xml"><file href="item{n}.xml"/></resource>"#
        );
        let _ = write!(refs, r#"<qti-assessment-item-ref identifier="item{n}" href="item{n}.xml"/>"#);
    }
    let manifest = format!(
        r#"{HEAD}<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="manifest"><metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata><organizations/><resources><resource identifier="test" type="imsqti_test_xmlv3p0" href="test.xml"><file href="test.xml"/></resource>{resources}</resources></manifest>"#
    );
    let test = format!(
        r#"{HEAD}<qti-assessment-test xmlns="{NAMESPACE}" identifier="test" title="{}"><qti-test-part identifier="part" navigation-mode="nonlinear" submission-mode="simultaneous"><qti-assessment-section identifier="section" title="{0}" visible="true">{refs}</qti-assessment-section></qti-test-part></qti-assessment-test>"#,
        escape(title)
    );
    packer.add("imsmanifest.xml", false, manifest.as_bytes())?;
    packer.add("test.xml", false, test.as_bytes())?;
    for (n, item) in (1..).zip(items) {
        packer.add(&format!("item{n}.xml"), false, write_item(&format!("item{n}"), item).as_bytes())?;
    }
    Ok(packer.finish()?.into_inner())
}

/// An item as QTI 3.
pub fn write_item(identifier: &str, item: &Item) -> String {
    let mut out = format!(
        r#"{HEAD}<qti-assessment-item xmlns="{NAMESPACE}" identifier="{}" title="{}" adaptive="false" time-dependent="false""#,
        escape(identifier),
        escape(&item.title)
    );
    if let Some(language) = &item.language {
        let _ = write!(out, r#" xml:lang="{}""#, escape(language));
    }
    out.push('>');
    for (n, question) in item.questions.iter().enumerate() {
        declaration(n, question, &mut out);
    }
    out.push_str(
        r#"<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/><qti-item-body>"#,
    );
    for block in &item.blocks {
        match block {
            Block::Heading(text) => {
                let _ = write!(out, "<h2>{}</h2>", escape(text));
            }
            Block::Picture(p) => {
                let _ = write!(out, r#"<p><img src="/{}" alt="{}"/></p>"#, escape(&p.path), escape(&p.alt));
            }
            Block::Ask(n) => ask(*n, item, false, &mut out),
            Block::Paragraph(pieces) => {
                out.push_str("<p>");
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => {
                            let _ = write!(out, "{} ", escape(text));
                        }
                        Piece::Gap(n) => ask(*n, item, true, &mut out),
                    }
                }
                out.push_str("</p>");
            }
        }
    }
    out.push_str("</qti-item-body>");
    // The standard's templates say how one question is marked; what has several is marked by who reads it.
    if let [question] = &item.questions[..] {
        let template = if question.points.is_empty() { "match_correct" } else { "map_response" };
        let _ = write!(
            out,
            r#"<qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{template}.xml"/>"#
        );
    }
    out.push_str("</qti-assessment-item>");
    out
}

fn declaration(n: usize, question: &Question, out: &mut String) {
    let cardinality = match &question.kind {
        Kind::Choice { many: true, .. } | Kind::Match(..) => "multiple",
        Kind::Order(_) => "ordered",
        _ => "single",
    };
    let base = match (&question.kind, question.compare) {
        (Kind::Match(..), _) => "directedPair",
        (Kind::Choice { .. } | Kind::Order(_), _) => "identifier",
        (_, Compare::Numbers) => "float",
        _ => "string",
    };
    let _ =
        write!(out, r#"<qti-response-declaration identifier="R{n}" cardinality="{cardinality}" base-type="{base}">"#);
    if !question.correct.is_empty() {
        out.push_str("<qti-correct-response>");
        for value in &question.correct {
            let _ = write!(out, "<qti-value>{}</qti-value>", escape(value));
        }
        out.push_str("</qti-correct-response>");
    }
    if !question.points.is_empty() {
        let cased = question.compare == Compare::Cased;
        out.push_str(r#"<qti-mapping default-value="0">"#);
        for (key, points) in &question.points {
            let key = escape(key);
            let _ = write!(out, r#"<qti-map-entry map-key="{key}" mapped-value="{points}" case-sensitive="{cased}"/>"#);
        }
        out.push_str("</qti-mapping>");
    }
    out.push_str("</qti-response-declaration>");
}

fn ask(n: usize, item: &Item, inline: bool, out: &mut String) {
    let Some(question) = item.questions.get(n) else { return };
    let prompt = match question.prompt.as_str() {
        "" => String::new(),
        said => format!("<qti-prompt>{}</qti-prompt>", escape(said)),
    };
    let choices = |name: &str, more: &str, options: &[Choice]| -> String {
        let one = |o: &Choice| {
            let picture =
                o.picture.as_ref().map(|p| format!(r#"<img src="/{}" alt="{}"/>"#, escape(&p.path), escape(&p.alt)));
            format!(
                r#"<qti-{name} identifier="{}"{more}>{}{}</qti-{name}>"#,
                escape(&o.id),
                escape(&o.text),
                picture.unwrap_or_default()
            )
        };
        options.iter().map(one).collect()
    };
    let said = match &question.kind {
        Kind::Choice { options, .. } if inline => {
            let options = choices("inline-choice", "", options);
            format!(
                r#"<qti-inline-choice-interaction response-identifier="R{n}">{options}</qti-inline-choice-interaction>"#
            )
        }
        Kind::Choice { many, options } => {
            let most = u8::from(!many);
            let options = choices("simple-choice", "", options);
            format!(
                r#"<qti-choice-interaction response-identifier="R{n}" max-choices="{most}">{prompt}{options}</qti-choice-interaction>"#
            )
        }
        Kind::Word => format!(r#"<qti-text-entry-interaction response-identifier="R{n}"/>"#),
        Kind::Text => format!(
            r#"<qti-extended-text-interaction response-identifier="R{n}">{prompt}</qti-extended-text-interaction>"#
        ),
        Kind::Order(options) => {
            let options = choices("simple-choice", "", options);
            format!(r#"<qti-order-interaction response-identifier="R{n}">{prompt}{options}</qti-order-interaction>"#)
        }
        Kind::Match(from, to) => {
            let set = |options| {
                format!(
                    "<qti-simple-match-set>{}</qti-simple-match-set>",
                    choices("simple-associable-choice", r#" match-max="0""#, options)
                )
            };
            format!(
                r#"<qti-match-interaction response-identifier="R{n}" max-associations="0">{prompt}{}{}</qti-match-interaction>"#,
                set(from),
                set(to)
            )
        }
    };
    out.push_str(&said);
}
