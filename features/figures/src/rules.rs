//! The counting rules: named, versioned queries that return rows of evidence, and how a number comes from the rows.

/// How the number comes from the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How many different keys the rows have. Never added up: recomputed on every union.
    Distinct,
    /// The sum of `n`.
    Sum,
}

/// A counting rule.
#[derive(Debug)]
pub struct CountingRule {
    /// Its name: in facts, in addresses, in words.
    pub name: &'static str,
    /// Its version: a changed meaning is a new one.
    pub version: u32,
    /// The query that returns its rows: `id key n day cohort region unit school subject kind`. `?1` is the day of
    /// counting. What its rows do not have stands as `NULL AS` that. Where cohorts mean more to it than a column, it
    /// reads them from the table `chosen`: none there, and all are meant.
    pub sql: &'static str,
    /// How the number comes from them.
    pub measure: Measure,
    /// Rules shown beside it.
    pub beside: &'static [&'static str],
    /// Counts of pupils, or of who came to a health session: a number below 5 is shown as "<5".
    pub about_pupils: bool,
    /// Which kind of record a row's `id` is.
    pub rows_are: &'static str,
}

impl CountingRule {
    /// Whether the query itself asks which cohorts are chosen.
    pub(crate) fn asks_chosen(&self) -> bool {
        self.sql.contains("FROM chosen")
    }

    /// Whether its rows can be narrowed by a dimension: not every one is of a cohort, or of a unit.
    pub(crate) fn has(&self, dimension: &str) -> bool {
        let asked = dimension == "cohort" && self.asks_chosen();
        asked || !self.sql.contains(&format!("NULL AS {dimension}"))
    }
}

macro_rules! rule {
    ($name:literal, $measure:ident, $rows:literal, [$($beside:literal),*]) => {
        rule!($name @ 1, $measure, $rows, [$($beside),*])
    };
    ($name:literal @ $version:literal, $measure:ident, $rows:literal, [$($beside:literal),*]) => {
        CountingRule {
            name: $name,
            version: $version,
            sql: include_str!(concat!("../queries/", $name, ".sql")),
            measure: Measure::$measure,
            beside: &[$($beside),*],
            about_pupils: false,
            rows_are: $rows,
        }
    };
    // The rows of another rule of the same version, but for those that its own condition leaves out.
    ($name:literal of $all:literal @ $version:literal, $measure:ident, $rows:literal, [$($beside:literal),*]) => {
        CountingRule {
            sql: concat!(
                include_str!(concat!("../queries/", $all, ".sql")),
                include_str!(concat!("../queries/", $name, ".sql"))
            ),
            ..rule!($name @ $version, $measure, $rows, [$($beside),*])
        }
    };
}

/// All counting rules.
pub const RULES: &[CountingRule] = &[
    rule!("persons_arrived", Distinct, "posting", ["postings_arrived", "person_months", "persons_returned"]),
    rule!("postings_arrived", Distinct, "posting", []),
    rule!("person_months", Sum, "posting", []),
    rule!("persons_returned", Distinct, "posting", []),
    rule!("schools_supported", Distinct, "posting", ["schools_only_visited"]),
    rule!("schools_only_visited" @ 2, Distinct, "visit", []),
    rule!("regions_paired", Distinct, "posting", ["units_sending", "units_other"]),
    rule!("units_sending", Distinct, "posting", []),
    rule!("units_other", Distinct, "posting", []),
    rule!("pairings_active", Distinct, "pairing", ["pairings_master_apprentice", "pairs", "masters", "apprentices"]),
    rule!("pairings_master_apprentice", Distinct, "pairing", []),
    rule!("pairs", Distinct, "pairing", []),
    rule!("masters", Distinct, "pairing", []),
    rule!("apprentices", Distinct, "pairing", []),
    rule!("teams_active" @ 2, Distinct, "team", ["teams_without_studios", "teams_active_today"]),
    rule!("teams_without_studios" of "teams_active" @ 2, Distinct, "team", []),
    rule!("teams_active_today" of "teams_active" @ 2, Distinct, "team", []),
    rule!("visits_held", Distinct, "visit", ["visit_trips", "visit_person_times", "visit_lessons"]),
    // Version 2: a visit that names its trip is of that trip, however many days it lasts and whatever else sets out.
    rule!("visit_trips" @ 2, Distinct, "visit", []),
    rule!("visit_person_times", Sum, "visit", []),
    rule!("visit_lessons", Sum, "visit", []),
    // Version 2: a class's device is no teacher, and who has left a school counts where they taught.
    rule!("person_times" @ 2, Sum, "activity", ["teachers_named", "estimates"]),
    rule!("teachers_named" @ 2, Distinct, "participation", []),
    rule!("estimates", Sum, "headcount", []),
    CountingRule {
        name: "pupils_counted",
        version: 1,
        sql: include_str!("../queries/pupils_counted.sql"),
        measure: Measure::Sum,
        beside: &[],
        about_pupils: true,
        rows_are: "headcount",
    },
    // Version 3: a meeting of teachers is no lesson.
    rule!("lessons_reached" @ 3, Distinct, "class_room", ["lessons_brought", "courses_reached"]),
    rule!("lessons_brought", Sum, "visit", []),
    rule!("courses_reached", Distinct, "course_use", []),
    rule!("health_sessions", Distinct, "health_session", ["health_reached", "health_estimated"]),
    CountingRule {
        name: "health_reached",
        version: 1,
        sql: include_str!("../queries/health_reached.sql"),
        measure: Measure::Sum,
        beside: &[],
        // Not of pupils alone; a number so small could tell who came.
        about_pupils: true,
        rows_are: "health_session",
    },
    CountingRule {
        name: "health_estimated",
        version: 1,
        sql: include_str!("../queries/health_estimated.sql"),
        measure: Measure::Sum,
        beside: &[],
        // Not of pupils alone; a number so small could tell who came.
        about_pupils: true,
        rows_are: "health_session",
    },
];

/// The names of the rules, as an indicator may choose among them.
pub const RULE_NAMES: &[&str] = &[
    "persons_arrived",
    "postings_arrived",
    "person_months",
    "persons_returned",
    "schools_supported",
    "schools_only_visited",
    "regions_paired",
    "units_sending",
    "units_other",
    "pairings_active",
    "pairings_master_apprentice",
    "pairs",
    "masters",
    "apprentices",
    "teams_active",
    "teams_without_studios",
    "teams_active_today",
    "visits_held",
    "visit_trips",
    "visit_person_times",
    "visit_lessons",
    "person_times",
    "teachers_named",
    "estimates",
    "pupils_counted",
    "lessons_reached",
    "lessons_brought",
    "courses_reached",
    "health_sessions",
    "health_reached",
    "health_estimated",
];

/// A rule by its name.
pub fn rule(name: &str) -> Option<&'static CountingRule> {
    RULES.iter().find(|r| r.name == name)
}
