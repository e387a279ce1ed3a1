use base::Lang;

use crate::{Field, Role, Roles, Shape};

/// A kind of record: what is asked, how it lives, who may read and write it. From this one table follow its
/// SQL table, its pages, its form, its history, its search and its export.
#[derive(Debug)]
pub struct Kind {
    /// Its name: the kind of its entries, its SQL table, the beginning of its words.
    pub name: &'static str,
    /// Its address: the plural, e.g. `visits`.
    pub route: &'static str,
    /// The icon beside its name.
    pub icon: &'static str,
    /// Which scope a new record is made in.
    pub home: Home,
    /// The fields that together name a record to a reader, in order.
    pub title: &'static [&'static str],
    /// What is recorded.
    pub fields: &'static [Field],
    /// The states of its life; the first is that of a new record. Empty: it has none.
    pub states: &'static [&'static str],
    /// The ways from state to state.
    pub moves: &'static [Move],
    /// Who may.
    pub access: Access,
    /// What must hold.
    pub rules: &'static [Rule],
    /// The column by which a list is sorted at first; `-` before it turns the order.
    pub order: &'static str,
    /// Only the hub's entries count: nodes, and what else would let a node promote itself.
    pub hub_only: bool,
    /// It has no pages of its own in the register: accounts, grants, nodes.
    pub hidden: bool,
}

/// Which scope a new record is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Every node holds it.
    Programme,
    /// The supported school that the organisation in this link field is, or belongs to, and the hub; the
    /// programme where there is none.
    School(&'static str),
    /// Where the record in this link field is.
    With(&'static str, &'static str),
    /// The nodes that hold the account of the person in this link field. Where [`Access::seen`] says who sees a record,
    /// it alone does, whatever their role.
    Person(&'static str),
    /// The nodes of the two people of the pairing in this link field, and the hub. Such a kind has no pages in the
    /// register: [`Access::seen`] alone says who sees a record, whatever their role.
    Pair(&'static str),
    /// The node of the supported school in this link field alone: what a school holds of its pupils. No hub, no other
    /// school, no bundle and no role of the whole programme gets it. Such a kind has no pages in the register.
    Private(&'static str),
    /// Wherever the room that makes it says: it has no form to make it with.
    Elsewhere,
}

/// A way from state to state.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Its name: a verb.
    pub name: &'static str,
    /// From which states.
    pub from: &'static [&'static str],
    /// To which state; the same state for a move that only records something, e.g. an extension.
    pub to: &'static str,
    /// The fields it asks for; all are required then.
    pub asks: &'static [&'static str],
    /// Who may take it.
    pub who: Roles,
    /// A reason is asked, and kept in the history.
    pub reason: bool,
    /// A new record may take it at once: what is recorded has often already happened.
    pub at_birth: bool,
    /// From then on only those who may take it change the record.
    pub seals: bool,
    /// The people in these links do not take it: nobody approves for themselves, or signs in another's place.
    pub not_by: &'static [&'static str],
    /// It is the word of the organisation in this link: its own people take it, and those of the whole programme.
    /// Empty: whom the record concerns.
    pub word_of: &'static str,
    /// What is approved by it: who changes one of these fields opens it again. Empty: nothing.
    pub approves: &'static [&'static str],
    /// The states in which the approval stands.
    pub stands: &'static [&'static str],
    /// Nobody takes it who wrote one of the fields that it approves.
    pub by_another: bool,
    /// Who takes it where the only one who could is in one of [`Move::not_by`]: there is always a way.
    pub instead: Roles,
    /// What must hold besides when somebody takes it, but not of what was so before.
    pub rules: &'static [Rule],
}

impl Move {
    /// A way that those may take who may write the record.
    pub const fn new(name: &'static str, from: &'static [&'static str], to: &'static str, who: Roles) -> Self {
        Self {
            name,
            from,
            to,
            asks: &[],
            who,
            reason: false,
            at_birth: false,
            seals: false,
            not_by: &[],
            word_of: "",
            approves: &[],
            stands: &[],
            by_another: false,
            instead: Roles::NONE,
            rules: &[],
        }
    }
    /// It asks for these fields.
    pub const fn asks(mut self, fields: &'static [&'static str]) -> Self {
        self.asks = fields;
        self
    }
    /// A new record may take it at once.
    pub const fn at_birth(mut self) -> Self {
        self.at_birth = true;
        self
    }
    /// From then on only those who may take it change the record.
    pub const fn seals(mut self) -> Self {
        self.seals = true;
        self
    }
    /// Not the people in these links.
    pub const fn not_by(mut self, links: &'static [&'static str]) -> Self {
        self.not_by = links;
        self
    }
    /// The word of the organisation in this link.
    pub const fn word_of(mut self, link: &'static str) -> Self {
        self.word_of = link;
        self
    }
    /// It approves these fields, and stands in these states as long as they stay.
    pub const fn approves(mut self, fields: &'static [&'static str], stands: &'static [&'static str]) -> Self {
        self.approves = fields;
        self.stands = stands;
        self
    }
    /// Another than who wrote what it approves.
    pub const fn by_another(mut self) -> Self {
        self.by_another = true;
        self
    }
    /// These, where the only one who could is in one of the links that do not.
    pub const fn instead(mut self, roles: Roles) -> Self {
        self.instead = roles;
        self
    }
    /// What must hold besides when somebody takes it.
    pub const fn only_where(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }
    /// It asks for a reason.
    pub const fn with_reason(mut self) -> Self {
        self.reason = true;
        self
    }
}

