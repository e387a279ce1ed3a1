//! How the links to the nodes of a class fare. A node knows it of those that it meets itself, and tells the others what is not
//! well with them, so that a teacher at a school sees which of the rooms behind the hub are cut off. Of what nothing is said, all
//! is well: in a class over good links these words take nothing.

use std::collections::{BTreeMap, BTreeSet};

use base::{NodeId, Subject};

use super::class::{Class, Leg};
use super::words::Word;
use super::{ABOUT_ALL, Hall, News, Peer};
use crate::trunk::{Line, Trunk};

/// How the link to a node fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Well.
    #[default]
    Well,
    /// It loses much, or is slow.
    Slow,
    /// Nothing is heard of it.
    Cut,
}

/// It is looked at, and told, so often at most.
const LOOK_MS: u64 = 500;
/// One that is slow is well again only when it is clearly better than this; and what was so for a moment is not told.
const LOSS_PERMILLE: u64 = 80;
const RTT_MS: u64 = 1200;
const LASTS_MS: u64 = 4000;
/// Nodes of which a peer may say something.
const MOST: usize = 4096;

impl Light {
    /// How a link fares that fared so before.
    fn of(line: &Line, before: Self) -> Self {
        let eighths = if before == Self::Slow { 6 } else { 8 };
        match line.loss_permille * 8 > LOSS_PERMILLE * eighths || line.rtt_ms * 8 > RTT_MS * eighths {
            _ if line.is_away => Self::Cut,
            true => Self::Slow,
            false => Self::Well,
        }
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Slow => 1,
            Self::Cut => 2,
        }
    }

    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        [Self::Well, Self::Slow, Self::Cut].into_iter().find(|light| light.byte() == byte)
    }
}

/// What is known at a node of the links of a class: only of those that do not fare well.
#[derive(Debug, Default)]
pub(super) struct Lights {
    /// Of peers.
    own: BTreeMap<NodeId, Light>,
    /// Peers that are slow, or well again, since then, which is not told yet.
    since: BTreeMap<NodeId, u64>,
    /// Nodes behind a peer that is cut off, and that peer.
    behind: BTreeMap<NodeId, NodeId>,
    /// What a peer says of nodes behind it.
    said: BTreeMap<NodeId, (NodeId, Light)>,
    look_at: u64,
}

impl Lights {
    /// A peer has gone without a word: it is cut off, and whoever is behind it. What it said it says anew when it is back.
    pub fn left(&mut self, peer: NodeId, behind: impl IntoIterator<Item = NodeId>) {
        self.forget(peer);
        self.own.insert(peer, Light::Cut);
        self.behind.extend(behind.into_iter().map(|node| (node, peer)));
    }

    /// A peer has no part in the class any more.
    pub fn forget(&mut self, peer: NodeId) {
        self.own.remove(&peer);
        self.since.remove(&peer);
        self.behind.retain(|_, via| *via != peer);
        self.said.retain(|_, (via, _)| *via != peer);
    }

    /// A link to a peer fares so now. One that is cut, or back, is told at once.
    fn note(&mut self, now: u64, peer: NodeId, light: Light) {
        let was = self.own.get(&peer).copied().unwrap_or_default();
        if light == was {
            self.since.remove(&peer);
            return;
        }
        let since = *self.since.entry(peer).or_insert(now);
        if was != Light::Cut && light != Light::Cut && now < since + LASTS_MS {
            return;
        }
        self.since.remove(&peer);
        match light {
            Light::Well => self.own.remove(&peer),
            _ => self.own.insert(peer, light),
        };
    }

    /// All that is not well, and behind which peer it is.
    fn all(&self) -> BTreeMap<NodeId, (NodeId, Light)> {
        let mut all = self.said.clone();
        all.extend(self.behind.iter().map(|(node, via)| (*node, (*via, Light::Cut))));
        all.extend(self.own.iter().map(|(peer, light)| (*peer, (*peer, *light))));
        all
    }
}

