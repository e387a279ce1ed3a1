//! The trunk: all that two nodes say to each other about their classes, in datagrams.
//!
//! A datagram is a byte (the version), the lowest 16 bits of its number, and sections:
//!
//! | tag | section | then |
//! |---|---|---|
//! | 1 | feedback | highest number, when, how long ago, bytes in all, lowest number spoken of, runs that are missing |
//! | 2, 3 | a piece of a stream (3: of a slow one) | handle, place (16 bits), length, bytes |
//! | 4 | are you there? | – |
//! | 5 | a piece of video | handle, whether one can begin with it, length, bytes |
//! | 0x11–0x1f | 1 to 15 packets of voice | handle, track, number (16 bits), time (24 bits), each: time since the last, length, Opus |
//!
//! A handle is one byte that stands for a class on this trunk; the highest bit says whether its sender gave it out.
//! What is lost is known by the numbers of datagrams, as in QUIC, and each kind of content knows whether it goes again:
//! voice until it is too late for any listener, pieces of streams until they have come, video never.
//!
//! The order is strict: voice, then events (and the pen, which is in the same order of events), then stills, then video.
//! Voice is never held back, since a lesson's fits any link; everything else keeps to the rate that was learnt. A piece
//! of an event waits for the next bundle of voice, at most 60 ms: the headers of a datagram of its own would cost more
//! than what a pen writes in that time.

mod arrivals;
mod pace;
mod said;
mod sent;
mod stream;
mod voice;

use std::collections::{BTreeMap, VecDeque};

use arrivals::{Arrivals, Feedback, Held};
pub use pace::OVERHEAD;
use pace::Pace;
pub use said::Line;
use said::flip;
pub(crate) use said::{Said, StreamId};
use sent::{Item, Sent};
use stream::{Incoming, Outgoing};
pub use voice::Packet;
use voice::{VOICE, VoiceIn, VoiceOut};

use crate::wire::{Malformed, Reader, Writer, width};

const VERSION: u8 = 0x51;
const FEEDBACK: u8 = 1;
const PIECE: u8 = 2;
const SLOW_PIECE: u8 = 3;
const PING: u8 = 4;
const VIDEO: u8 = 5;

/// Streams that a peer may have: what it says about its classes, and those.
const STREAMS: usize = 300;
/// An event waits for voice to ride along, if voice is about to go.
const RIDE_MS: u64 = 60;
/// Events up to this size go twice while the link loses: this long after the first time.
const REPEAT_BYTES: u64 = 200;
const REPEAT_MS: u64 = 110;
/// Without any word from the other end for so long, beyond three times there and back, it is away.
const AWAY_MS: u64 = 2500;
/// Then it is asked so often,
const PING_MS: u64 = 120;
/// and after this, when the cut is no short one, so often.
const LONG_MS: u64 = 60_000;
const LONG_PING_MS: u64 = 250;
/// A word now and then keeps both ends informed when nothing else is said:
const IDLE_MS: u64 = 2000;
/// where nobody attends a class, it is enough that they know each other. An end that does more is answered all the same.
const DOZE_MS: u64 = 60_000;
const DOZE_PING_MS: u64 = 10_000;
/// One that asked asks again after so long beyond the time there and back.
const ASK_AGAIN_MS: u64 = 700;
/// Video that waits longer is not worth sending.
const STALE_MS: u64 = 400;
const VIDEO_QUEUE: usize = 64;

/// One end of a trunk.
#[derive(Debug)]
pub(crate) struct Trunk {
    sent: Sent,
    arrivals: Arrivals,
    pace: Pace,
    voice_out: VoiceOut,
    voice_in: VoiceIn,
    outgoing: BTreeMap<StreamId, Outgoing>,
    incoming: BTreeMap<StreamId, Incoming>,
    /// Pieces that go a second time, and when.
    repeats: VecDeque<(u64, StreamId, stream::Span)>,
    video: VecDeque<(u64, u8, bool, Vec<u8>)>,
    /// Pieces of video are dropped until one can begin anew.
    video_waits: bool,
    /// Since when something has waited to ride along with voice.
    waiting: Option<u64>,
    heard: u64,
    spoke: u64,
    is_away: bool,
    /// No class goes over it: nothing is said for the sake of it, so that an idle link costs nothing.
    pub rests: bool,
    /// Nobody attends at this end a class that goes over it: it waits, for days before a class and after one.
    pub dozes: bool,
    line: Line,
}

