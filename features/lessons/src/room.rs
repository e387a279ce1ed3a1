//! A plan that is open: those who write it at this node see each other's typing at once; what is typed is on disk
//! before it is said to be saved, and becomes a fact, merged by author, when a few seconds are over or the room is
//! empty. Facts that come from other nodes are shown as they come.
//!
//! Messages are bytes, the first of which says what follows. From a page: [`HELLO`] and what it has, [`TYPED`] and an
//! update, [`HERE`] and where its cursor is. To a page: [`HELLO`], what the node has, and what the page lacks;
//! [`TYPED`]; [`HERE`] with who; [`SAVED`] and how many of the page's updates are on disk; [`REFUSED`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use base::{NodeId, Subject};
use documents::{DocumentError, Live, MAX_UPDATE, merge};
use log::{Context, Draft, LogError};
use records::{RecordError, document_payload, document_update, record_scope};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use web::{PageError, Request, Site, Socket};

use crate::facts::{BODY, LESSON_PLAN};
use crate::part::may_edit;

const HELLO: u8 = 0;
const TYPED: u8 = 1;
const HERE: u8 = 2;
const SAVED: u8 = 3;
const REFUSED: u8 = 4;

/// How long what is typed waits to become a fact while several write the plan, perhaps at other nodes: short enough
/// that they can follow.
const WAIT_MS: u64 = 20_000;
/// How long it waits while one writes alone: an hour of typing is a dozen facts, and no longer than the text.
const WAIT_ALONE_MS: u64 = 5 * 60_000;
/// How often a room looks whether something has waited long enough.
const LOOK: Duration = Duration::from_secs(1);
/// Messages that a page may lag behind before it must begin anew.
const LAG: usize = 512;
/// Bytes that a page may say about its cursor.
const MAX_HERE: usize = 2048;

