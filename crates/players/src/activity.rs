//! H5P: an activity and the libraries that it brings along.

use serde_json::Value as Json;

use crate::place::Root;
use crate::{Files, Launch, LaunchError, MAX_SAID, Part, Player, line};

/// Libraries of one activity.
const MAX_LIBRARIES: usize = 200;
/// Libraries that need one another in a row.
const MAX_DEPTH: usize = 40;

/// What an activity needs to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Its library: `H5P.MultiChoice 1.16`.
    pub library: String,
    /// Scripts by their paths, each after those that it needs.
    pub scripts: Vec<String>,
    /// Style sheets by their paths.
    pub styles: Vec<String>,
    /// Libraries by name and version, with their folders.
    pub libraries: Vec<(String, String)>,
    /// What is in it, as its library understands it.
    pub content: Json,
    /// The folder that its pictures and sounds lie in.
    pub folder: String,
    /// The language that it says it is in.
    pub language: Option<String>,
}

pub(crate) fn launch(files: &mut dyn Files, root: &Root) -> Result<Launch, LaunchError> {
    let said = json(files, &root.at("h5p.json"))?;
    let content_at = root.at("content/content.json");
    let content = json(files, &content_at)?;
    let main = said.get("mainLibrary").and_then(Json::as_str).ok_or(LaunchError::Broken)?;
    let mut needs = Needs { root, activity: Activity::default(), seen: Vec::new() };
    let wanted = dependencies(&said, "preloadedDependencies");
    for (name, version) in &wanted {
        needs.add(files, name, version, 0)?;
    }
    let version = wanted.iter().find(|(name, _)| name == main).map(|(_, v)| v.as_str()).ok_or(LaunchError::Lacks)?;
    let language = said.get("language").and_then(Json::as_str).filter(|l| !l.is_empty() && *l != "und");
    let activity = Activity {
        library: format!("{main} {version}"),
        content,
        folder: root.at("content"),
        language: language.map(|l| l.chars().take(20).collect()),
        ..needs.activity
    };
    let title = said.get("title").and_then(Json::as_str).map(line).filter(|t| !t.is_empty());
    let part = Part { path: content_at, ..Part::default() };
    Ok(Launch {
        player: Player::Activity,
        title,
        parts: vec![part],
        left_out: 0,
        questions: Vec::new(),
        activity: Some(activity),
    })
}

fn json(files: &mut dyn Files, path: &str) -> Result<Json, LaunchError> {
    let bytes = files.read(path, MAX_SAID).ok_or(LaunchError::Lacks)?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    serde_json::from_slice(text).map_err(|_| LaunchError::Broken)
}

/// Names with versions: `1.16`.
fn dependencies(said: &Json, key: &str) -> Vec<(String, String)> {
    let list = said.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let number = |value: Option<&Json>| match value {
        Some(Json::Number(n)) => n.as_u64(),
        Some(Json::String(text)) => text.parse().ok(),
        _ => None,
    };
    list.iter()
        .take(MAX_LIBRARIES)
        .filter_map(|d| {
            let name = d.get("machineName")?.as_str()?;
            let (major, minor) = (number(d.get("majorVersion"))?, number(d.get("minorVersion"))?);
            Some((name.to_owned(), format!("{major}.{minor}")))
        })
        .collect()
}

struct Needs<'a> {
    root: &'a Root,
    activity: Activity,
    seen: Vec<String>,
}

impl Needs<'_> {
    /// Adds a library after those that it needs. An activity shows parts of other libraries too: each that is named
    /// must be there.
    fn add(&mut self, files: &mut dyn Files, name: &str, version: &str, depth: usize) -> Result<(), LaunchError> {
        let called = format!("{name} {version}");
        if self.seen.contains(&called) {
            return Ok(());
        }
        if self.seen.len() >= MAX_LIBRARIES || depth > MAX_DEPTH {
            return Err(LaunchError::Broken);
        }
        self.seen.push(called.clone());
        let folder = [format!("{name}-{version}"), name.to_owned()]
            .into_iter()
            .map(|folder| self.root.at(&folder))
            .find(|folder| files.has(&format!("{folder}/library.json")))
            .ok_or(LaunchError::Lacks)?;
        let said = json(files, &format!("{folder}/library.json"))?;
        for (name, version) in dependencies(&said, "preloadedDependencies") {
            self.add(files, &name, &version, depth + 1)?;
        }
        let of = |key: &str| -> Vec<String> {
            let list = said.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let paths = list.iter().filter_map(|f| f.get("path")?.as_str());
            paths.map(|path| format!("{folder}/{}", path.trim_start_matches('/'))).collect()
        };
        let (scripts, styles) = (of("preloadedJs"), of("preloadedCss"));
        self.activity.scripts.extend(scripts.into_iter().filter(|path| files.has(path)));
        self.activity.styles.extend(styles.into_iter().filter(|path| files.has(path)));
        self.activity.libraries.push((called, folder));
        Ok(())
    }
}
