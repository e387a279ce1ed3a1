//! The command line, against golden files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn zampa(args: &[&str]) -> Output {
    Command::new(binary()).args(args).output().unwrap()
}

/// The binary beside this test's own.
pub fn binary() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let binary = path.join("zampa");
    assert!(binary.is_file(), "build it first: cargo build -p zampa");
    binary
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("whole/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, text, "{} (UPDATE=1 renews it)", path.display());
}

#[test]
fn help_is_as_it_was_read() {
    let mut text = String::new();
    for args in [
        vec!["--help"],
        vec!["demo", "--help"],
        vec!["hub", "--help"],
        vec!["school", "--help"],
        vec!["join", "--help"],
        vec!["figures", "--help"],
        vec!["carry", "--help"],
        vec!["carry", "out", "--help"],
        vec!["carry", "in", "--help"],
        vec!["log", "--help"],
        vec!["log", "verify", "--help"],
    ] {
        let out = zampa(&args);
        assert!(out.status.success());
        text.push_str(&format!("$ zampa {}\n{}\n", args.join(" "), String::from_utf8_lossy(&out.stdout)));
    }
    golden("help.txt", &text);
}

#[test]
fn wrong_use_is_told_with_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_str().unwrap();
    let mut text = String::new();
    for args in [
        vec!["figures", "--data", at],
        vec!["log", "verify", "--data", at],
        vec!["carry", "out", "--data", at, "--to", "anybody", "x.zcarry"],
        vec!["carry", "out", "--data", at, "--blobs", "a lot", "x.zcarry"],
        vec!["school", "--data", at],
        vec!["join", "--data", at, "not-a-code"],
        vec!["demo"],
        vec!["nonsense"],
    ] {
        let out = zampa(&args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&out.stderr).replace(at, "DIR");
        text.push_str(&format!("$ zampa {}\n{said}\n", args.join(" ").replace(at, "DIR")));
    }
    golden("wrong-use.txt", &text);
}

#[test]
fn the_doctor_says_what_is_missing_and_what_it_costs() {
    let out = Command::new(binary()).arg("doctor").env("PATH", "/nowhere").output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1));
    assert!(said.contains("soffice is missing") && said.contains("ffmpeg is missing") && said.contains("apt install"));
}
