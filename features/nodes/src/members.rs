//! Who is a member of the programme, and which scopes each node holds and may write.

use base::{NodeId, Scope, Subject};
use log::{Authority, Tx};
use records::{Change, Kinds, RecordError, Value, append, school_of};
use rusqlite::{Connection, OptionalExtension, params};

/// The nodes of a programme, as this node's projection knows them. The hub's key is known from the start: from the
/// set-up, or from the code that this node joined with.
#[derive(Clone, Debug)]
pub struct Members {
    /// The programme.
    pub programme: [u8; 16],
    /// The hub.
    pub hub: NodeId,
    /// The hub's public key.
    pub hub_key: Vec<u8>,
    /// Whether this node is the hub, which meets a revoked node itself; others meet what the hub took in before.
    pub is_hub: bool,
}

/// What the hub has said of a node.
struct Known {
    key: Option<Vec<u8>>,
    school: Option<Subject>,
    enrolled: bool,
}

impl Members {
    /// The school whose node this is, unless unknown or revoked.
    pub fn school(&self, conn: &Connection, node: NodeId) -> Option<Subject> {
        known(conn, node).filter(|k| k.enrolled)?.school
    }

    /// Whether the node is the hub, or enrolled and not revoked.
    pub fn is_member(&self, conn: &Connection, node: NodeId) -> bool {
        node == self.hub || known(conn, node).is_some_and(|k| k.enrolled)
    }

    /// Whether a node holds a scope: what may be sent to it, and what it may write.
    pub fn holds(&self, conn: &Connection, node: NodeId, scope: &Scope) -> bool {
        self.reaches(conn, node, scope, false)
    }

    /// Whether the scope is of those that a node holds, or held before it was revoked.
    fn reaches(&self, conn: &Connection, node: NodeId, scope: &Scope, also_revoked: bool) -> bool {
        if node == self.hub {
            return match scope {
                Scope::Programme(id) => *id == self.programme,
                Scope::School(_) | Scope::Person(_) | Scope::Pair(_) => true,
                Scope::Private(_) => false,
            };
        }
        let Some(known) = known(conn, node).filter(|k| k.enrolled || also_revoked) else { return false };
        match scope {
            Scope::Programme(id) => *id == self.programme,
            Scope::School(school) => known.school == Some(*school),
            Scope::Person(person) => known.school.is_some_and(|school| belongs(conn, person, &school).unwrap_or(false)),
            Scope::Pair(pairing) => known.school.is_some_and(|school| pairs(conn, pairing, &school).unwrap_or(false)),
            Scope::Private(_) => false,
        }
    }
}

fn known(conn: &Connection, node: NodeId) -> Option<Known> {
    let mut stmt = conn
        .prepare_cached("SELECT public_key, school, coalesce(state, 'enrolled') FROM node WHERE node_id = ?1")
        .ok()?;
    let found = stmt.query_row([node.as_bytes()], |r| {
        let school: Option<Vec<u8>> = r.get(1)?;
        Ok(Known {
            key: r.get(0)?,
            school: school.and_then(|s| Subject::try_from(s.as_slice()).ok()),
            enrolled: r.get::<_, String>(2)? == "enrolled",
        })
    });
    found.optional().ok()?
}

