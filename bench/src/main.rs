//! Measures what was promised about speed and size, one JSON object a line.
#![expect(clippy::cast_precision_loss, reason = "measures are far below 2^52")]

#[allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#[path = "../../crates/live/tests/live/bots.rs"]
mod bots;
mod forward;
mod janus;
mod library;
mod lists;
mod live_class;
mod pages;
mod plans;
mod process;
mod served;
#[allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#[path = "../../crates/live/tests/live/sim.rs"]
mod sim;
mod sync;
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#[path = "../../crates/live/tests/live/taught.rs"]
mod taught;
#[allow(dead_code, missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#[path = "../../crates/link/tests/link/world.rs"]
mod world;

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Tells a measure, beside Kolibri's where that is known.
pub fn tell(name: &str, value: f64, unit: &str, goal: &str, ok: bool, peer_value: Option<&str>) {
    tell_beside(name, value, unit, goal, ok, ("Kolibri 0.19.5", peer_value));
}

/// Tells a measure beside a peer's.
pub fn tell_beside(name: &str, value: f64, unit: &str, goal: &str, ok: bool, (peer, peer_value): (&str, Option<&str>)) {
    let rounded = (value * 1000.0).round() / 1000.0;
    // How many times the peer's better figure ours is.
    let better = peer_value.and_then(|p| p.split('–').next()?.parse::<f64>().ok());
    let ratio = better.map_or(Value::Null, |p| json!((p / value.max(0.001) * 10.0).round() / 10.0));
    let line = json!({
        "name": name, "value": rounded, "unit": unit, "goal": goal, "ok": ok,
        "peer": peer_value.map(|_| peer), "peer_value": peer_value, "ratio": ratio,
    });
    println!("{line}");
}

fn main() -> Result<()> {
    let zampa = std::env::args().nth(1).context("usage: bench PATH-TO-ZAMPA | --sync | --content | --live")?;
    if zampa == "--sync" {
        return sync::run();
    }
    if zampa == "--content" {
        plans::run()?;
        return library::run();
    }
    if zampa == "--live" {
        live_class::run()?;
        return forward::run();
    }
    if zampa == "--forward" {
        return forward::run();
    }
    if zampa == "--booths" {
        return forward::serve();
    }
    let zampa = Path::new(&zampa);
    let data = tempfile::tempdir()?;
    process::run(zampa, data.path())?;
    pages::run(zampa, data.path())?;
    lists::run()?;
    // In a process of its own, so that its memory is its own.
    let done = std::process::Command::new(std::env::current_exe()?).arg("--sync").status()?;
    anyhow::ensure!(done.success(), "the sync was not measured");
    Ok(())
}
