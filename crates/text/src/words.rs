use std::borrow::Cow;

use base::{Date, Lang};
use fluent_bundle::{FluentArgs, FluentValue};
use jiff::tz::TimeZone;

use crate::Catalogue;

/// What is put into a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// Some text.
    Text(&'a str),
    /// A number; Fluent may choose a plural by it.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Words, and the language they are really in: a page marks what has fallen back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// The words.
    pub text: Cow<'a, str>,
    /// Their language.
    pub lang: Lang,
}

/// The words for one reader.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    catalogue: &'a Catalogue,
    lang: Lang,
    chain: [Lang; 4],
}

impl<'a> Words<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, lang: Lang, second: Option<Lang>) -> Self {
        Self { catalogue, lang, chain: [lang, second.unwrap_or(lang.second()), Lang::En, Lang::Zh] }
    }

    /// The reader's language.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether any language of the reader has the key.
    pub fn has(&self, key: &str) -> bool {
        self.chain.iter().any(|l| self.catalogue.bundle(*l).is_some_and(|b| b.has_message(key)))
    }

    /// A word; the key in brackets where no language has it.
    pub fn get(&self, key: &str) -> Cow<'a, str> {
        self.said(key).text
    }

    /// A word and its language.
    pub fn said(&self, key: &str) -> Said<'a> {
        self.say(key, None)
    }

    /// A sentence with something put in.
    pub fn with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.said_with(key, args).text.into_owned()
    }

    /// A sentence with something put in, and its language.
    pub fn said_with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Said<'a> {
        let mut fluent = FluentArgs::new();
        for (name, arg) in args {
            match arg {
                Arg::Text(text) => fluent.set((*name).to_owned(), (*text).to_owned()),
                Arg::Number(n) => fluent.set((*name).to_owned(), FluentValue::from(*n)),
            }
        }
        self.say(key, Some(&fluent))
    }

    fn say(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Said<'a> {
        for lang in self.chain {
            let Some(bundle) = self.catalogue.bundle(lang) else { continue };
            let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else { continue };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, args, &mut errors);
            return Said { text: Cow::Owned(text.into_owned()), lang };
        }
        Said { text: Cow::Owned(format!("⟨{key}⟩")), lang: Lang::En }
    }

    /// A date, e.g. 23 November 2026.
    pub fn date(&self, date: Date) -> String {
        self.dated("date", date)
    }

    /// A date with its weekday, where a person plans by it.
    pub fn date_weekday(&self, date: Date) -> String {
        self.dated("date-weekday", date)
    }

    fn dated(&self, key: &str, date: Date) -> String {
        let month = self.get(&format!("month-{}", date.month()));
        let weekday = self.get(&format!("weekday-{}", date.weekday().to_monday_one_offset()));
        let (year, day, n) = (date.year().to_string(), date.day().to_string(), date.month().to_string());
        self.with(
            key,
            &[
                ("year", Arg::Text(&year)),
                ("month", Arg::Text(&month)),
                ("n", Arg::Text(&n)),
                ("day", Arg::Text(&day)),
                ("weekday", Arg::Text(&weekday)),
            ],
        )
    }

    /// A date as facts hold it, `YYYY-MM-DD`, for the reader; unchanged where it is none.
    pub fn iso_date(&self, iso: &str) -> String {
        iso.parse::<Date>().map_or_else(|_| iso.to_owned(), |d| self.date(d))
    }

    /// A month of a year.
    pub fn month(&self, year: i16, month: i8) -> String {
        let name = self.get(&format!("month-{month}"));
        let (year, n) = (year.to_string(), month.to_string());
        self.with(
            "month-of-year",
            &[("year", Arg::Text(&year)), ("month", Arg::Text(&name)), ("n", Arg::Text(&n))],
        )
    }

    /// A moment as date, hours and minutes in a time zone.
    pub fn moment(&self, ms: u64, zone: &TimeZone) -> String {
        let stamp = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default();
        let there = zone.to_datetime(stamp);
        let date = self.date(there.date());
        let time = format!("{:02}:{:02}", there.hour(), there.minute());
        self.with("moment", &[("date", Arg::Text(&date)), ("time", Arg::Text(&time))])
    }

    /// How long ago something was.
    pub fn ago(&self, then_ms: u64, now_ms: u64) -> String {
        let minutes = i64::try_from(now_ms.saturating_sub(then_ms) / 60_000).unwrap_or(i64::MAX);
        let (key, n) = match minutes {
            0 => return self.get("ago-now").into_owned(),
            1..60 => ("ago-minutes", minutes),
            60..1440 => ("ago-hours", minutes / 60),
            _ => ("ago-days", minutes / 1440),
        };
        self.with(key, &[("n", Arg::Number(n))])
    }

    /// A number with its thousands set apart, as all three languages here write it.
    pub fn number(&self, n: i64) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if n < 0 {
            out.push('\u{2212}');
        }
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out
    }

    /// A number of bytes in the unit that suits it.
    pub fn bytes(&self, bytes: u64) -> String {
        let tenths = |unit: u64| {
            let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        match bytes {
            0..1000 => format!("{bytes} B"),
            1000..1_000_000 => format!("{} KB", tenths(1000)),
            1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
            _ => format!("{} GB", tenths(1_000_000_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::new(&crate::WORDS).unwrap()
    }

    #[test]
    fn dates_and_numbers_are_written_as_each_reader_does() {
        let c = catalogue();
        let date: Date = "2026-11-23".parse().unwrap();
        assert_eq!(c.words(Lang::En, None).date_weekday(date), "Monday, 23 November 2026");
        assert_eq!(c.words(Lang::Zh, None).date(date), "2026年11月23日");
        assert_eq!(c.words(Lang::Bo, None).date(date), "2026 ཟླ་11 ཚེས་23");
        assert_eq!(c.words(Lang::Zh, None).number(-1_276_000), "\u{2212}1,276,000");
        assert_eq!(c.words(Lang::En, None).ago(0, 86_400_000), "yesterday");
        assert_eq!(c.words(Lang::En, None).ago(0, 3 * 86_400_000), "3 days ago");
        assert_eq!(c.words(Lang::En, None).bytes(1_550), "1.6 KB");
    }

    #[test]
    fn what_is_missing_falls_back_and_says_so() {
        let c = catalogue();
        assert_eq!(c.words(Lang::Bo, Some(Lang::Zh)).said("ago-now").lang, Lang::Zh);
        assert_eq!(c.words(Lang::Bo, Some(Lang::En)).said("ago-now").lang, Lang::En);
        assert_eq!(c.words(Lang::En, None).get("no-such"), "⟨no-such⟩");
        assert!(c.missing(Lang::En).is_empty());
        assert!(c.coverage(Lang::Bo).0 < c.coverage(Lang::Bo).1);
    }

    #[test]
    fn a_key_twice_names_both_rooms() {
        let twice = [(Lang::En, "a", "k = 1\n"), (Lang::En, "b", "k = 2\n")];
        assert!(matches!(Catalogue::new(&twice), Err(crate::TextError::Twice { first: "a", second: "b", .. })));
    }
}
