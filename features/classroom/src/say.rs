//! What somebody may say in a class, and how it goes into it: checked, and with the name that the node knows.

use serde_json::{Map, Value as Json, json};

use crate::exit::{Exit, Marks};
use crate::fold::{Asks, DRAWN, Fold, INK, Interpreter, NOTES, SHEET, WORDS, channel_of};
use crate::pupils::number as counted;
use crate::who::Part;

/// Bytes of what is said in words.
const MAX_WORDS: usize = 4096;
/// Bytes of a piece of ink: a tenth of a second is a hundred.
const MAX_INK: usize = 8192;

/// Bytes of a drawing: some twelve hundred points.
pub(crate) const MAX_DRAWN: usize = 6144;
/// Bytes that are written into the notes at a time.
const MAX_NOTES: usize = 12 * 1024;
/// What a co-teacher whose node is cut off says in words: it is for their own school, or stands for itself when it comes.
const ALONE: [&str; 4] = ["page", "timer", "chat", "caption"];
/// Answers of a room, and letters of one.
const MAX_ANSWERS: usize = 8;
const MAX_NUMBERS: usize = 24;
const MAX_ANSWER: usize = 120;

/// Why something is not taken; the end of the key of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// Not this part.
    Role,
    /// The class is over.
    Closed,
    /// Too long, or too much.
    Much,
    /// Too fast, or more than waits for the link: to pages that is too much.
    Fast,
    /// A room has not consented.
    Consent,
    /// A guest who was not let in.
    Guest,
    /// The browser's voice cannot be had.
    Voice,
    /// A co-teacher whose node is cut off leads the others no more.
    Cut,
    /// More answers than pupils were counted in the room.
    Heads,
    /// Not a number.
    Number,
    /// The sheet of a group is full.
    Full,
    /// A room's pupils write faster than its link carries: it is said again a little later.
    Later,
}

impl No {
    pub fn code(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Closed => "closed",
            Self::Much | Self::Fast => "much",
            Self::Consent => "consent",
            Self::Guest => "guest",
            Self::Voice => "voice",
            Self::Cut => "cut",
            Self::Heads => "heads",
            Self::Number => "number",
            Self::Full => "sheet",
            Self::Later => "later",
        }
    }
}

/// Who says something, and how the class stands for them.
pub(crate) struct Speaker<'a> {
    pub part: Part,
    pub name: &'a str,
    /// A guest whom the teacher let in.
    pub admitted: bool,
    /// The node is cut off: who answers for a room leads it meanwhile.
    pub cut: bool,
    /// It is a meeting of teachers: each of them has the pen, and no pupils are counted.
    pub meeting: bool,
    /// How many of the room's own devices have answered what is asked.
    pub devices: usize,
}

/// What goes into the class of what a page says.
///
/// # Errors
/// [`No`].
pub(crate) fn taken(said: &[u8], speaker: &Speaker<'_>, class: &Fold, may_record: bool) -> Result<Vec<u8>, No> {
    if class.over_ms.is_some() {
        return Err(No::Closed);
    }
    if speaker.part == Part::Guest && !speaker.admitted {
        return Err(No::Guest);
    }
    match said.split_first() {
        Some((&INK, ink)) => {
            let draws = match speaker.part {
                Part::Teacher | Part::Co => true,
                Part::Adult(room) => class.floor == room || speaker.cut || speaker.meeting,
                Part::Guest => false,
            };
            match (draws, ink.len() <= MAX_INK) {
                (true, true) => Ok(said.to_vec()),
                (false, _) => Err(No::Role),
                (_, false) => Err(No::Much),
            }
        }
        Some((&NOTES, update)) => match (speaker.part, update.len() <= MAX_NOTES) {
            (Part::Guest, _) => Err(No::Role),
            (_, false) => Err(No::Much),
            (_, true) => Ok(said.to_vec()),
        },
        Some((&DRAWN, rest)) => {
            if !matches!(speaker.part, Part::Adult(_)) {
                return Err(No::Role);
            }
            if rest.len() > MAX_DRAWN {
                return Err(No::Much);
            }
            let (q, _) = drawn(rest).ok_or(No::Role)?;
            class.question.as_ref().filter(|now| now.asks(q, Asks::Draw)).ok_or(No::Role)?;
            Ok(said.to_vec())
        }
        Some((&SHEET, piece)) if speaker.part != Part::Guest => {
            class.groups.may_write(speaker.part.room(), piece).map(|()| said.to_vec())
        }
        Some((&WORDS, words)) if words.len() <= MAX_WORDS => {
            let Ok(Json::Object(said)) = serde_json::from_slice(words) else { return Err(No::Role) };
            let said = checked(&said, speaker, class, may_record)?;
            Ok([&[WORDS], said.to_string().as_bytes()].concat())
        }
        Some((&WORDS, _)) => Err(No::Much),
        _ => Err(No::Role),
    }
}