impl Trunk {
    pub fn new(now: u64) -> Self {
        Self {
            sent: Sent::default(),
            arrivals: Arrivals::default(),
            pace: Pace::new(now),
            voice_out: VoiceOut::default(),
            voice_in: VoiceIn::default(),
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            repeats: VecDeque::new(),
            video: VecDeque::new(),
            video_waits: true,
            waiting: None,
            heard: now,
            spoke: now,
            is_away: false,
            rests: false,
            dozes: false,
            line: Line::default(),
        }
    }

    /// Sends a message in order; `false` if it is too long, or too much waits already.
    pub fn write(&mut self, now: u64, stream: StreamId, message: &[u8]) -> bool {
        self.waiting.get_or_insert(now);
        self.outgoing.entry(stream).or_default().write(message)
    }

    /// How many bytes a stream still takes.
    pub fn room(&self, stream: StreamId) -> usize {
        self.outgoing.get(&stream).map_or_else(|| Outgoing::default().room(), Outgoing::room)
    }

    /// Sends voice in time, or not at all.
    pub fn voice(&mut self, now: u64, handle: u8, track: u8, packet: Packet) {
        if self.is_away {
            return;
        }
        self.voice_out.push(now, (handle, track), packet);
    }

    /// Sends a piece of video if there is room for it.
    pub fn video(&mut self, now: u64, handle: u8, begins: bool, bytes: &[u8]) {
        self.video_waits &= !begins;
        if self.video_waits || self.is_away || self.video.len() >= VIDEO_QUEUE {
            self.line.thinned += 1;
            self.video_waits = true;
            return;
        }
        self.video.push_back((now, handle, begins, bytes.to_vec()));
    }

    /// A track that the other end announced; gives what came of it before.
    pub fn expect(&mut self, handle: u8, track: u8, seq: u64, at: u64) -> Vec<Packet> {
        self.voice_in.expect((handle, track), seq, at)
    }

    /// Nothing more is said about a class.
    pub fn forget(&mut self, handle: u8) {
        self.outgoing.retain(|id, _| id.handle != handle);
        self.incoming.retain(|id, _| id.handle != handle);
        self.repeats.retain(|(_, id, _)| id.handle != handle);
        self.video.retain(|(_, h, _, _)| *h != handle);
        self.voice_in.forget(|(h, _)| h == handle);
    }

    /// Whether nothing is heard of the other end.
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    pub fn line(&self) -> Line {
        Line {
            is_away: self.is_away,
            rtt_ms: self.sent.rtt(),
            loss_permille: self.sent.loss() * 1000 / 1024,
            rate: self.pace.rate(),
            queue_ms: self.pace.queue_ms(),
            ..self.line
        }
    }

    /// Takes in a datagram. What is malformed is refused from there on; what stood before it was whole, and counts.
    pub fn hear(&mut self, now: u64, datagram: &[u8], said: &mut Vec<Said>) -> Result<(), Malformed> {
        let done = self.read(now, datagram, said);
        self.line.malformed += u64::from(done.is_err());
        done
    }

