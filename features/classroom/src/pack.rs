//! The pages that a class shows, each by the hash of its picture. The node of its order says them in the class as soon as
//! somebody leads it: so a page's number means the same page in every room, whatever of the course has come there, and in what is
//! kept of the class, whatever becomes of the course.

use std::iter::repeat_n;

use assets::{Leaf, Shelf, Tree};
use base::{Hash, Subject};
use live::Live;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::facts::LIVE_CLASS;
use crate::fold::PACK;
use crate::keep::kept;
use crate::open::{Classes, Open};
use crate::page::{Shown, shown};
use crate::who::{About, Part};

/// How pages come: in place of those that were said, or behind all there are.
const INSTEAD: u8 = 0;
const BEHIND: u8 = 1;
/// Bytes of a page: the hash of its picture, how many bytes that has (4), its width and height (2 each).
const SHEET: usize = 40;
/// Pages that are said at a time, and that a class has of a course.
const AT_ONCE: usize = 300;
const MAX_SHEETS: usize = 1000;
/// Where they lie in the record of a class.
const PLACE: &str = "shown/";
const MEDIA: &str = "image/webp";

/// A page that a class shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sheet {
    pub content: Hash,
    pub bytes: u32,
    pub width: u16,
    pub height: u16,
}

/// The pages of a class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pack {
    /// By their numbers; nothing is a white one.
    pub pages: Vec<Option<Sheet>>,
    /// How often they were said. Where they never were, a class shows what its course holds, and the white ones behind that.
    pub said: u32,
}

impl Sheet {
    fn write(&self) -> Vec<u8> {
        let (bytes, size) = (self.bytes.to_be_bytes(), [self.width.to_be_bytes(), self.height.to_be_bytes()].concat());
        [&self.content.0[..], &bytes, &size].concat()
    }

    fn read(from: &[u8; SHEET]) -> Option<Self> {
        let (content, rest) = from.split_first_chunk::<32>()?;
        let (bytes, rest) = rest.split_first_chunk::<4>()?;
        let (width, rest) = rest.split_first_chunk::<2>()?;
        let height = rest.first_chunk::<2>()?;
        Some(Self {
            content: Hash(*content),
            bytes: u32::from_be_bytes(*bytes),
            width: u16::from_be_bytes(*width),
            height: u16::from_be_bytes(*height),
        })
    }

    /// What a page's script is told of it; `at` is where the pages of the class are.
    pub fn told(&self, at: &str) -> Json {
        let name = hex(&self.content);
        json!({ "src": format!("{at}{name}"), "hash": name, "width": self.width, "height": self.height })
    }
}

impl From<&Shown> for Sheet {
    fn from(of: &Shown) -> Self {
        let size = |n: u32| u16::try_from(n).unwrap_or(u16::MAX).max(1);
        Self {
            content: of.slide.content,
            bytes: u32::try_from(of.bytes).unwrap_or(u32::MAX),
            width: size(of.slide.width),
            height: size(of.slide.height),
        }
    }
}

impl Pack {
    /// Takes in what was said of the pages.
    pub fn take(&mut self, said: &[u8]) {
        let Some((how, sheets)) = said.split_first() else { return };
        let sheets = sheets.as_chunks::<SHEET>().0.iter().filter_map(Sheet::read).map(Some);
        if *how == INSTEAD {
            let whites = self.pages.iter().filter(|page| page.is_none()).count();
            self.pages = sheets.chain(repeat_n(None, whites)).collect();
        } else {
            self.pages.extend(sheets);
        }
        self.said += 1;
    }

    /// A white page more.
    pub fn white(&mut self) {
        self.pages.push(None);
    }

    /// Those that are no white ones.
    pub fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        self.pages.iter().flatten()
    }

    /// What is still to be said, now that the course holds these: once a class has begun, its numbers stay what they are.
    fn lacks(&self, now: &[Sheet], begun: bool) -> Option<(u8, Vec<Sheet>)> {
        if self.said == 0 || !begun {
            let is_said = self.sheets().eq(now) && (self.said > 0 || now.is_empty());
            return (!is_said).then(|| (INSTEAD, now.to_vec()));
        }
        let mut known: Vec<&Sheet> = self.sheets().collect();
        let mut lacks = Vec::new();
        for sheet in now {
            match known.iter().position(|of| of.content == sheet.content) {
                Some(at) => {
                    known.swap_remove(at);
                }
                None => lacks.push(*sheet),
            }
        }
        (!lacks.is_empty()).then_some((BEHIND, lacks))
    }
}

