//! Manifests of packages that others play: SCORM 1.2 and IMS Common Cartridge 1.3. Names of files are the caller's and
//! hold nothing but letters of ASCII, so that they are the same on every system.

use std::fmt::Write as _;

use packages::xml::escape;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The resource of what all pages use.
const COMMON: &str = "common";

/// What a manifest tells.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// What the course is called everywhere: letters and digits.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The languages it is in, as BCP 47 writes them.
    pub languages: Vec<String>,
    /// What it is about; empty where nothing is said.
    pub about: String,
    /// Under what terms it may be used, with those to be named.
    pub terms: String,
    /// Files that every page uses.
    pub common: Vec<String>,
    /// Its units in their order. One without a title adds no level.
    pub units: Vec<Section>,
}

/// Things that stand together.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// What it is called.
    pub title: String,
    /// What stands in it.
    pub things: Vec<Thing>,
}

/// A thing of a course: one page, or a package with several.
#[derive(Clone, Debug, Default)]
pub struct Thing {
    /// What it is called.
    pub title: String,
    /// Its pages in their order. Several stand under the title.
    pub pages: Vec<Leaf>,
}

/// A page of a thing.
#[derive(Clone, Debug, Default)]
pub struct Leaf {
    /// What it is called.
    pub title: String,
    /// What it is to who plays it.
    pub kind: LeafKind,
    /// Its path in the package, as an address.
    pub href: String,
    /// What follows it in its address.
    pub after: String,
    /// All files that it is made of, itself among them, as addresses. Its first page names those of a thing.
    pub files: Vec<String>,
}

/// What a page is to who plays it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeafKind {
    /// A page that speaks to nobody.
    #[default]
    Page,
    /// A page that says that it was seen (SCORM).
    Speaks,
    /// Questions as QTI 1.2 (Common Cartridge).
    Questions,
}