/// The same in the node's own words: nothing else of it goes on.
fn checked(said: &Map<String, Json>, speaker: &Speaker<'_>, class: &Fold, may_record: bool) -> Result<Json, No> {
    let kind = said.get("k").and_then(Json::as_str).unwrap_or_default();
    let number = |key: &str, most: u64| said.get(key).and_then(Json::as_u64).filter(|n| *n <= most).ok_or(No::Role);
    let yes = |key: &str| said.get(key).and_then(Json::as_bool) == Some(true);
    let text = |key: &str, most: usize| {
        let text = said.get(key).and_then(Json::as_str).unwrap_or_default();
        text::clean_line(text, most).ok().filter(|t| !t.is_empty()).ok_or(No::Much)
    };
    let leads = matches!(speaker.part, Part::Teacher | Part::Co);
    let adult = matches!(speaker.part, Part::Adult(_));
    let teacher = speaker.part == Part::Teacher;
    if speaker.part == Part::Co && speaker.cut && !ALONE.contains(&kind) {
        return Err(No::Cut);
    }
    Ok(match kind {
        "begin" if teacher => json!({ "k": kind }),
        // What has not begun is not over: it may still be held.
        "end" if teacher && class.goes_on() => json!({ "k": kind }),
        "page" if leads || (adult && speaker.cut) => json!({ "k": kind, "p": number("p", 5000)? }),
        "blank" if leads => json!({ "k": kind }),
        "floor" if leads => {
            let room = u16::try_from(number("room", 1000)?).map_err(|_| No::Role)?;
            if !class.may_be_heard(room, class.recording) {
                return Err(No::Consent);
            }
            class.naming(room, Map::from_iter([("k".to_owned(), json!(kind))]))
        }
        "record" if teacher => {
            let on = yes("on");
            if on && (!may_record || !class.may_be_heard(class.floor, true)) {
                return Err(No::Consent);
            }
            json!({ "k": kind, "on": on })
        }
        "timer" if leads => json!({ "k": kind, "s": number("s", 7200)? }),
        "ask" if leads => {
            let options = said.get("options").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
            let options: Vec<String> =
                options.take(MAX_ANSWERS).filter_map(|o| text::clean_line(o, MAX_ANSWER).ok()).collect();
            let asks = Asks::of(said.get("kind").and_then(Json::as_str).unwrap_or_default());
            let options = if asks == Asks::Choice { options } else { Vec::new() };
            let (q, text) = (number("q", 10_000)?, text("text", 300)?);
            json!({ "k": kind, "q": q, "kind": asks.code(), "text": text, "options": options })
        }
        "still-away" if leads => json!({ "k": kind }),
        "interpret" if leads => {
            let lang = said.get("lang").and_then(Json::as_str).unwrap_or_default();
            if !lang.is_empty() && channel_of(lang).is_none() {
                return Err(No::Role);
            }
            match Interpreter::of(&Json::Object(said.clone())).ok_or(No::Role)? {
                Interpreter::Room(room) => class
                    .naming(room, Map::from_iter([("k".to_owned(), json!(kind)), ("lang".to_owned(), json!(lang))])),
                // Who was sent out speaks no more.
                Interpreter::Person(person) if class.admitted.contains(&person) => {
                    json!({ "k": kind, "person": person.to_string(), "lang": lang })
                }
                Interpreter::Person(_) => return Err(No::Guest),
            }
        }
        "groups" | "groups-end" | "show" if (leads || adult) && class.goes_on() => {
            class.groups.checked(kind, said, speaker.part.room(), adult && speaker.cut)?
        }
        "exit" if teacher && !speaker.meeting => {
            let on = yes("on");
            if on != (class.exit == Exit::NotYet) || class.exit == Exit::Over {
                return Err(No::Role);
            }
            json!({ "k": kind, "on": on })
        }
        "close" if leads => json!({ "k": kind, "q": number("q", 10_000)? }),
        "admit" if teacher => {
            json!({ "k": kind, "person": text("person", 60)?, "name": text("name", 120)?, "yes": yes("yes") })
        }
        "hand" if adult => json!({ "k": kind, "up": yes("up") }),
        "heads" if adult && !speaker.meeting => json!({ "k": kind, "n": number("n", 500)? }),
        "consent" if adult => json!({ "k": kind, "yes": yes("yes") }),
        "tally" if adult => {
            let q = number("q", 10_000)?;
            let asks = class.question.as_ref().filter(|now| now.q == q).map(|now| now.kind).unwrap_or_default();
            let said = tally(said, q, asks)?;
            let counts = said.get("counts").and_then(Json::as_object).into_iter().flat_map(Map::values);
            let hands: u64 = counts.filter_map(Json::as_u64).sum();
            let devices = u64::try_from(speaker.devices).unwrap_or(0);
            let heads = class.heads(speaker.part).filter(|_| !speaker.meeting);
            if hands > 0 && heads.is_some_and(|heads| hands + devices > heads) {
                return Err(No::Heads);
            }
            said
        }
        // Every adult in the class sees what is written.
        "chat" => json!({ "k": kind, "text": text("text", 500)?, "by": speaker.name }),
        "caption" if leads || adult => json!({ "k": kind, "text": text("text", 300)?, "by": speaker.name }),
        _ => return Err(No::Role),
    })
}

