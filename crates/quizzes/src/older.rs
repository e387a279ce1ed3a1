//! Questions as QTI 1.2, as the profile of Common Cartridge has it. It knows fewer kinds: what has no equal there is not
//! bent into one, but told to who writes.

use std::fmt::Write as _;

use packages::xml::escape;

use crate::{Block, Choice, Compare, Item, Kind, Piece, Question};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2";

/// An assessment, and what it could not hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Older {
    /// The XML; none where nothing has an equal.
    pub assessment: Option<String>,
    /// The places of items that have none, from 0.
    pub left_out: Vec<usize>,
}

/// Writes questions as an assessment of a cartridge.
pub fn write_older(identifier: &str, title: &str, items: &[Item]) -> Older {
    let (mut body, mut left_out) = (String::new(), Vec::new());
    for (n, item) in items.iter().enumerate() {
        match one(&format!("q{}", n + 1), item) {
            Some(text) => body.push_str(&text),
            None => left_out.push(n),
        }
    }
    let assessment = (left_out.len() < items.len()).then(|| {
        let said = [
            ("cc_profile", "cc.exam.v0p1"),
            ("qmd_assessmenttype", "Examination"),
            ("qmd_scoretype", "Percentage"),
        ];
        format!(
            r#"{HEAD}<questestinterop xmlns="{NAMESPACE}"><assessment ident="{}" title="{}">{}<section ident="section">{body}</section></assessment></questestinterop>"#,
            escape(identifier),
            escape(title),
            metadata(&said)
        )
    });
    Older { assessment, left_out }
}

fn metadata(said: &[(&str, &str)]) -> String {
    let fields: String = said
        .iter()
        .map(|(label, entry)| {
            format!(
                "<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
            )
        })
        .collect();
    format!("<qtimetadata>{fields}</qtimetadata>")
}

/// How an item is answered there.
enum Equal {
    Choice { many: bool, labels: String, right: Vec<String>, wrong: Vec<String> },
    Word(Vec<String>, bool),
    Essay,
}

