//! The text of a file, for the search box: what a PDF's pages, a document, slides, a table, a package's pages or plain text
//! say, line by line. How it looks is left behind, and nothing of it is run.

mod html;
mod open;
mod pdf;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

use office::{Block, OfficeError};
use packages::{Archive, Bounds, Refusal};

use crate::RenditionError;

/// Bytes of text that are kept of a file: a long book's first hundred pages.
pub(crate) const MOST: usize = 256 << 10;
/// Bytes of a file of plain text, and of a package's page, that are read.
const MAX_FILE: u64 = 4 << 20;

/// Writes what a file says as `text.txt`; of a package, which comes as a folder of its pages, what all of them say.
pub(crate) fn read(file: &Path, out: &Path) -> Result<(), RenditionError> {
    let mut said = Said::default();
    if file.is_dir() {
        let mut pages: Vec<_> = fs::read_dir(file)?.filter_map(Result::ok).map(|f| f.path()).collect();
        pages.sort();
        for page in pages {
            // A page that cannot be read keeps nobody from the others.
            let Some(text) = head(&page)?.as_deref().and_then(text::decoded) else { continue };
            if page.extension().is_some_and(|e| e == "json") {
                html::content(&text, &mut said);
            } else {
                html::page(&text, &mut said);
            }
            if said.is_full() {
                break;
            }
        }
    } else {
        one(file, &mut said)?;
    }
    let text = said.finish();
    if text.is_empty() {
        return Err(RenditionError::Empty);
    }
    Ok(fs::write(out.join("text.txt"), text)?)
}

fn one(file: &Path, said: &mut Said) -> Result<(), RenditionError> {
    let mut mark = Vec::new();
    File::open(file)?.take(1024).read_to_end(&mut mark)?;
    if mark.starts_with(b"PK\x03\x04") {
        return document(file, said);
    }
    if mark.windows(5).any(|w| w == b"%PDF-") {
        return pdf::pages(fs::read(file)?, said);
    }
    let bytes = head(file)?.ok_or(RenditionError::Broken)?;
    let text = text::decoded(&bytes).ok_or(RenditionError::Broken)?;
    if text.starts_with("WEBVTT") {
        spoken(&text, said);
    } else {
        said.lines(&text);
    }
    Ok(())
}

/// The words of subtitles, without their times.
fn spoken(text: &str, said: &mut Said) {
    for line in text.lines().skip(1).filter(|line| !line.contains("-->")) {
        said.lines(&line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
    }
}

/// A file's bytes, if it is there and no longer than a text is; its beginning would end within a letter.
fn head(file: &Path) -> Result<Option<Vec<u8>>, RenditionError> {
    let Ok(file) = File::open(file) else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_FILE).then_some(bytes))
}

fn document(file: &Path, said: &mut Said) -> Result<(), RenditionError> {
    match office::pptx(File::open(file)?) {
        Ok(slides) => {
            for slide in slides {
                said.lines(&slide.title);
                slide.lines.iter().chain(&slide.notes).for_each(|line| said.lines(line));
            }
            return Ok(());
        }
        Err(OfficeError::Kind) => {}
        Err(e) => return Err(refused(e)),
    }
    match office::docx(File::open(file)?) {
        Ok(blocks) => {
            put(&blocks, said);
            return Ok(());
        }
        Err(OfficeError::Kind) => {}
        Err(e) => return Err(refused(e)),
    }
    let mut archive = Archive::open(File::open(file)?, &Bounds::default()).map_err(|e| refused(e.into()))?;
    match part(&mut archive, "xl/sharedStrings.xml")? {
        Some(bytes) => open::cells(&bytes, said),
        None => open::text(&part(&mut archive, "content.xml")?.ok_or(RenditionError::Broken)?, said),
    }
}

fn part<R: Read + Seek>(archive: &mut Archive<R>, path: &str) -> Result<Option<Vec<u8>>, RenditionError> {
    let Some(entry) = archive.entries().iter().find(|e| e.path == path).cloned() else { return Ok(None) };
    if entry.size > 16 * MAX_FILE {
        return Err(RenditionError::Broken);
    }
    let whole = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|_| Refusal::Broken)?;
        Ok::<_, Refusal>(bytes)
    };
    archive.read(&entry, whole).map(Some).map_err(|e| refused(e.into()))
}

fn put(blocks: &[Block], said: &mut Said) {
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => said.lines(&paragraph.text()),
            Block::Table(rows) => rows.iter().flatten().for_each(|cell| put(cell, said)),
            Block::Picture(picture) => said.lines(&picture.alt),
        }
    }
}

fn refused(error: OfficeError) -> RenditionError {
    match error {
        OfficeError::Archive(Refusal::Password) => RenditionError::Password,
        _ => RenditionError::Broken,
    }
}

/// Text that grows line by line to its limit.
#[derive(Default)]
pub(crate) struct Said {
    text: String,
    full: bool,
}

