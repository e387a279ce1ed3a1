use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::{fmt, io};

use base::{Date, Hash, Lang, Subject};
use blobs::Blobs;
use jiff::tz::TimeZone;
use log::{LogError, Store, Tx};
use records::{Change, Kind, Kinds, Reader};
use rusqlite::Connection;
use text::Catalogue;

use crate::local::Local;
use crate::machine::Machine;
use crate::{Answered, Asked, Freedom, PageError, Request, Socket, Staged};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// The region's node.
    Hub,
    /// A school's box.
    School,
}

/// The state of the link, as the sign in every page's head shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSign {
    /// `whole`, `thin` or `broken`.
    pub state: &'static str,
    /// The words beside it, in the reader's language.
    pub said: String,
    /// A second, quieter line.
    pub detail: String,
}

/// Something that waits for a reader, comes next, or has changed.
#[derive(Clone, Debug)]
pub struct TodayItem {
    /// `waits`, `next` or `changed`.
    pub part: &'static str,
    /// The icon.
    pub icon: &'static str,
    /// What it is.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// Where one does something about it.
    pub href: String,
    /// Sorting: the earlier, the higher.
    pub order: i64,
    /// When, in words.
    pub when: String,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// The address.
    pub href: String,
    /// The key of its words.
    pub key: String,
    /// Who sees it.
    pub check: Check,
}

/// How words that stand in a file lead to a record: whoever may see the record finds it by them.
#[derive(Clone, Copy, Debug)]
pub struct Leads {
    /// The kind of record.
    pub kind: &'static str,
    /// SQL that joins them, named `t`, to files in which the words stand (`f.source` is a content). A cross join keeps its
    /// order: from the files to their records, so that a search can stop.
    pub way: &'static str,
    /// The kind, and its name in that SQL, of the records on the way, which the reader must see too.
    pub through: Option<(&'static str, &'static str)>,
    /// SQL that gives the contents that a record (`?1`) has words in; empty where no line of them is shown.
    pub sources: &'static str,
}

type ReaderOf = dyn Fn(&Connection, Subject, Date) -> Result<Reader, LogError> + Send + Sync;
type SignOf = dyn Fn(&Site, &text::Words<'_>) -> LinkSign + Send + Sync;
type TodayOf = dyn Fn(&Site, &Request) -> Result<Vec<TodayItem>, PageError> + Send + Sync;

/// A node's pages and all they need.
pub struct Site {
    /// The node's log and projections.
    pub store: Arc<Store>,
    /// Files, by their content.
    pub blobs: Arc<Blobs>,
    /// What stays on this node: sessions, throttles.
    pub local: Arc<Local>,
    /// The words.
    pub catalogue: Catalogue,
    /// The kinds of record.
    pub kinds: Kinds,
    /// What the node is.
    pub node_kind: NodeKind,
    /// The node's name, as it was given.
    pub node_title: String,
    /// The same in each language: that of its school or its programme, where it was called after that.
    pub node_names: RwLock<BTreeMap<Lang, String>>,
    /// The node's part of the cookies' names: cookies cross ports.
    pub cookie: String,
    /// The programme.
    pub programme: [u8; 16],
    /// The programme's hub.
    pub hub: base::NodeId,
    /// The programme's time zone: dates of civil life are dates there.
    pub zone: RwLock<TimeZone>,
    /// Whether this is the demonstration, whose rows are invented.
    pub demonstration: bool,
    /// The roles of a person today.
    pub reader_of: Box<ReaderOf>,
    /// The roles that a person had on a day that has passed.
    pub reader_then: Box<ReaderOf>,
    /// The link's state.
    pub sign_of: Box<SignOf>,
    /// What Today shows.
    pub today: Vec<Box<TodayOf>>,
    /// What rooms show on the pages of records.
    pub parts: Vec<Box<PartOf>>,
    /// What rooms ask beside the form of a new record; what was answered they read as it is made.
    pub asks: Vec<Box<AskOf>>,
    /// What rooms add to what is said of a record, before it is written.
    pub completes: Vec<Box<CompleteOf>>,
    /// What rooms add to records as they are made.
    pub made: Vec<Box<MadeOf>>,
    /// Where a new record of a kind is begun, if not with its form: kind and address.
    pub begins: Vec<(&'static str, &'static str)>,
    /// Where a new record of a kind can begin otherwise: kind, address, and the key of what that is called.
    pub also: Vec<(&'static str, &'static str, &'static str)>,
    /// Records that are found by what their files say.
    pub leads: Vec<Leads>,
    /// The navigation.
    pub nav: Vec<NavItem>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.node_title)
    }
}

