//! The hall on a real link: one task gives it the time and does what it wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base::{Env, NodeId, Subject};
use link::{Datagrams, Ear, Link};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::hall::{Door, Hall, News, Out, Saved, Track, TrackId, Way};
use crate::lane::{Event, Mark, Refusal, Saying};
use crate::{Packet, Reach};

/// A peer on the way to a class that is not connected is called so often: a call begins the attempt under way anew, and
/// over a satellite that loses an attempt takes some seconds.
const CALL_MS: u64 = 5000;
/// One that is connected and silent is given up only after so long: a connection outlasts a cut, and a new one would take
/// seconds to come about.
const SILENT_MS: u64 = 400_000;
/// The longest sleep, in case the clock was set.
const LONGEST: Duration = Duration::from_secs(1);

/// Who is told of everything that happens in classes: a record, the listeners of this node. Called by one task, in
/// order; it must not block.
pub trait Audience: Send + Sync {
    /// Something happened in a class.
    fn news(&self, class: Subject, news: &News);
}

/// The classes of a node on its link. A clone is the same; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
    _task: Arc<JoinSet<()>>,
}

pub(crate) struct Inner {
    hall: Mutex<Hall>,
    env: Env,
    datagrams: Datagrams,
    audience: Vec<Arc<dyn Audience>>,
    work: Arc<Notify>,
    changes: Mutex<BTreeMap<Subject, watch::Sender<u64>>>,
    /// Since when a peer is missed, and when it was called.
    missed: Mutex<BTreeMap<NodeId, (u64, u64)>>,
}

/// What of a class a page has not yet seen.
#[derive(Clone, Debug)]
pub struct View {
    /// Events after the one that was asked about.
    pub events: Vec<Event>,
    /// What was said at this node and is not in the lane yet, all of it.
    pub waiting: Vec<Saying>,
    /// Whether what is said here reaches the origin.
    pub reach: Reach,
    /// Who speaks.
    pub tracks: Vec<Track>,
    /// Milliseconds since the class began.
    pub elapsed_ms: u64,
    /// How far the class goes with them.
    pub mark: Mark,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.hall().fmt(f)
    }
}

/// Datagrams that come before the hall is there are dropped, as others are.
#[derive(Default)]
struct Listening(Mutex<Weak<Inner>>);

impl Live {
    /// Begins. `None` if somebody else takes the link's datagrams already. Call within a tokio runtime.
    pub fn start(
        link: &Link,
        me: NodeId,
        env: Env,
        door: Arc<dyn Door>,
        audience: Vec<Arc<dyn Audience>>,
    ) -> Option<Self> {
        let ear = Arc::new(Listening::default());
        let datagrams = link.datagrams(ear.clone())?;
        let work = Arc::new(Notify::new());
        let inner = Arc::new(Inner {
            hall: Mutex::new(Hall::new(me, door)),
            env,
            datagrams,
            audience,
            work: work.clone(),
            changes: Mutex::default(),
            missed: Mutex::default(),
        });
        *ear.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&inner);
        let mut task = JoinSet::new();
        let weak = Arc::downgrade(&inner);
        task.spawn(async move {
            loop {
                let Some(wait) = weak.upgrade().map(|inner| inner.step()) else { return };
                // Either there is work, or it is time.
                let _ = timeout(wait, work.notified()).await;
            }
        });
        Some(Self { inner, _task: Arc::new(task) })
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.inner.hall()
    }

    pub(crate) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// Asks the hall something, or tells it something: with the time.
    pub fn ask<R>(&self, f: impl FnOnce(u64, &mut Hall) -> R) -> R {
        self.inner.ask(f)
    }

    /// Opens a class: see [`Hall::open`].
    pub fn open(&self, class: Subject, way: Way, elapsed_ms: u64, saved: Saved) -> bool {
        self.ask(|now, hall| hall.open(now, class, way, elapsed_ms, saved))
    }

    /// Closes a class: see [`Hall::close`].
    pub fn close(&self, class: Subject) -> Option<Saved> {
        let saved = self.ask(|now, hall| hall.close(now, class));
        // Whoever follows it notices.
        self.inner.changes().remove(&class);
        saved
    }

    /// Somebody here says something: see [`Hall::say`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn say(&self, class: Subject, who: Subject, payload: &[u8]) -> Result<u64, Refusal> {
        self.ask(|now, hall| hall.say(now, class, who, payload))
    }

    /// Somebody here has the floor: see [`Hall::begin`].
    pub fn begin(&self, class: Subject, who: Subject, channel: u8) -> Option<Track> {
        self.ask(|now, hall| hall.begin(now, class, who, channel))
    }

    /// What is spoken on a track of this node: see [`Hall::voice`].
    pub fn voice(&self, class: Subject, track: TrackId, packet: Packet) {
        self.ask(|now, hall| hall.voice(now, class, track, packet));
    }

    /// A piece of video: see [`Hall::video`].
    pub fn video(&self, class: Subject, begins: bool, bytes: &[u8]) {
        self.ask(|now, hall| hall.video(now, class, begins, bytes));
    }

    /// A track of this node is over.
    pub fn end(&self, class: Subject, track: TrackId) {
        self.ask(|now, hall| hall.end(now, class, track));
    }

    /// A node has no part in a class any more.
    pub fn expel(&self, class: Subject, node: NodeId) {
        self.ask(|now, hall| hall.expel(now, class, node));
    }

    /// Counts the changes of a class that is open here: what a page waits on before it looks at the [`View`] again. It
    /// ends when the class is closed.
    pub fn follow(&self, class: Subject) -> Option<watch::Receiver<u64>> {
        self.hall().reach(class)?;
        let changes = self.inner.changes().entry(class).or_default().subscribe();
        self.ask(|_, hall| hall.attend(class, true));
        Some(changes)
    }

    /// How a class goes on that nobody follows here: see [`Hall::attend`].
    pub fn attend(&self, class: Subject, goes_on: bool) {
        // With this held nobody begins to follow it in between.
        let changes = self.inner.changes();
        let is_followed = changes.get(&class).is_some_and(|sender| sender.receiver_count() > 0);
        self.ask(|_, hall| hall.attend(class, goes_on || is_followed));
        drop(changes);
    }

    /// Whether what somebody has of a class is what is here of it: else what they know from somewhere on did not happen.
    pub fn knows(&self, class: Subject, mark: Mark) -> bool {
        self.hall().knows(class, mark)
    }

    /// What a page has not seen that knows the events up to a number.
    pub fn view(&self, class: Subject, after: u64) -> Option<View> {
        let now = self.inner.now();
        let hall = self.hall();
        Some(View {
            reach: hall.reach(class)?,
            events: hall.after(class, after).to_vec(),
            waiting: hall.waiting(class),
            tracks: hall.tracks(class),
            elapsed_ms: hall.elapsed(now, class)?,
            mark: hall.mark(class),
        })
    }
}

