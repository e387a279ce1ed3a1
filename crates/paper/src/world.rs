//! All that Typst sees: how a paper looks, what it says, and its pictures.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::data::data;
use crate::{Paper, PaperError, fonts};

const LOOK: &str = include_str!("paper.typ");

pub(crate) struct Sheet {
    library: LazyHash<Library>,
    main: Source,
    files: Vec<(FileId, Bytes)>,
}

impl Sheet {
    pub(crate) fn new(paper: &Paper) -> Result<Self, PaperError> {
        let (said, pictures) = data(paper, fonts::chinese())?;
        let main = Source::new(id("/main.typ")?, LOOK.to_owned());
        let mut files = vec![(id("/data.json")?, Bytes::from_string(said))];
        for (name, bytes) in pictures {
            files.push((id(&format!("/{name}"))?, Bytes::new(bytes)));
        }
        Ok(Self { library: LazyHash::new(<Library as LibraryExt>::default()), main, files })
    }
}

fn id(path: &str) -> Result<FileId, PaperError> {
    let path = VirtualPath::new(path).map_err(|_| PaperError::Failed("a path".to_owned()))?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

impl World for Sheet {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        fonts::book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        fonts::font(index)
    }

    /// Papers say their dates themselves.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