impl Site {
    /// Today's date in the programme's time zone.
    pub fn today(&self) -> Date {
        self.date_of(self.now_ms())
    }

    /// Milliseconds since 1970 by the node's clock.
    pub fn now_ms(&self) -> u64 {
        self.store.env().clock.now_ms()
    }

    /// The programme's time zone.
    pub fn zone(&self) -> TimeZone {
        self.zone.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The node's name in a language.
    pub fn node_called(&self, lang: Lang) -> String {
        let all = self.node_names.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&lang).unwrap_or(&self.node_title).clone()
    }

    /// The date of a moment in the programme's time zone.
    pub fn date_of(&self, ms: u64) -> Date {
        let stamp = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default();
        self.zone().to_datetime(stamp).date()
    }

    /// Words in a language, with the reader's second one.
    pub fn words(&self, lang: Lang, second: Option<Lang>) -> text::Words<'_> {
        self.catalogue.words(lang, second)
    }
}

/// Who may take a route. Checked before anything else is done.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// Who has one of these roles.
    Roles(records::Roles),
    /// Who may read records of the kind; which of them, the query decides.
    Read(&'static Kind),
    /// Who may make or change records of the kind; which of them, the command decides.
    Write(&'static Kind),
    /// Everybody, in the demonstration only.
    Demonstration,
}

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To see something.
    Get,
    /// To do something.
    Post,
}

/// What a room shows on the page of a record, as HTML; `None` where it has nothing to show.
type PartOf = dyn Fn(&Site, &Request, &Connection, &Kind, &Subject) -> Result<Option<String>, PageError> + Send + Sync;
/// What a room asks beside the form of a new record, as HTML; `None` where it has nothing to ask.
type AskOf = dyn Fn(&Site, &Request, &Connection, &Kind) -> Result<Option<String>, PageError> + Send + Sync;
/// What a room adds to what is said of a record, new or here: what follows from a field goes with it, and comes back with it.
type CompleteOf = dyn Fn(&Connection, &Kind, &mut Change) -> Result<(), PageError> + Send + Sync;
/// What a room adds to a record as it is made, in the same transaction.
type MadeOf = dyn Fn(&Tx<'_>, &Site, &Request, &Kind, &Subject) -> Result<(), PageError> + Send + Sync;
type Talk = dyn Fn(Arc<Site>, Request, Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;
type First = dyn Fn(&Site, &Request) -> Result<(), PageError> + Send + Sync;
type Handle = dyn Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync;

/// A route: an address, who may take it, and what it does.
#[derive(Clone)]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// The address, with `{name}` for its variable parts.
    pub path: String,
    /// Who may.
    pub check: Check,
    /// It takes files, if this lets the sender through: asked before a byte of the body is read.
    pub files: Option<Arc<First>>,
    /// It is a conversation over a WebSocket, if its `handle` lets the reader in.
    pub talk: Option<Arc<Talk>>,
    /// It is asked by programs, which bring a credential of their own: what it answers them.
    pub machine: Option<Arc<Machine>>,
    /// It is of the stage: asked under the stage's name alone, and with nobody signed in.
    pub stage: bool,
    /// What it does; runs where blocking is allowed.
    pub handle: Arc<Handle>,
}

impl Route {
    /// A route that shows something.
    pub fn get(
        path: impl Into<String>,
        check: Check,
        handle: impl Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            method: Method::Get,
            path: path.into(),
            check,
            files: None,
            talk: None,
            machine: None,
            stage: false,
            handle: Arc::new(handle),
        }
    }

    /// A route that does something.
    pub fn post(
        path: impl Into<String>,
        check: Check,
        handle: impl Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync + 'static,
    ) -> Self {
        Self { method: Method::Post, ..Self::get(path, check, handle) }
    }
}

