//! The task that all browsers of a node share: one socket, one loop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::time::Duration;

use base::Subject;
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState, Input, Output};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::seat::{Floor, Role, Seat};
use super::{Counts, Order, SeatId};
use crate::Packet;
use crate::driver::Inner;
use crate::hall::{News, TrackId};

/// A browser that does not come within this has lost its seat.
const COMES: Duration = Duration::from_secs(20);
/// Timers are looked at so often.
const TICK: Duration = Duration::from_millis(20);
const LARGEST: usize = 2000;
/// Datagrams that are taken before others get their turn.
const IN_A_ROW: usize = 64;

pub(super) struct Booth {
    socket: UdpSocket,
    local: SocketAddr,
    live: Weak<Inner>,
    counts: Arc<Counts>,
    seats: BTreeMap<SeatId, Seat>,
    addresses: BTreeMap<SocketAddr, SeatId>,
    /// Who speaks: the class and channel of each track.
    tracks: BTreeMap<TrackId, (Subject, u8)>,
}

impl Booth {
    pub fn new(socket: UdpSocket, local: SocketAddr, live: Weak<Inner>, counts: Arc<Counts>) -> Self {
        let (seats, addresses, tracks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { socket, local, live, counts, seats, addresses, tracks }
    }

    pub async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>, mut news: mpsc::Receiver<(Subject, News)>) {
        let mut buffer = vec![0; LARGEST];
        let mut tick = Instant::now();
        loop {
            tokio::select! {
                Some((class, news)) = news.recv() => self.news(class, news),
                order = orders.recv() => match order {
                    Some(order) => self.order(order),
                    None => return,
                },
                ready = self.socket.readable() => {
                    if ready.is_ok() {
                        self.receive(&mut buffer);
                    }
                }
                () = sleep_until(tick) => {
                    tick = Instant::now() + TICK;
                    self.tick(Instant::now());
                }
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        for _ in 0..IN_A_ROW {
            // An error tells of an earlier datagram that nobody took.
            let Ok((len, from)) = self.socket.try_recv_from(buffer) else { return };
            if self.datagram(from, buffer.get(..len).unwrap_or_default()).is_none() {
                self.counts.refused.fetch_add(1, Relaxed);
            }
        }
    }

    fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) -> Option<()> {
        let now = Instant::now();
        let contents = DatagramRecv::try_from(bytes).ok()?;
        let receive = Receive { proto: Protocol::Udp, source: from, destination: self.local, contents };
        let input = Input::Receive(now.into_std(), receive);
        let known =
            self.addresses.get(&from).copied().filter(|id| self.seats.get(id).is_some_and(|s| s.rtc.accepts(&input)));
        let id = known.or_else(|| self.seats.iter().find(|(_, s)| s.rtc.accepts(&input)).map(|(id, _)| *id))?;
        self.addresses.insert(from, id);
        let seat = self.seats.get_mut(&id)?;
        // What it cannot make sense of is not of a browser that was seated.
        seat.rtc.handle_input(input).ok()?;
        self.drain(id, now);
        Some(())
    }

    fn order(&mut self, order: Order) {
        let now = Instant::now();
        match order {
            Order::Sit(id, seat) => {
                self.seats.insert(id, *seat);
                self.drain(id, now);
            }
            Order::Leave(id) => self.leave(id),
            Order::Floor(id, channel) => self.floor(id, channel),
        }
    }

    fn floor(&mut self, id: SeatId, channel: Option<u8>) {
        let (Some(seat), Some(live)) = (self.seats.get_mut(&id), self.live.upgrade()) else { return };
        let Role::Speaks { class, who } = seat.role else { return };
        if seat.floor.as_ref().map(|f| f.channel) == channel {
            return;
        }
        if let Some(floor) = seat.floor.take() {
            live.ask(|now, hall| hall.end(now, class, floor.track));
        }
        let track = channel.and_then(|channel| live.ask(|now, hall| hall.begin(now, class, who, channel)));
        seat.floor = track.map(|track| Floor::new(track.id, track.channel));
    }

    fn leave(&mut self, id: SeatId) {
        self.floor(id, None);
        if let Some(mut seat) = self.seats.remove(&id) {
            seat.rtc.disconnect();
            self.addresses.retain(|_, seat| *seat != id);
            self.counts.seats.fetch_sub(1, Relaxed);
        }
    }

    fn tick(&mut self, now: Instant) {
        let due: Vec<SeatId> = self.seats.iter().filter(|(_, s)| s.next <= now).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(seat) = self.seats.get_mut(&id) {
                // An error shows in what it gives next.
                let _ = seat.rtc.handle_input(Input::Timeout(now.into_std()));
            }
            self.drain(id, now);
        }
        let gone = |s: &Seat| !s.rtc.is_alive() || (!s.is_connected && now > s.since + COMES);
        let gone: Vec<SeatId> = self.seats.iter().filter(|(_, s)| gone(s)).map(|(id, _)| *id).collect();
        for id in gone {
            self.counts.gone.fetch_add(1, Relaxed);
            self.leave(id);
        }
    }

