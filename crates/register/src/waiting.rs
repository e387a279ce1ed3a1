//! For whom a record waits: who may take it on, and is expected to. A role that reaches everything is not expected
//! everywhere.

use records::{Kind, Move, Reader, Role, Roles, literal};

/// The condition, in SQL over a table `t`, that a record in a state waits for the reader; `None` where nothing in this state
/// does.
pub(crate) fn waits_for(reader: &Reader, kind: &Kind, state: &str) -> Option<String> {
    if tone(state) != "wait" || is_rest(kind, state) {
        return None;
    }
    let on = |m: &&Move| m.from.contains(&state) && matches!(tone(m.to), "ok" | "now");
    let any: Vec<String> = kind.moves.iter().filter(on).filter_map(|m| takes(reader, kind, m)).collect();
    if any.is_empty() { None } else { Some(format!("({})", any.join(" OR "))) }
}

/// Whether a state is one in which what went on already rests: nobody is expected to end that.
fn is_rest(kind: &Kind, state: &str) -> bool {
    let mut into = kind.moves.iter().filter(|m| m.to == state && !m.from.contains(&state)).peekable();
    kind.first_state() != Some(state)
        && into.peek().is_some()
        && into.all(|m| m.from.iter().all(|from| matches!(tone(from), "ok" | "now")))
}

/// The condition that the reader is expected to take a move.
fn takes(reader: &Reader, kind: &Kind, way: &Move) -> Option<String> {
    if !reader.is_any(way.who) {
        return None;
    }
    let mut all = vec![match (reader.holds(kind, "t"), way.word_of) {
        // What lies in other people's hands does not wait for this reader; and in those of the office lies a great deal
        // that two others are asked for.
        (Some(holds), _) if reader.grants.iter().all(|g| g.role.is_programme_wide()) => {
            format!("({holds}) AND {}", reader.named_in(kind, "t"))
        }
        (Some(holds), _) => format!("({holds})"),
        (None, "") => by_place(reader, kind, way.who),
        (None, link) => by_word(reader, way.who, link),
    }];
    let me = literal(&reader.person);
    all.extend(way.not_by.iter().map(|link| format!("t.{link} IS NOT {me}")));
    if way.by_another {
        all.push(format!("NOT EXISTS (SELECT 1 FROM entry e WHERE e.subject = t.id AND e.author = {me})"));
    }
    Some(format!("({})", all.join(" AND ")))
}

/// By a role: of who keeps the nodes nothing is expected that the office does, and of the office nothing that a school's own
/// teachers do there; of who only teaches, what names them and what they made.
fn by_place(reader: &Reader, kind: &Kind, who: Roles) -> String {
    let mut lead = who.but(Roles::TEACHING);
    if who.has(Role::Officer) {
        lead = lead.but(Roles::of(&[Role::Administrator]));
    }
    let teachers_do = Role::ALL.into_iter().any(|role| who.has(role) && Roles::TEACHING.has(role));
    let far = if teachers_do { Roles::of(&[Role::Administrator, Role::Officer]) } else { Roles::NONE };
    let nobody_there = format!("{} AND t.home IS NULL", reader.reaches_in(kind, lead, "t"));
    let lead = lead.but(far);
    let teach = reader.reaches_in(kind, who.but(who.but(Roles::TEACHING)), "t");
    let theirs = reader.keeps(kind, "t").unwrap_or_else(|| reader.named_in(kind, "t"));
    format!("({} OR {nobody_there} OR {teach} AND {theirs})", reader.reaches_in(kind, lead, "t"))
}

/// It is the word of one organisation: its head's, and where that is a teaching point without one, of those who teach there.
fn by_word(reader: &Reader, who: Roles, link: &str) -> String {
    let of = |roles: Roles| {
        let grants = reader.grants.iter().filter(move |g| who.has(g.role) && roles.has(g.role));
        let places: Vec<String> = grants.filter_map(|g| g.organisation).map(|org| literal(&org)).collect();
        if places.is_empty() { "NULL".to_owned() } else { places.join(", ") }
    };
    format!(
        "(t.{link} IN ({}) OR t.{link} IN (SELECT o.id FROM organisation o WHERE o.kind = 'outlying_school' AND o.id IN ({})))",
        of(who.but(Roles::TEACHING)),
        of(Roles::TEACHING)
    )
}

/// The tag of a state: what is well, what waits, what was lost.
pub fn tone(state: &str) -> &'static str {
    match state {
        "arrived" | "held" | "active" | "met" | "kept" | "verified" | "signed" | "running" | "given"
        | "followed_up" | "completed" | "open" | "confirmed" | "notified" | "adopted" | "adapted" => "ok",
        "draft" | "proposed" | "planned" | "invited" | "returned" | "entered" | "paused" | "dormant" | "offered"
        | "shown" => "wait",
        "ended_early" | "declined" | "cancelled" | "withdrawn" | "dropped" | "not_arrived" => "bad",
        "accepted" | "approved" | "filled" | "told" | "selected" | "reserve" => "now",
        _ => "",
    }
}
