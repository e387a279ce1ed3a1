//! What a paper says, as the JSON that its look reads.

use serde_json::{Value as Json, json};

use crate::{Block, MAX_BLOCKS, MAX_DEPTH, MAX_PICTURE, MAX_PICTURES, MAX_TEXT, Paper, PaperError, Run};

/// Pictures by the names that the data gives them.
type Pictures = Vec<(String, Vec<u8>)>;

pub(crate) fn data(paper: &Paper, chinese: Option<&str>) -> Result<(String, Pictures), PaperError> {
    let mut saying = Saying { blocks: 0, text: 0, pictures: Vec::new() };
    let blocks = saying.blocks(&paper.blocks, 0)?;
    let lang = if matches!(&*paper.lang, "zh" | "bo" | "en") { paper.lang.as_str() } else { "en" };
    let said = json!({
        "title": saying.text(&paper.title)?,
        "by": saying.text(&paper.by)?,
        "foot": saying.text(&paper.foot)?,
        "lang": lang,
        "landscape": paper.landscape,
        "chinese": chinese.into_iter().collect::<Vec<_>>(),
        "blocks": blocks,
    });
    Ok((said.to_string(), saying.pictures))
}

struct Saying {
    blocks: usize,
    text: usize,
    pictures: Pictures,
}

impl Saying {
    fn text(&mut self, text: &str) -> Result<Json, PaperError> {
        self.text += text.len();
        if self.text > MAX_TEXT {
            return Err(PaperError::TooLong);
        }
        Ok(json!(text.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>()))
    }

    fn runs(&mut self, runs: &[Run]) -> Result<Json, PaperError> {
        let run = |run: &Run| {
            let text = self.text(&run.text)?;
            // Typst takes codes of two or three letters only.
            let fits = |l: &&String| (2..=3).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_lowercase());
            let lang = run.lang.as_ref().filter(fits);
            Ok(
                json!({ "text": text, "bold": run.bold, "italic": run.italic, "underline": run.underline, "lang": lang }),
            )
        };
        runs.iter().map(run).collect::<Result<Vec<Json>, _>>().map(Json::Array)
    }

    fn blocks(&mut self, blocks: &[Block], depth: usize) -> Result<Vec<Json>, PaperError> {
        self.blocks += blocks.len();
        if self.blocks > MAX_BLOCKS || depth > MAX_DEPTH {
            return Err(PaperError::TooLong);
        }
        let mut out = Vec::new();
        for block in blocks {
            out.extend(self.block(block, depth)?);
        }
        Ok(out)
    }

    fn block(&mut self, block: &Block, depth: usize) -> Result<Option<Json>, PaperError> {
        Ok(Some(match block {
            Block::Heading(text) => json!({ "kind": "heading", "text": self.text(text)? }),
            Block::Text(runs) => json!({ "kind": "text", "runs": self.runs(runs)? }),
            Block::Item { depth, number, runs } => {
                json!({ "kind": "item", "depth": depth, "number": number, "runs": self.runs(runs)? })
            }
            Block::Facts(facts) => {
                let fact = |(name, value): &(String, String)| Ok(json!([self.text(name)?, self.text(value)?]));
                let facts = facts.iter().map(fact).collect::<Result<Vec<Json>, PaperError>>()?;
                json!({ "kind": "facts", "facts": facts })
            }
            Block::Table { widths, head, rows } if !widths.is_empty() => {
                let named = (0..widths.len()).map(|n| self.text(head.get(n).map_or("", String::as_str)));
                let named = named.collect::<Result<Vec<Json>, _>>()?;
                let mut cells = Vec::new();
                for row in rows {
                    let cell = |n| {
                        let inside = row.get(n).map(Vec::as_slice).unwrap_or_default();
                        Ok(json!({ "blocks": self.blocks(inside, depth + 1)? }))
                    };
                    cells.push(Json::Array((0..widths.len()).map(cell).collect::<Result<_, PaperError>>()?));
                }
                let widths: Vec<u32> = widths.iter().map(|w| (*w).max(1)).collect();
                json!({ "kind": "table", "widths": widths, "head": named, "rows": cells })
            }
            Block::Table { .. } => return Ok(None),
            Block::Picture { bytes, alt } => {
                let Some(ending) = ending(bytes).filter(|_| bytes.len() <= MAX_PICTURE) else { return Ok(None) };
                if self.pictures.len() >= MAX_PICTURES {
                    return Ok(None);
                }
                let name = format!("p{}.{ending}", self.pictures.len());
                self.pictures.push((name.clone(), bytes.clone()));
                json!({ "kind": "picture", "picture": name, "alt": self.text(alt)? })
            }
        }))
    }
}

/// What a picture is, by its first bytes.
fn ending(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        _ => None,
    }
}