impl Route {
    /// A route that takes files. `first` refuses who may not send them here.
    pub fn upload(
        path: impl Into<String>,
        check: Check,
        first: impl Fn(&Site, &Request) -> Result<(), PageError> + Send + Sync + 'static,
        handle: impl Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync + 'static,
    ) -> Self {
        Self { files: Some(Arc::new(first)), ..Self::post(path, check, handle) }
    }
}

impl Route {
    /// A route that is a conversation. `first` refuses who may not take part.
    pub fn talk(
        path: impl Into<String>,
        check: Check,
        first: impl Fn(&Site, &Request) -> Result<(), PageError> + Send + Sync + 'static,
        talk: impl Fn(Arc<Site>, Request, Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
    ) -> Self {
        // Asked as a page it lets in or refuses, and has nothing to show.
        let handle = move |site: &Site, request: &Request| first(site, request).map(|()| Reply::Page(String::new()));
        Self { talk: Some(Arc::new(talk)), ..Self::get(path, check, handle) }
    }
}

impl Route {
    /// A route that programs ask, by any method. It decides by itself who may: no session is read.
    pub fn machine(
        path: impl Into<String>,
        answer: impl Fn(&Site, &Asked) -> Answered + Send + Sync + 'static,
    ) -> Self {
        // Asked as a page there is nothing.
        Self { machine: Some(Arc::new(answer)), ..Self::get(path, Check::Public, |_, _| Err(PageError::NotFound)) }
    }
}

impl Route {
    /// A route of the stage. There are no sessions: the address itself must say that its reader may.
    pub fn stage(
        path: impl Into<String>,
        handle: impl Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync + 'static,
    ) -> Self {
        Self { stage: true, ..Self::get(path, Check::Public, handle) }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {:?}", self.method, self.path, self.check)
    }
}

type Write = dyn FnOnce(&mut dyn io::Write) -> Result<(), PageError> + Send;

/// Writes an answer, on a thread of its own: a slow reader keeps nobody from their page.
pub struct Writing(pub Box<Write>);

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writing")
    }
}

/// What a route answers.
#[derive(Debug)]
pub enum Reply {
    /// A page.
    Page(String),
    /// A page whose script may ask other nodes, in no reader's name: what it brings is its own.
    Open(String),
    /// A page that says what is wrong with what was sent: 422.
    Invalid(String),
    /// Go there.
    To(String),
    /// Go there, with cookies set.
    ToWith(String, Vec<String>),
    /// A blob, streamed, in parts if they are asked for.
    File {
        /// Its content.
        hash: Hash,
        /// What it is.
        media: String,
        /// What it is called when it is saved.
        name: String,
    },
    /// Something of a package, on the stage.
    Stage(Staged, Freedom),
    /// Something that is written while it is sent, to be saved under a name. What fails half-way breaks the answer off, so
    /// that nobody takes it for whole.
    Written(String, Writing),
    /// Bytes of a type, with a file name if they are to be saved.
    Bytes(&'static str, Option<String>, Vec<u8>),
}

impl Check {
    /// Whether a reader may; `None` is somebody who has not signed in.
    pub fn allows(&self, site: &Site, reader: Option<&Reader>) -> bool {
        match (self, reader) {
            (Self::Public, _) => true,
            (Self::Demonstration, _) => site.demonstration,
            (_, None) => false,
            (Self::SignedIn, Some(_)) => true,
            (Self::Roles(roles), Some(r)) => r.is_any(*roles),
            (Self::Read(kind), Some(r)) => r.opens(kind),
            (Self::Write(kind), Some(r)) => r.makes(kind),
        }
    }
}
