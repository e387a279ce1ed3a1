//! Whether somebody could fill a need, in plain words and with no number: what the need asks that the person does not offer.

use std::collections::BTreeSet;

/// What somebody offers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    pub roles: BTreeSet<String>,
    pub subjects: BTreeSet<String>,
    pub stages: BTreeSet<String>,
    pub languages: BTreeSet<String>,
}

/// What a need asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub role: String,
    pub subject: Option<String>,
    pub stage: Option<String>,
    pub languages: BTreeSet<String>,
}

/// What is asked and not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    Role(String),
    Subject(String),
    Stage(String),
    Language(String),
}

/// What a need asks that the person does not offer; nothing where the person could fill it. Stages and languages that
/// nobody has said of the person count as asked later, not as lacking.
pub(crate) fn lacks(offer: &Offer, wanted: &Wanted) -> Vec<Lack> {
    let mut out = Vec::new();
    if !offer.roles.contains(&wanted.role) {
        out.push(Lack::Role(wanted.role.clone()));
    }
    if let Some(subject) = wanted.subject.as_ref().filter(|s| !offer.subjects.contains(*s)) {
        out.push(Lack::Subject(subject.clone()));
    }
    let unsaid = |said: &BTreeSet<String>, word: &String| !said.is_empty() && !said.contains(word);
    if let Some(stage) = wanted.stage.as_ref().filter(|s| unsaid(&offer.stages, s)) {
        out.push(Lack::Stage(stage.clone()));
    }
    out.extend(wanted.languages.iter().filter(|l| unsaid(&offer.languages, l)).cloned().map(Lack::Language));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn what_lacks_is_said_and_what_is_unsaid_does_not_lack() {
        let wanted = Wanted {
            role: "teacher".into(),
            subject: Some("physics".into()),
            stage: Some("senior".into()),
            languages: set(&["zh", "bo"]),
        };
        let offer = Offer { roles: set(&["teacher"]), subjects: set(&["physics"]), ..Offer::default() };
        assert_eq!(lacks(&offer, &wanted), []);
        let offer = Offer {
            roles: set(&["leader"]),
            subjects: set(&["chemistry"]),
            stages: set(&["primary"]),
            languages: set(&["zh"]),
        };
        assert_eq!(
            lacks(&offer, &wanted),
            [
                Lack::Role("teacher".into()),
                Lack::Subject("physics".into()),
                Lack::Stage("senior".into()),
                Lack::Language("bo".into())
            ]
        );
        // A need that asks for no subject is filled by a leader of any.
        let wanted = Wanted { role: "leader".into(), ..Wanted::default() };
        assert_eq!(lacks(&offer, &wanted), []);
    }
}
