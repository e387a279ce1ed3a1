use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::error::TextError;
use crate::numbers;
use crate::words::Words;

/// Longest source of words that [`Catalogue::new`] takes, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1_000_000;

/// Every message of every room, in every language. Built once at start and shared by all threads.
pub struct Catalogue {
    zh: Tongue,
    bo: Tongue,
    en: Tongue,
}

/// One language: its messages, and the room that each key came from.
struct Tongue {
    bundle: FluentBundle<FluentResource>,
    rooms: BTreeMap<String, &'static str>,
}

/// A message as one language said it.
pub(crate) struct Answer<'a> {
    pub text: Cow<'a, str>,
    /// Nothing it refers to was missing.
    pub whole: bool,
}

impl Catalogue {
    /// Reads the words of all rooms: `(language, room, Fluent source)`.
    ///
    /// # Errors
    /// [`TextError::Syntax`], [`TextError::Duplicate`] (naming both rooms), [`TextError::NoText`] or
    /// [`TextError::SourceTooLong`].
    pub fn new(sources: &[(Lang, &'static str, &'static str)]) -> Result<Self, TextError> {
        Ok(Self {
            zh: Tongue::new(Lang::Zh, sources)?,
            bo: Tongue::new(Lang::Bo, sources)?,
            en: Tongue::new(Lang::En, sources)?,
        })
    }

    /// The words for a reader of `lang`. What is missing is looked for in `second`, then in English, then in
    /// Chinese; what nobody says is shown as its key in ⟨⟩.
    pub fn words(&self, lang: Lang, second: Option<Lang>) -> Words<'_> {
        Words::new(self, lang, second)
    }

    /// How many messages `lang` says, of how many that any language says.
    pub fn coverage(&self, lang: Lang) -> (usize, usize) {
        (self.tongue(lang).rooms.len(), self.keys().len())
    }

    /// Keys that some language says and `lang` does not, sorted.
    pub fn missing(&self, lang: Lang) -> Vec<&str> {
        let own = &self.tongue(lang).rooms;
        self.keys().into_iter().filter(|key| !own.contains_key(*key)).collect()
    }

    /// Every key that any language says.
    pub fn keys(&self) -> BTreeSet<&str> {
        Lang::ALL.into_iter().flat_map(|lang| self.tongue(lang).rooms.keys().map(String::as_str)).collect()
    }

    /// Whether `lang` itself says `key`.
    pub(crate) fn says(&self, lang: Lang, key: &str) -> bool {
        self.tongue(lang).rooms.contains_key(key)
    }

    /// What `lang` itself says for `key`, or `None`.
    pub(crate) fn answer<'a>(&'a self, lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> Option<Answer<'a>> {
        let bundle = &self.tongue(lang).bundle;
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = match args {
            None => bundle.format_pattern(pattern, None, &mut errors),
            // The engine ties the text to the arguments; own it, so that it outlives them.
            Some(args) => Cow::Owned(bundle.format_pattern(pattern, Some(args), &mut errors).into_owned()),
        };
        Some(Answer { text, whole: errors.is_empty() })
    }

    fn tongue(&self, lang: Lang) -> &Tongue {
        match lang {
            Lang::Zh => &self.zh,
            Lang::Bo => &self.bo,
            Lang::En => &self.en,
        }
    }
}

impl Tongue {
    fn new(lang: Lang, sources: &[(Lang, &'static str, &'static str)]) -> Result<Self, TextError> {
        // The engine's plural rules lack Tibetan and would use those of English. Tibetan has the one category
        // `other` (CLDR), as Chinese has, so its bundle counts as Chinese does. The locale steers nothing else.
        let counts_like = match lang {
            Lang::Zh | Lang::Bo => "zh",
            Lang::En => "en",
        };
        let locale = counts_like.parse().map_err(|_| TextError::Engine { lang })?;
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => Some(if number.options.use_grouping {
                numbers::group(&number.as_string())
            } else {
                number.as_string().into_owned()
            }),
            _ => None,
        }));
        bundle.add_builtins().map_err(|_| TextError::Engine { lang })?;

        // Terms (`-name`) share the table of duplicates but are no keys.
        let mut said: BTreeMap<String, &'static str> = BTreeMap::new();
        for &(_, room, source) in sources.iter().filter(|(of, _, _)| *of == lang) {
            let resource = read(lang, room, source)?;
            for key in names_of(source) {
                if let Some(first) = said.insert(key.clone(), room) {
                    return Err(TextError::Duplicate { lang, key, first, second: room });
                }
            }
            bundle.add_resource_overriding(resource);
        }
        said.retain(|key, _| !key.starts_with('-'));
        for (key, room) in &said {
            if bundle.get_message(key).and_then(|message| message.value()).is_none() {
                return Err(TextError::NoText { lang, room, key: key.clone() });
            }
        }
        Ok(Self { bundle, rooms: said })
    }
}

