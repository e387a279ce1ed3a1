//! `zampa carry`: a bundle on a stick, where the link is gone.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base::{Env, NodeId, Subject};
use link::Carried;
use rusqlite::params;

use crate::files::Files;
use crate::links::NodeLinks;
use web::NodeKind;

/// How often it is said how far it is, in milliseconds.
const TELL_MS: u64 = 1000;

/// Writes a bundle for a node into a file, or into a directory under a name of its own: whole, or not at all.
pub fn out(files: &Files, env: &Env, to: Option<&str>, room: u64, place: &Path) -> Result<()> {
    let links = NodeLinks::of(files, env)?;
    let (peer, title) = addressee(files, &links, to)?;
    let named = || nodes::bundle_name(links.host().store(), peer).map_err(|e| anyhow::anyhow!("{e}"));
    let path = if place.is_dir() { place.join(named()?) } else { place.to_owned() };
    let part = PathBuf::from(format!("{}.part", path.display()));
    let file = File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
    let written = write(&links, env, peer, room, file);
    let (load, bytes) = match written {
        Ok(written) => written,
        Err(e) => {
            // The first error is the one to tell.
            let _ = fs::remove_file(&part);
            return Err(e);
        }
    };
    fs::rename(&part, &path).with_context(|| format!("cannot write {}", path.display()))?;
    // Not every file system of a stick lets a directory be synchronised; the file itself is on it.
    let _ = path.parent().and_then(|dir| File::open(dir).ok()).map(|dir| dir.sync_all());
    println!("{}: {bytes} bytes for {title}", path.display());
    println!("{} facts, {} files of {} bytes", load.entries, load.blobs, load.blob_bytes);
    if load.left_blobs > 0 {
        println!("{} files of {} bytes had no room; give more with --blobs", load.left_blobs, load.left_bytes);
    }
    Ok(())
}

fn write(links: &NodeLinks, env: &Env, peer: NodeId, room: u64, file: File) -> Result<(link::Load, u64)> {
    let mut to = BufWriter::with_capacity(1 << 20, file);
    let mut tell = Teller::new(env);
    let load = link::carry_out(links.host(), peer, room, &mut to, &mut |done| {
        tell.say(|| format!("{} facts, {} bytes of files", done.entries, done.blob_bytes));
    })?;
    let file = to.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    // What is renamed is on the stick already: pulled out half-way, it holds the old file or the new one.
    file.sync_all()?;
    Ok((load, file.metadata()?.len()))
}

/// Takes a bundle in. Returns whether all of it was taken.
pub fn take(files: &Files, env: &Env, path: &Path) -> Result<bool> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some(_lock) = files.lock()? else {
        bail!("a Zampa is running on {}: take the bundle in on its page of nodes, or stop it first", files.0.display());
    };
    let links = NodeLinks::of(files, env)?;
    let mut from = BufReader::with_capacity(1 << 20, file);
    let mut tell = Teller::new(env);
    let carried = link::carry_in(links.host(), &mut from, &mut |done| {
        tell.say(|| format!("{} facts, {} bytes of files", done.new_entries + done.known_entries, done.blob_bytes));
    })?;
    report(&links, &carried)?;
    Ok(carried.is_all())
}

fn report(links: &NodeLinks, c: &Carried) -> Result<()> {
    let when = jiff::Timestamp::from_millisecond(i64::try_from(c.at_ms)?)?;
    println!("from {}, written {when:.0}", title(links, c.from)?);
    println!("{} facts are new, {} were here already", c.new_entries, c.known_entries);
    println!("{} files are new, {} were here already", c.new_blobs, c.known_blobs);
    if c.held_entries > 0 {
        println!("{} of the facts wait: their clock is ahead", c.held_entries);
    }
    if c.unnamed_blobs > 0 {
        println!("{} files were left: no record here asks for them", c.unnamed_blobs);
    }
    if c.spoilt_blobs > 0 {
        println!("{} files did not come whole", c.spoilt_blobs);
    }
    if c.damaged > 0 {
        println!("{} parts of the bundle are damaged and were left", c.damaged);
    }
    for refused in &c.refused {
        let why = match refused.why {
            link::Why::NotAllowed => "it may not write there, or is not known here",
            link::Why::Gap => "what comes before is missing here; carry a bundle back, and the next one will have it",
            link::Why::Bad => "they are not what it signed, or part from what is known",
        };
        println!("refused: facts of {} in {}: {why}", title(links, refused.node)?, refused.scope);
    }
    if !c.whole {
        println!("the bundle is cut off; what came before is taken");
    }
    Ok(())
}

