//! What documents of office programs say: paragraphs, lists and tables of a .docx, the slides of a .pptx (ECMA-376). How
//! they look is left behind; where a text has a picture is told, and which file of the document that is; fields, macros and whatever lies outside of the file are never opened.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod docx;
mod parts;
mod pptx;

use packages::Refusal;
use packages::xml::BrokenXml;

pub use docx::docx;
pub use pptx::pptx;

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Paragraph),
    /// A table: rows of cells of blocks.
    Table(Vec<Vec<Vec<Block>>>),
    /// A picture.
    Picture(Picture),
}

/// A picture in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Its path in the document's archive. Nothing has been read of it.
    pub path: String,
    /// The words for who does not see it; often empty.
    pub alt: String,
}

/// A paragraph; never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paragraph {
    /// What it is.
    pub role: Role,
    /// Its text. A line break inside is `\n`.
    pub runs: Vec<Run>,
}

impl Paragraph {
    /// Its text without marks.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// What a paragraph is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Text.
    #[default]
    Text,
    /// The document's title.
    Title,
    /// A heading.
    Heading,
    /// An item of a list, how deep it stands from 0, and whether it has a number.
    Item {
        /// From 0.
        depth: u8,
        /// It is numbered rather than dotted.
        numbered: bool,
    },
}

/// Text of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Never empty.
    pub text: String,
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub em: bool,
}

/// A slide, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slide {
    /// What stands where its title does; empty where there is none.
    pub title: String,
    /// Its other text, a line for each paragraph.
    pub lines: Vec<String>,
    /// What the speaker wrote beside it.
    pub notes: Vec<String>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// The archive that it is.
    #[error(transparent)]
    Archive(#[from] Refusal),
    /// It is an archive, and no document of the kind that was asked for.
    #[error("no document of this kind")]
    Kind,
    /// Its XML is broken, or nested too deep.
    #[error("broken XML")]
    Broken,
    /// More text than a lesson has: [`MAX_TEXT`].
    #[error("too much text")]
    TooLong,
}

impl From<BrokenXml> for OfficeError {
    fn from(BrokenXml: BrokenXml) -> Self {
        Self::Broken
    }
}