/// `imsmanifest.xml` of a SCORM 1.2 package.
pub fn scorm12(outline: &Outline) -> String {
    let title = escape(&outline.title);
    let said = |text: &str| {
        let language = outline.languages.first().map_or(String::new(), |l| format!(r#" xml:lang="{}""#, escape(l)));
        format!("<langstring{language}>{}</langstring>", escape(text))
    };
    let languages: String = outline.languages.iter().map(|l| format!("<language>{}</language>", escape(l))).collect();
    let about = match &*outline.about {
        "" => String::new(),
        about => format!("<description>{}</description>", said(about)),
    };
    let plain = |text: &str| format!(r#"<langstring xml:lang="x-none">{text}</langstring>"#);
    let rights = format!(
        "<rights><copyrightandotherrestrictions><source>{}</source><value>{}</value></copyrightandotherrestrictions><description>{}</description></rights>",
        plain("LOMv1.0"),
        plain("yes"),
        said(&outline.terms)
    );
    let lom = format!(
        r#"<lom xmlns="http://www.imsglobal.org/xsd/imsmd_rootv1p2p1"><general><title>{}</title>{languages}{about}</general>{rights}</lom>"#,
        said(&outline.title)
    );
    let resource = |n: &str, leaf: &Leaf| {
        let kind = if leaf.kind == LeafKind::Speaks { "sco" } else { "asset" };
        let (href, files) = (escape(&leaf.href), files(&leaf.files));
        format!(
            r#"<resource identifier="r{n}" type="webcontent" adlcp:scormtype="{kind}" href="{href}">{files}<dependency identifierref="{COMMON}"/></resource>"#
        )
    };
    let mut out = format!(
        r#"{HEAD}<manifest identifier="c{}" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion>{lom}</metadata><organizations default="o"><organization identifier="o"><title>{title}</title>"#,
        escape(&outline.id)
    );
    items(&outline.units, true, &mut out);
    out.push_str("</organization></organizations><resources>");
    resources(&outline.units, resource, &mut out);
    let _ = write!(
        out,
        r#"<resource identifier="{COMMON}" type="webcontent" adlcp:scormtype="asset">{}</resource></resources></manifest>"#,
        files(&outline.common)
    );
    out
}

/// `imsmanifest.xml` of a Common Cartridge 1.3.
pub fn cartridge13(outline: &Outline) -> String {
    let said = |text: &str| {
        let language = outline.languages.first().map_or(String::new(), |l| format!(r#" language="{}""#, escape(l)));
        format!("<lomimscc:string{language}>{}</lomimscc:string>", escape(text))
    };
    let languages: String =
        outline.languages.iter().map(|l| format!("<lomimscc:language>{}</lomimscc:language>", escape(l))).collect();
    let about = match &*outline.about {
        "" => String::new(),
        about => format!("<lomimscc:description>{}</lomimscc:description>", said(about)),
    };
    let lom = format!(
        "<lomimscc:lom><lomimscc:general><lomimscc:title>{}</lomimscc:title>{languages}{about}</lomimscc:general><lomimscc:rights><lomimscc:copyrightAndOtherRestrictions><lomimscc:value>yes</lomimscc:value></lomimscc:copyrightAndOtherRestrictions><lomimscc:description>{}</lomimscc:description></lomimscc:rights></lomimscc:lom>",
        said(&outline.title),
        said(&outline.terms)
    );
    let resource = |n: &str, leaf: &Leaf| {
        let files = files(&leaf.files);
        if leaf.kind == LeafKind::Questions {
            return format!(
                r#"<resource identifier="r{n}" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment">{files}</resource>"#
            );
        }
        let href = escape(&leaf.href);
        format!(
            r#"<resource identifier="r{n}" type="webcontent" href="{href}">{files}<dependency identifierref="{COMMON}"/></resource>"#
        )
    };
    let mut out = format!(
        r#"{HEAD}<manifest identifier="c{}" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1" xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"><metadata><schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion>{lom}</metadata><organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">"#,
        escape(&outline.id)
    );
    items(&outline.units, false, &mut out);
    out.push_str("</item></organization></organizations><resources>");
    resources(&outline.units, resource, &mut out);
    let _ = write!(
        out,
        r#"<resource identifier="{COMMON}" type="webcontent">{}</resource></resources></manifest>"#,
        files(&outline.common)
    );
    out
}

fn files(paths: &[String]) -> String {
    paths.iter().map(|p| format!(r#"<file href="{}"/>"#, escape(p))).collect()
}

/// The contents. Only SCORM knows what follows an address.
fn items(units: &[Section], parameters: bool, out: &mut String) {
    for (u, unit) in (1..).zip(units) {
        let titled = !unit.title.is_empty();
        if titled {
            let _ = write!(out, r#"<item identifier="u{u}"><title>{}</title>"#, escape(&unit.title));
        }
        for (t, thing) in (1..).zip(&unit.things) {
            let several = thing.pages.len() > 1;
            if several {
                let _ = write!(out, r#"<item identifier="t{u}.{t}"><title>{}</title>"#, escape(&thing.title));
            }
            for (p, page) in (1..).zip(&thing.pages) {
                let after = match &*page.after {
                    after if parameters && !after.is_empty() => format!(r#" parameters="{}""#, escape(after)),
                    _ => String::new(),
                };
                let title = if page.title.is_empty() { &thing.title } else { &page.title };
                let title = escape(title);
                let _ = write!(
                    out,
                    r#"<item identifier="i{u}.{t}.{p}" identifierref="r{u}.{t}.{p}"{after}><title>{title}</title></item>"#
                );
            }
            if several {
                out.push_str("</item>");
            }
        }
        if titled {
            out.push_str("</item>");
        }
    }
}

fn resources(units: &[Section], one: impl Fn(&str, &Leaf) -> String, out: &mut String) {
    for (u, unit) in (1..).zip(units) {
        for (t, thing) in (1..).zip(&unit.things) {
            for (p, page) in (1..).zip(&thing.pages) {
                out.push_str(&one(&format!("{u}.{t}.{p}"), page));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use packages::{Archive, Bounds, Packer};

    use super::*;
    use crate::{Part, Player, launch};

    fn leaf(title: &str, kind: LeafKind, href: &str, after: &str) -> Leaf {
        Leaf { title: title.into(), kind, href: href.into(), after: after.into(), files: vec![href.into()] }
    }

    fn outline() -> Outline {
        let thing = |title: &str, pages| Thing { title: title.into(), pages };
        Outline {
            id: "x1".into(),
            title: "草药 & <more>".into(),
            languages: vec!["zh".into(), "bo".into()],
            about: "\"about\"".into(),
            terms: "CC BY".into(),
            common: vec!["look.css".into()],
            units: vec![
                Section {
                    things: vec![thing("About", vec![leaf("", LeafKind::Page, "about.html", "")])],
                    ..Section::default()
                },
                Section {
                    title: "སྨན་རྩྭ།".into(),
                    things: vec![
                        thing("Leaf", vec![leaf("", LeafKind::Speaks, "items/01.html", "")]),
                        thing(
                            "Pages",
                            vec![
                                leaf("One", LeafKind::Speaks, "files/02/a%20b.html", "?x=1&y=2#top"),
                                leaf("Two", LeafKind::Page, "files/02/b.html", ""),
                            ],
                        ),
                    ],
                },
            ],
        }
    }

    fn archive(manifest: &str) -> Archive<Cursor<Vec<u8>>> {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        let pages = ["about.html", "items/01.html", "files/02/a b.html", "files/02/b.html", "look.css", "q.xml"];
        packer.add("imsmanifest.xml", false, manifest.as_bytes()).unwrap();
        for path in pages {
            packer.add(path, false, &b"x"[..]).unwrap();
        }
        Archive::open(Cursor::new(packer.finish().unwrap().into_inner()), &Bounds::default()).unwrap()
    }

    fn told(parts: &[Part]) -> Vec<(&str, &str, &str, u8)> {
        parts.iter().map(|p| (&*p.title, &*p.path, &*p.after, p.depth)).collect()
    }

    #[test]
    fn what_is_written_as_scorm_begins_as_scorm() {
        let found = launch(&mut archive(&scorm12(&outline()))).unwrap().unwrap();
        assert_eq!((found.player, found.title.as_deref()), (Player::Scorm12, Some("草药 & <more>")));
        let expected = [
            ("About", "about.html", "", 0),
            ("Leaf", "items/01.html", "", 1),
            ("One", "files/02/a b.html", "?x=1&y=2#top", 2),
            ("Two", "files/02/b.html", "", 2),
        ];
        assert_eq!((told(&found.parts), found.left_out), (expected.to_vec(), 0));
    }

    #[test]
    fn what_is_written_as_a_cartridge_begins_as_one_with_its_title() {
        let mut outline = outline();
        let questions = leaf("Questions", LeafKind::Questions, "q.xml", "");
        outline.units[1].things.push(Thing { title: "Q".into(), pages: vec![questions] });
        let found = launch(&mut archive(&cartridge13(&outline))).unwrap().unwrap();
        assert_eq!((found.player, found.title.as_deref()), (Player::Cartridge, Some("草药 & <more>")));
        let expected = [
            ("About", "about.html", "", 0),
            ("Leaf", "items/01.html", "", 1),
            ("One", "files/02/a b.html", "", 2),
            ("Two", "files/02/b.html", "", 2),
        ];
        assert_eq!((told(&found.parts), found.left_out), (expected.to_vec(), 0));
        assert_eq!(found.questions, ["q.xml"], "questions are no page, and are not lost");
    }
}