impl Leg {
    /// The nodes behind the peer that have said something.
    pub fn behind(&self) -> BTreeSet<NodeId> {
        self.speakers_in.values().map(|(node, _)| *node).collect()
    }

    /// Tells a peer what it does not know of the links to others.
    fn tell_lights(
        &mut self,
        now: u64,
        class: Subject,
        peer: NodeId,
        lights: &BTreeMap<NodeId, (NodeId, Light)>,
        trunk: &mut Trunk,
    ) {
        // To one further down that reads no such words nothing is said; one further up reads what it likes.
        if !self.is_up && !self.says {
            return;
        }
        let theirs = lights.iter().filter(|(_, (via, _))| *via != peer).map(|(node, (_, light))| (*node, *light));
        let mut news: Vec<(NodeId, Light)> =
            theirs.filter(|(node, light)| self.told_lights.get(node) != Some(light)).collect();
        let is_well = |node: &NodeId| lights.get(node).is_none_or(|(via, _)| *via == peer);
        news.extend(self.told_lights.keys().filter(|node| is_well(node)).map(|node| (*node, Light::Well)));
        for (node, light) in news {
            if !self.lights.take(now) {
                return;
            }
            if !trunk.write(now, ABOUT_ALL, &Word::Light { class, node, light }.write()) {
                return;
            }
            match light {
                Light::Well => self.told_lights.remove(&node),
                _ => self.told_lights.insert(node, light),
            };
        }
    }
}

impl Class {
    /// Looks how the links to its peers fare, and tells each peer of the others. Whether anything is other than it was.
    pub fn look(&mut self, now: u64, class: Subject, peers: &mut BTreeMap<NodeId, Peer>) -> bool {
        if now < self.lights.look_at {
            return false;
        }
        self.lights.look_at = now + LOOK_MS;
        let before = self.lights.all();
        for (peer, leg) in &self.legs {
            let was = self.lights.own.get(peer).copied().unwrap_or_default();
            let light = peers.get(peer).map_or(Light::Cut, |known| Light::of(&known.trunk.line(), was));
            self.lights.note(now, *peer, light);
            if light != Light::Cut {
                self.lights.behind.retain(|_, via| via != peer);
            } else if was != Light::Cut && !leg.is_up {
                let behind = leg.behind().into_iter().filter(|node| node != peer);
                self.lights.behind.extend(behind.map(|node| (node, *peer)));
            }
        }
        let all = self.lights.all();
        for (peer, leg) in &mut self.legs {
            if let Some(known) = peers.get_mut(peer).filter(|known| !known.trunk.is_away()) {
                leg.tell_lights(now, class, *peer, &all, &mut known.trunk);
            }
        }
        all != before
    }
}

impl Hall {
    /// The nodes of a class to which a link does not fare well, as far as is known here.
    pub fn lights(&self, class: Subject) -> BTreeMap<NodeId, Light> {
        let lights = self.classes.get(&class).map(|open| open.lights.all()).unwrap_or_default();
        lights.into_iter().map(|(node, (_, light))| (node, light)).collect()
    }

    /// A peer says how the link to a node behind it fares.
    pub(super) fn light(&mut self, peer: NodeId, class: Subject, node: NodeId, light: Light) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        let Some(leg) = open.legs.get(&peer) else { return };
        if node == self.me || !(leg.is_up || self.door.may_bring(peer, class, node)) {
            self.refused.not_allowed += 1;
            return;
        }
        // Of whom one meets oneself one knows better.
        if open.legs.contains_key(&node) {
            return;
        }
        let before = open.lights.said.remove(&node);
        let now = (light != Light::Well && open.lights.said.len() < MOST).then_some((peer, light));
        if let Some(now) = now {
            open.lights.said.insert(node, now);
        }
        if before != now {
            self.news.push((class, News::Changed));
        }
    }
}
