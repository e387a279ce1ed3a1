//! The certificate of a pairing that has ended, as PDF, made from facts: who, at which school, from when to when, and how
//! many sessions and lessons. No marks, and nothing of what the two wrote.

use paper::{Block, Paper, PaperError, Run};
use register::Look;
use web::{PageError, Reply, Request, Site};

use crate::facts::PAIRING;
use crate::notes;
use crate::two::Two;

/// Sends the certificate, to the two alone: whom they hand it to is theirs to decide.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let (Some(from), Some(until)) = (two.active_from.clone(), two.ended_on.clone()) else {
        return Err(PageError::Rule("pair-not-ended".to_owned()));
    };
    let paper = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        let two_names = format!("{} — {}", look.title(person, &two.master)?, look.title(person, &two.apprentice)?);
        let organisation = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let mut facts = vec![
            (words.get("pairing-master").into_owned(), look.names(&two.master)?),
            (words.get("pairing-apprentice").into_owned(), look.names(&two.apprentice)?),
            (words.get("field-kind").into_owned(), register::label(words, &PAIRING, PAIRING.field("kind"), &two.sort)),
        ];
        if let Some(subject) = &two.subject {
            let said = register::label(words, &PAIRING, PAIRING.field("subject"), subject);
            facts.push((words.get("field-subject").into_owned(), said));
        }
        if let Some(school) = two.school {
            facts.push((words.get("field-school").into_owned(), look.title(organisation, &school)?));
        }
        let period = [("from", look.date(&from)), ("until", look.date(&until))];
        let period: Vec<_> = period.iter().map(|(name, day)| (*name, day.as_str().into())).collect();
        facts.push((words.get("pair-paper-period").into_owned(), words.with("pair-paper-from-until", &period)));
        for (key, what) in [
            ("pair-paper-sessions", "session"),
            ("pair-lesson-observed", "observed"),
            ("pair-lesson-attended", "attended"),
            ("pair-lesson-closing", "closing"),
        ] {
            let n = notes::count(conn, &two, what, "")?;
            if n == 0 {
                continue;
            }
            facts.push((words.get(key).into_owned(), words.number(n)));
        }
        let said = words.get("pair-paper-said");
        Ok::<_, PageError>(Paper {
            title: words.get("pair-paper-title").into_owned(),
            lang: words.lang().code().to_owned(),
            foot: site.node_called(words.lang()),
            landscape: true,
            blocks: vec![Block::Text(vec![Run::from(&*said)]), Block::Heading(two_names), Block::Facts(facts)],
            ..Paper::default()
        })
    })?;
    let bytes = paper::pdf(&paper).map_err(|e| match e {
        PaperError::TooLong => PageError::Rule("paper-long".to_owned()),
        failed @ PaperError::Failed(_) => PageError::Internal(failed.to_string()),
    })?;
    Ok(Reply::Bytes("application/pdf", Some(format!("{}.pdf", packages::file_name(&paper.title))), bytes))
}