/// Whether a person's account lies at a school: the person is of the school, is or was posted there, or has a role
/// there.
fn belongs(conn: &Connection, person: &Subject, school: &Subject) -> Result<bool, RecordError> {
    let home: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM person WHERE id = ?1 AND home = ?2)")?
        .query_row(params![person.as_bytes(), school.as_bytes()], |r| r.get(0))?;
    if home {
        return Ok(true);
    }
    let mut stmt = conn.prepare_cached(
        "SELECT school FROM posting WHERE person = ?1 AND state IN ('proposed', 'accepted', 'arrived')
         UNION SELECT organisation FROM grant_of_role WHERE person = ?1 AND organisation IS NOT NULL",
    )?;
    let places =
        stmt.query_map([person.as_bytes()], |r| r.get::<_, Option<Vec<u8>>>(0))?.collect::<Result<Vec<_>, _>>()?;
    for place in places.into_iter().flatten() {
        let Ok(place) = Subject::try_from(place.as_slice()) else { continue };
        if school_of(conn, &place)? == Some(*school) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what the two of a pairing write lies at a school: the pairing is the school's, or, where it is no school's, one
/// of the two belongs there.
fn pairs(conn: &Connection, pairing: &Subject, school: &Subject) -> Result<bool, RecordError> {
    let id = |bytes: Vec<u8>| Subject::try_from(bytes.as_slice()).ok();
    let found = conn
        .prepare_cached("SELECT home, master, apprentice FROM pairing WHERE id = ?1")?
        .query_row([pairing.as_bytes()], |r| {
            Ok((r.get::<_, Option<Vec<u8>>>(0)?, [r.get::<_, Option<Vec<u8>>>(1)?, r.get(2)?]))
        })
        .optional()?;
    let Some((home, two)) = found else { return Ok(false) };
    if let Some(home) = home {
        return Ok(id(home) == Some(*school));
    }
    for person in two.into_iter().flatten().filter_map(id) {
        if belongs(conn, &person, school)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Authority for Members {
    /// What a node wrote before it was revoked goes on to count, so its key goes on to verify it.
    fn key_of(&self, conn: &Connection, node: NodeId) -> Option<Vec<u8>> {
        if node == self.hub { Some(self.hub_key.clone()) } else { known(conn, node)?.key }
    }

    fn may_write(&self, conn: &Connection, node: NodeId, scope: &Scope) -> bool {
        self.reaches(conn, node, scope, !self.is_hub)
    }

    fn hub(&self, _: &Connection) -> Option<NodeId> {
        Some(self.hub)
    }
}

/// Enrols a node: the hub's own entry, which the hub's signature covers, is what makes it a member.
///
/// # Errors
/// [`RecordError`].
pub fn enrol(
    tx: &Tx<'_>,
    kinds: &Kinds,
    programme: [u8; 16],
    public_key: &[u8],
    title: &str,
    school: Option<Subject>,
) -> Result<(), RecordError> {
    let scope = Scope::Programme(programme);
    let kind = kinds.get("node").ok_or(RecordError::NotFound)?;
    let id = NodeId::of_key(public_key);
    let mut change = Change::new()
        .with_text("title", title)
        .with("node_id", Value::Bytes(id.as_bytes().to_vec()))
        .with("public_key", Value::Bytes(public_key.to_vec()));
    if let Some(school) = school {
        change = change.with_link("school", school);
    }
    append(tx, kind, scope, tx.subject(&scope), change, None)?;
    tx.fold()?;
    Ok(())
}

/// Refuses a node from now on: a stolen box.
///
/// # Errors
/// [`RecordError::NotFound`].
pub fn revoke(tx: &Tx<'_>, kinds: &Kinds, programme: [u8; 16], node: NodeId, why: &str) -> Result<(), RecordError> {
    let kind = kinds.get("node").ok_or(RecordError::NotFound)?;
    let record: Option<Vec<u8>> = tx
        .conn()
        .prepare_cached("SELECT id FROM node WHERE node_id = ?1")?
        .query_row([node.as_bytes()], |r| r.get(0))
        .optional()?;
    let record = record.and_then(|r| Subject::try_from(r.as_slice()).ok()).ok_or(RecordError::NotFound)?;
    let change = Change { why: Some(why.to_owned()), ..Change::new().with_text("state", "revoked") };
    append(tx, kind, Scope::Programme(programme), record, change, None)?;
    tx.fold()?;
    Ok(())
}

/// Nodes from one to the hub, at most.
const DEEPEST: usize = 4;

/// From now on a node follows live classes at another, or at the hub.
///
/// # Errors
/// [`RecordError`]; `None` in the answer where it would stand below itself, or too deep.
pub fn put_below(
    tx: &Tx<'_>,
    kinds: &Kinds,
    programme: [u8; 16],
    node: NodeId,
    upper: Option<NodeId>,
) -> Result<Option<()>, RecordError> {
    let kind = kinds.get("node").ok_or(RecordError::NotFound)?;
    let record = |sql: &str, id: &[u8]| -> Result<Option<Subject>, RecordError> {
        let found = tx.conn().prepare_cached(sql)?.query_row([id], |r| r.get::<_, Option<Vec<u8>>>(0)).optional()?;
        Ok(found.flatten().and_then(|id| Subject::try_from(id.as_slice()).ok()))
    };
    let of = |node: NodeId| {
        record("SELECT id FROM node WHERE node_id = ?1 AND coalesce(state, 'enrolled') = 'enrolled'", node.as_bytes())
    };
    let own = of(node)?.ok_or(RecordError::NotFound)?;
    let upper = upper.map(|upper| of(upper)?.ok_or(RecordError::NotFound)).transpose()?;
    let (mut at, mut steps) = (upper, 2);
    while let Some(above) = at {
        steps += 1;
        if above == own || steps > DEEPEST {
            return Ok(None);
        }
        at = record("SELECT upper FROM node WHERE id = ?1", above.as_bytes())?;
    }
    let change = Change::new().with("upper", upper.map_or(Value::Null, |upper| Value::link(&upper)));
    append(tx, kind, Scope::Programme(programme), own, change, None)?;
    tx.fold()?;
    Ok(Some(()))
}