    fn read(&mut self, now: u64, datagram: &[u8], said: &mut Vec<Said>) -> Result<(), Malformed> {
        let mut input = Reader(datagram);
        if input.byte()? != VERSION {
            return Err(Malformed);
        }
        let low = input.low16()?;
        if input.is_empty() {
            return Err(Malformed);
        }
        let (_, is_new) = self.arrivals.number(low, now, datagram.len());
        self.heard = now;
        if std::mem::take(&mut self.is_away) {
            self.lose(now, |_| true);
            // What a cut took tells nothing of how the link loses, nor of what it bears.
            self.sent.forgive();
            self.pace.resume();
        }
        let mut held = Held::default();
        let done = if is_new { self.sections(now, &mut input, said, &mut held) } else { Ok(()) };
        self.arrivals.plan(now, held);
        done
    }

    fn sections(
        &mut self,
        now: u64,
        input: &mut Reader<'_>,
        said: &mut Vec<Said>,
        held: &mut Held,
    ) -> Result<(), Malformed> {
        while !input.is_empty() {
            let tag = input.byte()?;
            held.asks |= tag != FEEDBACK;
            match tag {
                FEEDBACK => {
                    let feedback = Feedback::read(input, self.sent.next())?;
                    self.learn(now, &feedback);
                }
                PIECE | SLOW_PIECE => {
                    held.must = true;
                    self.piece(tag == SLOW_PIECE, input, said)?;
                }
                PING => held.ping = true,
                VIDEO => {
                    let (handle, begins) = (flip(input.byte()?), input.byte()? == 1);
                    said.push(Said::Video(handle, begins, input.bytes(1200)?.to_vec()));
                }
                0x11..=0x1f => {
                    held.voice = true;
                    let ((handle, track), packets) = self.voice_in.read(tag - VOICE, 0x80, input)?;
                    said.extend(packets.into_iter().map(|packet| Said::Voice(handle, track, packet)));
                }
                _ => return Err(Malformed),
            }
        }
        Ok(())
    }

    fn piece(&mut self, slow: bool, input: &mut Reader<'_>, said: &mut Vec<Said>) -> Result<(), Malformed> {
        let id = StreamId { slow, handle: flip(input.byte()?) };
        let low = input.low16()?;
        let bytes = input.bytes(1500)?;
        if !self.incoming.contains_key(&id) && self.incoming.len() >= STREAMS {
            return Err(Malformed);
        }
        let stream = self.incoming.entry(id).or_default();
        stream.take(stream.place(low), bytes, |message| said.push(Said::Message(id, message.to_vec())))
    }

    fn learn(&mut self, now: u64, feedback: &Feedback) {
        let (came, lost) = self.sent.learn(now, feedback);
        for item in came {
            match item {
                Item::Voice(id) => self.voice_out.came(id),
                Item::Piece(id, span) => {
                    if let Some(stream) = self.outgoing.get_mut(&id) {
                        stream.came(span);
                    }
                }
            }
        }
        self.again(now, lost);
        if let Some(sent) = self.sent.highest_sent() {
            let (loss, rtt) = (self.sent.loss(), self.sent.rtt());
            self.pace.learn(now, sent, feedback.at, feedback.bytes, loss, rtt);
        }
        self.adapt();
    }

    fn again(&mut self, now: u64, lost: Vec<Item>) {
        for item in lost {
            match item {
                Item::Voice(id) => self.voice_out.lost(now, id),
                Item::Piece(id, span) => {
                    if let Some(stream) = self.outgoing.get_mut(&id) {
                        stream.lost(span);
                        self.waiting.get_or_insert(now);
                    }
                }
            }
        }
    }

    fn lose(&mut self, now: u64, which: impl Fn(u64) -> bool) {
        let lost = self.sent.lose(which);
        self.again(now, lost);
    }

    /// Copies ride along where asking for what was lost would not help: the way is too long for a second try before the
    /// deadline, or every tenth is lost; and only if the way bears it.
    fn adapt(&mut self) {
        let (loss, rtt) = (self.sent.loss(), self.sent.rtt());
        let in_vain = loss > 102 || (loss > 10 && rtt + 300 > voice::DEADLINE_MS);
        let bears = self.pace.rate() >= 5000 && self.pace.queue_ms() < 300;
        // Beyond the length of most bursts.
        self.voice_out.copies = if in_vain && bears { (self.sent.burst() + 1).clamp(2, 4) } else { 0 };
        self.voice_out.twice = loss > 20;
        self.voice_out.tails = loss > 8;
    }

