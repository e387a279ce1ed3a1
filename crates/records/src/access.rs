use std::collections::BTreeSet;
use std::str::FromStr;

use base::Subject;

use crate::{Home, Kind, Shape};

/// What somebody is in the programme, bound to an organisation and a period by a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Keeps the nodes and accounts of the programme.
    Administrator,
    /// Runs the programme.
    Officer,
    /// Runs an assisting unit's part.
    Coordinator,
    /// Heads a supported school.
    Head,
    /// Is posted to a supported school.
    Posted,
    /// Teaches at a supported school.
    Local,
    /// A class's shared device.
    Device,
    /// A pupil.
    Pupil,
    /// Looks on: an authority, a researcher.
    Observer,
}

impl Role {
    /// All roles, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Administrator,
        Self::Officer,
        Self::Coordinator,
        Self::Head,
        Self::Posted,
        Self::Local,
        Self::Device,
        Self::Pupil,
        Self::Observer,
    ];

    /// The word in facts and keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Officer => "officer",
            Self::Coordinator => "coordinator",
            Self::Head => "head",
            Self::Posted => "posted",
            Self::Local => "local",
            Self::Device => "device",
            Self::Pupil => "pupil",
            Self::Observer => "observer",
        }
    }

    /// Whether the role reaches over the whole programme.
    pub const fn is_programme_wide(self) -> bool {
        matches!(self, Self::Administrator | Self::Officer | Self::Observer)
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.code() == s).ok_or(())
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles(u16);

impl Roles {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// All grown-up people of the programme.
    pub const STAFF: Self = Self::of(&[
        Role::Administrator,
        Role::Officer,
        Role::Coordinator,
        Role::Head,
        Role::Posted,
        Role::Local,
        Role::Observer,
    ]);

    /// Those whose work is their classes: what others answer for is not theirs to change.
    pub const TEACHING: Self = Self::of(&[Role::Posted, Role::Local]);

    /// These but those.
    pub const fn but(self, those: Self) -> Self {
        Self(self.0 & !those.0)
    }

    /// These roles.
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut rest = roles;
        while let [role, tail @ ..] = rest {
            bits |= 1 << (*role as u16);
            rest = tail;
        }
        Self(bits)
    }

    /// Whether a role is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << (role as u16)) != 0
    }
}

/// A role that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where: the organisation.
    pub organisation: Option<Subject>,
    /// The supported school that the organisation is or belongs to.
    pub school: Option<Subject>,
}

/// A person who reads or acts, with what they may.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The person.
    pub person: Subject,
    /// The roles in force today.
    pub grants: Vec<Grant>,
    /// The school as far as which the reader's account can be believed, where it is not believed everywhere: what is theirs
    /// elsewhere is not opened to whoever a school's node says that they are.
    pub within: Option<Subject>,
    /// They hand over what was recorded on the way: whoever of the place did, for whomever, it is taken, and its writer stands
    /// in the history.
    pub brings: bool,
}

/// Which scopes' records a reader sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Homes {
    /// All that the node holds.
    All,
    /// Those of the programme, and of these schools.
    Of(BTreeSet<Subject>),
}

impl Reader {
    /// Whether one of the reader's roles is among these.
    pub fn is_any(&self, roles: Roles) -> bool {
        self.grants.iter().any(|g| roles.has(g.role))
    }

    /// Whether the reader has the role.
    pub fn is(&self, role: Role) -> bool {
        self.grants.iter().any(|g| g.role == role)
    }

    /// Whether the reader may see records of a kind at all.
    pub fn may_read(&self, kind: &Kind) -> bool {
        self.is_any(kind.access.read)
    }

    /// Whether the reader may ask for records of a kind: by a role, or because some could be their own.
    pub fn opens(&self, kind: &Kind) -> bool {
        self.may_read(kind) || self.comes_as_party(kind)
    }

    /// Whether records of a kind could be the reader's own whatever their roles: those of grown-ups, also of one whose roles
    /// are all over. A class's device and a pupil own none.
    pub fn comes_as_party(&self, kind: &Kind) -> bool {
        !kind.access.party.is_empty() && self.grants.iter().all(|g| Roles::STAFF.has(g.role))
    }

