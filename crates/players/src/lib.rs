//! Packages that bring what plays them: pages of the web, SCORM, Common Cartridge, EPUB, H5P. What one is, and what it
//! begins with. Nothing of a package is run here, and nothing of it is believed: what it names must lie in it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod activity;
mod book;
mod manifest;
mod place;
mod statement;
mod write;

use std::io::{Read, Seek};

use packages::xml::BrokenXml;
use packages::{Archive, Refusal};

pub use activity::Activity;
pub use place::media_of;
pub use statement::{LINES, Statement, uuid};
pub use write::{Leaf, LeafKind, Outline, Section, Thing, cartridge13, scorm12};

use place::Root;

/// Parts of one package that are shown.
const MAX_PARTS: usize = 2000;
/// Bytes of a file that says what is in a package.
const MAX_SAID: u64 = 8 << 20;

/// The files of a package.
pub trait Files {
    /// Their paths.
    fn paths(&self) -> Vec<String>;
    /// Whether there is one.
    fn has(&self, path: &str) -> bool;
    /// Its bytes, if it is there and no longer than `most`.
    fn read(&mut self, path: &str, most: u64) -> Option<Vec<u8>>;
}

impl<R: Read + Seek> Files for Archive<R> {
    fn paths(&self) -> Vec<String> {
        self.entries().iter().map(|e| e.path.clone()).collect()
    }

    fn has(&self, path: &str) -> bool {
        self.entries().iter().any(|e| e.path == path)
    }

    fn read(&mut self, path: &str, most: u64) -> Option<Vec<u8>> {
        let entry = self.entries().iter().find(|e| e.path == path && e.size <= most)?.clone();
        let whole = |reader: &mut dyn Read| {
            let mut out = Vec::new();
            reader.read_to_end(&mut out).map_err(|_| Refusal::Broken)?;
            Ok::<_, Refusal>(out)
        };
        Archive::read(self, &entry, whole).ok()
    }
}

/// What plays a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// Pages of the web, begun with `index.html`.
    Web,
    /// SCORM 1.2.
    Scorm12,
    /// SCORM 2004.
    Scorm2004,
    /// An IMS Common Cartridge: pages in an order.
    Cartridge,
    /// EPUB.
    Book,
    /// H5P.
    Activity,
}

/// What a package begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// What plays it.
    pub player: Player,
    /// What it calls itself.
    pub title: Option<String>,
    /// What is shown, in order: one part at least.
    pub parts: Vec<Part>,
    /// How many of its parts are not shown, such as addresses elsewhere.
    pub left_out: usize,
    /// Questions of a cartridge, which have no page in it: the paths of their assessments.
    pub questions: Vec<String>,
    /// What an activity needs to run.
    pub activity: Option<Activity>,
}

/// A page of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What it is called; empty where nothing tells.
    pub title: String,
    /// Its path in the package.
    pub path: String,
    /// What its address has after the path: `?…`, `#…`, or nothing.
    pub after: String,
    /// How deep it stands in the contents, from 0.
    pub depth: u8,
}

/// Why a package cannot be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// What it says of itself cannot be read.
    #[error("the package says nothing that can be read")]
    Broken,
    /// Something that it needs is not in it.
    #[error("the package lacks what it needs")]
    Lacks,
    /// It is locked.
    #[error("the package is locked")]
    Locked,
}

impl LaunchError {
    /// The end of the key of its words.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Lacks => "lacks",
            Self::Locked => "locked",
        }
    }
}

impl From<BrokenXml> for LaunchError {
    fn from(BrokenXml: BrokenXml) -> Self {
        Self::Broken
    }
}

/// What plays a package, by the file that its standard asks for; `None` for one that is no package of any.
pub fn player(files: &dyn Files) -> Option<Player> {
    let root = Root::of(files);
    if files.has(&root.at("h5p.json")) {
        Some(Player::Activity)
    } else if files.has(&root.at("META-INF/container.xml")) {
        Some(Player::Book)
    } else if files.has(&root.at("imsmanifest.xml")) {
        Some(Player::Scorm12)
    } else if root.index(files).is_some() {
        Some(Player::Web)
    } else {
        None
    }
}

