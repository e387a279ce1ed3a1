//! `zampa log`: what a node's log holds, whether it is whole, and its projections built anew.

use std::io::Write;

use anyhow::Result;
use base::Env;
use serde_json::json;

use crate::files::Files;
use crate::node::{members, open_store};

/// Verifies every chain. Returns whether all is as it was written.
pub fn verify(files: &Files, env: &Env, as_json: bool) -> Result<bool> {
    let settings = files.settings()?;
    let store = open_store(files, &settings, env)?;
    let members = members(&settings);
    let (read, findings) = store.read(|conn| log::verify(conn, &members))?;
    let mut out = std::io::stdout().lock();
    for f in &findings {
        if as_json {
            writeln!(
                out,
                "{}",
                json!({ "finding": f.what.code(), "scope": f.scope.to_string(), "node": f.node.to_string(), "seq": f.seq })
            )?;
        } else {
            writeln!(out, "{}: entry {} of node {} in {}", f.what.code(), f.seq, f.node, f.scope)?;
        }
    }
    if as_json {
        writeln!(out, "{}", json!({ "entries": read, "findings": findings.len() }))?;
    } else if findings.is_empty() {
        writeln!(out, "{read} entries, each as it was written")?;
    } else {
        writeln!(
            out,
            "{read} entries, {} findings. What is damaged can be fetched again from another node.",
            findings.len()
        )?;
    }
    Ok(findings.is_empty())
}

/// Prints what the log holds.
pub fn stats(files: &Files, env: &Env, as_json: bool) -> Result<()> {
    let settings = files.settings()?;
    let store = open_store(files, &settings, env)?;
    let (stats, digest) =
        store.read(|conn| Ok::<_, log::LogError>((log::stats(conn)?, log::digest(&log::vector(conn, &|_| true)?))))?;
    let size = std::fs::metadata(files.database())?.len();
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(
            out,
            "{}",
            json!({ "entries": stats.entries, "payload_bytes": stats.payload_bytes, "scopes": stats.scopes,
                    "nodes": stats.nodes, "erased": stats.erased, "held": stats.held, "file_bytes": size,
                    "digest": digest.to_string(), "node": store.key().id().to_string() })
        )?;
    } else {
        writeln!(out, "node            {}", store.key().id())?;
        writeln!(out, "entries         {}", stats.entries)?;
        writeln!(out, "payload bytes   {}", stats.payload_bytes)?;
        writeln!(out, "scopes          {}", stats.scopes)?;
        writeln!(out, "nodes           {}", stats.nodes)?;
        writeln!(out, "erased          {}", stats.erased)?;
        writeln!(out, "held            {}", stats.held)?;
        writeln!(out, "database bytes  {size}")?;
        writeln!(out, "digest          {digest}")?;
    }
    Ok(())
}

/// Drops the projections and builds them again.
pub fn rebuild(files: &Files, env: &Env, as_json: bool) -> Result<()> {
    let settings = files.settings()?;
    let store = open_store(files, &settings, env)?;
    let began = env.clock.steady_ms();
    store.rebuild()?;
    let ms = env.clock.steady_ms() - began;
    let entries = store.read(|conn| Ok::<_, log::LogError>(log::stats(conn)?.entries))?;
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "entries": entries, "milliseconds": ms }))?;
    } else {
        writeln!(out, "{entries} entries folded in {ms} ms")?;
    }
    Ok(())
}
