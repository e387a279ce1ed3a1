use proptest::prelude::*;

use super::*;

fn text(said: &str) -> Block {
    Block::Text(vec![Run::from(said)])
}

fn plan(lang: &str, said: &str, many: usize) -> Paper {
    let steps =
        (1..=many).map(|n| vec![vec![text(&n.to_string())], vec![text(said)], vec![text(said)], vec![]]).collect();
    Paper {
        title: said.to_owned(),
        by: said.to_owned(),
        lang: lang.to_owned(),
        foot: "Zampa".to_owned(),
        landscape: false,
        blocks: vec![
            Block::Facts(vec![(said.to_owned(), said.to_owned())]),
            Block::Heading(said.to_owned()),
            text(said),
            Block::Item { depth: 0, number: None, runs: vec![Run { bold: true, ..Run::from(said) }] },
            Block::Item {
                depth: 1,
                number: Some(2),
                runs: vec![Run { lang: Some("bo".to_owned()), ..Run::from("བོད་ཡིག") }],
            },
            Block::Table {
                widths: vec![1, 4, 4, 4],
                head: ["1", "教师", "སློབ་མ", "Adult"].map(str::to_owned).to_vec(),
                rows: steps,
            },
        ],
    }
}

const BO: &str = "སྨན་རྩྭ་ངོ་ཤེས་པ། བསྒྲུབས་ཏེ་རྫོགས་སོ།";

/// How many pages a PDF says that it has.
fn pages(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    text.matches("/Type /Page\n").count() + text.matches("/Type/Page/").count()
}

#[test]
fn a_plan_is_set_in_three_languages_the_same_each_time() {
    for (lang, said) in [("zh", "认识草药"), ("bo", BO), ("en", "Knowing herbs, and fiddles & flutes")] {
        let paper = plan(lang, said, 3);
        let one = pdf(&paper).unwrap();
        assert!(one.starts_with(b"%PDF-"), "{lang}");
        assert_eq!(one, pdf(&paper).unwrap(), "{lang}");
        let named = String::from_utf8_lossy(&one).into_owned();
        assert!(named.contains("NotoSerifTibetan"), "{lang}");
        let chinese = chinese().map(|name| name.split(' ').collect::<String>());
        match (lang, chinese) {
            ("zh", Some(name)) => assert!(named.contains(&name.replace("SC", "sc")) || named.contains(&name), "{name}"),
            ("zh", None) => println!("this machine has no Chinese font: what it looks like is not looked at"),
            _ => {}
        }
        if let Some(dir) = std::env::var_os("ZAMPA_LOOK") {
            let paper = plan(lang, &[said; 6].join(" "), 30);
            std::fs::write(std::path::Path::new(&dir).join(format!("{lang}.pdf")), pdf(&paper).unwrap()).unwrap();
        }
    }
}

#[test]
fn what_is_said_is_never_taken_for_the_language_of_the_look() {
    for said in
        ["#panic(\"x\")", "$x$ *b* _i_ `c`", "= heading", "<label> @ref", "\\ // -- [ ] { } #{", "\"", "\u{0}\u{7}"]
    {
        pdf(&plan("en", said, 1)).unwrap_or_else(|e| panic!("{said}: {e}"));
    }
}

#[test]
fn long_tables_go_on_over_pages_and_bad_pictures_are_left_out() {
    let one = pages(&pdf(&plan("bo", BO, 2)).unwrap());
    let many = pages(&pdf(&plan("bo", &[BO; 5].join(""), 40)).unwrap());
    assert!(one == 1 && (one + 2..30).contains(&many), "{one} {many}");
    let mut paper = plan("zh", "图", 1);
    paper.blocks.push(Block::Picture { bytes: b"no picture".to_vec(), alt: String::new() });
    assert!(pdf(&paper).is_ok());
    paper.blocks = vec![text(&"x".repeat(MAX_TEXT + 1))];
    assert_eq!(pdf(&paper), Err(PaperError::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_written_becomes_a_paper(said in "\\PC{0,80}", lang in "[a-z]{0,3}") {
        let paper = plan(&lang, &said, 1);
        prop_assert!(pdf(&paper).is_ok());
    }
}
