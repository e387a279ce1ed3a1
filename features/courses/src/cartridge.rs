//! Questions that come in a cartridge become questions as any others: they stand beside its pages, which have none.

use std::fs::File;

use packages::Archive;
use quizzes::read_assessments;
use web::{PageError, Site};

use crate::questions::kept;
use crate::unpack::{Piece, What};

/// The questions of a cartridge, an assessment each.
pub(crate) fn questions(site: &Site, archive: &mut Archive<File>, around: &Piece) -> Result<Vec<Piece>, PageError> {
    let mut out = Vec::new();
    for assessment in read_assessments(archive).unwrap_or_default() {
        let title = text::clean_line(&assessment.title, 120).ok().filter(|t| !t.is_empty());
        let title = title.unwrap_or_else(|| around.title.clone());
        let sent = kept(site, &title, &assessment.items)?;
        out.push(Piece {
            what: What::File(sent),
            title,
            unit: around.unit.clone(),
            form: Some("quiz"),
            beside: None,
            about: String::new(),
        });
    }
    Ok(out)
}
