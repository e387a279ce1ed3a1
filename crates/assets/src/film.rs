//! Films of lessons, made when somebody asks for one: what a film is made of, and which are asked for. A lesson is kept as
//! its slides, its pens and its voices, since those are small; a film is for other systems, and is nobody's fact.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::Hash;
use serde_json::{Value as Json, json};

/// Films that wait at once: each takes minutes.
const MOST_WAITING: usize = 20;
/// Films that are remembered after they were made, so that the list does not grow for ever.
const MOST_KEPT: usize = 200;

/// What a film is made of: a micro-lesson or the record of a class, as files of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// How long it is, in milliseconds.
    pub ms: u32,
    /// The pages that pens turn to, by their numbers.
    pub pages: Vec<Sheet>,
    /// What pens did, each as the crate `pen` writes it: one for each hand.
    pub pens: Vec<PathBuf>,
    /// What was said.
    pub voices: Vec<Voice>,
}

/// A page: a picture (WebP), or white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The picture.
    pub picture: Option<PathBuf>,
    /// Its width, in any unit.
    pub width: u32,
    /// Its height, in the same.
    pub height: u32,
}

/// A recording of somebody's voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The recording, in any container that FFmpeg opens.
    pub file: PathBuf,
    /// When it begins, in milliseconds.
    pub at: u32,
}

