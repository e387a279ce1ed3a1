//! A package of questions: its manifest lists items, its test says in what order they are asked.

use std::io::{Read, Seek};

use packages::Archive;
use packages::xml::target;

use crate::element::{Element, read};
use crate::{Item, MAX_ITEM, QuizError, read_item};

pub(crate) const MANIFEST: &str = "imsmanifest.xml";
/// Items of one quiz.
const MOST: usize = 300;
/// Bytes of all items that are read.
const MAX_ALL: u64 = 32 << 20;
/// Bytes of a picture.
const MAX_PICTURE: u64 = 8 << 20;

/// Questions of a package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quiz {
    /// Items that can be shown, in order.
    pub items: Vec<Item>,
    /// How many cannot.
    pub left_out: usize,
}

/// Whether an archive is a package of questions that can be shown.
pub fn is_quiz<R: Read + Seek>(archive: &mut Archive<R>) -> bool {
    read_package(archive).is_ok_and(|quiz| !quiz.items.is_empty())
}

/// Reads the questions of a package.
///
/// # Errors
/// [`QuizError::None`] where its manifest names no items; what its XML says otherwise. An item that is broken or not
/// supported is counted and left out.
pub fn read_package<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Quiz, QuizError> {
    let manifest = read(&bytes(archive, MANIFEST)?)?;
    let resources: Vec<&Element> = manifest.named("resources").flat_map(|r| r.named("resource")).collect();
    let of = |kind: &str| -> Vec<String> {
        let fits = |e: &&&Element| e.attribute("type").starts_with(kind) && !e.attribute("href").is_empty();
        resources.iter().filter(fits).map(|e| e.attribute("href").to_owned()).collect()
    };
    let items = of("imsqti_item");
    if items.is_empty() {
        return Err(QuizError::None);
    }
    let mut order = Vec::new();
    for test in of("imsqti_test") {
        if let Ok(root) = bytes(archive, &test).and_then(|b| read(&b)) {
            asked(&root, &test, &mut order);
        }
    }
    order.retain(|path| items.contains(path));
    order.extend(items.iter().filter(|path| !order.contains(path)).cloned().collect::<Vec<_>>());
    let mut quiz = Quiz::default();
    let mut left = MAX_ALL;
    for path in order.into_iter().take(MOST) {
        let size = archive.entries().iter().find(|e| e.path == path).map_or(0, |e| e.size);
        let Some(rest) = left.checked_sub(size) else {
            quiz.left_out += 1;
            continue;
        };
        left = rest;
        match bytes(archive, &path).and_then(|b| read_item(&b, &path)) {
            Ok(item) => quiz.items.push(item),
            Err(_) => quiz.left_out += 1,
        }
    }
    Ok(quiz)
}

/// The items of a test, in their order.
fn asked(e: &Element, test: &str, out: &mut Vec<String>) {
    for child in e.elements() {
        if child.name == "assessment-item-ref" {
            out.push(target(test, child.attribute("href")));
        } else {
            asked(child, test, out);
        }
    }
}

pub(crate) fn bytes<R: Read + Seek>(archive: &mut Archive<R>, path: &str) -> Result<Vec<u8>, QuizError> {
    whole(archive, path, MAX_ITEM as u64)
}

/// A picture of a package.
///
/// # Errors
/// [`QuizError::None`] where there is none; [`QuizError::TooLarge`].
pub fn picture<R: Read + Seek>(archive: &mut Archive<R>, path: &str) -> Result<Vec<u8>, QuizError> {
    whole(archive, path, MAX_PICTURE)
}

