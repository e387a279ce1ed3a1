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

use super::lens::Seen;
use super::picture::{Onto, Screen, Shot, Source};
use super::seat::{Floor, Picture, Role, Seat};
use super::{Counts, Order, SeatId};
use crate::Packet;
use crate::driver::Inner;
use crate::hall::{News, TrackId};

/// A browser that does not come within this has lost its seat.
const COMES: Duration = Duration::from_secs(20);
/// Timers are looked at so often.
const TICK: Duration = Duration::from_millis(20);
/// Other nodes get a whole picture so often.
const REFRESH: Duration = Duration::from_secs(5);
/// A screen on which nothing was seen for so long.
const FORGET: Duration = Duration::from_mins(1);
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
    /// Who speaks: the channel of each track. Each class numbers its tracks by itself.
    tracks: BTreeMap<(Subject, TrackId), u8>,
    /// Who is seen.
    screens: BTreeMap<Subject, Screen>,
    /// What was filmed and is not shown yet: the packets of a picture come in a row, and go out in one.
    films: Vec<(Subject, Shot)>,
}

impl Booth {
    pub fn new(socket: UdpSocket, local: SocketAddr, live: Weak<Inner>, counts: Arc<Counts>) -> Self {
        let (seats, addresses, tracks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (screens, films) = (BTreeMap::new(), Vec::new());
        Self { socket, local, live, counts, seats, addresses, tracks, screens, films }
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
                        self.show();
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
            Order::Sight(id, sight) => {
                if let Some(Picture::Sees(lens)) = self.seats.get_mut(&id).map(|seat| &mut seat.picture) {
                    lens.want(sight);
                }
            }
            Order::Own(id, microphone) => {
                if let Some(Role::Listens { but, .. }) = self.seats.get_mut(&id).map(|seat| &mut seat.role) {
                    *but = Some(microphone);
                }
            }
        }
    }