impl Script {
    /// The script as a worker reads it.
    pub fn encode(&self) -> String {
        let path = |p: &PathBuf| json!(p.to_string_lossy());
        let page = |p: &Sheet| json!({ "picture": p.picture.as_ref().map(path), "width": p.width, "height": p.height });
        json!({
            "ms": self.ms,
            "pages": self.pages.iter().map(page).collect::<Vec<_>>(),
            "pens": self.pens.iter().map(path).collect::<Vec<_>>(),
            "voices": self.voices.iter().map(|v| json!({ "file": path(&v.file), "at": v.at })).collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Reads it back; nothing where it is none.
    pub fn decode(text: &str) -> Option<Self> {
        let said: Json = serde_json::from_str(text).ok()?;
        let number = |of: &Json, key: &str| of.get(key)?.as_u64().and_then(|n| u32::try_from(n).ok());
        let list = |key: &str| said.get(key)?.as_array();
        let page = |p: &Json| {
            let picture = p.get("picture")?.as_str().map(PathBuf::from);
            Some(Sheet { picture, width: number(p, "width")?, height: number(p, "height")? })
        };
        let voice = |v: &Json| Some(Voice { file: v.get("file")?.as_str()?.into(), at: number(v, "at")? });
        Some(Self {
            ms: number(&said, "ms")?,
            pages: list("pages")?.iter().map(page).collect::<Option<_>>()?,
            pens: list("pens")?.iter().map(|p| p.as_str().map(PathBuf::from)).collect::<Option<_>>()?,
            voices: list("voices")?.iter().map(voice).collect::<Option<_>>()?,
        })
    }
}

/// How far a film is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Others are made before it.
    Waits,
    /// It is being made: milliseconds of it that are done, and all.
    Runs(u32, u32),
    /// It is there: a blob, and its length. No fact names it, so that a sweep takes it in time.
    Ready(Hash, u64),
    /// It could not be made: the code of why.
    Failed(String),
}

#[derive(Debug)]
struct Film {
    script: Script,
    stand: Stand,
    /// The number of its asking: who asked first is served first.
    n: u64,
}

/// The films that are asked for on this node, by the lesson of which they are: in memory alone, since whoever wants one
/// after a restart asks again.
#[derive(Debug, Default)]
pub struct Films(Mutex<BTreeMap<Hash, Film>>);

impl Films {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Hash, Film>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a film of a lesson; false where too many wait. One that is asked for is not asked for again.
    pub fn ask(&self, of: Hash, script: Script) -> bool {
        let mut all = self.all();
        let open = |f: &Film| matches!(f.stand, Stand::Waits | Stand::Runs(..));
        if all.get(&of).is_some_and(open) {
            return true;
        }
        if all.values().filter(|f| open(f)).count() >= MOST_WAITING {
            return false;
        }
        if all.len() >= MOST_KEPT {
            let oldest = all.iter().filter(|(_, f)| !open(f)).min_by_key(|(_, f)| f.n).map(|(of, _)| *of);
            oldest.map(|of| all.remove(&of));
        }
        let n = all.values().map(|f| f.n).max().unwrap_or(0) + 1;
        all.insert(of, Film { script, stand: Stand::Waits, n });
        true
    }

    /// How far it is; nothing where nobody asked.
    pub fn stand(&self, of: &Hash) -> Option<Stand> {
        self.all().get(of).map(|f| f.stand.clone())
    }

    /// Nobody wants it any more: one that is being made ends.
    pub fn cancel(&self, of: &Hash) {
        self.all().remove(of);
    }

    /// The next to be made, which is being made from now on.
    pub fn take(&self) -> Option<(Hash, Script)> {
        let mut all = self.all();
        let (of, film) = all.iter_mut().filter(|(_, f)| f.stand == Stand::Waits).min_by_key(|(_, f)| f.n)?;
        film.stand = Stand::Runs(0, film.script.ms);
        Some((*of, film.script.clone()))
    }

    /// So far it is made; false where nobody wants it any more.
    pub fn at(&self, of: &Hash, ms: u32) -> bool {
        let mut all = self.all();
        let Some(Film { stand: Stand::Runs(at, _), .. }) = all.get_mut(of) else { return false };
        *at = ms.max(*at);
        true
    }

    /// What came of it.
    pub fn ended(&self, of: &Hash, stand: Stand) {
        if let Some(film @ Film { stand: Stand::Runs(..), .. }) = self.all().get_mut(of) {
            film.stand = stand;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        Script {
            ms: 4000,
            pages: vec![
                Sheet { picture: Some("/blobs/a".into()), width: 1280, height: 960 },
                Sheet { picture: None, width: 16, height: 9 },
            ],
            pens: vec!["/blobs/pen".into()],
            voices: vec![Voice { file: "/blobs/voice".into(), at: 250 }],
        }
    }

    #[test]
    fn a_script_is_read_as_it_was_written() {
        assert_eq!(Script::decode(&script().encode()), Some(script()));
        assert_eq!(Script::decode("{}"), None);
        assert_eq!(Script::decode(&script().encode().replace("4000", "-1")), None);
    }

    #[test]
    fn films_are_made_in_turn_and_one_that_nobody_wants_ends() {
        let films = Films::default();
        let of = |n: u8| Hash([n; 32]);
        // The order of asking counts, not that of the names.
        for n in [3, 1, 2] {
            assert!(films.ask(of(n), script()));
        }
        assert_eq!(films.take(), Some((of(3), script())));
        assert!(films.ask(of(3), Script::default()), "it is being made");
        assert!(films.at(&of(3), 1000));
        assert_eq!(films.stand(&of(3)), Some(Stand::Runs(1000, 4000)));
        films.ended(&of(3), Stand::Ready(of(9), 7));
        assert_eq!(films.stand(&of(3)), Some(Stand::Ready(of(9), 7)));
        assert_eq!(films.take().map(|t| t.0), Some(of(1)));
        films.cancel(&of(1));
        assert!(!films.at(&of(1), 10));
        films.ended(&of(1), Stand::Failed("broken".to_owned()));
        assert_eq!((films.stand(&of(1)), films.take().map(|t| t.0)), (None, Some(of(2))));
        assert_eq!(films.take(), None);
    }

    #[test]
    fn no_more_wait_than_can_be_made_and_old_ones_are_forgotten() {
        let films = Films::default();
        let of = |n: usize| Hash::of(&n.to_be_bytes());
        for n in 0..MOST_WAITING {
            assert!(films.ask(of(n), script()));
        }
        assert!(!films.ask(of(999), script()));
        for n in 0..MOST_KEPT + 50 {
            if n >= MOST_WAITING {
                assert!(films.ask(of(n), script()));
            }
            let (taken, _) = films.take().unwrap();
            films.ended(&taken, Stand::Failed("broken".to_owned()));
        }
        assert_eq!(films.all().len(), MOST_KEPT);
        assert_eq!(films.stand(&of(0)), None);
        assert!(films.stand(&of(MOST_KEPT + 49)).is_some());
    }
}
