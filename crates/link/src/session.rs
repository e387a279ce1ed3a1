//! A session: greet, compare, then push, take and fetch until the connection ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Hash, NodeId};
use rusqlite::Connection;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::chains::{Chain, Known, Positions, bucket_digests, split, whole_digest};
use crate::desk::Desk;
use crate::ear::Presence;
use crate::exchange;
use crate::shared::Shared;
use crate::wire::{MAX_FIRST, MAX_MESSAGE, Message, Outcome, VERSION, read_message, write_message};
use crate::{Grant, JoinCode, Lane, LinkError, Transport, Trouble};

/// Time to greet: a slow link needs some, a stranger gets no more.
const GREETING: Duration = Duration::from_secs(30);
/// How often rates are measured.
const SAMPLE: Duration = Duration::from_secs(1);
/// Messages that wait for the control stream.
const OUTBOX: usize = 64;
/// How long the answer to a check may take at least, before the connection is given up.
const CHECK_MS: u64 = 1000;

/// Which side a peer is on: one that dialled must prove its membership, one that was dialled was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Dialled,
    Accepted,
}

pub(crate) struct Session<T: Transport> {
    pub shared: Arc<Shared>,
    pub transport: T,
    pub peer: NodeId,
    pub number: u64,
    side: Side,
    desk: Mutex<Desk>,
    /// An answer came: there may be room, or a reason to plan anew.
    pub answered: Notify,
    pub outbox: mpsc::Sender<Message>,
    /// Offers, for the one question under way.
    pub offers: mpsc::Sender<Vec<Hash>>,
    /// The peer has blobs that it may not have had before.
    pub restocked: Notify,
    checked: Notify,
}

/// Asks a hub to enrol this node.
pub(crate) async fn join<T: Transport>(transport: &T, code: &JoinCode, title: &str) -> Result<Grant, LinkError> {
    let ask = async {
        let (mut send, mut recv) = transport.open(Lane::Control).await?;
        let title = title.to_owned();
        write_message(&mut send, &Message::Join { version: VERSION, secret: code.secret, title }).await?;
        read_message(&mut recv, MAX_MESSAGE).await
    };
    let answer = timeout(GREETING, ask).await.unwrap_or(Err(Trouble::Lost));
    match answer.map_err(|why| transport.ended().unwrap_or(why)) {
        Ok(Message::Granted(grant)) if NodeId::of_key(&grant.hub_key) == code.hub => Ok(grant),
        Ok(Message::Refused(refusal)) => Err(refusal.into()),
        Ok(_) => Err(Trouble::Protocol.into()),
        Err(why) => Err(why.into()),
    }
}

/// Runs a connection to a peer that this node dialled. Tells by `met` when the peer has been met.
pub(crate) async fn dialled<T: Transport>(shared: &Arc<Shared>, transport: T, met: &mut bool) -> Trouble {
    let greeting = async {
        let (send, recv) = transport.open(Lane::Control).await?;
        greet(shared, &transport, Side::Dialled, send, recv, None).await
    };
    let begun = timeout(GREETING, greeting).await.unwrap_or(Err(Trouble::Lost));
    *met = begun.is_ok();
    finish(shared, transport, begun).await
}

/// Runs a connection of a peer that dialled: a member, or one that wants to join.
pub(crate) async fn accepted<T: Transport>(shared: &Arc<Shared>, transport: T) -> Trouble {
    let greeting = async {
        let (lane, mut send, mut recv) = transport.accept().await?;
        if lane != Lane::Control {
            return Err(Trouble::Protocol);
        }
        match read_message(&mut recv, MAX_FIRST).await? {
            Message::Join { version, secret, title } => {
                if version != VERSION {
                    return Err(Trouble::Version);
                }
                let key = transport.peer_key().to_vec();
                let result = shared.blocking(move |s| Ok(s.host.enrol(&secret, &key, &title))).await?;
                let answer = match result {
                    Ok(grant) => Message::Granted(grant),
                    Err(refusal) => Message::Refused(refusal),
                };
                write_message(&mut send, &answer).await?;
                // The asker closes when it has read the answer.
                let _ = read_message(&mut recv, MAX_FIRST).await;
                Err(Trouble::Closed)
            }
            hello @ Message::Hello { .. } => greet(shared, &transport, Side::Accepted, send, recv, Some(hello)).await,
            _ => Err(Trouble::Protocol),
        }
    };
    let knock = shared.door.knock(NodeId::of_key(transport.peer_key()));
    let begun = tokio::select! {
        begun = timeout(GREETING, greeting) => begun.unwrap_or(Err(Trouble::Lost)),
        () = knock.replaced() => Err(Trouble::Replaced),
    };
    drop(knock);
    finish(shared, transport, begun).await
}

