//! The organisations among which somebody chooses where a record must be of their own: what else would be refused afterwards is
//! not offered.

use base::Subject;
use records::{Field, Home, Kind, Reader};
use web::{PageError, Site};

use crate::form::MAX_OPTIONS;
use crate::look::Look;

/// The reader's own organisations, where a link of a new record must be one of them; nothing where it may be any, as for the
/// office, or where the record's school decides.
pub(crate) fn places(site: &Site, reader: &Reader, kind: &Kind, field: &Field) -> Option<Vec<Subject>> {
    let of_programme = match kind.home {
        Home::Programme => true,
        Home::With(_, other) => site.kinds.get(other).is_some_and(|other| other.home == Home::Programme),
        _ => false,
    };
    if !of_programme || *kind.access.own != [field.name] || field.shape.links_to() != Some("organisation") {
        return None;
    }
    let write = || reader.grants.iter().filter(|g| kind.access.write.has(g.role));
    if write().any(|g| g.role.is_programme_wide()) {
        return None;
    }
    let mut own: Vec<Subject> = write().flat_map(|g| [g.organisation, g.school]).flatten().collect();
    own.sort_unstable();
    own.dedup();
    (!own.is_empty()).then_some(own)
}

/// What is offered to choose from, with its titles: the reader's own, or those that they see of whom a condition holds.
pub(crate) fn offered(
    look: &Look<'_>,
    reader: &Reader,
    kind: &Kind,
    own: Option<&[Subject]>,
    among: &str,
) -> Result<Vec<(Subject, String)>, PageError> {
    match own {
        Some(own) => own.iter().map(|id| Ok((*id, look.title(kind, id)?))).collect(),
        None => look.options_among(kind, reader, MAX_OPTIONS + 1, among),
    }
}