    /// Sends what a seat has to send, and takes what it has heard.
    fn drain(&mut self, id: SeatId, now: Instant) {
        let mut said: Vec<RtpPacket> = Vec::new();
        let Some(seat) = self.seats.get_mut(&id) else { return };
        loop {
            match seat.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    seat.next = Instant::from_std(at);
                    break;
                }
                // A datagram that cannot be sent is lost, as datagrams are.
                Ok(Output::Transmit(t)) => drop(self.socket.try_send_to(&t.contents, t.destination)),
                Ok(Output::Event(Event::Connected)) => seat.is_connected = true,
                Ok(Output::Event(Event::IceConnectionStateChange(IceConnectionState::Disconnected))) | Err(_) => {
                    seat.rtc.disconnect();
                    return;
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => said.push(packet),
                Ok(Output::Event(_)) => {}
            }
        }
        let Role::Speaks { class, .. } = seat.role else { return };
        let said: Vec<(TrackId, Packet)> = said.iter().filter_map(|packet| seat.said(now, packet)).collect();
        let Some(live) = self.live.upgrade().filter(|_| !said.is_empty()) else { return };
        self.counts.spoken.fetch_add(said.len() as u64, Relaxed);
        live.ask(|now, hall| said.into_iter().for_each(|(track, packet)| hall.voice(now, class, track, packet)));
    }

    fn news(&mut self, class: Subject, news: News) {
        match news {
            News::Began(track) => {
                self.tracks.insert(track.id, (class, track.channel));
            }
            News::Ended(track) => {
                self.tracks.remove(&track);
            }
            News::Play(track, packet) => self.play(class, track, &packet),
            _ => {}
        }
    }

    fn play(&mut self, class: Subject, track: TrackId, packet: &Packet) {
        let now = Instant::now();
        let Some(channel) = self.tracks.get(&track).filter(|(of, _)| *of == class).map(|(_, channel)| *channel) else {
            return;
        };
        let own =
            self.seats.iter().find(|(_, s)| s.floor.as_ref().is_some_and(|f| f.track == track)).map(|(id, _)| *id);
        let hears = |role: &Role| match role {
            Role::Listens { class: c, channel: ch, but } => {
                *c == class && *ch == channel && (own.is_none() || *but != own)
            }
            Role::Speaks { .. } => false,
        };
        let listeners: Vec<SeatId> = self.seats.iter().filter(|(_, s)| hears(&s.role)).map(|(id, _)| *id).collect();
        for id in listeners {
            if self.seats.get_mut(&id).is_some_and(|seat| seat.hear(now, track, packet)) {
                self.counts.forwarded.fetch_add(1, Relaxed);
                // What was written goes out with the next timeout, which is now.
                if let Some(seat) = self.seats.get_mut(&id) {
                    let _ = seat.rtc.handle_input(Input::Timeout(now.into_std()));
                }
                self.drain(id, now);
            }
        }
    }
}