/// Bytes of text that are read from a document.
pub const MAX_TEXT: usize = 1 << 20;
/// Pictures of a document that are told.
pub const MAX_PICTURES: usize = 100;
/// Bytes of XML that are read of a document, unpacked.
const MAX_XML: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::PathBuf;

    use packages::Packer;
    use proptest::prelude::*;

    use super::*;

    fn packed(files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        for (path, text) in files {
            packer.add(path, false, text.as_bytes()).unwrap();
        }
        Cursor::new(packer.finish().unwrap().into_inner())
    }

    fn text(inside: &str) -> Result<Vec<Block>, OfficeError> {
        let styles = r#"<w:styles><w:style w:styleId="a"><w:name w:val="heading 1"/></w:style></w:styles>"#;
        let numbers = r#"<w:numbering><w:abstractNum w:abstractNumId="7"><w:lvl><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="7"/></w:num></w:numbering>"#;
        let body = format!("<w:document><w:body>{inside}</w:body></w:document>");
        docx(packed(&[("word/document.xml", &body), ("word/styles.xml", styles), ("word/numbering.xml", numbers)]))
    }

    #[test]
    fn pictures_are_told_where_they_stand() {
        let rels = r#"<Relationships><Relationship Id="r1" Type="x/image" Target="media/a.png"/><Relationship Id="r2" Type="x/image" TargetMode="External" Target="http://elsewhere/b.png"/><Relationship Id="r3" Type="x/hyperlink" Target="c.png"/></Relationships>"#;
        let drawn = |id: &str| {
            format!(r#"<w:r><w:drawing><wp:docPr descr="a leaf"/><a:blip r:embed="{id}"/></w:drawing></w:r>"#)
        };
        let (one, two, three) = (drawn("r1"), drawn("r2"), drawn("r3"));
        let body = format!(
            r#"<w:document><w:body><w:p><w:r><w:t>before</w:t></w:r>{one}</w:p><w:p>{two}{three}<mc:Fallback><w:pict><v:imagedata r:id="r1"/></w:pict></mc:Fallback></w:p><w:tbl><w:tr><w:tc><w:p><w:pict><v:imagedata r:id="r1"/></w:pict></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"#
        );
        let blocks = docx(packed(&[("word/document.xml", &body), ("word/_rels/document.xml.rels", rels)])).unwrap();
        let picture = |alt: &str| Block::Picture(Picture { path: "word/media/a.png".into(), alt: alt.into() });
        let [Block::Paragraph(_), shown, Block::Table(rows)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((shown, &rows[0][0][..]), (&picture("a leaf"), &[picture("")][..]));
    }

    fn only(blocks: &[Block]) -> &Paragraph {
        match blocks {
            [Block::Paragraph(p)] => p,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_has_its_roles_marks_and_entities() {
        let blocks =
            text(r#"<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>A &amp; &#x4e2d;</w:t></w:r></w:p>"#).unwrap();
        assert_eq!((only(&blocks).role, only(&blocks).text().as_str()), (Role::Heading, "A & 中"));
        let blocks = text(r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>a</w:t></w:r><w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t>b</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del></w:p>"#).unwrap();
        assert_eq!(only(&blocks).role, Role::Item { depth: 1, numbered: true });
        assert_eq!(only(&blocks).runs.iter().map(|r| r.strong).collect::<Vec<_>>(), [true, false]);
        assert_eq!(only(&blocks).text(), "ab");
    }

    #[test]
    fn tables_stand_in_tables() {
        let p = |said: &str| format!("<w:p><w:r><w:t>{said}</w:t></w:r></w:p>");
        let inner = format!("<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", p("inner"));
        let blocks = text(&format!(
            "<w:tbl><w:tr><w:tc>{}{inner}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>{}",
            p("a"),
            p("b"),
            p("after")
        ))
        .unwrap();
        let [Block::Table(rows), Block::Paragraph(after)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(after.text(), "after");
        assert_eq!(rows[0].len(), 2);
        assert!(matches!(&rows[0][0][..], [Block::Paragraph(_), Block::Table(_)]));
    }

    #[test]
    fn what_is_none_is_told_from_what_is_broken() {
        assert_eq!(docx(packed(&[("a.txt", "x")])), Err(OfficeError::Kind));
        assert_eq!(pptx(packed(&[("a.txt", "x")])), Err(OfficeError::Kind));
        assert_eq!(text("<w:p>"), Err(OfficeError::Broken));
        assert_eq!(text(&"<w:sdt>".repeat(1000)), Err(OfficeError::Broken));
        assert_eq!(docx(Cursor::new(b"none".to_vec())), Err(OfficeError::Archive(Refusal::Broken)));
        let long = format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "many words, and other ones ".repeat(50_000));
        assert!(matches!(text(&long), Err(OfficeError::TooLong | OfficeError::Archive(Refusal::Bomb))));
    }

    /// Slides of another program, where its samples are at hand.
    #[test]
    fn presentations_of_others_are_read() {
        let Some(folder) = std::env::var_os("ZAMPA_SAMPLES").map(|f| PathBuf::from(f).join("pptx")) else { return };
        for file in std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()) {
            let slides = pptx(std::fs::File::open(&file).unwrap()).unwrap();
            println!("{}: {slides:?}", file.display());
        }
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(inside in "(<(/)?w:(p|r|t|tbl|tr|tc|del|numId|ilvl)( w:val=\"[0-9a]{0,3}\")?(/)?>|&[a-z#0-9]{0,4};?|[a-z]){0,40}") {
            let _ = text(&inside);
        }
    }
}
