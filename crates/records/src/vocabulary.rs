//! Lists of words that several rooms ask with. Another programme adds its own by one line here, and one line of
//! words in each language.

/// What is taught.
pub const SUBJECTS: &[&str] = &[
    "chinese",
    "tibetan",
    "english",
    "mathematics",
    "physics",
    "chemistry",
    "biology",
    "history",
    "geography",
    "civics",
    "science",
    "computing",
    "music",
    "art",
    "sport",
    "labour",
    "pre_school",
    "mental_health",
    "heritage",
];
/// Stages of schooling.
pub const STAGES: &[&str] = &["kindergarten", "primary", "junior", "senior", "vocational"];
/// Languages that one teaches or speaks in.
pub const TEACHING_LANGUAGES: &[&str] = &["zh", "bo", "en"];
/// What somebody is sent to do.
pub const ROLES: &[&str] = &["leader", "teacher", "medic", "technician", "manager"];