/// An item with one question, nothing but text, and a kind that has an equal.
fn one(ident: &str, item: &Item) -> Option<String> {
    let [question] = &item.questions[..] else { return None };
    let asked = asked(item, question)?;
    let equal = equal(question)?;
    let (profile, presentation, processing) = match &equal {
        Equal::Choice { many, labels, right, wrong } => {
            let (profile, cardinality) =
                if *many { ("cc.multiple_response.v0p1", "Multiple") } else { ("cc.multiple_choice.v0p1", "Single") };
            let is = |id: &String| format!(r#"<varequal respident="R">{}</varequal>"#, escape(id));
            let condition = if *many {
                let not = wrong.iter().map(|id| format!("<not>{}</not>", is(id)));
                format!("<and>{}</and>", right.iter().map(is).chain(not).collect::<String>())
            } else {
                right.iter().map(is).collect()
            };
            let shown = format!(
                r#"<response_lid ident="R" rcardinality="{cardinality}"><render_choice>{labels}</render_choice></response_lid>"#
            );
            (profile, shown, Some(condition))
        }
        Equal::Word(words, cased) => {
            let case = if *cased { "Yes" } else { "No" };
            let is = |w: &String| format!(r#"<varequal respident="R" case="{case}">{}</varequal>"#, escape(w));
            let shown =
                r#"<response_str ident="R" rcardinality="Single"><render_fib prompt="Dashline"/></response_str>"#;
            ("cc.fib.v0p1", shown.to_owned(), Some(words.iter().map(is).collect()))
        }
        Equal::Essay => {
            let shown = r#"<response_str ident="R" rcardinality="Single"><render_fib/></response_str>"#;
            ("cc.essay.v0p1", shown.to_owned(), None)
        }
    };
    let by_hand = if processing.is_none() { &[("qmd_computerscored", "No")][..] } else { &[] };
    let said: Vec<(&str, &str)> = [("cc_profile", profile)].into_iter().chain(by_hand.iter().copied()).collect();
    let mut out = format!(
        r#"<item ident="{ident}"{}><itemmetadata>{}</itemmetadata><presentation><material><mattext texttype="text/plain">{}</mattext></material>{presentation}</presentation>"#,
        match &*item.title {
            "" => String::new(),
            title => format!(r#" title="{}""#, escape(title)),
        },
        metadata(&said),
        escape(&asked)
    );
    if let Some(condition) = processing {
        let _ = write!(
            out,
            r#"<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>"#
        );
        // Each spelling of a word is a way to be right; one condition holds them all.
        let _ = write!(
            out,
            r#"<respcondition continue="No"><conditionvar>{condition}</conditionvar><setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing>"#
        );
    }
    out.push_str("</item>");
    Some(out)
}

/// What is asked, as one text: what stands before the question, its prompt, and a gap as a line.
fn asked(item: &Item, question: &Question) -> Option<String> {
    let mut lines = Vec::new();
    for block in &item.blocks {
        match block {
            Block::Heading(text) => lines.push(text.clone()),
            Block::Picture(_) => return None,
            Block::Ask(_) => lines.push(question.prompt.clone()),
            Block::Paragraph(pieces) => {
                // A choice within a line is another way of asking.
                if pieces.iter().any(|p| matches!(p, Piece::Gap(_))) && question.kind != Kind::Word {
                    return None;
                }
                let said = pieces.iter().map(|p| if let Piece::Text(text) = p { text } else { "____" });
                lines.push(said.collect::<Vec<_>>().join(" "));
            }
        }
    }
    lines.retain(|l| !l.is_empty());
    // A material that says nothing is none.
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn equal(question: &Question) -> Option<Equal> {
    let best = question.points.values().copied().fold(0.0, f64::max);
    match &question.kind {
        Kind::Choice { many, options } => {
            if options.iter().any(|o| o.picture.is_some()) {
                return None;
            }
            let worth = |id: &String| question.points.get(id).copied().unwrap_or(0.0);
            let is_right = |o: &&Choice| match (*many, question.correct.is_empty()) {
                (false, _) => question.correct.contains(&o.id) || (best > 0.0 && worth(&o.id) >= best),
                (true, false) => question.correct.contains(&o.id),
                (true, true) => worth(&o.id) > 0.0,
            };
            let (right, wrong): (Vec<&Choice>, Vec<&Choice>) = options.iter().partition(is_right);
            if right.is_empty() || (!many && right.len() > 1) {
                return None;
            }
            let label = |o: &Choice| {
                format!(
                    r#"<response_label ident="{}"><material><mattext texttype="text/plain">{}</mattext></material></response_label>"#,
                    escape(&o.id),
                    escape(&o.text)
                )
            };
            let ids = |of: Vec<&Choice>| of.into_iter().map(|o| o.id.clone()).collect();
            let labels = options.iter().map(label).collect();
            Some(Equal::Choice { many: *many, labels, right: ids(right), wrong: ids(wrong) })
        }
        // Numbers are compared as words there: 0.5 and .5 would be two answers.
        Kind::Word if question.compare == Compare::Numbers => None,
        Kind::Word => {
            let full = question.points.iter().filter(|(_, p)| best > 0.0 && **p >= best).map(|(word, _)| word.clone());
            let mut words: Vec<String> = question.correct.iter().cloned().chain(full).collect();
            words.sort_unstable();
            words.dedup();
            (!words.is_empty()).then(|| Equal::Word(words, question.compare == Compare::Cased))
        }
        Kind::Text => Some(Equal::Essay),
        Kind::Order(_) | Kind::Match(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use packages::xml::{BrokenXml, Step, walk};

    use super::*;
    use crate::{read_item, typed};

    #[test]
    fn kinds_that_have_an_equal_are_written_and_others_are_told() {
        let text =
            "A & B?\n* <yes>\n- no\n\nBoth?\n* a\n* b\n- c\n\nname ____ it\n= one\n= two\n\n1 + 1 =\n= 2\n\nsay it\n";
        let mut items = typed(text).unwrap();
        let order = r#"<qti-assessment-item><qti-response-declaration identifier="R" cardinality="ordered"><qti-correct-response><qti-value>a</qti-value></qti-correct-response></qti-response-declaration><qti-item-body><qti-order-interaction response-identifier="R"><qti-simple-choice identifier="a">A</qti-simple-choice></qti-order-interaction></qti-item-body></qti-assessment-item>"#;
        items.push(read_item(order.as_bytes(), "").unwrap());
        let Older { assessment, left_out } = write_older("a1", "草药 & <more>", &items);
        assert_eq!(left_out, [3, 5], "numbers and an order have no equal");
        let xml = assessment.unwrap();
        let mut profiles = Vec::new();
        let whole = walk(xml.as_bytes(), |step| {
            if let Step::Text(said) = step
                && said.starts_with("cc.")
            {
                profiles.push(said.to_owned());
            }
            Ok::<_, BrokenXml>(())
        });
        assert_eq!(whole, Ok(()));
        let kinds = ["exam", "multiple_choice", "multiple_response", "fib", "essay"];
        assert_eq!(profiles, kinds.map(|k| format!("cc.{k}.v0p1")));
        assert!(xml.contains(r#"<varequal respident="R">c0</varequal></conditionvar>"#), "{xml}");
        assert!(xml.contains(r#"<not><varequal respident="R">c2</varequal></not></and>"#), "{xml}");
        assert!(xml.contains(r#"case="No">one</varequal><varequal respident="R" case="No">two<"#), "{xml}");
        assert!(xml.contains("name ____ it") && xml.contains("A &amp; B?") && xml.contains("&lt;yes&gt;"), "{xml}");
        assert_eq!(write_older("a", "b", &items[3..4]), Older { assessment: None, left_out: vec![0] });
    }
}
