//! A plan as a document that every office program opens: for who works on paper, or where Zampa is not.

use std::fmt::Write as _;
use std::io::Cursor;

use base::Subject;
use documents::Node;
use packages::{Packer, file_name};
use register::Look;
use rusqlite::Connection;
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::embed::Embedded;
use crate::facts::{BODY, LESSON_PLAN};
use crate::outline::COLUMNS;
use crate::pictures::{self, PICTURE};

const TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="jpeg" ContentType="image/jpeg"/><Default Extension="png" ContentType="image/png"/><Default Extension="gif" ContentType="image/gif"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const OF_DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
// Fonts that Windows has for each script; other systems put their own in their place. Tibetan is a complex script.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Microsoft YaHei" w:cs="Microsoft Himalaya"/><w:sz w:val="21"/><w:szCs w:val="28"/><w:lang w:val="en-GB" w:eastAsia="zh-CN" w:bidi="bo-CN"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="80"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:rPr><w:b/><w:bCs/><w:sz w:val="36"/><w:szCs w:val="44"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="80"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="26"/><w:szCs w:val="34"/></w:rPr></w:style></w:styles>"#;
/// Widths of the table's columns, in twentieths of a point: together what A4 has between its margins.
const WIDTHS: [u32; 4] = [1700, 2900, 2700, 2338];
const TEXT: u32 = 9638;

/// Sends a plan as a document.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let (title, xml, pictures) = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &LESSON_PLAN, &id)?;
        let look = Look::new(site, request, conn);
        let title = look.title(&LESSON_PLAN, &id)?;
        let tree = records::document(conn, &LESSON_PLAN, BODY, &id)?.tree().unwrap_or_default();
        let mut set = Embedded::new(site, pictures::of_plan(site, conn, &id)?, &look.words);
        let xml = document(&title, &by(conn, &id)?, &tree, &look.words, &mut set);
        Ok::<_, PageError>((title, xml, set.used))
    })?;
    let mut relations = OF_DOCUMENT.trim_end_matches("</Relationships>").to_owned();
    for picture in &pictures {
        let _ = write!(
            relations,
            r#"<Relationship Id="{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/{0}.{1}"/>"#,
            picture.name, picture.ending
        );
    }
    relations.push_str("</Relationships>");
    let failed = |e: std::io::Error| PageError::Internal(e.to_string());
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    for (path, text) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("word/_rels/document.xml.rels", &*relations),
        ("word/styles.xml", STYLES),
        ("word/document.xml", &xml),
    ] {
        packer.add(path, false, text.as_bytes()).map_err(failed)?;
    }
    for picture in &pictures {
        let path = format!("word/media/{}.{}", picture.name, picture.ending);
        packer.add(&path, true, picture.bytes.as_slice()).map_err(failed)?;
    }
    let bytes = packer.finish().map_err(failed)?.into_inner();
    Ok(Reply::Bytes(TYPE, Some(format!("{}.docx", file_name(&title))), bytes))
}

/// Who wrote it.
pub(crate) fn by(conn: &Connection, id: &Subject) -> Result<String, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT byline FROM plan_author WHERE plan = ?1 AND part IN ('lead', 'author') AND byline IS NOT NULL
         ORDER BY part DESC, made",
    )?;
    let names = stmt.query_map([id.as_bytes()], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(names.join(" · "))
}

fn document(title: &str, by: &str, tree: &[Node], words: &Words<'_>, set: &mut Embedded<'_>) -> String {
    let mut out = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>"#,
    );
    paragraph(&mut out, Some("Title"), 0, |out| run(out, title, ""));
    paragraph(&mut out, None, 0, |out| run(out, by, ""));
    for node in tree {
        let key = format!("plan-part-{}", node.attribute("part").unwrap_or_default());
        if !words.has(&key) {
            continue;
        }
        paragraph(&mut out, Some("Heading1"), 0, |out| run(out, &words.get(&key), ""));
        match node.name() {
            "steps" => steps(node, words, set, &mut out),
            _ => blocks(node.children(), 0, set, TEXT, &mut out),
        }
    }
    out.push_str(r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>"#);
    out
}