    /// Something to send now, of at most so many bytes; to be asked until there is nothing.
    pub fn poll(&mut self, now: u64, most: usize) -> Option<Vec<u8>> {
        self.notice(now);
        self.voice_out.tick(now);
        let mut out = Writer::default();
        let number = self.sent.next();
        out.byte(VERSION).low16(number);
        let (mut items, mut asks) = (Vec::new(), false);
        let begun = out.0.len();
        if self.is_away {
            if self.rests || now < self.ping_at() {
                return None;
            }
            out.byte(PING);
            asks = true;
        } else {
            let mut wrote = Vec::new();
            self.voice_out.write(now, &mut out, most, &mut wrote);
            items.extend(wrote.into_iter().map(Item::Voice));
            let rides = out.0.len() > begun;
            if self.events_may_go(now, rides) {
                self.write_pieces(now, false, &mut out, most, &mut items);
            }
            if out.0.len() == begun && self.pace.may_send(now) {
                self.write_pieces(now, true, &mut out, most, &mut items);
                if out.0.len() == begun {
                    self.write_video(now, &mut out, most);
                }
            }
            asks |= out.0.len() > begun;
        }
        let due = self.arrivals.due().is_some_and(|due| due <= now);
        if due || (out.0.len() > begun && self.arrivals.is_worth(now)) {
            let mut feedback = Writer::default();
            self.arrivals.write(now, &mut feedback);
            if !feedback.0.is_empty() && out.0.len() + feedback.0.len() < most {
                out.byte(FEEDBACK).raw(&feedback.0);
            }
        }
        if out.0.len() == begun && now >= self.idle_until() {
            out.byte(PING);
            asks = true;
        }
        if out.0.len() == begun {
            return None;
        }
        self.pace.sent(now, out.0.len());
        self.sent.note(now, items, asks);
        self.spoke = now;
        self.line.sent += 1;
        self.line.sent_bytes += out.0.len() as u64;
        Some(out.0)
    }

    /// Notices that the other end is away, or does not answer.
    fn notice(&mut self, now: u64) {
        let waits = self.sent.asked_since().is_some_and(|since| now > since + AWAY_MS + 3 * self.sent.rtt());
        if !self.is_away && waits && now > self.heard + AWAY_MS + 3 * self.sent.rtt() {
            self.is_away = true;
            self.voice_out.clear();
            self.video.clear();
            self.video_waits = true;
        }
        if !self.is_away {
            let voiced = self.voice_out.last.is_some_and(|last| now < last + 500);
            let patience = self.sent.patience(voiced);
            self.lose_old(now, patience);
        }
    }

    fn lose_old(&mut self, now: u64, patience: u64) {
        let old = self.sent.lose_before(now.saturating_sub(patience));
        self.again(now, old);
    }

    /// Whether pieces of events go now: with voice, or when they have waited for it, and within the rate.
    fn events_may_go(&mut self, now: u64, rides: bool) -> bool {
        let wants = self.outgoing.iter().any(|(id, s)| !id.slow && s.wants())
            || self.repeats.front().is_some_and(|(at, ..)| *at <= now);
        if !wants {
            self.waiting = None;
            return false;
        }
        let since = *self.waiting.get_or_insert(now);
        let voiced = self.voice_out.last.is_some_and(|last| now < last + 2 * RIDE_MS);
        (rides || !voiced || now >= since + RIDE_MS) && self.pace.may_send(now)
    }