/// Who may read and write records of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Who may read them.
    pub read: Roles,
    /// Who may make and change them.
    pub write: Roles,
    /// Links to organisations: who is not of the whole programme may write only where one of them, or the
    /// record's school, is an organisation of theirs. Empty: nobody else may.
    pub own: &'static [&'static str],
    /// A condition in SQL that narrows who sees a record, beside its home; empty: nothing does. `{t}` stands for
    /// the table, `{me}` for the reader, `{is_officer}` for whether the reader has that role in force (1 or 0), and
    /// `{of_head}` for where: a list of organisations. No condition reads `grant_of_role`, which does not say what is in
    /// force.
    pub seen: &'static str,
    /// A condition in SQL that the record is in the reader's hands: nobody else writes it then, whatever the role.
    /// Empty: roles alone decide.
    pub hands: &'static str,
    /// A condition in SQL that the record names the reader as one who answers for it. Of those who only teach (posted and
    /// local teachers) these alone change it, and who made it; heads and the office reach it by its place. Empty: whoever
    /// teaches at its place changes it.
    pub kept: &'static str,
    /// A condition in SQL that the record is the reader's own: they see it whatever their roles, and also when none of
    /// them is in force any more. Empty: roles alone lead there.
    pub party: &'static str,
    /// A condition in SQL by which the reader is told what a record is called, though nothing leads them there.
    pub named: &'static str,
}

impl Access {
    /// Nobody reads or writes: what a table that names its roles begins with.
    pub const NOBODY: Self =
        Self { read: Roles::NONE, write: Roles::NONE, own: &[], seen: "", hands: "", kept: "", party: "", named: "" };

    /// All staff read, and these write, each for an organisation of theirs.
    pub const fn staff(write: &[Role], own: &'static [&'static str]) -> Self {
        Self { read: Roles::STAFF, write: Roles::of(write), own, ..Self::NOBODY }
    }

    /// Those for whom this condition holds see a record.
    pub const fn seen_where(mut self, condition: &'static str) -> Self {
        self.seen = condition;
        self
    }

    /// Those for whom this condition holds write it.
    pub const fn in_hands(mut self, condition: &'static str) -> Self {
        self.hands = condition;
        self
    }

    /// Of those who only teach, these for whom this condition holds change it, and who made it.
    pub const fn kept_by(mut self, condition: &'static str) -> Self {
        self.kept = condition;
        self
    }

    /// Those for whom this condition holds see a record whatever their roles.
    pub const fn open_to(mut self, condition: &'static str) -> Self {
        self.party = condition;
        self
    }

    /// Those for whom this condition holds are told what it is called.
    pub const fn named_to(mut self, condition: &'static str) -> Self {
        self.named = condition;
        self
    }
}

/// What must hold over several records: a query that finds what breaks it.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, e.g. `posting-one-full-time`: the key of the words that refuse.
    pub code: &'static str,
    /// A query for `(id, other)`: two records that cannot both stand, or a record that cannot stand beside
    /// itself (`other` is NULL). `{one}` stands where the query is narrowed to one record.
    pub sql: &'static str,
    /// How `{one}` reads for a record `?1`, e.g. `a.id = ?1`.
    pub one: &'static str,
    /// The kind of the other record; empty: the same.
    pub other: &'static str,
}

impl Rule {
    /// The query for one record, `?1`.
    pub fn for_one(&self) -> String {
        self.sql.replace("{one}", self.one)
    }

    /// The query for all records.
    pub fn for_all(&self) -> String {
        self.sql.replace("{one}", "1")
    }
}

impl Kind {
    /// Whether people make its records with a form; other records come of what people do elsewhere.
    pub fn has_form(&self) -> bool {
        self.home != Home::Elsewhere
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// In SQL, what a record of the table `of` calls itself in a language: its name in that one, or else as it was typed
    /// first. What the reader may not see it does not hide.
    pub fn called(&self, of: &str, lang: Lang) -> String {
        let Some(first) = self.title.first() else { return "NULL".to_owned() };
        let others = self.field(&format!("{first}s")).filter(|f| f.shape == Shape::Names);
        others.map_or_else(
            || format!("{of}.{first}"),
            |others| format!("coalesce({of}.{} ->> '$.{}', {of}.{first})", others.name, lang.code()),
        )
    }

    /// A move by its name.
    pub fn way(&self, name: &str) -> Option<&'static Move> {
        self.moves.iter().find(|m| m.name == name)
    }

    /// The state of a new record.
    pub fn first_state(&self) -> Option<&'static str> {
        self.states.first().copied()
    }

    /// The kind of the entries that hold the updates of one of its documents.
    pub fn document(&self, field: &str) -> String {
        format!("{}.{field}", self.name)
    }

    /// The kind of the entries that hold its personal fields.
    pub fn identity(&self) -> String {
        format!("{}.identity", self.name)
    }
}

/// All kinds of a programme, by name.
#[derive(Clone, Debug)]
pub struct Kinds(Vec<&'static Kind>);

impl Kinds {
    /// Gathers kinds from the rooms, in the order in which they are shown.
    pub fn new(rooms: &[&[&'static Kind]]) -> Self {
        Self(rooms.iter().flat_map(|room| room.iter().copied()).collect())
    }
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &'static Kind> {
        self.0.iter().copied()
    }
    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&'static Kind> {
        self.0.iter().copied().find(|k| k.name == name)
    }
    /// One by its address.
    pub fn at_route(&self, route: &str) -> Option<&'static Kind> {
        self.0.iter().copied().find(|k| k.route == route)
    }
}
