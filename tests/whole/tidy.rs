//! The arrows between crates, and the map that names them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The map in ARCHITECTURE.md: crate to the crates it may use; `None` for everything.
fn map() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut map = BTreeMap::new();
    let features: Vec<&str> = vec![
        "programme",
        "timetables",
        "dispatch",
        "health",
        "worklog",
        "people",
        "pairings",
        "observations",
        "pocket",
        "teams",
        "practices",
        "visits",
        "tours",
        "activities",
        "lessons",
        "courses",
        "classroom",
        "figures",
        "nodes",
        "reports",
    ];
    for line in text.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = cells[1].split('`').filter(|n| !n.trim().is_empty());
        let may = match cells[3] {
            "everything" => None,
            "–" => Some(BTreeSet::new()),
            words if words.starts_with("all of the above") => Some(
                [
                    "base",
                    "text",
                    "log",
                    "blobs",
                    "documents",
                    "assets",
                    "packages",
                    "office",
                    "quizzes",
                    "paper",
                    "pen",
                    "players",
                    "zim",
                    "media",
                    "link",
                    "live",
                    "records",
                    "origin",
                    "web",
                    "register",
                    "envelopes",
                ]
                .map(ToOwned::to_owned)
                .into(),
            ),
            words => Some(words.split(", ").map(ToOwned::to_owned).collect()),
        };
        for name in names {
            map.insert(name.to_owned(), may.clone());
        }
    }
    assert!(features.iter().all(|f| map.contains_key(*f)));
    map
}

#[test]
fn arrows_go_where_the_map_says() {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().unwrap()).collect();
    let map = map();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let Some(may) = map.get(name) else {
            wrong.push(format!("{name} is not on the map in ARCHITECTURE.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let ours_by_path = dependency["path"].is_string() && ours.contains(other);
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if ours_by_path && !for_tests && may.as_ref().is_some_and(|m| !m.contains(other)) {
                wrong.push(format!("{name} must not use {other}"));
            }
        }
    }
    for name in map.keys().filter(|n| !ours.contains(n.as_str())) {
        wrong.push(format!("{name} is on the map and nowhere else"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