/// Who a bundle is for: a node by its id or name, or the school whose node it is; at a school, the hub if nobody is
/// named.
fn addressee(files: &Files, links: &NodeLinks, to: Option<&str>) -> Result<(NodeId, String)> {
    let settings = files.settings()?;
    let hub = settings.hub();
    let Some(to) = to else {
        if settings.kind == NodeKind::School {
            return Ok((hub, title(links, hub)?));
        }
        bail!("say for which node: --to with a node or a school");
    };
    let school: Option<Subject> = to.parse().ok();
    let own = links.host().store().key().id();
    let found: Vec<(NodeId, String)> = links.host().store().read(|conn| {
        let mut stmt = conn.prepare(
            "SELECT n.node_id, n.title FROM node n LEFT JOIN organisation o ON o.id = n.school
             WHERE coalesce(n.state, 'enrolled') = 'enrolled' AND n.node_id IS NOT NULL
               AND (n.title = ?1 COLLATE NOCASE OR o.title = ?1 COLLATE NOCASE OR n.school = ?2
                    OR n.node_id = ?3)
             ORDER BY n.title",
        )?;
        let node: Option<NodeId> = to.parse().ok();
        let school = school.as_ref().map(Subject::as_bytes);
        let rows = stmt.query_map(params![to, school, node.as_ref().map(NodeId::as_bytes)], |r| {
            Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Option<String>>(1)?.unwrap_or_default()))
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, log::LogError>(
            rows.into_iter()
                .filter_map(|(id, title)| NodeId::try_from(id.as_slice()).ok().map(|id| (id, title)))
                .filter(|(id, _)| *id != own)
                .collect(),
        )
    })?;
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("no node here is `{to}`: give its id or its name as the page of nodes shows it, or the school's"),
        many => {
            let ids: Vec<String> = many.iter().map(|(id, title)| format!("{id} ({title})")).collect();
            bail!("`{to}` is said of several nodes; give the id of one: {}", ids.join(", "))
        }
    }
}

fn title(links: &NodeLinks, node: NodeId) -> Result<String> {
    links.host().store().read(|conn| nodes::title_of(conn, node)).map_err(|e| anyhow::anyhow!("{e}"))
}

/// Bytes as people say them: `8GB`, `500 MB`, `70000`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text.get(digits.len()..).unwrap_or_default().trim().to_ascii_uppercase();
    let factor: u64 = match unit.as_str() {
        "" | "B" => 1,
        "K" | "KB" => 1000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "T" | "TB" => 1_000_000_000_000,
        _ => return Err("say it like 500MB or 8GB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "say it like 500MB or 8GB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "that is more than there is".to_owned())
}

/// Says on the terminal's other stream how far it is, when it takes more than a moment.
struct Teller<'a> {
    env: &'a Env,
    next_ms: u64,
}

impl<'a> Teller<'a> {
    fn new(env: &'a Env) -> Self {
        Self { env, next_ms: env.clock.steady_ms() + TELL_MS }
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        let now = self.env.clock.steady_ms();
        if now >= self.next_ms {
            self.next_ms = now + TELL_MS;
            let _ = writeln!(std::io::stderr(), "{}", what());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_say_them() {
        let said = [("8GB", Ok(8_000_000_000)), ("500 mb", Ok(500_000_000)), ("70000", Ok(70_000)), ("1k", Ok(1000))];
        for (text, is) in said {
            assert_eq!(bytes(text), is);
        }
        for text in ["", "GB", "8 sticks", "-1", "99999999999TB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
