//! What is given to somebody stays as it was: plain lines, which a page and a PDF read. `# ` begins a heading, `- ` a line
//! of three parts with tabs between: what it is called, its page, and more of it; all else is words.

use base::Subject;
use paper::{Block, Paper, PaperError, Run};
use register::Look;
use web::{PageError, Reply, Site};

/// A part of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A heading.
    Heading(String),
    /// A line: what it is called, its page, and more of it.
    Item(String, Option<String>, String),
    /// Words.
    Text(String),
}

/// The parts as they are kept.
pub(crate) fn write(parts: &[Part]) -> String {
    let flat = |text: &str| text.replace(['\t', '\n'], " ");
    let line = |part: &Part| match part {
        Part::Heading(text) => format!("# {}", flat(text)),
        Part::Item(text, href, more) => {
            format!("- {}\t{}\t{}", flat(text), href.as_deref().unwrap_or_default(), flat(more))
        }
        Part::Text(text) => text.replace('\t', " "),
    };
    parts.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads what is kept. What came from another node leads to pages of this one alone.
pub(crate) fn read(said: &str) -> Vec<Part> {
    let part = |line: &str| {
        if let Some(text) = line.strip_prefix("# ") {
            return Part::Heading(text.to_owned());
        }
        let Some(text) = line.strip_prefix("- ") else { return Part::Text(line.to_owned()) };
        let mut parts = text.splitn(3, '\t');
        let [text, href, more] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        Part::Item(text.to_owned(), web::own_page(href).map(ToOwned::to_owned), more.to_owned())
    };
    said.lines().filter(|l| !l.trim().is_empty()).map(part).collect()
}

/// Lines that name people are kept without the names: they are called as their records are called when somebody reads
/// them, so that whoever is erased is named nowhere.
pub(crate) fn called(site: &Site, look: &Look<'_>, parts: Vec<Part>) -> Result<Vec<Part>, PageError> {
    let mut out = Vec::new();
    for part in parts {
        out.push(match part {
            Part::Item(text, Some(href), more) if text.is_empty() => {
                let at = href.trim_start_matches('/').split_once('/');
                let known = at.and_then(|(route, id)| Some((site.kinds.at_route(route)?, id.parse().ok()?)));
                let title = known.map(|(kind, id): (_, Subject)| look.title(kind, &id)).transpose()?;
                Part::Item(title.unwrap_or_default(), Some(href), more)
            }
            other => other,
        });
    }
    Ok(out)
}

/// The parts as blocks of a paper.
pub(crate) fn blocks(parts: &[Part]) -> Vec<Block> {
    let block = |part: &Part| match part {
        Part::Heading(text) => Block::Heading(text.clone()),
        Part::Item(text, _, more) => {
            let said = if more.is_empty() { text.clone() } else { format!("{text} · {more}") };
            Block::Item { depth: 0, number: None, runs: vec![Run::from(said.as_str())] }
        }
        Part::Text(text) => Block::Text(vec![Run::from(text.as_str())]),
    };
    parts.iter().map(block).collect()
}

/// A paper of somebody's own: whose, what it says, by which node and when.
pub(crate) fn paper(site: &Site, look: &Look<'_>, title: &str, by: &str, mut blocks: Vec<Block>) -> Paper {
    blocks.insert(0, Block::Heading(by.to_owned()));
    let signed = format!("{} · {}", site.node_called(look.words.lang()), look.words.date(site.today()));
    blocks.push(Block::Text(vec![Run::from(signed.as_str())]));
    Paper {
        title: title.to_owned(),
        lang: look.words.lang().code().to_owned(),
        foot: if site.demonstration { look.words.get("demonstration-strip").into_owned() } else { String::new() },
        blocks,
        ..Paper::default()
    }
}

/// Sends a paper as PDF.
pub(crate) fn reply(paper: &Paper, name: &str) -> Result<Reply, PageError> {
    let bytes = paper::pdf(paper).map_err(|e| match e {
        PaperError::TooLong => PageError::Rule("paper-long".to_owned()),
        failed @ PaperError::Failed(_) => PageError::Internal(failed.to_string()),
    })?;
    Ok(Reply::Bytes("application/pdf", Some(format!("{}.pdf", packages::file_name(name))), bytes))
}

#[cfg(test)]
mod tests {
    use super::{Part, read, write};

    #[test]
    fn what_is_kept_is_read_and_leads_to_own_pages_alone() {
        let parts = vec![
            Part::Heading("Monday".to_owned()),
            Part::Item("Herb village".to_owned(), Some("/visits/x".to_owned()), "Visit".to_owned()),
            Part::Item("Nothing behind it".to_owned(), None, String::new()),
            Part::Text("My own words".to_owned()),
        ];
        assert_eq!(read(&write(&parts)), parts);
        let bad = read("- elsewhere\thttps://example.org\n- twice\t//example.org");
        assert!(bad.iter().all(|p| matches!(p, Part::Item(_, None, _))), "{bad:?}");
        let sly = Part::Item("a\t/b\n# c".to_owned(), None, "\t".to_owned());
        assert_eq!(read(&write(&[sly])), vec![Part::Item("a /b # c".to_owned(), None, " ".to_owned())]);
    }
}