    /// The condition, in SQL, that a record of a kind is the reader's own.
    pub fn owns(&self, kind: &Kind, table: &str) -> String {
        if self.comes_as_party(kind) { self.believed(kind.access.party, table) } else { "0".to_owned() }
    }

    /// The condition, in SQL, that the reader is told what a record of a kind is called, though nothing leads them there.
    pub fn knows(&self, kind: &Kind, table: &str) -> String {
        if kind.access.named.is_empty() { "0".to_owned() } else { self.believed(kind.access.named, table) }
    }

    /// A condition, filled in, as far as the reader's account is believed.
    fn believed(&self, condition: &str, table: &str) -> String {
        let said = self.filled(condition, table);
        match &self.within {
            Some(school) => format!("({said}) AND {table}.home IS {}", literal(school)),
            None => said,
        }
    }

    /// Which scopes' records of a kind the reader sees, by the roles that may read it.
    pub fn homes(&self, kind: &Kind) -> Homes {
        if is_between(kind) {
            // What two people have between them is of no school, and of no office.
            return Homes::Of(BTreeSet::new());
        }
        let grants = || self.grants.iter().filter(|g| kind.access.read.has(g.role));
        if let Home::Private(_) = kind.home {
            // What a school holds of its pupils is its own people's: no role of the whole programme sees it.
            return Homes::Of(grants().filter(|g| !g.role.is_programme_wide()).filter_map(|g| g.school).collect());
        }
        if grants().any(|g| g.role.is_programme_wide()) {
            return Homes::All;
        }
        Homes::Of(grants().filter_map(|g| g.school).collect())
    }

    /// The condition, in SQL, that the reader sees a record of a kind in a table that has its `id` and `home`.
    pub fn sees(&self, kind: &Kind, table: &str) -> String {
        if is_between(kind) {
            let open = self.opens(kind) && !kind.access.seen.is_empty();
            return if open { format!("({})", self.filled(kind.access.seen, table)) } else { "0".to_owned() };
        }
        let homes = match self.homes(kind) {
            Homes::All => "1".to_owned(),
            Homes::Of(schools) if schools.is_empty() => format!("{table}.home IS NULL"),
            Homes::Of(schools) => {
                let list: Vec<String> = schools.iter().map(literal).collect();
                format!("({table}.home IS NULL OR {table}.home IN ({}))", list.join(", "))
            }
        };
        let by_role = match kind.access.seen {
            "" => homes,
            seen => format!("{homes} AND ({})", self.filled(seen, table)),
        };
        match (self.comes_as_party(kind), self.may_read(kind)) {
            (false, _) => by_role,
            (true, true) => format!("({by_role} OR {})", self.owns(kind, table)),
            (true, false) => format!("({})", self.owns(kind, table)),
        }
    }

    /// The condition, in SQL, that a record of a kind is in the reader's hands; `None` where roles alone decide.
    pub fn holds(&self, kind: &Kind, table: &str) -> Option<String> {
        (!kind.access.hands.is_empty()).then(|| self.filled(kind.access.hands, table))
    }

    /// The condition, in SQL, that a record of a kind is the reader's to keep as one who teaches: it names them, or they made
    /// it. `None` where whoever teaches at its place keeps it.
    pub fn keeps(&self, kind: &Kind, table: &str) -> Option<String> {
        let made = self.filled(made_by!("{t}"), table);
        (!kind.access.kept.is_empty()).then(|| format!("({} OR {made})", self.filled(kind.access.kept, table)))
    }

    /// The condition, in SQL, that a record of a kind names the reader: as its teacher, say, or among its visitors.
    pub fn named_in(&self, kind: &Kind, table: &str) -> String {
        let me = literal(&self.person);
        let named = kind.fields.iter().filter_map(|field| match field.shape {
            Shape::Link("person") => Some(format!("{table}.{} IS {me}", field.name)),
            Shape::Links("person") => Some(format!(
                "EXISTS (SELECT 1 FROM {0}_{1} w WHERE w.id = {table}.id AND w.value = {me})",
                kind.name, field.name
            )),
            _ => None,
        });
        let named: Vec<String> = named.collect();
        // A number would be that of a column where one sorts by it.
        if named.is_empty() { "NULL".to_owned() } else { format!("({})", named.join(" OR ")) }
    }