    fn write_pieces(&mut self, now: u64, slow: bool, out: &mut Writer, most: usize, items: &mut Vec<Item>) {
        let twice = self.sent.loss() > 8;
        for (id, stream) in self.outgoing.iter_mut().filter(|(id, _)| id.slow == slow) {
            loop {
                let room = most.saturating_sub(out.0.len() + 6);
                let Some((span, is_first)) = stream.next(room) else { break };
                write_piece(*id, stream, span, out, items);
                if is_first && twice && !slow && span.1 - span.0 <= REPEAT_BYTES {
                    self.repeats.push_back((now + REPEAT_MS, *id, span));
                }
            }
        }
        while !slow && let Some((_, id, span)) = self.repeats.front().copied().filter(|(at, ..)| *at <= now) {
            if out.0.len() + 6 + usize::try_from(span.1 - span.0).unwrap_or(most) > most {
                break;
            }
            self.repeats.pop_front();
            if let Some(stream) = self.outgoing.get(&id) {
                write_piece(id, stream, span, out, items);
            }
        }
        self.waiting = None;
    }

    fn write_video(&mut self, now: u64, out: &mut Writer, most: usize) {
        while let Some((since, handle, begins, bytes)) = self.video.pop_front() {
            if since + STALE_MS < now || (self.video_waits && !begins) {
                self.line.thinned += 1;
                self.video_waits = true;
                continue;
            }
            self.video_waits = false;
            if out.0.len() + 5 + bytes.len() <= most {
                out.byte(VIDEO).byte(handle).byte(begins.into()).bytes(&bytes);
            }
            return;
        }
    }

    /// When to say something for the sake of it: both ends have been silent, or an answer has not come.
    fn idle_until(&self) -> u64 {
        if self.rests && self.outgoing.values().all(Outgoing::is_idle) {
            return u64::MAX;
        }
        let again = self.sent.asked_since().map(|asked| asked.max(self.spoke) + self.sent.rtt() + ASK_AGAIN_MS);
        let idle = self.spoke.max(self.heard) + if self.dozes { DOZE_MS } else { IDLE_MS };
        again.map_or(idle, |again| again.min(idle)).max(self.spoke + ASK_AGAIN_MS)
    }

    /// When one that is away is asked next.
    fn ping_at(&self) -> u64 {
        self.spoke
            + match self.spoke < self.heard + LONG_MS {
                _ if self.dozes => DOZE_PING_MS,
                true => PING_MS,
                false => LONG_PING_MS,
            }
    }

    /// When to poll next.
    pub fn wake(&self) -> u64 {
        let idle = match (self.is_away, self.rests) {
            (true, true) => u64::MAX,
            (true, false) => self.ping_at(),
            (false, _) => self.idle_until(),
        };
        let mut at = self.arrivals.due().map_or(idle, |due| due.min(idle));
        if self.is_away {
            return at;
        }
        at = self.voice_out.wake().map_or(at, |w| w.min(at));
        if let Some(since) = self.waiting {
            let voiced = self.voice_out.last.is_some_and(|last| since < last + 2 * RIDE_MS);
            at = at.min((if voiced { since + RIDE_MS } else { since }).max(self.pace.ready_at()));
        }
        let slow = self.outgoing.iter().any(|(id, s)| id.slow && s.wants());
        if slow || !self.video.is_empty() {
            at = at.min(self.pace.ready_at());
        }
        if let Some((when, ..)) = self.repeats.front() {
            at = at.min((*when).max(self.pace.ready_at()));
        }
        let voiced = self.voice_out.last.is_some();
        self.sent.oldest().map_or(at, |oldest| at.min(oldest + self.sent.patience(voiced) + 1))
    }
}

fn write_piece(id: StreamId, stream: &Outgoing, span: stream::Span, out: &mut Writer, items: &mut Vec<Item>) {
    // What has come by now needs no second time.
    if let Some(bytes) = stream.bytes(span) {
        debug_assert!(width(bytes.len() as u64) <= 2, "a piece fits a datagram");
        out.byte(if id.slow { SLOW_PIECE } else { PIECE }).byte(id.handle).low16(span.0).bytes(&bytes);
        items.push(Item::Piece(id, span));
    }
}
