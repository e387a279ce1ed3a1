//! What a page is told.

use std::collections::BTreeMap;

use base::NodeId;
use live::{Light, Reach};
use serde_json::{Value as Json, json};

use super::Guest;
use crate::exit::{self, Exit};
use crate::open::{Classes, Open};
use crate::say::is_for_pages;
use crate::who::Part;
use crate::wire::{DRAWING, EVENT, PUPILS, STATE, TOTALS, WAITING, framed, happened, message, waits_as};

/// Tells a page what it has not seen.
pub(super) fn tell(classes: &Classes, open: &Open, guest: &mut Guest, out: &mut Vec<Vec<u8>>) {
    let Some(view) = classes.live().ok().and_then(|l| l.view(open.class, guest.seen)) else { return };
    // A guest sees nothing before the teacher has let them in.
    if guest.part == Part::Guest && !guest.is_in {
        return;
    }
    for event in &view.events {
        guest.seen = event.seq;
        if !is_for_pages(&event.payload) {
            continue;
        }
        out.push(message(EVENT, &happened(open, event)));
    }
    guest.had.now(&view, out);
    let waiting: Vec<u8> = view
        .waiting
        .iter()
        .filter(|s| is_for_pages(&s.payload))
        .flat_map(|s| framed(&waits_as(open, classes, s, &s.payload)))
        .collect();
    if waiting != guest.waited {
        out.push(message(WAITING, &waiting));
        guest.waited = waiting;
    }
    let state = state(classes, open, view.reach).to_string().into_bytes();
    if state != guest.told {
        out.push(message(STATE, &state));
        guest.told = state;
    }
}

/// Tells the teacher, and nobody else, how it was.
pub(super) fn tell_totals(open: &Open, guest: &mut Guest, out: &mut Vec<Vec<u8>>) {
    let inner = open.inner();
    if guest.part != Part::Teacher || inner.fold.exit == Exit::NotYet {
        return;
    }
    let totals = exit::totals(&inner.fold.exits).to_string().into_bytes();
    if totals != guest.totals {
        out.push(message(TOTALS, &totals));
        guest.totals = totals;
    }
}

/// Tells the adult of a room of its pupils' devices: what they write and draw goes no further before it is shown.
pub(super) fn tell_of_pupils(open: &Open, guest: &mut Guest, out: &mut Vec<Vec<u8>>) {
    let Part::Adult(room) = guest.part else { return };
    let inner = open.inner();
    let Some(pupils) = inner.pupils.get(&room) else {
        if !guest.pupils.is_empty() {
            guest.pupils.clear();
            guest.drawn.clear();
            out.push(message(PUPILS, b"null"));
        }
        return;
    };
    let shown = pupils.shown(&inner.fold, &format!("{}/c/{}", guest.host, pupils.name())).to_string().into_bytes();
    if shown != guest.pupils {
        out.push(message(PUPILS, &shown));
        guest.pupils = shown;
    }
    let drawings = pupils.drawings(&inner.fold);
    let now: BTreeMap<u32, u32> = drawings.iter().map(|(device, n, _)| (*device, *n)).collect();
    for (device, n, ink) in drawings {
        if guest.drawn.get(&device) != Some(&n) {
            out.push(message(DRAWING, &[&device.to_be_bytes(), ink].concat()));
        }
    }
    guest.drawn = now;
}

/// Who is there, and how the links stand.
fn state(classes: &Classes, open: &Open, reach: Reach) -> Json {
    let (lights, lines) =
        classes.live().map(|l| l.ask(|_, hall| (hall.lights(open.class), hall.lines(open.class)))).unwrap_or_default();
    let fold = open.inner().fold.clone();
    let room = |n: u16| {
        let here = fold.over_ms.is_none() && fold.rooms.get(&n).is_some_and(|r| r.since_ms.is_some());
        let node = open.node_of(n);
        // What is cut off in between is as bad as if it were cut off itself.
        let light = |of: Option<NodeId>| of.and_then(|node| lights.get(&node)).copied().unwrap_or_default();
        let link = match light(node).max(light(open.way_to(n))) {
            // One's own room is where one is; of others nothing is known in a cut, wherever it is.
            _ if node == Some(classes.me()) => "ok",
            _ if reach == Reach::Cut => "cut",
            // Where the order is here, who came is met, or was before this node was started again.
            _ if open.origin == classes.me() && !lines.iter().any(|(peer, _)| Some(*peer) == open.way_to(n)) => "cut",
            Light::Cut => "cut",
            Light::Slow => "slow",
            Light::Well => "ok",
        };
        json!({ "room": n, "here": here, "link": link })
    };
    let rooms: Vec<Json> = (1..=open.about().rooms.len()).filter_map(|n| u16::try_from(n).ok()).map(room).collect();
    json!({ "cut": reach == Reach::Cut, "rooms": rooms })
}