    /// The condition, in SQL, that a record of a kind lies in the reach of one of these roles of theirs, in a table that has
    /// its row: the same as [`Self::reaches`], for many at once.
    pub fn reaches_in(&self, kind: &Kind, roles: Roles, table: &str) -> String {
        let grants = || self.grants.iter().filter(|g| roles.has(g.role));
        if grants().any(|g| g.role.is_programme_wide()) {
            return "1".to_owned();
        }
        let places: BTreeSet<Subject> = grants().flat_map(|g| [g.organisation, g.school]).flatten().collect();
        if places.is_empty() {
            return "0".to_owned();
        }
        let places = places.iter().map(literal).collect::<Vec<_>>().join(", ");
        let mut any = vec![format!("{table}.home IN ({places})")];
        for field in kind.access.own {
            // A school within a school, as a teaching point is.
            let within = format!(
                "SELECT o.id FROM organisation o LEFT JOIN organisation u ON u.id = o.parent
                 WHERE u.id IN ({places}) AND u.kind = 'supported_school'"
            );
            any.push(match kind.field(field).map(|f| f.shape) {
                Some(Shape::Links(_)) => format!(
                    "EXISTS (SELECT 1 FROM {0}_{field} w WHERE w.id = {table}.id AND (w.value IN ({places}) OR w.value IN ({within})))",
                    kind.name
                ),
                _ => format!("({table}.{field} IN ({places}) OR {table}.{field} IN ({within}))"),
            });
        }
        format!("({})", any.join(" OR "))
    }

    /// Fills a condition in. The roles in it are those in force: a grant as it stands in its table may be over, or be the
    /// word of a node that cannot give it.
    fn filled(&self, condition: &str, table: &str) -> String {
        let mut said = condition.replace("{t}", table).replace("{me}", &literal(&self.person));
        if said.contains("{is_") || said.contains("{of_") {
            for role in Role::ALL {
                let places = self.grants.iter().filter(|g| g.role == role).filter_map(|g| g.organisation);
                let places: Vec<String> = places.map(|org| literal(&org)).collect();
                let places = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
                said = said
                    .replace(&format!("{{is_{}}}", role.code()), if self.is(role) { "1" } else { "0" })
                    .replace(&format!("{{of_{}}}", role.code()), &places);
            }
        }
        said
    }

    /// Whether the reader may make records of a kind somewhere.
    pub fn may_make(&self, kind: &Kind) -> bool {
        self.is_any(kind.access.write)
    }

    /// Whether the reader may ask to make records of a kind: by a role, or, of a kind that has no form and whose room asks
    /// whose each record is, because they could be their own.
    pub fn makes(&self, kind: &Kind) -> bool {
        self.may_make(kind) || kind.hidden && self.comes_as_party(kind)
    }

    /// Whether the reader may write a record: by a role of the whole programme, or because one of the
    /// organisations it concerns is one of the reader's.
    pub fn may_write(&self, kind: &Kind, concerns: &BTreeSet<Subject>) -> bool {
        self.reaches(kind.access.write, concerns)
    }

    /// Whether one of these roles of the reader reaches a record that concerns these organisations.
    pub fn reaches(&self, roles: Roles, concerns: &BTreeSet<Subject>) -> bool {
        self.grants.iter().filter(|g| roles.has(g.role)).any(|g| {
            g.role.is_programme_wide()
                || [g.organisation, g.school].into_iter().flatten().any(|org| concerns.contains(&org))
        })
    }

    /// The reader's schools.
    pub fn schools(&self) -> BTreeSet<Subject> {
        self.grants.iter().filter_map(|g| g.school).collect()
    }
}

/// Whether being one of those whom a record concerns is all that opens it: what is between two, and what lies with a
/// person's account and says who sees it.
fn is_between(kind: &Kind) -> bool {
    match kind.home {
        Home::Pair(_) => true,
        Home::Person(_) => !kind.access.seen.is_empty(),
        _ => false,
    }
}

/// An id as an SQL literal: never what somebody typed.
pub fn literal(id: &Subject) -> String {
    let digits: String = id.as_bytes().iter().map(|b| format!("{b:02X}")).collect();
    format!("x'{digits}'")
}