impl Inner {
    pub(crate) fn ask<R>(&self, f: impl FnOnce(u64, &mut Hall) -> R) -> R {
        let answer = f(self.now(), &mut self.hall());
        self.work.notify_one();
        answer
    }

    fn now(&self) -> u64 {
        self.env.clock.steady_ms()
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<Subject, watch::Sender<u64>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is due, and says how long nothing will be.
    fn step(&self) -> Duration {
        let now = self.now();
        let mut out = Vec::new();
        let (wake, missed) = {
            let mut hall = self.hall();
            hall.poll(now, |peer| self.datagrams.largest(peer), &mut out);
            (hall.wake(), hall.missed())
        };
        // What others are told of is written down before it goes to them.
        let mut datagrams = Vec::new();
        for out in out {
            match out {
                Out::Datagram(peer, datagram) => datagrams.push((peer, datagram)),
                Out::News(class, news) => self.tell(class, &news),
            }
        }
        // One that is not sent is lost, as others are.
        for (peer, datagram) in datagrams {
            let _ = self.datagrams.say(peer, datagram);
        }
        let is_missed = !missed.is_empty();
        self.call(now, missed.into_iter());
        let until = wake.map_or(LONGEST, |at| Duration::from_millis(at.saturating_sub(self.now()).max(1)));
        if is_missed { until.min(LONGEST / 4) } else { until.min(LONGEST) }
    }

    fn tell(&self, class: Subject, news: &News) {
        self.audience.iter().for_each(|audience| audience.news(class, news));
        if matches!(news, News::Changed | News::Began(_) | News::Ended(_))
            && let Some(changes) = self.changes().get(&class)
        {
            changes.send_modify(|n| *n += 1);
        }
    }

    fn call(&self, now: u64, missed: impl Iterator<Item = NodeId>) {
        let mut known = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *known);
        for peer in missed {
            let (since, mut called) = before.get(&peer).copied().unwrap_or((now, now));
            let is_connected = self.datagrams.largest(peer).is_some();
            if now >= called + CALL_MS && (!is_connected || now >= since + SILENT_MS) {
                called = now;
                self.datagrams.call(peer);
            }
            known.insert(peer, (since, called));
        }
    }
}

impl Listening {
    fn tell(&self, f: impl FnOnce(u64, &mut Hall)) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(inner) = inner {
            inner.ask(f);
        }
    }
}

impl Ear for Listening {
    fn arrived(&self, peer: NodeId) {
        self.tell(|now, hall| hall.arrived(now, peer));
    }

    fn heard(&self, peer: NodeId, datagram: &[u8]) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        // A flood keeps nobody awake.
        if let Some(inner) = inner
            && inner.hall().heard(inner.now(), peer, datagram)
        {
            inner.work.notify_one();
        }
    }

    fn left(&self, peer: NodeId) {
        self.tell(|now, hall| hall.left(now, peer));
    }
}