/// What a room answered, as its adult counted or wrote it.
fn tally(said: &Map<String, Json>, q: u64, asks: Asks) -> Result<Json, No> {
    if asks == Asks::Short {
        let texts = said.get("texts").and_then(Json::as_array).ok_or(No::Role)?;
        let line = |text: &Json| text::clean_line(text.as_str()?, MAX_ANSWER).ok().filter(|t| !t.is_empty());
        let texts: Vec<String> = texts.iter().take(MAX_ANSWERS).filter_map(line).collect();
        return Ok(json!({ "k": "tally", "q": q, "texts": texts }));
    }
    let counts = said.get("counts").and_then(Json::as_object).ok_or(No::Role)?;
    let most = if asks == Asks::Number { MAX_NUMBERS } else { MAX_ANSWERS };
    let count = |(option, n): (&String, &Json)| {
        let option = text::clean_line(option, MAX_ANSWER).ok()?;
        let option = if asks == Asks::Number { counted(&option)? } else { option };
        Some((option, json!(n.as_u64().filter(|n| *n <= 500)?)))
    };
    let counts: Map<String, Json> = counts.iter().take(most).filter_map(count).collect();
    Ok(json!({ "k": "tally", "q": q, "counts": counts }))
}

/// What the adult of a room counted of how it was: it stays at the room's node until the question is closed. [`No::Heads`] where
/// more answered than are there.
pub(crate) fn exit_counted(said: &[u8], part: Part, class: &Fold) -> Option<Result<(u16, Marks), No>> {
    let (Part::Adult(room), Some((&WORDS, words))) = (part, said.split_first()) else { return None };
    let said: Json = serde_json::from_slice(words.get(..MAX_WORDS.min(words.len()))?).ok()?;
    let counts = said.get("k").and_then(Json::as_str) == Some("exit-counts") && class.exit == Exit::Open;
    let marks = Marks::read(said.as_object().filter(|_| counts)?);
    let are_more = class.heads(part).is_some_and(|heads| u64::from(marks.most()) > heads);
    Some(if are_more { Err(No::Heads) } else { Ok((room, marks)) })
}

/// Whether something is for pages: what rooms said of how it was is not, but for its totals to the teacher.
pub(crate) fn is_for_pages(payload: &[u8]) -> bool {
    let Some((&WORDS, words)) = payload.split_first() else { return true };
    // A needle first: this is asked of every event of every page.
    !words.windows(8).any(|w| w == b"\"exited\"")
        || serde_json::from_slice::<Json>(words)
            .is_ok_and(|said| said.get("k").and_then(Json::as_str) != Some("exited"))
}

/// A drawing: to which question, and what the pen did.
pub(crate) fn drawn(rest: &[u8]) -> Option<(u64, &[u8])> {
    let (q, ink) = rest.split_first_chunk::<2>()?;
    pen::read(ink, |_, _| ()).ok()?;
    Some((u16::from_be_bytes(*q).into(), ink))
}

/// What a node itself says of a room or a guest.
pub(crate) fn of_node(said: &Json) -> Vec<u8> {
    [&[WORDS], said.to_string().as_bytes()].concat()
}

/// Whether it is what a node says of who comes to a class and goes, or was cut off, and nothing that somebody said.
pub(crate) fn comes_or_goes(said: &[u8]) -> bool {
    let words = said.split_first().filter(|(what, _)| **what == WORDS);
    let said: Option<Json> = words.and_then(|(_, json)| serde_json::from_slice(json).ok());
    let kind = said.as_ref().and_then(|said| said.get("k")?.as_str());
    matches!(kind, Some("in" | "out" | "guest" | "gone" | "was-cut"))
}
