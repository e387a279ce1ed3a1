//! How it was: at the end of a class pupils say whether they understood and whether they enjoyed it. Nobody's answer is kept or
//! sent: the room's node sends the counts of the room, once, when the question is closed, and only from five answers on; the
//! teacher alone sees the totals. With fewer, who sits in the room could tell whose answer a number is.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// From how many answers on a count is told.
pub(crate) const ENOUGH: u32 = 5;
/// What is asked, as it stands in what is said: understood, enjoyed.
const ASKED: [&str; 2] = ["u", "e"];

/// How many said yes, partly and no to each question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(pub [[u32; 3]; 2]);

/// Whether it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exit {
    #[default]
    NotYet,
    Open,
    Over,
}

impl Marks {
    /// Counts one answer: which question, and what.
    pub fn add(&mut self, which: usize, what: usize) {
        if let Some(n) = self.0.get_mut(which).and_then(|q| q.get_mut(what)) {
            *n += 1;
        }
    }

    pub fn and(mut self, other: Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine = mine.saturating_add(*theirs);
        }
        self
    }

    /// Counts as they stand in what is said; what is not there is nothing.
    pub fn read(said: &Map<String, Json>) -> Self {
        let one = |key: &str| {
            let all = said.get(key).and_then(Json::as_array);
            let at = |n: usize| {
                let n = all.and_then(|a| a.get(n)).and_then(Json::as_u64);
                n.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 500).unwrap_or(0)
            };
            [at(0), at(1), at(2)]
        };
        Self(ASKED.map(one))
    }

    /// Only what may be told: a question with too few answers is not there.
    pub fn told(self) -> Self {
        Self(self.0.map(|q| if q.iter().sum::<u32>() >= ENOUGH { q } else { [0; 3] }))
    }

    /// How many answered the question that most answered.
    pub fn most(self) -> u32 {
        self.0.iter().map(|q| q.iter().sum()).max().unwrap_or(0)
    }

    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// As it stands in what is said.
    pub fn json(self) -> Map<String, Json> {
        ASKED
            .iter()
            .zip(self.0)
            .filter(|(_, q)| q.iter().any(|n| *n > 0))
            .map(|(key, q)| ((*key).to_owned(), json!(q)))
            .collect()
    }
}

/// Which question an answer is to, and what it is.
pub(crate) fn answer(said: &Json) -> Option<(usize, usize)> {
    let which = said.get("w").and_then(Json::as_str)?;
    let what = said.get("v").and_then(Json::as_u64).filter(|v| *v < 3)?;
    Some((ASKED.iter().position(|a| *a == which)?, usize::try_from(what).ok()?))
}

/// What the node of a room says when the question is closed; nothing where nobody answered.
pub(crate) fn of_room(marks: Marks) -> Option<Json> {
    if marks.is_empty() {
        return None;
    }
    let mut said = marks.told().json();
    said.insert("k".to_owned(), json!("exited"));
    Some(Json::Object(said))
}

/// What the teacher is told: the totals of all rooms, and whether some room had too few to count.
pub(crate) fn totals(rooms: &BTreeMap<u16, Marks>) -> Json {
    let all = rooms.values().fold(Marks::default(), |sum, of| sum.and(*of)).told();
    let mut said = all.json();
    said.insert("few".to_owned(), json!(rooms.values().any(|of| of.is_empty())));
    Json::Object(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(u: [u32; 3], e: [u32; 3]) -> Marks {
        Marks([u, e])
    }

    #[test]
    fn fewer_than_five_are_not_told() {
        assert_eq!(of_room(Marks::default()), None);
        assert_eq!(of_room(marks([2, 1, 1], [0; 3])), Some(json!({ "k": "exited" })));
        assert_eq!(of_room(marks([3, 1, 1], [4, 0, 0])), Some(json!({ "k": "exited", "u": [3, 1, 1] })));
        let rooms =
            BTreeMap::from([(1, marks([3, 1, 1], [0; 3])), (2, Marks::default()), (3, marks([5, 0, 0], [6, 1, 0]))]);
        assert_eq!(totals(&rooms), json!({ "u": [8, 1, 1], "e": [6, 1, 0], "few": true }));
        assert_eq!(totals(&BTreeMap::new()), json!({ "few": false }));
    }

    #[test]
    fn what_is_said_is_read_within_bounds() {
        let said = json!({ "u": [1, 501, -3], "e": "x" });
        assert_eq!(Marks::read(said.as_object().unwrap()), marks([1, 0, 0], [0; 3]));
        assert_eq!(answer(&json!({ "w": "e", "v": 2 })), Some((1, 2)));
        for said in [json!({ "w": "x", "v": 0 }), json!({ "w": "u", "v": 3 }), json!({ "w": "u" })] {
            assert_eq!(answer(&said), None);
        }
    }
}