/// What a package begins with; `None` for one that is no package of any standard.
///
/// # Errors
/// [`LaunchError`].
pub fn launch(files: &mut dyn Files) -> Result<Option<Launch>, LaunchError> {
    let root = Root::of(&*files);
    let found = match player(&*files) {
        None => return Ok(None),
        Some(Player::Activity) => activity::launch(files, &root)?,
        Some(Player::Book) => book::launch(files, &root)?,
        Some(Player::Web) => {
            let path = root.index(&*files).ok_or(LaunchError::Lacks)?;
            let part = Part { path, ..Part::default() };
            Launch {
                player: Player::Web,
                title: None,
                parts: vec![part],
                left_out: 0,
                questions: Vec::new(),
                activity: None,
            }
        }
        Some(_) => manifest::launch(files, &root)?,
    };
    if found.parts.is_empty() { Err(LaunchError::Lacks) } else { Ok(Some(found)) }
}

/// A text on one line, of no more than a title's length.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use packages::Bounds;
    use proptest::prelude::*;

    use super::*;

    struct Folder(BTreeMap<String, Vec<u8>>);

    impl Files for Folder {
        fn paths(&self) -> Vec<String> {
            self.0.keys().cloned().collect()
        }

        fn has(&self, path: &str) -> bool {
            self.0.contains_key(path)
        }

        fn read(&mut self, path: &str, most: u64) -> Option<Vec<u8>> {
            self.0.get(path).filter(|b| b.len() as u64 <= most).cloned()
        }
    }

    fn folder(files: &[(&str, &str)]) -> Folder {
        Folder(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }

    fn begun(files: &[(&str, &str)]) -> Launch {
        launch(&mut folder(files)).unwrap().unwrap()
    }

    const SCORM: &str = r#"<manifest xmlns:adlcp="x"><metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata><organizations default="O"><organization identifier="X"><title>no</title></organization><organization identifier="O"><title>Herbs &amp; more</title><item identifier="1"><title>Part one</title><item identifierref="A" parameters="?q=1"><title>Leaf</title></item><item identifierref="gone"><title>x</title></item><item identifierref="A" isvisible="false"><title>hidden</title></item></item></organization></organizations><resources xml:base="c/"><resource identifier="A" type="webcontent" adlcp:scormtype="sco" href="My%20leaf.HTML#top"/></resources></manifest>"#;

    #[test]
    fn scorm_is_its_visible_items_in_order() {
        let found = begun(&[("imsmanifest.xml", SCORM), ("c/my leaf.html", ""), ("x.js", "")]);
        assert_eq!((found.player, found.title.as_deref(), found.left_out), (Player::Scorm12, Some("Herbs & more"), 1));
        let part = Part { title: "Leaf".into(), path: "c/my leaf.html".into(), after: "?q=1#top".into(), depth: 1 };
        assert_eq!(found.parts, [part]);
        let later = SCORM.replace(">1.2<", ">2004 4th Edition<");
        assert_eq!(begun(&[("imsmanifest.xml", &later), ("c/my leaf.html", "")]).player, Player::Scorm2004);
    }

    #[test]
    fn a_folder_that_was_packed_whole_is_found_in_its_folder() {
        let found = begun(&[("lesson/index.html", ""), ("lesson/a.js", "")]);
        assert_eq!((found.player, found.parts[0].path.as_str()), (Player::Web, "lesson/index.html"));
        assert_eq!(launch(&mut folder(&[("a.pptx", ""), ("b.mp4", "")])), Ok(None));
    }

    const OPF: &str = r#"<package><metadata><dc:title xmlns:dc="x">A book</dc:title></metadata><manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="a" href="t/a.xhtml" media-type="application/xhtml+xml"/><item id="b" href="t/b.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/><itemref idref="n" linear="no"/></spine></package>"#;
    const CONTAINER: &str = r#"<container><rootfiles><rootfile full-path="OPS/b.opf"/></rootfiles></container>"#;

    #[test]
    fn a_book_is_read_in_its_order_with_the_names_of_its_chapters() {
        let nav = r#"<html><nav epub:type="landmarks" xmlns:epub="x"><ol><li><a href="t/b.xhtml">no</a></li></ol></nav><nav xmlns:epub="x" epub:type="toc"><ol><li><a href="t/a.xhtml#x"><b>One</b></a><ol><li><a href="t/b.xhtml">Two</a></li></ol></li></ol></nav></html>"#;
        let files = [
            ("META-INF/container.xml", CONTAINER),
            ("OPS/b.opf", OPF),
            ("OPS/nav.xhtml", nav),
            ("OPS/t/a.xhtml", ""),
            ("OPS/t/b.xhtml", ""),
        ];
        let found = begun(&files);
        assert_eq!((found.player, found.title.as_deref()), (Player::Book, Some("A book")));
        let parts: Vec<_> = found.parts.iter().map(|p| (p.title.as_str(), p.path.as_str(), p.depth)).collect();
        assert_eq!(parts, [("One", "OPS/t/a.xhtml", 0), ("Two", "OPS/t/b.xhtml", 1)]);
        for (how, locked) in [(FONT, false), ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", true)] {
            let said = format!(
                r#"<encryption><EncryptedData><EncryptionMethod Algorithm="{how}"/></EncryptedData></encryption>"#
            );
            let mut all = folder(&files);
            all.0.insert("META-INF/encryption.xml".into(), said.into_bytes());
            assert_eq!(launch(&mut all) == Err(LaunchError::Locked), locked, "{how}");
        }
    }

    const FONT: &str = "http://www.idpf.org/2008/embedding";

    #[test]
    fn an_activity_needs_its_libraries_each_after_those_that_it_needs() {
        let files = [
            (
                "h5p.json",
                r#"{"title":"Leaves","language":"bo","mainLibrary":"H5P.A","preloadedDependencies":[{"machineName":"H5P.A","majorVersion":1,"minorVersion":"2"}]}"#,
            ),
            ("content/content.json", r#"{"text":"x"}"#),
            (
                "H5P.A-1.2/library.json",
                r#"{"preloadedJs":[{"path":"a.js"}],"preloadedCss":[{"path":"a.css"}],"preloadedDependencies":[{"machineName":"B","majorVersion":1,"minorVersion":0}]}"#,
            ),
            ("H5P.A-1.2/a.js", ""),
            ("H5P.A-1.2/a.css", ""),
            (
                "B-1.0/library.json",
                r#"{"preloadedJs":[{"path":"/b.js"},{"path":"gone.js"}],"preloadedDependencies":[{"machineName":"H5P.A","majorVersion":1,"minorVersion":2}]}"#,
            ),
            ("B-1.0/b.js", ""),
        ];
        let activity = begun(&files).activity.unwrap();
        assert_eq!(activity.library, "H5P.A 1.2");
        assert_eq!(activity.scripts, ["B-1.0/b.js", "H5P.A-1.2/a.js"]);
        assert_eq!((activity.styles, activity.language.as_deref()), (vec!["H5P.A-1.2/a.css".to_owned()], Some("bo")));
        assert_eq!(launch(&mut folder(&files[..4])), Err(LaunchError::Lacks), "a library is missing");
    }

    #[test]
    fn nothing_leads_out_of_a_package() {
        for href in ["https://elsewhere/x.html", "//elsewhere/x.html", "../../x.html", "javascript:alert(1)"] {
            let said = SCORM.replace("My%20leaf.HTML#top", href);
            let found = launch(&mut folder(&[("imsmanifest.xml", &said), ("c/my leaf.html", "")]));
            assert_eq!(found, Err(LaunchError::Lacks), "{href}");
        }
    }

    /// Packages that others made, where a folder of them is at hand.
    #[test]
    fn packages_of_others_begin() {
        let Some(samples) = std::env::var_os("ZAMPA_SAMPLES") else { return };
        let mut begun = 0;
        for folder in ["imscc", "epub", "scorm", "h5p", "web"] {
            for entry in std::fs::read_dir(std::path::Path::new(&samples).join(folder)).into_iter().flatten() {
                let path = entry.unwrap().path();
                let mut archive = match Archive::open(std::fs::File::open(&path).unwrap(), &Bounds::default()) {
                    Ok(archive) => archive,
                    Err(e) => {
                        println!("{}: {e}", path.display());
                        continue;
                    }
                };
                match launch(&mut archive) {
                    Ok(Some(l)) => {
                        println!("{}: {:?} {:?} {} + {}", path.display(), l.player, l.title, l.parts.len(), l.left_out);
                        begun += 1;
                    }
                    other => println!("{}: {other:?}", path.display()),
                }
            }
        }
        assert!(begun > 0);
    }

    proptest! {
        #[test]
        fn hostile_manifests_never_panic(at in 0..600usize, with in "[<>/&a-z#?. ]{0,8}", cut in 0..600usize) {
            for (name, text) in [("imsmanifest.xml", SCORM), ("META-INF/container.xml", CONTAINER), ("OPS/b.opf", OPF)] {
                let mut said = text.to_owned();
                said.insert_str(at % said.len(), &with);
                said.truncate(said.len() - cut % (said.len() / 2));
                let _ = launch(&mut folder(&[(name, &said), ("META-INF/container.xml", CONTAINER), ("c/my leaf.html", "")]));
            }
        }
    }
}