/// A session that has been greeted, with its control stream.
struct Begun<T: Transport> {
    session: Arc<Session<T>>,
    send: T::Send,
    recv: T::Recv,
    outbox: mpsc::Receiver<Message>,
    offers: mpsc::Receiver<Vec<Hash>>,
    replaced: Arc<Notify>,
}

async fn greet<T: Transport>(
    shared: &Arc<Shared>,
    transport: &T,
    side: Side,
    mut send: T::Send,
    mut recv: T::Recv,
    hello: Option<Message>,
) -> Result<Begun<T>, Trouble> {
    let peer = NodeId::of_key(transport.peer_key());
    let own = shared
        .blocking(move |s| {
            s.host.store().read(|conn| Greeter { shared: s, peer, side }.is_admitted(conn))?;
            s.sign()?;
            Ok(s.host.store().read(|conn| s.vector(conn, peer))?)
        })
        .await?;
    let buckets = bucket_digests(&own);
    write_message(&mut send, &Message::Hello { version: VERSION, buckets: buckets.clone() }).await?;
    let hello = match hello {
        Some(hello) => hello,
        None => read_message(&mut recv, MAX_MESSAGE).await?,
    };
    let Message::Hello { version, buckets: theirs } = hello else { return Err(Trouble::Protocol) };
    if version != VERSION {
        return Err(Trouble::Version);
    }
    let same = buckets == theirs;
    let (differ, agree) = split(&own, &buckets, &theirs);
    let mut known: Known = agree.iter().map(|(chain, head)| (*chain, head.seq)).collect();
    let mut has_fork = false;
    if !same {
        write_message(&mut send, &Message::Positions(Positions::of(&differ))).await?;
        let Message::Positions(theirs) = read_message(&mut recv, MAX_MESSAGE).await? else {
            return Err(Trouble::Protocol);
        };
        known.extend(theirs.0.iter().map(|(chain, position)| (*chain, position.seq)));
        has_fork = shared.blocking(move |s| exchange::check_forks(&*s.host, peer, &differ, &theirs)).await?;
    }
    // From here on nothing waits: who has arrived must come to leave.
    let (number, replaced) = shared.arrived(peer);
    let now = shared.now_ms();
    shared.with_peer(peer, |p| {
        p.known = known;
        p.compare(&own);
        if same {
            p.status.agreed_ms = Some(now);
        }
        p.status.last_error = has_fork.then_some(Trouble::Fork);
    });
    let (outbox, messages) = mpsc::channel(OUTBOX);
    let (offer, offers) = mpsc::channel(1);
    let session = Session {
        shared: shared.clone(),
        transport: transport.clone(),
        peer,
        number,
        side,
        desk: Mutex::default(),
        answered: Notify::new(),
        outbox,
        offers: offer,
        restocked: Notify::new(),
        checked: Notify::new(),
    };
    Ok(Begun { session: Arc::new(session), send, recv, outbox: messages, offers, replaced })
}

async fn finish<T: Transport>(shared: &Arc<Shared>, transport: T, begun: Result<Begun<T>, Trouble>) -> Trouble {
    let why = match begun {
        Ok(begun) => {
            let (peer, number) = (begun.session.peer, begun.session.number);
            tracing::info!(%peer, "connected");
            let presence = Presence::new(shared, peer, number, &transport);
            // Kept at once: a cut is noticed late, and a process may be killed.
            remember(shared, peer).await;
            let why = run(begun, &presence).await;
            drop(presence);
            shared.sample(peer, number, transport.meter());
            remember(shared, peer).await;
            let why = transport.ended().unwrap_or(why);
            shared.left(peer, number, why);
            tracing::info!(%peer, why = why.code(), "disconnected");
            why
        }
        Err(why) => transport.ended().unwrap_or(why),
    };
    transport.close(why);
    why
}