/// What is said of pages, piece by piece.
fn sayings(how: u8, sheets: &[Sheet]) -> Vec<Vec<u8>> {
    let piece = |how: u8, of: &[Sheet]| [vec![PACK, how], of.iter().flat_map(Sheet::write).collect()].concat();
    match sheets.split_at_checked(AT_ONCE) {
        Some((first, rest)) => {
            let rest = rest.chunks(AT_ONCE).map(|of| piece(BEHIND, of));
            std::iter::once(piece(how, first)).chain(rest).collect()
        }
        None => vec![piece(how, sheets)],
    }
}

impl Classes {
    /// Says it as soon as somebody leads the class; what changes later is found by who looks after all classes.
    pub(crate) fn say_first_pages(&self, site: &Site, live: &Live, open: &Open) {
        let mut inner = open.inner();
        let is_first = inner.fold.led && inner.fold.pack.said == 0 && inner.noted.insert("pages".to_owned());
        drop(inner);
        if is_first && let Err(e) = self.say_pages(site, live, open) {
            // It is tried again there; nothing else is kept from being noted.
            tracing::error!("the pages of a class: {e}");
        }
    }

    /// Says in a class that has its order here which pages it shows, where that is not said yet.
    ///
    /// # Errors
    /// What the database says; nothing was said then, and it is tried again.
    pub(crate) fn say_pages(&self, site: &Site, live: &Live, open: &Open) -> Result<(), PageError> {
        let (Some(course), true) = (open.about().course, self.me == open.origin) else { return Ok(()) };
        let (pack, begun) = {
            let fold = &open.inner().fold;
            if !fold.led || fold.over_ms.is_some() {
                return Ok(());
            }
            (fold.pack.clone(), fold.began_ms.is_some())
        };
        let now: Vec<Sheet> = site.store.read(|conn| {
            let shown = shown(conn, &self.shelf, &course, &open.about().leads())?;
            Ok::<_, PageError>(shown.iter().take(MAX_SHEETS).map(Sheet::from).collect())
        })?;
        let Some((how, sheets)) = pack.lacks(&now, begun) else { return Ok(()) };
        let sayings = sayings(how, &sheets);
        // Several pages look at the same time: one of them says it.
        let what = format!("pages-{}-{}", pack.said, Hash::of(&sayings.concat()));
        open.once(&what, || {
            let say = |said: &Vec<u8>| live.say(open.class, open.class, said).map(drop);
            sayings.iter().try_for_each(say).map_err(|no| PageError::Internal(no.to_string()))
        })
    }
}

/// Puts the pages of a class into its record: so they stay, and go where it goes.
pub(crate) fn put_in(tree: &mut Tree, pack: &Pack) -> Result<(), assets::AssetError> {
    for (n, sheet) in pack.sheets().enumerate() {
        let leaf = Leaf { content: sheet.content, bytes: sheet.bytes.into(), media: MEDIA.to_owned() };
        tree.put(&format!("{PLACE}{n:04}-{}x{}.webp", sheet.width, sheet.height), leaf)?;
    }
    Ok(())
}

/// The pages that the record of a class names; none where it is of before they were said.
pub(crate) fn of_record(shelf: &Shelf, conn: &Connection, class: &Subject) -> Result<Vec<Sheet>, PageError> {
    let mut out = Vec::new();
    for (_, hash) in kept(conn)?.into_iter().filter(|(of, _)| of == class) {
        let tree = shelf.tree(&hash).map_err(|e| PageError::Internal(e.to_string()))?;
        for (path, leaf) in tree.iter().flat_map(Tree::leaves) {
            let size = path
                .strip_prefix(PLACE)
                .and_then(|name| name.strip_suffix(".webp")?.split_once('-')?.1.split_once('x'));
            let Some((width, height)) = size else { continue };
            if let (Ok(width), Ok(height)) = (width.parse(), height.parse()) {
                let bytes = u32::try_from(leaf.bytes).unwrap_or(u32::MAX);
                out.push(Sheet { content: leaf.content, bytes, width, height });
            }
        }
    }
    Ok(out)
}

/// Where the pages of a class are.
pub(crate) fn place(class: &Subject) -> String {
    format!("/classes/{class}/shown/")
}