/// The plans that are open at this node.
#[derive(Debug, Default)]
pub struct Rooms {
    open: Mutex<BTreeMap<Subject, Arc<Room>>>,
    changed: OnceLock<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Room {
    plan: Subject,
    inner: Mutex<Inner>,
    said: broadcast::Sender<Said>,
}

/// Something said in the room, by whom.
#[derive(Clone, Debug)]
struct Said {
    by: u64,
    message: Arc<[u8]>,
}

#[derive(Debug, Default)]
struct Inner {
    live: Live,
    /// The entries that are in the document.
    seen: BTreeSet<(NodeId, u64)>,
    /// What is typed and no fact yet, by author.
    waiting: BTreeMap<Subject, Vec<web::Draft>>,
    /// Since when.
    since_ms: u64,
    guests: u64,
    next: u64,
}

/// Why something is not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoomError {
    #[error("the page")]
    Page(#[from] PageError),
    #[error("the document")]
    Document(#[from] DocumentError),
    #[error("the log")]
    Log(#[from] LogError),
    #[error("the record")]
    Record(#[from] RecordError),
    #[error("the node's own file")]
    Local(#[from] rusqlite::Error),
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, Arc<Room>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what the store takes in, from the first time somebody asks.
    fn changes(&self, site: &Site) -> watch::Receiver<u64> {
        self.changed
            .get_or_init(|| {
                let (count, _) = watch::channel(0);
                let counting = count.clone();
                site.store.watch(Box::new(move || counting.send_modify(|n| *n += 1)));
                count
            })
            .subscribe()
    }

    /// The room of a plan, open from now on if it was not. Returns whether it was just opened.
    fn enter(&self, site: &Site, plan: Subject) -> Result<(Arc<Room>, bool), RoomError> {
        let mut open = self.lock();
        if let Some(room) = open.get(&plan) {
            room.lock().guests += 1;
            return Ok((Arc::clone(room), false));
        }
        let (said, _) = broadcast::channel(LAG);
        let room = Arc::new(Room { plan, inner: Mutex::default(), said });
        room.catch_up(site)?;
        room.lock().guests = 1;
        open.insert(plan, Arc::clone(&room));
        Ok((room, true))
    }

    /// Makes facts of what waits in a plan that is open.
    pub(crate) fn settle(&self, site: &Site, plan: Subject) {
        let room = self.lock().get(&plan).cloned();
        if let Some(Err(e)) = room.map(|room| room.settle(site)) {
            tracing::error!("a plan's text is not a fact yet: {e}");
        }
    }

    /// Somebody leaves; the last one closes the room once all is a fact.
    fn leave(&self, site: &Site, room: &Room) {
        let mut open = self.lock();
        let empty = {
            let mut inner = room.lock();
            inner.guests -= 1;
            inner.guests == 0
        };
        if empty {
            match room.settle(site) {
                Ok(()) => close(&mut open, room),
                // The room stays, and tries again: what was typed is on disk meanwhile.
                Err(e) => tracing::error!("a plan's text is not a fact yet: {e}"),
            }
        }
    }
}

/// Closes a room, and never the one that was opened after it for the same plan: a page that is loaded anew leaves one
/// room and enters the next within a moment.
fn close(open: &mut BTreeMap<Subject, Arc<Room>>, room: &Room) {
    if is_open(open, room) {
        open.remove(&room.plan);
    }
}

fn is_open(open: &BTreeMap<Subject, Arc<Room>>, room: &Room) -> bool {
    open.get(&room.plan).is_some_and(|there| std::ptr::eq(Arc::as_ptr(there), room))
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, by: u64, kind: u8, body: &[u8]) {
        // Nobody listening is no error.
        let _ = self.said.send(Said { by, message: message(kind, body) });
    }

    /// Takes in the entries that are new, also those of other nodes.
    fn catch_up(&self, site: &Site) -> Result<(), RoomError> {
        let entries = site.store.read(|conn| log::entries_of(conn, &self.plan))?;
        let kind = LESSON_PLAN.document(BODY);
        let mut inner = self.lock();
        for entry in entries.iter().filter(|e| e.header.kind == kind) {
            if !inner.seen.insert((entry.header.node, entry.header.seq)) {
                continue;
            }
            if let Some(update) = entry.payload().and_then(document_update)
                && inner.live.apply(update).is_ok()
            {
                self.say(0, TYPED, update);
            }
        }
        Ok(())
    }

    /// Takes in what somebody typed: on disk first, then shown to the others.
    fn typed(&self, site: &Site, author: Subject, by: u64, update: &[u8]) -> Result<(), RoomError> {
        if update.len() > MAX_UPDATE {
            return Err(DocumentError::UpdateTooLarge(update.len()).into());
        }
        let mut inner = self.lock();
        inner.live.apply(update)?;
        let draft = site.local.keep_draft(self.plan, author, update)?;
        if inner.waiting.is_empty() {
            inner.since_ms = site.now_ms();
        }
        inner.waiting.entry(author).or_default().push(draft);
        self.say(by, TYPED, update);
        Ok(())
    }

    /// Makes facts of what waits.
    fn settle(&self, site: &Site) -> Result<(), RoomError> {
        let mut inner = self.lock();
        while let Some((author, drafts)) = inner.waiting.pop_first() {
            match write(site, self.plan, author, &drafts) {
                Ok(written) => inner.seen.extend(written),
                Err(e) => {
                    inner.waiting.insert(author, drafts);
                    return Err(e);
                }
            }
        }
        Ok(())
    }

    fn is_due(&self, site: &Site) -> Result<bool, RoomError> {
        let waited = {
            let inner = self.lock();
            if inner.waiting.is_empty() {
                return Ok(false);
            }
            site.now_ms().saturating_sub(inner.since_ms)
        };
        if !(WAIT_MS..WAIT_ALONE_MS).contains(&waited) {
            return Ok(waited >= WAIT_ALONE_MS);
        }
        let others: i64 = site.store.read(|conn| {
            let sql = "SELECT count(*) FROM plan_author WHERE plan = ?1 AND part <> 'origin'";
            Ok::<_, LogError>(conn.prepare_cached(sql)?.query_row([self.plan.as_bytes()], |r| r.get(0))?)
        })?;
        Ok(others > 1)
    }
}

/// Makes facts of what one author typed, as few as fit, and lets go of the drafts.
fn write(site: &Site, plan: Subject, author: Subject, drafts: &[web::Draft]) -> Result<Vec<(NodeId, u64)>, RoomError> {
    let bodies: Vec<Vec<u8>> = drafts.iter().map(|d| d.body.clone()).collect();
    let text = site.store.read(|conn| records::document(conn, &LESSON_PLAN, BODY, &plan))?;
    let parts = match text.compact(&bodies) {
        Some(whole) => vec![whole],
        None => merged(&bodies),
    };
    let node = site.store.key().id();
    let written = site.store.write(Context { author }, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &LESSON_PLAN, &plan)?;
        let mut written = Vec::new();
        for part in &parts {
            let payload = document_payload(part)?;
            let kind = LESSON_PLAN.document(BODY);
            written.push((node, tx.append(&Draft { scope, subject: plan, kind, payload, base: None })?));
        }
        tx.fold()?;
        Ok::<_, RecordError>(written)
    })?;
    // A crash in between leaves drafts that are facts already: taken in again, they change nothing.
    let ids: Vec<i64> = drafts.iter().map(|d| d.id).collect();
    site.local.drop_drafts(&ids)?;
    Ok(written)
}

/// As few updates as fit.
fn merged(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for body in bodies {
        let together = parts.last().map(|last| merge(&[last.clone(), body.clone()]));
        match (parts.last_mut(), together) {
            (Some(last), Some(Ok(both))) => *last = both,
            _ => parts.push(body.clone()),
        }
    }
    parts
}

/// Makes facts of what was typed before the node stopped.
pub(crate) fn recover(site: &Site) -> Result<(), RoomError> {
    let mut left: BTreeMap<(Subject, Subject), Vec<web::Draft>> = BTreeMap::new();
    for draft in site.local.drafts()? {
        left.entry((draft.record, draft.author)).or_default().push(draft);
    }
    for ((plan, author), drafts) in left {
        write(site, plan, author, &drafts)?;
    }
    Ok(())
}

fn message(kind: u8, body: &[u8]) -> Arc<[u8]> {
    [&[kind], body].concat().into()
}

/// A page's conversation about a plan, until it leaves.
pub(crate) async fn converse(rooms: Arc<Rooms>, site: Arc<Site>, request: Request, mut socket: Socket) {
    let Ok(plan) = request.id("id") else { return };
    let changes = rooms.changes(&site);
    let (rooms_1, site_1) = (Arc::clone(&rooms), Arc::clone(&site));
    let entered = tokio::task::spawn_blocking(move || rooms_1.enter(&site_1, plan)).await;
    let (room, opened) = match entered {
        Ok(Ok(entered)) => entered,
        Ok(Err(e)) => return tracing::error!("a plan cannot be opened: {e}"),
        Err(e) => return tracing::error!("a plan cannot be opened: {e}"),
    };
    if opened {
        tokio::spawn(keep(Arc::clone(&rooms), Arc::clone(&site), Arc::clone(&room), changes));
    }
    let guest = {
        let mut inner = room.lock();
        inner.next += 1;
        inner.next
    };
    talk(&site, &request, &room, guest, &mut socket).await;
    room.say(guest, HERE, json!({ "who": guest, "at": Value::Null }).to_string().as_bytes());
    let left = tokio::task::spawn_blocking(move || rooms.leave(&site, &room)).await;
    if let Err(e) = left {
        tracing::error!("leaving a plan: {e}");
    }
}

/// Follows the log and makes facts of what has waited, as long as the room is open.
async fn keep(rooms: Arc<Rooms>, site: Arc<Site>, room: Arc<Room>, mut changes: watch::Receiver<u64>) {
    let mut look = tokio::time::interval(LOOK);
    // Stays until it has been taken in: what could not be read now is read at the next look.
    let mut behind = false;
    loop {
        behind |= tokio::select! {
            changed = changes.changed() => changed.is_ok(),
            _ = look.tick() => false,
        };
        let (site_1, room_1, rooms_1) = (Arc::clone(&site), Arc::clone(&room), Arc::clone(&rooms));
        let done = tokio::task::spawn_blocking(move || {
            if !is_open(&rooms_1.lock(), &room_1) {
                return Ok(false);
            }
            if behind {
                room_1.catch_up(&site_1)?;
            }
            if room_1.is_due(&site_1)? {
                room_1.settle(&site_1)?;
            }
            // A room that could not be closed when the last one left is closed once all is a fact.
            let mut open = rooms_1.lock();
            let (guests, waits) = {
                let inner = room_1.lock();
                (inner.guests, !inner.waiting.is_empty())
            };
            if guests == 0 && !waits {
                close(&mut open, &room_1);
            }
            Ok::<_, RoomError>(guests > 0 || waits)
        });
        match done.await {
            Ok(Ok(true)) => behind = false,
            Ok(Ok(false)) => return,
            Ok(Err(e)) => tracing::error!("a plan's room: {e}"),
            Err(e) => tracing::error!("a plan's room: {e}"),
        }
    }
}

async fn talk(site: &Arc<Site>, request: &Request, room: &Arc<Room>, guest: u64, socket: &mut Socket) {
    let Some(session) = &request.session else { return };
    let mut heard = room.said.subscribe();
    let mut saved: u32 = 0;
    loop {
        tokio::select! {
            said = heard.recv() => match said {
                Ok(said) if said.by == guest => {}
                Ok(said) => if !socket.say(said.message.to_vec()).await { return },
                // The page has missed something: it begins anew.
                Err(_) => return,
            },
            asked = socket.next() => {
                let Some(asked) = asked else { return };
                let Some((kind, body)) = asked.split_first() else { continue };
                let answer = match *kind {
                    HELLO => {
                        let inner = room.lock();
                        let vector = inner.live.vector();
                        inner.live.since(body).ok().map(|lacks| {
                            let len = u32::try_from(vector.len()).unwrap_or(0).to_be_bytes();
                            message(HELLO, &[&len[..], &vector, &lacks].concat())
                        })
                    }
                    TYPED => {
                        let (site, room, request) = (Arc::clone(site), Arc::clone(room), request.clone());
                        let (person, update) = (session.person, body.to_vec());
                        let taken = tokio::task::spawn_blocking(move || {
                            // Asked each time: a plan may leave somebody's hands while its page is open.
                            may_edit(&site, &request)?;
                            room.typed(&site, person, guest, &update)
                        });
                        match taken.await {
                            Ok(Ok(())) => {
                                saved += 1;
                                Some(message(SAVED, &saved.to_be_bytes()))
                            }
                            Ok(Err(RoomError::Document(_) | RoomError::Page(_))) | Err(_) => Some(message(REFUSED, &[])),
                            Ok(Err(e)) => {
                                tracing::error!("typed into a plan and not kept: {e}");
                                return;
                            }
                        }
                    }
                    HERE if body.len() <= MAX_HERE => {
                        if let Ok(at) = serde_json::from_slice::<Value>(body) {
                            // The name is the session's, whatever the page says.
                            let here = json!({ "who": guest, "name": session.name, "at": at });
                            room.say(guest, HERE, here.to_string().as_bytes());
                        }
                        None
                    }
                    _ => None,
                };
                if let Some(answer) = answer && !socket.say(answer.to_vec()).await {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_closes_itself_and_never_the_one_that_was_opened_after_it() {
        let plan = Subject::default();
        let room = || Arc::new(Room { plan, inner: Mutex::default(), said: broadcast::channel(1).0 });
        let (first, second) = (room(), room());
        let mut open = BTreeMap::from([(plan, Arc::clone(&second))]);
        assert!(!is_open(&open, &first));
        close(&mut open, &first);
        assert!(is_open(&open, &second));
        close(&mut open, &second);
        assert!(open.is_empty());
    }
}