fn read(lang: Lang, room: &'static str, source: &'static str) -> Result<FluentResource, TextError> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(TextError::SourceTooLong { lang, room, max: MAX_SOURCE_BYTES });
    }
    FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| {
        let first = errors.first();
        let at = first.map_or(0, |error| error.pos.start);
        TextError::Syntax {
            lang,
            room,
            line: source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1,
            detail: first.map(ToString::to_string).unwrap_or_default(),
        }
    })
}

/// The names that a valid source gives to messages and terms: in Fluent exactly the lines that begin, without
/// indent, with a letter or `-` (comments begin with `#`, and everything that goes on is indented or a brace).
fn names_of(source: &str) -> impl Iterator<Item = String> {
    source
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-'))
        .map(|line| line.split('=').next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared<T: Send + Sync>(_: &T) {}

    #[test]
    fn it_can_be_shared_by_threads() {
        shared(&Catalogue::new(&crate::WORDS).unwrap());
    }

    #[test]
    fn a_key_said_twice_names_both_rooms() {
        let error = Catalogue::new(&[
            (Lang::En, "people", "hello = Hello\n"),
            (Lang::Zh, "teams", "hello = 你好\n"),
            (Lang::En, "teams", "# again\nhello = Hi\n"),
        ])
        .err()
        .unwrap();
        assert_eq!(
            error,
            TextError::Duplicate { lang: Lang::En, key: "hello".into(), first: "people", second: "teams" }
        );
        let message = error.to_string();
        assert!(message.contains("people") && message.contains("teams"), "{message}");
        let within = Catalogue::new(&[(Lang::En, "people", "a = 1\na = 2\n")]).err();
        assert!(matches!(within, Some(TextError::Duplicate { .. })));
    }

    #[test]
    fn a_wrong_source_names_its_line() {
        let error = Catalogue::new(&[(Lang::En, "people", "a = 1\n\nb c d\n")]).err().unwrap();
        assert!(matches!(&error, TextError::Syntax { line: 3, room: "people", .. }), "{error}");
        let bare = Catalogue::new(&[(Lang::En, "people", "a =\n    .title = x\n")]).err();
        assert!(matches!(bare, Some(TextError::NoText { .. })));
    }

    #[test]
    fn coverage_counts_what_is_missing() {
        let catalogue = Catalogue::new(&[
            (Lang::En, "a", "-brand = Zampa\none = 1\ntwo = 2 { -brand }\n"),
            (Lang::Zh, "a", "two = 二\nthree = 三\n"),
        ])
        .unwrap();
        assert_eq!(catalogue.keys().into_iter().collect::<Vec<_>>(), ["one", "three", "two"]);
        assert_eq!(catalogue.coverage(Lang::En), (2, 3));
        assert_eq!(catalogue.missing(Lang::En), ["three"]);
        assert_eq!(catalogue.coverage(Lang::Bo), (0, 3));
        assert_eq!(catalogue.missing(Lang::Bo), ["one", "three", "two"]);
    }

    #[test]
    fn names_are_found_as_the_parser_finds_them() {
        let source = crate::WORDS[2].2;
        let names: Vec<_> = names_of(source).collect();
        let resource = FluentResource::try_new(source.to_owned()).unwrap();
        let mut bundle: FluentBundle<FluentResource> = FluentBundle::new_concurrent(vec!["en".parse().unwrap()]);
        bundle.add_resource(resource).unwrap();
        assert!(names.iter().all(|name| bundle.has_message(name)));
        assert!(names.len() > 10);
    }
}