impl Said {
    /// Adds lines; white space within them becomes one space, and what turns the direction of writing is left out.
    pub(crate) fn lines(&mut self, lines: &str) {
        for line in lines.lines() {
            let plain = |c: &char| !matches!(c, '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFD}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
            let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(plain).collect();
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            if line.is_empty() || self.full {
                continue;
            }
            let room = MOST.saturating_sub(self.text.len() + 1);
            self.full = line.len() > room;
            let end = (0..=line.len().min(room)).rev().find(|n| line.is_char_boundary(*n)).unwrap_or(0);
            self.text.push_str(line.get(..end).unwrap_or_default());
            self.text.push('\n');
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use packages::Packer;

    use super::*;

    fn said(bytes: &[u8]) -> Result<String, RenditionError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, bytes).unwrap();
        read(&file, dir.path())?;
        Ok(fs::read_to_string(dir.path().join("text.txt")).unwrap())
    }

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut packer = Packer::new(std::io::Cursor::new(Vec::new()));
        for (path, text) in files {
            packer.add(path, false, text.as_bytes()).unwrap();
        }
        packer.finish().unwrap().into_inner()
    }

    #[test]
    fn plain_text_and_documents_are_read() {
        assert_eq!(said("\u{feff}第一课\r\n\r\n  草药\t是 ".as_bytes()).unwrap(), "第一课\n草药 是\n");
        let vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nhigh &amp; low\n";
        assert_eq!(said(vtt.as_bytes()).unwrap(), "high & low\n");
        let docx = packed(&[(
            "word/document.xml",
            "<w:document><w:body><w:p><w:r><w:t>སྨན་རྩྭ།</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>",
        )]);
        assert_eq!(said(&docx).unwrap(), "སྨན་རྩྭ།\ncell\n");
        let odt = packed(&[(
            "content.xml",
            "<office:document><office:automatic-styles>no</office:automatic-styles><office:body><text:h>Herbs</text:h><text:p>of<text:s/>the <text:span>valley</text:span><text:line-break/>and</text:p></office:body></office:document>",
        )]);
        assert_eq!(said(&odt).unwrap(), "Herbs\nof the valley\nand\n");
        let xlsx = packed(&[(
            "xl/sharedStrings.xml",
            "<sst><si><t>班级</t></si><si><r><t>三</t></r><r><t>年级</t></r><rPh><t>x</t></rPh></si></sst>",
        )]);
        assert_eq!(said(&xlsx).unwrap(), "班级\n三年级\n");
    }

    #[test]
    fn what_says_nothing_and_what_is_broken_are_told_apart() {
        assert!(matches!(said(b" \n"), Err(RenditionError::Empty)));
        assert!(matches!(said(&[0xff, 0xff, 0x80, 0]), Err(RenditionError::Broken)));
        assert!(matches!(said(b"PK\x03\x04 no"), Err(RenditionError::Broken)));
        assert!(matches!(said(&packed(&[("a.txt", "x")])), Err(RenditionError::Broken)));
        assert!(matches!(said(b"%PDF-1.4\n"), Err(RenditionError::Broken | RenditionError::Empty)));
    }

    #[test]
    fn a_text_is_kept_to_its_limit_and_ends_with_a_whole_letter() {
        let text = said("草".repeat(MOST).as_bytes()).unwrap();
        assert!(text.len() <= MOST && text.len() > MOST - 4);
    }

    #[test]
    fn a_package_is_what_its_pages_say() {
        let dir = tempfile::tempdir().unwrap();
        let pages = dir.path().join("in");
        fs::create_dir(&pages).unwrap();
        fs::write(pages.join("0.html"), "<title>One</title><script>var no</script><p>the <b>leaf</b>&amp; stem")
            .unwrap();
        fs::write(
            pages.join("1.json"),
            r#"{"text":"<p>which herb is it?</p>","library":"H5P.A 1.2","path":"images/a.png"}"#,
        )
        .unwrap();
        read(&pages, dir.path()).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("text.txt")).unwrap(),
            "One\nthe leaf& stem\nwhich herb is it?\n"
        );
    }

    /// PDFs and slides that others made, where a folder of them is at hand.
    #[test]
    fn files_of_others_are_read() {
        let Some(samples) = std::env::var_os("ZAMPA_SAMPLES") else { return };
        for folder in ["pdf", "pptx"] {
            for file in fs::read_dir(Path::new(&samples).join(folder)).unwrap().map(|f| f.unwrap().path()) {
                let dir = tempfile::tempdir().unwrap();
                let done = read(&file, dir.path());
                let text = fs::read_to_string(dir.path().join("text.txt")).unwrap_or_default();
                println!("{}: {done:?} {} bytes: {:.300}", file.display(), text.len(), text.replace('\n', " | "));
            }
        }
    }
}
