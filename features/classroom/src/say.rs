//! What somebody may say in a class, and how it goes into it: checked, and with the name that the node knows.

use serde_json::{Map, Value as Json, json};

use crate::fold::{Fold, INK, WORDS};
use crate::who::Part;

/// Bytes of what is said in words.
const MAX_WORDS: usize = 4096;
/// Bytes of a piece of ink: a tenth of a second is a hundred.
const MAX_INK: usize = 8192;

/// Why something is not taken; the end of the key of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// Not this part.
    Role,
    /// The class is over.
    Closed,
    /// Too long, or too fast.
    Much,
    /// A room has not consented.
    Consent,
    /// A guest who was not let in.
    Guest,
    /// The browser's voice cannot be had.
    Voice,
}

impl No {
    pub fn code(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Closed => "closed",
            Self::Much => "much",
            Self::Consent => "consent",
            Self::Guest => "guest",
            Self::Voice => "voice",
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
                Part::Adult(room) => class.floor == room || speaker.cut,
                Part::Guest => false,
            };
            match (draws, ink.len() <= MAX_INK) {
                (true, true) => Ok(said.to_vec()),
                (false, _) => Err(No::Role),
                (_, false) => Err(No::Much),
            }
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
    Ok(match kind {
        "begin" if teacher => json!({ "k": kind }),
        "end" if teacher => json!({ "k": kind }),
        "page" if leads || (adult && speaker.cut) => json!({ "k": kind, "p": number("p", 5000)? }),
        "blank" if leads => json!({ "k": kind }),
        "floor" if leads => {
            let room = u16::try_from(number("room", 1000)?).map_err(|_| No::Role)?;
            if !class.may_be_heard(room, class.recording) {
                return Err(No::Consent);
            }
            json!({ "k": kind, "room": room })
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
            let options: Vec<String> = options.take(8).filter_map(|o| text::clean_line(o, 120).ok()).collect();
            json!({ "k": kind, "q": number("q", 10_000)?, "kind": "choice", "text": text("text", 300)?, "options": options })
        }
        "close" if leads => json!({ "k": kind, "q": number("q", 10_000)? }),
        "admit" if teacher => {
            json!({ "k": kind, "person": text("person", 60)?, "name": text("name", 120)?, "yes": yes("yes") })
        }
        "hand" if adult => json!({ "k": kind, "up": yes("up") }),
        "heads" if adult => json!({ "k": kind, "n": number("n", 500)? }),
        "consent" if adult => json!({ "k": kind, "yes": yes("yes") }),
        "tally" if adult => {
            let counts = said.get("counts").and_then(Json::as_object).ok_or(No::Role)?;
            let count = |(option, n): (&String, &Json)| {
                Some((text::clean_line(option, 120).ok()?, json!(n.as_u64().filter(|n| *n <= 500)?)))
            };
            let counts: Map<String, Json> = counts.iter().take(8).filter_map(count).collect();
            json!({ "k": kind, "q": number("q", 10_000)?, "counts": counts })
        }
        // Every adult in the class sees what is written.
        "chat" => json!({ "k": kind, "text": text("text", 500)?, "by": speaker.name }),
        "caption" if leads || adult => json!({ "k": kind, "text": text("text", 300)?, "by": speaker.name }),
        _ => return Err(No::Role),
    })
}

/// What a node itself says of a room or a guest.
pub(crate) fn of_node(said: &Json) -> Vec<u8> {
    [&[WORDS], said.to_string().as_bytes()].concat()
}