/// The pages of a class's course, for somebody at its page: what they may see of the course, and who has a part in the class also
/// what its teacher shows of a course of their own.
pub(crate) fn of_course(
    conn: &Connection,
    shelf: &Shelf,
    about: &About,
    reader: Subject,
) -> Result<Vec<Sheet>, PageError> {
    let mut readers = vec![reader];
    if about.part(&reader) != Part::Guest {
        readers.extend(about.leads());
    }
    let shown = about.course.map(|course| shown(conn, shelf, &course, &readers)).transpose()?;
    Ok(shown.unwrap_or_default().iter().map(Sheet::from).collect())
}

/// A page of a class, if it is here: of a class that goes on, for who has a part in it or was let in; of one that was recorded,
/// for whoever sees it; and of its course.
pub(crate) fn picture(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    let content = asked(request)?;
    let reader = request.reader()?;
    site.store.read(|conn| {
        register::visible(conn, reader, &LIVE_CLASS, &class)?;
        let about = About::read(conn, &class)?;
        let is_here = classes.get(&class).is_some_and(|open| {
            let fold = &open.inner().fold;
            let is_in = about.part(&reader.person) != Part::Guest || fold.admitted.contains(&reader.person);
            is_in && fold.pack.sheets().any(|s| s.content == content)
        });
        let has = |sheets: Vec<Sheet>| sheets.iter().any(|s| s.content == content);
        if is_here || has(of_record(shelf, conn, &class)?) || has(of_course(conn, shelf, &about, reader.person)?) {
            return Ok(file(content));
        }
        Err(PageError::NotFound)
    })
}

pub(crate) fn file(content: Hash) -> Reply {
    Reply::File { hash: content, media: MEDIA.to_owned(), name: "page.webp".to_owned() }
}

/// Which page is asked for.
pub(crate) fn asked(request: &Request) -> Result<Hash, PageError> {
    let text = request.params.get("page").map(String::as_str).unwrap_or_default();
    let nibble = |c: u8| char::from(c).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let bytes: Option<Vec<u8>> =
        text.as_bytes().as_chunks::<2>().0.iter().map(|[a, b]| Some((nibble(*a)? << 4) | nibble(*b)?)).collect();
    bytes.and_then(|bytes| Hash::try_from(bytes.as_slice()).ok()).ok_or(PageError::NotFound)
}

pub(crate) fn hex(hash: &Hash) -> String {
    hash.0.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(n: u8) -> Sheet {
        Sheet { content: Hash([n; 32]), bytes: 70_000, width: 1280, height: 720 }
    }

    fn say(pack: &mut Pack, now: &[Sheet], begun: bool) -> usize {
        let said = pack.lacks(now, begun).map(|(how, sheets)| sayings(how, &sheets)).unwrap_or_default();
        said.iter().for_each(|said| pack.take(&said[1..]));
        said.len()
    }

    #[test]
    fn numbers_stay_once_a_class_has_begun() {
        let mut pack = Pack::default();
        assert_eq!(say(&mut pack, &[], false), 0, "a class that shows nothing says nothing");
        pack.white();
        let (a, b, c) = (sheet(1), sheet(2), sheet(3));
        say(&mut pack, &[a, b], false);
        assert_eq!(pack.pages, [Some(a), Some(b), None], "white pages are behind what there is");
        // Before it begins, it shows the course as that is.
        say(&mut pack, &[c, a, b], false);
        assert_eq!(pack.pages, [Some(c), Some(a), Some(b), None]);
        assert_eq!(say(&mut pack, &[c, a, b], true), 0);
        // What comes afterwards stands behind all, also where the same picture is there already; what goes stays.
        say(&mut pack, &[a, a, sheet(4), b], true);
        assert_eq!(pack.pages, [Some(c), Some(a), Some(b), None, Some(a), Some(sheet(4))]);
        assert_eq!(say(&mut pack, &[a, a, sheet(4), b], true), 0);
    }

    #[test]
    fn many_pages_are_said_in_pieces_that_a_class_takes() {
        let all: Vec<Sheet> = (0..u8::MAX).chain(0..u8::MAX).map(sheet).collect();
        let mut pack = Pack::default();
        let said = sayings(INSTEAD, &all);
        assert!(said.len() == 2 && said.iter().all(|s| s.len() <= live::MAX_PAYLOAD));
        said.iter().for_each(|said| pack.take(&said[1..]));
        assert!(pack.sheets().eq(&all));
    }
}