    fn floor(&mut self, id: SeatId, channel: Option<u8>) {
        let (Some(seat), Some(live)) = (self.seats.get_mut(&id), self.live.upgrade()) else { return };
        let (class, who) = match seat.role {
            Role::Speaks { class, who } => (class, who),
            Role::Films { class } => {
                seat.lit = channel == Some(0);
                if let Some(screen) = self.screens.get_mut(&class).filter(|_| !seat.lit) {
                    screen.drop_if(Onto::Seat(id));
                }
                return;
            }
            Role::Listens { .. } => return,
        };
        if seat.floor.as_ref().map(|f| f.channel) == channel {
            return;
        }
        if let Some(floor) = seat.floor.take() {
            if let Some(screen) = self.screens.get_mut(&class) {
                screen.drop_if(Onto::Seat(id));
            }
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
        self.refresh(now);
    }

    /// Asks now and then for whole pictures where a class goes to other nodes: theirs may have lost one, and cannot ask.
    fn refresh(&mut self, now: Instant) {
        for (class, screen) in &mut self.screens {
            let Some((Onto::Seat(id), _)) = screen.camera else { continue };
            if screen.refreshed.is_some_and(|at| now < at + REFRESH) {
                continue;
            }
            let goes_on = self.live.upgrade().is_some_and(|live| live.ask(|_, hall| !hall.lines(*class).is_empty()));
            if let Some(seat) = self.seats.get_mut(&id).filter(|_| goes_on)
                && let Picture::Films(camera) = &mut seat.picture
                && camera.ask(&mut seat.rtc, now)
            {
                screen.refreshed = Some(now);
            }
        }
        self.screens.retain(|_, screen| screen.camera.is_some_and(|(_, at)| now < at + FORGET));
    }

    /// Sends what a seat has to send, and takes what it has heard.
    fn drain(&mut self, id: SeatId, now: Instant) {
        let (mut said, mut asks): (Vec<RtpPacket>, bool) = (Vec::new(), false);
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
                Ok(Output::Event(Event::KeyframeRequest(_))) => asks = true,
                Ok(Output::Event(Event::MediaEgressStats(stats))) => seat.told(&stats),
                Ok(Output::Event(_)) => {}
            }
        }
        let class = match seat.role {
            Role::Speaks { class, .. } | Role::Films { class } => class,
            Role::Listens { class, .. } => {
                if asks {
                    self.ask(class, now);
                }
                return;
            }
        };
        let (filmed, said): (Vec<RtpPacket>, Vec<RtpPacket>) =
            said.into_iter().partition(|packet| seat.is_film(packet));
        self.films.extend(filmed.iter().filter_map(|packet| Some((class, seat.filmed(id, now, packet)?))));
        let said: Vec<(TrackId, Packet)> = said.iter().filter_map(|packet| seat.said(now, packet)).collect();
        let Some(live) = self.live.upgrade().filter(|_| !said.is_empty()) else { return };
        self.counts.spoken.fetch_add(said.len() as u64, Relaxed);
        live.ask(|now, hall| said.into_iter().for_each(|(track, packet)| hall.voice(now, class, track, packet)));
    }

    fn news(&mut self, class: Subject, news: News) {
        match news {
            News::Began(track) => {
                self.tracks.insert((class, track.id), track.channel);
            }
            News::Ended(track) => {
                self.tracks.remove(&(class, track));
            }
            News::Play(track, packet) => self.play(class, track, &packet),
            News::Video(_, bytes) => {
                let screen = self.screens.entry(class).or_insert_with(|| Screen::new(Instant::now()));
                // What is no picture was counted where it came from.
                let Ok(shot) = Shot::read(&bytes, screen.far) else { return };
                screen.far = screen.far.max(shot.seq);
                self.films.push((class, shot));
                self.show();
            }
            _ => {}
        }
    }

    fn play(&mut self, class: Subject, track: TrackId, packet: &Packet) {
        let now = Instant::now();
        let Some(channel) = self.tracks.get(&(class, track)).copied() else { return };
        let speaks = |s: &Seat| {
            matches!(s.role, Role::Speaks { class: of, .. } if of == class)
                && s.floor.as_ref().is_some_and(|f| f.track == track)
        };
        let own = self.seats.iter().find(|(_, s)| speaks(s)).map(|(id, _)| *id);
        let hears = |role: &Role| match role {
            Role::Listens { class: c, channel: ch, but } => {
                *c == class && *ch == channel && (own.is_none() || *but != own)
            }
            Role::Speaks { .. } | Role::Films { .. } => false,
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

    /// Asks whoever is seen in a class for a whole picture.
    fn ask(&mut self, class: Subject, now: Instant) {
        let Some((Onto::Seat(id), _)) = self.screens.get(&class).and_then(|screen| screen.camera) else { return };
        if let Some(seat) = self.seats.get_mut(&id)
            && let Picture::Films(camera) = &mut seat.picture
            && camera.ask(&mut seat.rtc, now)
        {
            // It goes out with the next timeout, which is now.
            seat.next = now;
        }
    }

    /// Sends what was filmed to whoever looks, here and at other nodes.
    fn show(&mut self) {
        let now = Instant::now();
        let mut films: BTreeMap<Subject, Vec<Shot>> = BTreeMap::new();
        for (class, shot) in self.films.drain(..) {
            let screen = self.screens.entry(class).or_insert_with(|| Screen::new(now));
            if screen.shows(shot.onto(), now) {
                films.entry(class).or_default().push(shot);
            }
        }
        for (class, shots) in films {
            self.counts.filmed.fetch_add(shots.iter().filter(|s| s.source != Source::Far).count() as u64, Relaxed);
            let mut waits = self.send_on(class, now, &shots);
            let looks = |seat: &Seat| matches!((&seat.picture, seat.role), (Picture::Sees(_), Role::Listens { class: of, .. }) if of == class);
            let lookers: Vec<SeatId> = self.seats.iter().filter(|(_, s)| looks(s)).map(|(id, _)| *id).collect();
            for id in lookers {
                waits |= self.show_to(id, now, &shots);
            }
            if waits {
                self.ask(class, now);
            }
        }
    }

    /// Sends packets to a listener; whether it waits for a whole picture.
    fn show_to(&mut self, id: SeatId, now: Instant, shots: &[Shot]) -> bool {
        let Some(seat) = self.seats.get_mut(&id).filter(|seat| seat.is_connected) else { return false };
        let Role::Listens { but, .. } = seat.role else { return false };
        let Picture::Sees(lens) = &mut seat.picture else { return false };
        let (mut shown, mut waits) = (0, false);
        for shot in shots {
            if matches!(shot.source, Source::Seat(of, _) if Some(of) == but) {
                continue;
            }
            let seen = lens.see(&mut seat.rtc, now, shot);
            shown += u64::from(seen == Seen::Sent);
            waits |= seen == Seen::Waits;
        }
        if shown > 0 {
            self.counts.shown.fetch_add(shown, Relaxed);
            let _ = seat.rtc.handle_input(Input::Timeout(now.into_std()));
            self.drain(id, now);
        }
        waits
    }

    /// Sends the smallest layer on to other nodes; whether a whole picture is waited for.
    fn send_on(&mut self, class: Subject, now: Instant, shots: &[Shot]) -> bool {
        let (Some(live), Some(screen)) = (self.live.upgrade(), self.screens.get_mut(&class)) else { return false };
        let (mut pieces, mut waits) = (Vec::new(), false);
        for shot in shots.iter().filter(|shot| shot.source != Source::Far && shot.place == 0) {
            match screen.pieces.of(now, shot) {
                Some(of) => pieces.extend(of),
                None => waits = true,
            }
        }
        if !pieces.is_empty() {
            live.ask(|now, hall| pieces.iter().for_each(|(begins, piece)| hall.video(now, class, *begins, piece)));
        }
        waits
    }
}
