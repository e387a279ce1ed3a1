//! Whether what a class shows lies at the nodes of its rooms. Each node notes what it has looked through as a digest of it, so
//! that a course that was changed since, a room of another school, or pages that are still to be made leave nobody ready.

use assets::pages_of;
use base::{Hash, NodeId, Subject};
use records::{Change, Value};
use rusqlite::{Connection, OptionalExtension, params};
use web::{PageError, Site};

use crate::facts::CLASS_ROOM;
use crate::noted::note;
use crate::open::{Classes, node_of};
use crate::page::{files, is_shown};
use crate::who::{About, Room};

/// What is to be at a node before a class can be shown there, as the facts say it: the course's files, and of each that has
/// pages what was made of it. Nothing where pages are still to be made, or where the course is not shown to this class.
fn wanted(conn: &Connection, node: NodeId, course: &Subject, about: &About) -> Result<Option<Hash>, PageError> {
    if !is_shown(conn, course, &about.leads())? {
        return Ok(None);
    }
    let mut files = files(conn, course)?;
    // In which order they are shown changes nothing of what is there.
    files.sort_by_key(|file| file.id);
    let mut of = [node.as_bytes(), course.as_bytes()].concat();
    // The first answer counts, as on the page of the course; a file of which nothing can be made is waited for no longer.
    let sql = "SELECT coalesce(content, x'') FROM rendition WHERE source = ?1 AND recipe = ?2
               ORDER BY content IS NULL, made, id LIMIT 1";
    let mut stmt = conn.prepare_cached(sql)?;
    for file in files {
        of.extend(file.id.as_bytes());
        of.extend(file.content.0);
        let Some(recipe) = pages_of(&file.media) else { continue };
        let made: Option<Vec<u8>> =
            stmt.query_row(params![file.content.0.as_slice(), recipe.name], |r| r.get(0)).optional()?;
        let Some(made) = made else { return Ok(None) };
        of.extend(made);
    }
    Ok(Some(Hash::of(&of)))
}

/// Whether what is shown in a class today lies at the node of a room.
pub(crate) fn is_ready(conn: &Connection, hub: NodeId, about: &About, room: &Room) -> Result<bool, PageError> {
    let (Some(course), Some(noted)) = (about.course, room.ready_for) else { return Ok(false) };
    Ok(wanted(conn, node_of(conn, hub, &room.school)?, &course, about)? == Some(noted))
}

/// Notes of the rooms that this node serves that what is shown in their class is here, and of those that it is so no more.
///
/// # Errors
/// What the log says.
pub fn note_ready(
    site: &Site,
    classes: &Classes,
    whole: &dyn Fn(&Connection, &Subject) -> Result<bool, PageError>,
) -> Result<(), PageError> {
    let changed = site.store.read(|conn| {
        // A class that was not held and is past is looked at no more.
        let mut stmt = conn.prepare_cached(
            "SELECT id FROM live_class WHERE course IS NOT NULL AND (state = 'live' OR (state IN ('planned', 'failed')
               AND starts_on >= date(?1, '-1 day')))",
        )?;
        let ids = stmt.query_map([site.today().to_string()], |r| r.get::<_, Vec<u8>>(0))?;
        let mut out = Vec::new();
        for id in ids {
            let Ok(class) = Subject::try_from(id?.as_slice()) else { continue };
            let about = About::read(conn, &class)?;
            let Some(course) = about.course else { continue };
            let mut own = Vec::new();
            for room in &about.rooms {
                if node_of(conn, classes.hub, &room.school)? == classes.me() {
                    own.push(room);
                }
            }
            if own.is_empty() {
                continue;
            }
            let wanted = wanted(conn, classes.me(), &course, &about)?;
            let here = if wanted.is_some() && whole(conn, &course)? { wanted } else { None };
            // What was noted of another course, or by another node, is passed over by who reads it: only that something is here
            // no more is to be said.
            let changed = |room: &&&Room| match here {
                Some(_) => room.ready_for != here,
                None => wanted.is_some() && room.ready_for == wanted,
            };
            out.extend(own.iter().filter(changed).map(|room| (room.id, here)));
        }
        Ok::<_, PageError>(out)
    })?;
    changed.into_iter().try_for_each(|(room, here)| {
        let value = here.map_or(Value::Null, |of| Value::Bytes(of.0.to_vec()));
        note(site, &CLASS_ROOM, room, Change::new().with("ready_for", value))
    })
}