fn paragraph(out: &mut String, style: Option<&str>, indent: u32, inside: impl FnOnce(&mut String)) {
    out.push_str("<w:p><w:pPr>");
    if let Some(style) = style {
        let _ = write!(out, r#"<w:pStyle w:val="{style}"/>"#);
    }
    if indent > 0 {
        let _ = write!(out, r#"<w:ind w:left="{}"/>"#, indent * 360);
    }
    out.push_str("</w:pPr>");
    inside(out);
    out.push_str("</w:p>");
}

fn run(out: &mut String, text: &str, marks: &str) {
    let _ = write!(out, r#"<w:r><w:rPr>{marks}</w:rPr><w:t xml:space="preserve">"#);
    out.push_str(&packages::xml::escape(text));
    out.push_str("</w:t></w:r>");
}

fn inline(nodes: &[Node], out: &mut String) {
    for node in nodes {
        let Node::Text(text, marks) = node else { continue };
        let strong = if marks.contains_key("strong") { "<w:b/><w:bCs/>" } else { "" };
        let em = if marks.contains_key("em") { "<w:i/><w:iCs/>" } else { "" };
        run(out, text, &format!("{strong}{em}"));
    }
}

/// Paragraphs and lists. A cell must end with a paragraph, so that an empty one has one too.
fn blocks(nodes: &[Node], indent: u32, set: &mut Embedded<'_>, width: u32, out: &mut String) {
    for node in nodes {
        match node.name() {
            PICTURE => paragraph(out, None, indent, |out| match set.drawn(node, width) {
                Ok(drawing) => out.push_str(&drawing),
                Err(said) => run(out, &said, "<w:i/><w:iCs/>"),
            }),
            "bullet_list" | "ordered_list" => {
                for (n, item) in (1..).zip(node.children()) {
                    let mark = if node.name() == "ordered_list" { format!("{n}. ") } else { "• ".to_owned() };
                    for (i, block) in item.children().iter().enumerate() {
                        if block.name() == "paragraph" {
                            paragraph(out, None, indent + 1, |out| {
                                if i == 0 {
                                    run(out, &mark, "");
                                }
                                inline(block.children(), out);
                            });
                        } else {
                            blocks(std::slice::from_ref(block), indent + 1, set, width, out);
                        }
                    }
                }
            }
            _ => paragraph(out, None, indent, |out| inline(node.children(), out)),
        }
    }
}

fn steps(node: &Node, words: &Words<'_>, set: &mut Embedded<'_>, out: &mut String) {
    out.push_str("<w:tbl><w:tblPr><w:tblW w:w=\"0\" w:type=\"auto\"/><w:tblBorders>");
    for side in ["top", "left", "bottom", "right", "insideH", "insideV"] {
        let _ = write!(out, r#"<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>"#);
    }
    out.push_str("</w:tblBorders><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>");
    for width in WIDTHS {
        let _ = write!(out, r#"<w:gridCol w:w="{width}"/>"#);
    }
    out.push_str("</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>");
    for (column, width) in ["stage"].into_iter().chain(COLUMNS).zip(WIDTHS) {
        let said = words.get(&format!("plan-column-{column}"));
        cell(out, width, |out| paragraph(out, None, 0, |out| run(out, &said, "<w:b/><w:bCs/>")));
    }
    out.push_str("</w:tr>");
    for step in node.children() {
        let part = |name: &str| step.children().iter().find(|c| c.name() == name);
        out.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
        for (column, width) in ["stage"].into_iter().chain(COLUMNS).zip(WIDTHS) {
            cell(out, width, |out| {
                let Some(part) = part(column) else { return paragraph(out, None, 0, |_| ()) };
                if column == "stage" {
                    paragraph(out, None, 0, |out| inline(part.children(), out));
                    let took = part.attribute("minutes").unwrap_or("0");
                    let took = format!("{took} {}", words.get("plan-column-minutes"));
                    return paragraph(out, None, 0, |out| run(out, &took, ""));
                }
                blocks(part.children(), 0, set, width, out);
                if part.children().last().is_none_or(|last| last.name() != "paragraph") {
                    paragraph(out, None, 0, |_| ());
                }
            });
        }
        out.push_str("</w:tr>");
    }
    out.push_str("</w:tbl>");
    paragraph(out, None, 0, |_| ());
}

fn cell(out: &mut String, width: u32, inside: impl FnOnce(&mut String)) {
    let _ = write!(out, r#"<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>"#);
    inside(out);
    out.push_str("</w:tc>");
}