/// Keeps what a peer has. If the runtime is ending, the next bundle holds more than it must.
async fn remember(shared: &Arc<Shared>, peer: NodeId) {
    let kept = shared.blocking(move |shared| {
        shared.remember(peer);
        Ok(())
    });
    let _ = kept.await;
}

async fn run<T: Transport>(begun: Begun<T>, presence: &Presence) -> Trouble {
    let Begun { session, send, recv, outbox, offers, replaced } = begun;
    let mut stop = session.shared.stop.subscribe();
    let mut parted = session.shared.parted.subscribe();
    let work = async {
        tokio::try_join!(
            session.write_control(send, outbox),
            session.read_control(recv),
            session.push(),
            session.accept(),
            session.fetch(offers),
            session.announce(),
            session.measure(),
            session.check(),
            session.hear(presence),
            session.watch(),
        )
    };
    tokio::select! {
        ended = work => ended.err().unwrap_or(Trouble::Closed),
        () = replaced.notified() => Trouble::Replaced,
        _ = parted.wait_for(|parted| parted.contains(&session.peer)) => Trouble::Parted,
        _ = stop.wait_for(|stop| *stop) => Trouble::Closed,
    }
}

/// Whether a peer is let in, and stays.
struct Greeter<'a> {
    shared: &'a Shared,
    peer: NodeId,
    side: Side,
}

impl Greeter<'_> {
    fn is_admitted(&self, conn: &Connection) -> Result<(), Trouble> {
        if self.shared.parted.borrow().contains(&self.peer) {
            return Err(Trouble::Parted);
        }
        match self.side {
            Side::Dialled => Ok(()),
            Side::Accepted if self.shared.host.is_member(conn, self.peer) => Ok(()),
            Side::Accepted => Err(Trouble::NotMember),
        }
    }
}

impl<T: Transport> Session<T> {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails if the peer is no member any more.
    pub fn admit(&self, conn: &Connection) -> Result<(), Trouble> {
        Greeter { shared: &self.shared, peer: self.peer, side: self.side }.is_admitted(conn)
    }

    /// How far the peer is in a chain.
    pub fn known(&self, chain: &Chain) -> u64 {
        self.shared.with_peer(self.peer, |p| p.known.get(chain).copied().unwrap_or(0))
    }

    pub async fn say(&self, message: Message) -> Result<(), Trouble> {
        self.outbox.send(message).await.map_err(|_| Trouble::Closed)
    }

    async fn write_control(&self, mut send: T::Send, mut outbox: mpsc::Receiver<Message>) -> Result<(), Trouble> {
        while let Some(message) = outbox.recv().await {
            write_message(&mut send, &message).await?;
        }
        Err(Trouble::Closed)
    }

    async fn read_control(self: &Arc<Self>, mut recv: T::Recv) -> Result<(), Trouble> {
        loop {
            match read_message(&mut recv, MAX_MESSAGE).await? {
                Message::Ack { outcome, seq } => self.on_ack(outcome, seq)?,
                Message::Ask(hashes) => self.on_ask(hashes).await?,
                // One that answers no question is dropped.
                Message::Offer(hashes) => drop(self.offers.try_send(hashes)),
                Message::Stocked => self.restocked.notify_one(),
                Message::Check(digest) => {
                    let same = self.digest().await? == digest;
                    self.note_agreed(same);
                    self.say(Message::Checked(same)).await?;
                }
                Message::Checked(same) => {
                    self.note_agreed(same);
                    self.checked.notify_one();
                }
                Message::Unknown => {}
                _ => return Err(Trouble::Protocol),
            }
        }
    }