fn whole<R: Read + Seek>(archive: &mut Archive<R>, path: &str, most: u64) -> Result<Vec<u8>, QuizError> {
    let entry = archive.entries().iter().find(|e| e.path == path).cloned().ok_or(QuizError::None)?;
    if entry.size > most {
        return Err(QuizError::TooLarge);
    }
    archive
        .read(&entry, |reader| {
            let mut out = Vec::new();
            reader.read_to_end(&mut out).map_err(|_| packages::Refusal::Broken)?;
            Ok::<_, packages::Refusal>(out)
        })
        .map_err(|_| QuizError::Broken)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;
    use std::path::PathBuf;

    use packages::{Bounds, Packer};
    use proptest::prelude::*;

    use super::*;
    use crate::{Block, Kind, Piece, TypedError, Verdict, as_typed, mark, typed, write_item, write_package};

    const CHOICE: &str = r#"<qti-assessment-item title="Herbs"><qti-response-declaration identifier="R" cardinality="multiple" base-type="identifier"><qti-correct-response><qti-value>a</qti-value><qti-value>c</qti-value></qti-correct-response></qti-response-declaration><qti-item-body><p>Look.</p><img src="../p/leaf.png" alt="a leaf"/><qti-choice-interaction response-identifier="R" max-choices="0"><qti-prompt>Which <b>grow</b> here?</qti-prompt><qti-simple-choice identifier="a">A<qti-feedback-inline>yes!</qti-feedback-inline></qti-simple-choice><qti-simple-choice identifier="b">B</qti-simple-choice><qti-simple-choice identifier="c">C</qti-simple-choice></qti-choice-interaction></qti-item-body></qti-assessment-item>"#;
    const GAP: &str = r#"<assessmentItem title="Sum"><responseDeclaration identifier="R" cardinality="single" baseType="float"><correctResponse><value>0.5</value></correctResponse></responseDeclaration><itemBody><p>A half is <textEntryInteraction responseIdentifier="R"/>.</p></itemBody></assessmentItem>"#;

    fn said(all: &[&str]) -> Vec<String> {
        all.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn both_vocabularies_are_read_and_marked() {
        let item = read_item(CHOICE.as_bytes(), "items/1.xml").unwrap();
        let [Block::Paragraph(_), Block::Picture(picture), Block::Ask(0)] = &item.blocks[..] else {
            panic!("{item:?}")
        };
        assert_eq!(picture.path, "p/leaf.png");
        assert_eq!(item.questions[0].prompt, "Which grow here?");
        assert!(matches!(&item.questions[0].kind, Kind::Choice { many: true, options } if options[0].text == "A"));
        for (answer, verdict) in [
            (&["a", "c"][..], Verdict::Right),
            (&["c", "a"], Verdict::Right),
            (&["a"], Verdict::Partly),
            (&["a", "b", "c"], Verdict::Partly),
            (&["b"], Verdict::Wrong),
            (&[], Verdict::Empty),
        ] {
            assert_eq!(mark(&item.questions[0], &said(answer)), verdict, "{answer:?}");
        }
        let item = read_item(GAP.as_bytes(), "1.xml").unwrap();
        assert!(
            matches!(&item.blocks[..], [Block::Paragraph(p)] if matches!(&p[..], [Piece::Text(_), Piece::Gap(0), Piece::Text(_)]))
        );
        for (answer, verdict) in [
            (".5", Verdict::Right),
            ("0,50", Verdict::Right),
            ("༠.༥", Verdict::Right),
            ("5", Verdict::Wrong),
            (" ", Verdict::Empty),
        ] {
            assert_eq!(mark(&item.questions[0], &said(&[answer])), verdict, "{answer}");
        }
        assert_eq!(mark(&item.questions[0], &said(&["0.5", "5"])), Verdict::Wrong, "one is asked for");
    }

    #[test]
    fn sending_every_choice_is_no_answer_where_one_is_asked_for() {
        let items = typed("Which?\n* yes\n- no\n").unwrap();
        let Kind::Choice { many: false, options } = &items[0].questions[0].kind else { panic!("{items:?}") };
        let ids: Vec<&str> = options.iter().map(|o| &*o.id).collect();
        for (answer, verdict) in [(&ids[..1], Verdict::Right), (&ids[1..], Verdict::Wrong), (&ids[..], Verdict::Wrong)]
        {
            assert_eq!(mark(&items[0].questions[0], &said(answer)), verdict, "{answer:?}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_said_and_not_guessed() {
        let hotspot = CHOICE.replace("qti-choice-interaction", "qti-hotspot-interaction");
        assert_eq!(read_item(hotspot.as_bytes(), ""), Err(QuizError::NotSupported("hotspot-interaction".to_owned())));
        assert_eq!(read_item(b"<html/>", ""), Err(QuizError::None));
        assert_eq!(read_item(b"<assessmentItem>", ""), Err(QuizError::Broken));
        assert_eq!(read_item(&vec![b' '; MAX_ITEM + 1], ""), Err(QuizError::TooLarge));
        let many = format!("<assessmentItem>{}</assessmentItem>", "<p/>".repeat(30_000));
        assert_eq!(read_item(many.as_bytes(), ""), Err(QuizError::TooLarge));
    }

    #[test]
    fn a_test_gives_the_order() {
        let manifest = r#"<manifest><resources><resource type="imsqti_item_xmlv3p0" href="a/2.xml"/><resource type="imsqti_item_xmlv3p0" href="a/1.xml"/><resource type="imsqti_test_xmlv3p0" href="a/t.xml"/><resource type="imsqti_item_xmlv3p0" href="gone.xml"/></resources></manifest>"#;
        let test = r#"<qti-assessment-test><s><qti-assessment-item-ref href="1.xml"/><qti-assessment-item-ref href="2.xml"/></s></qti-assessment-test>"#;
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        for (path, text) in [(MANIFEST, manifest), ("a/t.xml", test), ("a/1.xml", GAP), ("a/2.xml", CHOICE)] {
            packer.add(path, false, text.as_bytes()).unwrap();
        }
        let file = Cursor::new(packer.finish().unwrap().into_inner());
        let mut archive = Archive::open(file, &Bounds::default()).unwrap();
        assert!(is_quiz(&mut archive));
        let quiz = read_package(&mut archive).unwrap();
        assert_eq!(quiz.items.iter().map(|i| i.title.as_str()).collect::<Vec<_>>(), ["Sum", "Herbs"]);
        assert_eq!(quiz.left_out, 1);
    }

    #[test]
    fn what_a_teacher_types_goes_through_a_package_and_comes_back() {
        let text = "\u{96ea}\u{83b2}?\n* A & B\n- <c>\n\n2 + 2 = ____ .\n= 4\n\nsay it\n\nname\n= one\n= two\n";
        let items = typed(text).unwrap();
        assert_eq!(items.len(), 4);
        let bytes = write_package("a <title>", &items).unwrap();
        let mut archive = Archive::open(Cursor::new(bytes), &Bounds::default()).unwrap();
        let quiz = read_package(&mut archive).unwrap();
        assert_eq!((&quiz.items, quiz.left_out), (&items, 0));
        assert_eq!(typed(&as_typed(&quiz.items).unwrap()).unwrap(), items);
        assert_eq!(mark(&items[1].questions[0], &said(&["4.0"])), Verdict::Right);
        assert_eq!(mark(&items[3].questions[0], &said(&["TWO"])), Verdict::Right);
        for (text, wrong) in [
            ("\n \n", TypedError::None),
            ("a\n* b", TypedError::NoChoice(1)),
            ("a\n* b\n- c\n\nd\n- e\n- f", TypedError::NoneRight(2)),
            ("* b\n- c", TypedError::NoPrompt(1)),
            ("a\n* b\n- c\n= d", TypedError::Mixed(1)),
        ] {
            assert_eq!(typed(text), Err(wrong), "{text}");
        }
    }

    /// Packages of others, where they are at hand: what can be shown is shown, the right answers are right.
    #[test]
    fn packages_of_others_are_read() {
        let Some(folder) = std::env::var_os("ZAMPA_SAMPLES").map(|f| PathBuf::from(f).join("zip")) else { return };
        let (mut shown, mut left_out, mut why) = (0, 0, BTreeMap::<String, usize>::new());
        for path in std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()) {
            let Ok(mut archive) = Archive::open(std::fs::File::open(&path).unwrap(), &Bounds::default()) else {
                continue;
            };
            let Ok(quiz) = read_package(&mut archive) else {
                println!("{}: no quiz", path.display());
                continue;
            };
            for item in &quiz.items {
                let again = read_item(write_item("again", item).as_bytes(), "").unwrap();
                assert_eq!(&again, item, "what is written is what was read");
            }
            shown += quiz.items.len();
            left_out += quiz.left_out;
            println!("{}: {} + {}", path.file_name().unwrap().display(), quiz.items.len(), quiz.left_out);
            for question in quiz.items.iter().flat_map(|i| &i.questions).filter(|q| !q.correct.is_empty()) {
                let expected = if question.kind == Kind::Text { Verdict::Open } else { Verdict::Right };
                let one = matches!(question.kind, Kind::Word | Kind::Choice { many: false, .. });
                let answer = &question.correct[..if one { 1 } else { question.correct.len() }];
                assert_eq!(mark(question, answer), expected, "{question:?}");
            }
            for entry in archive.entries().to_vec() {
                let Ok(bytes) = bytes(&mut archive, &entry.path) else { continue };
                if let Err(QuizError::NotSupported(name)) = read_item(&bytes, "") {
                    *why.entry(name).or_default() += 1;
                }
            }
        }
        println!("{shown} shown, {left_out} left out: {why:?}");
        assert!(shown > 50);
    }

    proptest! {
        #[test]
        fn hostile_items_never_panic(at in 0..900usize, with in "[<>/&a-z ]{0,8}", cut in 0..900usize) {
            let mut text = CHOICE.to_owned();
            text.truncate(text.len() - cut % 60);
            let at = at % text.len();
            text.insert_str(at, &with);
            let _ = read_item(text.as_bytes(), "a/b");
        }
    }
}
