//! What others published, as far as it was fetched (`tests/corpora.sh`): good files are read, bad ones are refused with a
//! code, and nothing else happens. What nobody publishes, archives that are meant to break something, is made here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use packages::{Archive, Bounds, Refusal};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Where the files are that others published.
pub fn corpora() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    std::env::var_os("ZAMPA_CORPORA").map_or_else(|| target.join("corpora"), |to| root.join(to))
}

/// Schemas of XML that others published, and `xmllint` to ask them. `tests/tools.sh` and `tests/corpora.sh` provide both, so a
/// test that lacks them fails; unless the second ran and could not fetch them, which it says.
pub struct Schema {
    dir: tempfile::TempDir,
    root: &'static str,
}

impl Schema {
    pub fn of(name: &str, root: &'static str) -> Option<Self> {
        let found = Command::new("xmllint").arg("--version").output().is_ok_and(|done| done.status.success());
        assert!(found, "xmllint is missing: run tests/tools.sh");
        let folder = corpora().join(name);
        if !folder.join(".whole").exists() {
            let missing = std::fs::read_to_string(corpora().join(".missing")).unwrap_or_default();
            assert!(missing.lines().any(|m| m == name), "the schema of {name} is missing: run tests/corpora.sh");
            println!("NOT VALIDATED: tests/corpora.sh could not fetch the schema of {name}");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap().rsplit("__").next().unwrap().to_owned();
            std::fs::copy(&entry, dir.path().join(name)).unwrap();
        }
        Some(Self { dir, root })
    }

    /// Adds a schema that holds others together.
    pub fn with(self, text: &str) -> Self {
        std::fs::write(self.dir.path().join(self.root), text).unwrap();
        self
    }

