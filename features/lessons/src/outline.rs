//! How a new plan begins: its parts, and the steps that lessons of a type usually have, in the plan's language.

use documents::Node;
use text::Words;

/// The parts of a plan, in order. The process is a table of steps; the others are text.
pub(crate) const PARTS: [&str; 8] = ["aims", "key", "hard", "materials", PROCESS, "board", "homework", "reflection"];
pub(crate) const PROCESS: &str = "process";

/// The columns of a step beside its name.
pub(crate) const COLUMNS: [&str; 3] = ["teacher", "pupils", "adult"];

/// The steps of a type of lesson, each with its share of a hundred minutes.
fn steps(kind: &str) -> &'static [(&'static str, u32)] {
    match kind {
        "practice" => &[("recall", 12), ("example", 25), ("exercise", 45), ("correct", 18)],
        "revision" => &[("recall", 20), ("order", 35), ("exercise", 30), ("summary", 15)],
        "experiment" => &[("question", 12), ("safety", 8), ("try", 50), ("findings", 30)],
        "outing" => &[("prepare", 15), ("way", 15), ("look", 45), ("tell", 25)],
        _ => &[("lead_in", 12), ("explore", 38), ("exercise", 30), ("summary", 20)],
    }
}

/// A new plan: every part is there and empty; the steps have names and minutes.
pub(crate) fn outline(kind: &str, minutes: u32, words: &Words<'_>) -> Vec<Node> {
    let empty = || Node::element("paragraph", Vec::new());
    PARTS
        .iter()
        .map(|part| {
            if *part != PROCESS {
                return Node::element("section", vec![empty()]).with("part", *part);
            }
            let mut left = minutes;
            let steps = steps(kind);
            let step = |(i, (name, share)): (usize, &(&str, u32))| {
                // The last step takes what rounding leaves.
                let took = if i + 1 == steps.len() { left } else { (minutes * share).div_ceil(100).min(left) };
                left -= took;
                let said = Node::text(words.get(&format!("plan-step-{name}")));
                let mut cells = vec![Node::element("stage", vec![said]).with("minutes", took.to_string())];
                cells.extend(COLUMNS.map(|column| Node::element(column, vec![empty()])));
                Node::element("step", cells)
            };
            let steps = steps.iter().enumerate().map(step).collect();
            Node::element("steps", steps).with("part", PROCESS)
        })
        .collect()
}