    fn on_ack(&self, outcome: Outcome, seq: u64) -> Result<(), Trouble> {
        let sent = self.desk().answered(outcome)?;
        let now = self.shared.now_ms();
        self.shared.with_peer(self.peer, |p| match outcome {
            Outcome::Taken => {
                let known = p.known.entry(sent.chain).or_insert(0);
                *known = sent.last.max(*known);
                p.status.sent_entries += sent.entries;
                p.status.waiting_entries = p.status.waiting_entries.map(|n| n.saturating_sub(sent.entries));
                p.status.last_met_ms = Some(now);
            }
            Outcome::Gap => {
                p.known.insert(sent.chain, seq);
            }
            Outcome::NotAllowed => {}
            Outcome::Bad => {
                let (scope, node) = sent.chain;
                tracing::error!(%scope, %node, peer = %p.status.peer, "the peer finds a chain bad");
                p.status.last_error = Some(Trouble::Protocol);
            }
        });
        self.answered.notify_one();
        Ok(())
    }

    /// Streams that the peer opens: its segments come on one, and each blob it wants is a question on another.
    async fn accept(self: &Arc<Self>) -> Result<(), Trouble> {
        let mut tasks = JoinSet::new();
        let mut has_records = false;
        loop {
            tokio::select! {
                stream = self.transport.accept() => {
                    let (lane, send, recv) = stream?;
                    let session = self.clone();
                    match lane {
                        Lane::Records if !has_records => {
                            has_records = true;
                            tasks.spawn(async move { session.take_all(recv).await });
                        }
                        Lane::Blob => {
                            tasks.spawn(async move { session.serve(send, recv).await });
                        }
                        _ => return Err(Trouble::Protocol),
                    }
                }
                Some(done) = tasks.join_next() => done.map_err(|_| Trouble::Storage)??,
            }
        }
    }

    /// Tells the peer when blobs have come here.
    async fn announce(&self) -> Result<(), Trouble> {
        let mut stocked = self.shared.stocked.subscribe();
        loop {
            stocked.changed().await.map_err(|_| Trouble::Closed)?;
            self.say(Message::Stocked).await?;
        }
    }

    /// Gives datagrams to whoever asked for them; if nobody did, they are dropped.
    async fn hear(&self, presence: &Presence) -> Result<(), Trouble> {
        loop {
            presence.heard(&self.transport.hear().await?);
        }
    }

    /// Ends the session when its peer is no member any more: datagrams are not asked about one by one.
    async fn watch(self: &Arc<Self>) -> Result<(), Trouble> {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.changed().await.map_err(|_| Trouble::Closed)?;
            let session = self.clone();
            self.shared.blocking(move |s| s.host.store().read(|conn| session.admit(conn))).await?;
        }
    }

    async fn measure(&self) -> Result<(), Trouble> {
        loop {
            self.shared.sample(self.peer, self.number, self.transport.meter());
            sleep(SAMPLE).await;
        }
    }

    /// When somebody wishes to be connected at once: asks the peer, and gives the connection up if no answer
    /// comes. QUIC itself would wait long after a long cut.
    async fn check(self: &Arc<Self>) -> Result<(), Trouble> {
        let mut wishes = self.shared.wishes();
        loop {
            self.shared.wished(&mut wishes, self.peer).await;
            let digest = self.digest().await?;
            let patience = CHECK_MS.max(self.transport.meter().rtt_ms.saturating_mul(3));
            self.say(Message::Check(digest)).await?;
            if timeout(Duration::from_millis(patience), self.checked.notified()).await.is_err()
                && self.side == Side::Dialled
            {
                return Err(Trouble::Lost);
            }
        }
    }

    async fn digest(&self) -> Result<[u8; 8], Trouble> {
        let peer = self.peer;
        let vector = self.shared.blocking(move |s| Ok(s.host.store().read(|conn| s.vector(conn, peer))?)).await?;
        Ok(whole_digest(&vector))
    }

    fn note_agreed(&self, same: bool) {
        let now = self.shared.now_ms();
        if same {
            self.shared.with_peer(self.peer, |p| p.status.agreed_ms = Some(now));
        }
    }
}