    /// Whether a document is valid, and what the validator said.
    pub fn check(&self, document: &str) -> (bool, String) {
        std::fs::write(self.dir.path().join("document.xml"), document).unwrap();
        let mut run = Command::new("xmllint");
        run.args(["--nonet", "--noout", "--schema", self.root, "document.xml"]).current_dir(self.dir.path());
        let done = run.output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

/// The files of a corpus; says loudly where it was not fetched.
fn files(name: &str, least: usize) -> Vec<PathBuf> {
    let folder = corpora().join(name);
    let listed = std::fs::read_dir(&folder).into_iter().flatten().map(|f| f.unwrap().path());
    let mut files: Vec<PathBuf> = listed.filter(|p| p.extension().is_some()).collect();
    files.sort();
    if folder.join(".whole").exists() {
        assert!(files.len() >= least, "{name}: {} files, and there were {least}", files.len());
    } else {
        println!("NOT FETCHED: {name}. Run tests/corpora.sh with a network; {} files are tried.", files.len());
    }
    files
}

/// What became of files: how many were read, and which were refused with what code.
#[derive(Default)]
struct Tally {
    read: usize,
    refused: BTreeMap<String, String>,
}

impl Tally {
    fn note(&mut self, path: &Path, done: Result<(), String>) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match done {
            Ok(()) => self.read += 1,
            Err(code) => drop(self.refused.insert(name, code)),
        }
    }

    /// Prints the sum, and holds against what is known of the files: these ends of names are refused with the code, and
    /// nothing else is.
    fn told(&self, of: &str, known: &[(&str, &str)]) {
        println!("{of}: {} files read, {} refused: {:?}", self.read, self.refused.len(), self.refused);
        for (name, code) in &self.refused {
            let expected = known.iter().any(|(end, c)| name.ends_with(end) && c == code);
            assert!(expected, "{of}: {name} was refused: {code}");
        }
        if self.read > 0 {
            let missed = known.iter().find(|(end, _)| !self.refused.keys().any(|name| name.ends_with(end)));
            assert_eq!(missed, None, "{of}: read, and should have been refused");
        }
    }
}

#[test]
fn documents_and_slides_of_others_become_text() {
    let mut tally = Tally::default();
    for path in files("docx", 45) {
        let done = office::docx(File::open(&path).unwrap());
        tally.note(&path, done.map(drop).map_err(|e| format!("{e:?}")));
    }
    tally.told("docx", &[]);
    let mut tally = Tally::default();
    for path in files("pptx", 65) {
        let done = office::pptx(File::open(&path).unwrap());
        tally.note(&path, done.map(drop).map_err(|e| format!("{e:?}")));
    }
    tally.told("pptx", &[]);
}

#[test]
fn books_of_others_begin() {
    let mut tally = Tally::default();
    for path in files("epub", 2) {
        let opened = Archive::open(File::open(&path).unwrap(), &Bounds::default()).map_err(|e| e.code().to_owned());
        let begun = opened.and_then(|mut archive| match players::launch(&mut archive) {
            Ok(Some(found)) if found.parts.len() > 1 => Ok(()),
            Ok(_) => Err("no book".to_owned()),
            Err(e) => Err(e.code().to_owned()),
        });
        tally.note(&path, begun);
    }
    tally.told("epub", &[]);
}

/// PDF files become pages, each within the time that a page is given; those with a password say so.
#[test]
fn pdf_files_of_others_become_pages() {
    let recipe = assets::RECIPES.iter().find(|r| r.name.starts_with("pages")).unwrap();
    let mut some = files("pdf", 60);
    // One film strip of a scanner takes as long as all others together.
    some.retain(|path| path.metadata().unwrap().len() < 1 << 20);
    let waiting = Mutex::new(some);
    let tally = Mutex::new(Tally::default());
    let work = || {
        loop {
            let Some(path) = waiting.lock().unwrap().pop() else { return };
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            std::fs::create_dir(&out).unwrap();
            // In the house it runs in a process of its own, which may die of a file: that is a refusal too.
            let drawn = std::panic::catch_unwind(|| renditions::follow(recipe, &path, dir.path(), &out));
            let done = match drawn {
                Ok(Ok(())) => Ok(()),
                Ok(Err(e)) => Err(e.code().unwrap_or("machine").to_owned()),
                Err(_) => Err("too-hard".to_owned()),
            };
            assert_eq!(done.is_ok(), std::fs::read_dir(&out).unwrap().next().is_some(), "{}", path.display());
            tally.lock().unwrap().note(&path, done);
        }
    };
    std::thread::scope(|s| (0..2).for_each(|_| drop(s.spawn(work))));
    let locked = [
        "crazyones-encrypted-256.pdf",
        "encrypted-file.pdf",
        "r2-user-password.pdf",
        "r3-user-password.pdf",
        "r4-aes-user-password.pdf",
        "r4-user-password.pdf",
        "r6-both-passwords.pdf",
        "libreoffice-writer-password.pdf",
    ];
    tally.into_inner().unwrap().told("pdf", &locked.map(|name| (name, "password")));
}

/// An archive whose files are all named, as they are written.
fn archive(write: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    write(&mut zip);
    zip.finish().unwrap().into_inner()
}

#[test]
fn archives_that_mean_harm_are_refused_whatever_they_claim_to_be() {
    let plain = SimpleFileOptions::default();
    let put = |zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]| {
        zip.start_file(name, plain).unwrap();
        zip.write_all(bytes).unwrap();
    };
    let zeros = vec![0u8; 32 << 20];
    let one = archive(|zip| put(zip, "word/document.xml", &zeros));
    let nested = archive(|zip| {
        put(zip, "[Content_Types].xml", b"<Types/>");
        put(zip, "inner.zip", &one);
        put(zip, "ppt/presentation.xml", &zeros);
    });
    let crowd = archive(|zip| (0..5000).for_each(|n| put(zip, &format!("{n}.xml"), b"")));
    let out = archive(|zip| put(zip, "../imsmanifest.xml", b"<manifest/>"));
    let twice = archive(|zip| {
        put(zip, "imsmanifest.xml", b"<manifest/>");
        put(zip, "IMSMANIFEST.XML", b"<manifest/>");
    });
    let mut refused = 0;
    for (bytes, expected) in [
        (&one, Refusal::Bomb),
        (&nested, Refusal::Bomb),
        (&crowd, Refusal::TooMany),
        (&out, Refusal::Name),
        (&twice, Refusal::Twice),
        (&one[..one.len() / 2].to_vec(), Refusal::Broken),
    ] {
        let found = Archive::open(Cursor::new(bytes.clone()), &Bounds::default()).unwrap_err();
        assert_eq!(found, expected);
        assert!(office::docx(Cursor::new(bytes.clone())).is_err(), "{expected:?}");
        assert!(office::pptx(Cursor::new(bytes.clone())).is_err(), "{expected:?}");
        refused += 1;
    }
    println!("archives that mean harm: {refused} refused");
}
