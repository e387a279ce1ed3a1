use std::borrow::Cow;

use base::{Date, Lang};
use fluent_bundle::{FluentArgs, FluentValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::catalogue::{Answer, Catalogue};
use crate::numbers;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The words for one reader: a language, and those that stand in for it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Words<'c> {
    catalogue: &'c Catalogue,
    lang: Lang,
    /// The reader's language first, then those that stand in, each once.
    chain: [Option<Lang>; 3],
}

/// A message, and the language that it is really in: where that is not the page's language, the page puts a `lang`
/// attribute on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'c> {
    /// The text.
    pub text: Cow<'c, str>,
    /// The language of the text.
    pub lang: Lang,
}

/// What fills a place in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Shown as it is.
    Text(&'a str),
    /// Chooses the plural and is shown in groups of three (1,276); give a year as text. Exact up to 2⁵³.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Cow<'_, str>> for Arg<'a> {
    fn from(text: &'a Cow<'_, str>) -> Self {
        Self::Text(text)
    }
}

macro_rules! number_from {
    ($($int:ty),*) => {$(
        impl From<$int> for Arg<'_> {
            fn from(number: $int) -> Self {
                Self::Number(i64::from(number))
            }
        }
    )*};
}
number_from!(i64, i32, i16, i8, u32, u16, u8);

impl From<usize> for Arg<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u64> for Arg<'_> {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<'c> Words<'c> {
    pub(crate) fn new(catalogue: &'c Catalogue, lang: Lang, second: Option<Lang>) -> Self {
        let second = second.filter(|second| *second != lang);
        let mut chain = [Some(lang), second, None];
        for stand_in in [Lang::En, Lang::Zh] {
            if !chain.contains(&Some(stand_in))
                && let Some(free) = chain.iter_mut().find(|link| link.is_none())
            {
                *free = Some(stand_in);
            }
        }
        Self { catalogue, lang, chain }
    }

    /// The reader's language.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The message `key`, which takes no arguments; `⟨key⟩` if no language of the chain says it.
    pub fn get(&self, key: &str) -> Cow<'c, str> {
        self.said(key).text
    }

    /// Whether any language of the chain says `key`.
    pub fn has(&self, key: &str) -> bool {
        self.chain().any(|lang| self.catalogue.says(lang, key))
    }

    /// As [`get`](Self::get), and which language answered (the reader's own for `⟨key⟩`).
    pub fn said(&self, key: &str) -> Said<'c> {
        self.find(key, None)
    }

    /// As [`with`](Self::with), and which language answered (the reader's own for `⟨key⟩`).
    pub fn said_with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Said<'c> {
        let mut given = FluentArgs::with_capacity(args.len());
        for &(name, arg) in args {
            given.set(
                name,
                match arg {
                    Arg::Text(text) => FluentValue::from(text),
                    Arg::Number(number) => FluentValue::from(number),
                },
            );
        }
        self.find(key, Some(&given))
    }

    /// The message `key` with its places filled. A message that lacks an argument, or refers to a message that is
    /// missing, gives way to the next language; if all do, the first is shown with the place's name in braces.
    pub fn with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.said_with(key, args).text.into_owned()
    }

    /// A day: 2026年11月23日, 23 November 2026; in Tibetan in figures, 2026-11-23.
    pub fn date(&self, date: Date) -> String {
        self.dated("date-day", date, "").text.into_owned()
    }

    /// A day as facts hold it, `YYYY-MM-DD`, shown as [`date`](Self::date); unchanged where it is none.
    pub fn iso_date(&self, iso: &str) -> String {
        iso.parse().map_or_else(|_| iso.to_owned(), |date| self.date(date))
    }

    /// A day with its weekday: 2026年11月23日 星期一, Monday, 23 November 2026.
    pub fn date_weekday(&self, date: Date) -> String {
        self.said_date_weekday(date).text.into_owned()
    }

    /// As [`date_weekday`](Self::date_weekday), and which language answered.
    pub fn said_date_weekday(&self, date: Date) -> Said<'c> {
        self.dated("date-weekday", date, "")
    }

    /// A month: 2026年11月, November 2026, 2026 ཟླ་ 11. `month` counts from 1.
    pub fn month(&self, year: i16, month: i8) -> String {
        self.with("date-month", &[("year", Arg::Text(&year.to_string())), ("month", month.into())])
    }

    /// A day and the time of day (24 hours) at `ms` milliseconds since 1970 UTC, as the clocks of `zone` show it.
    /// What lies beyond the years −9999 to 9999 is shown as their end.
    pub fn moment(&self, ms: u64, zone: &TimeZone) -> String {
        let at = i64::try_from(ms)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::MAX)
            .to_zoned_datetime(zone.clone());
        let time = format!("{:02}:{:02}", at.hour(), at.minute());
        self.dated("date-moment", at.date(), &time).text.into_owned()
    }

    /// How long ago `ms_then` was at `ms_now` (milliseconds since 1970): 2分钟前, 2 min ago; less than a minute
    /// either way is "just now", and what lies ahead (another clock may be off) is said to be ahead.
    pub fn ago(&self, ms_then: u64, ms_now: u64) -> String {
        self.said_ago(ms_then, ms_now).text.into_owned()
    }

    /// As [`ago`](Self::ago), and which language answered.
    pub fn said_ago(&self, ms_then: u64, ms_now: u64) -> Said<'c> {
        let span = ms_now.abs_diff(ms_then);
        let past = ms_then <= ms_now;
        let (key, count) = match span {
            ..MINUTE_MS => return self.said("ago-now"),
            MINUTE_MS..HOUR_MS => (if past { "ago-minutes" } else { "ahead-minutes" }, span / MINUTE_MS),
            HOUR_MS..DAY_MS => (if past { "ago-hours" } else { "ahead-hours" }, span / HOUR_MS),
            _ => match span / DAY_MS {
                days if !past => ("ahead-days", days),
                days @ ..61 => ("ago-days", days),
                // A mean month has 30.44 days.
                days @ 61..731 => ("ago-months", days * 100 / 3_044),
                days => ("ago-years", days * 100 / 36_525),
            },
        };
        self.said_with(key, &[("count", count.into())])
    }

    /// A whole number in groups of three: 1,276 in every language.
    pub fn number(&self, number: i64) -> String {
        numbers::group(&number.to_string())
    }

    /// A number with exactly `digits` decimals (at most 6), in groups of three; `–` for what is no number.
    pub fn decimal(&self, number: f64, digits: u8) -> String {
        numbers::decimal(number, digits)
    }

    /// A size: `512 B`, `1.3 KB`, `27.0 MB`, in units of 1,000 each.
    pub fn bytes(&self, size: u64) -> String {
        numbers::bytes(size)
    }

    fn dated(&self, key: &str, date: Date, time: &str) -> Said<'c> {
        let two = |number: i8| format!("{number:02}");
        self.said_with(
            key,
            &[
                ("year", Arg::Text(&date.year().to_string())),
                ("month", date.month().into()),
                ("month2", Arg::Text(&two(date.month()))),
                ("day", date.day().into()),
                ("day2", Arg::Text(&two(date.day()))),
                ("weekday", date.weekday().to_monday_one_offset().into()),
                ("time", Arg::Text(time)),
            ],
        )
    }

    fn chain(self) -> impl Iterator<Item = Lang> {
        self.chain.into_iter().flatten()
    }

    fn find(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Said<'c> {
        let mut broken = None;
        for lang in self.chain() {
            if let Some(Answer { text, whole }) = self.catalogue.answer(lang, key, args) {
                let said = Said { text, lang };
                if whole {
                    return said;
                }
                broken = broken.or(Some(said));
            }
        }
        broken.unwrap_or_else(|| Said { text: Cow::Owned(format!("⟨{key}⟩")), lang: self.lang })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn catalogue() -> Catalogue {
        let mut sources = crate::WORDS.to_vec();
        sources.extend([
            (
                Lang::En,
                "demo",
                "only-en = English\nboth = Both\nteachers = { $n ->\n    [one] { $n } teacher\n   *[other] { $n } teachers\n}\nhello = Hello { $name }\nyear = { NUMBER($y, useGrouping: \"false\") }\nbrand = Bridge\n",
            ),
            (Lang::Zh, "demo", "only-zh = 中文\nboth = 都有\nteachers = { $n }名教师\nyear = { $y }年\n"),
            (
                Lang::Bo,
                "demo",
                "both = ཟམ་པ\nteachers = { $n ->\n    [one] one { $n }\n   *[other] other { $n }\n}\nhello = { missing } { $name }\n",
            ),
        ]);
        Catalogue::new(&sources).unwrap()
    }

    #[test]
    fn what_is_missing_falls_back_in_order() {
        let catalogue = catalogue();
        let bo = catalogue.words(Lang::Bo, None);
        assert_eq!(bo.said("both"), Said { text: "ཟམ་པ".into(), lang: Lang::Bo });
        assert_eq!(bo.said("only-en").lang, Lang::En);
        assert_eq!(bo.said("only-zh"), Said { text: "中文".into(), lang: Lang::Zh });
        assert_eq!(bo.said("none"), Said { text: "⟨none⟩".into(), lang: Lang::Bo });
        assert!(bo.has("only-zh") && !bo.has("none"));
        let bo_zh = catalogue.words(Lang::Bo, Some(Lang::Zh));
        assert_eq!(bo_zh.said_with("teachers", &[("n", 3.into())]).lang, Lang::Bo);
        assert_eq!(bo_zh.said_with("hello", &[("name", "Pema".into())]).lang, Lang::En);
        assert_eq!(bo_zh.said_with("year", &[("y", 9.into())]), Said { text: "9年".into(), lang: Lang::Zh });
        assert_eq!(bo_zh.ago(0, 120_000), "སྐར་མ་ 2 སྔོན");
        // English does not reach into Tibetan unless the reader chose it.
        assert!(!catalogue.words(Lang::En, None).chain().any(|lang| lang == Lang::Bo));
        assert_eq!(
            catalogue.words(Lang::En, Some(Lang::Bo)).chain().collect::<Vec<_>>(),
            [Lang::En, Lang::Bo, Lang::Zh]
        );
    }

    #[test]
    fn a_message_that_cannot_be_completed_gives_way() {
        let catalogue = catalogue();
        let bo = catalogue.words(Lang::Bo, None);
        let said = bo.said_with("hello", &[("name", "Pema".into())]);
        assert_eq!(said, Said { text: "Hello Pema".into(), lang: Lang::En });
        assert_eq!(catalogue.words(Lang::En, None).get("hello"), "Hello {$name}");
    }

    #[test]
    fn plurals_and_numbers() {
        let catalogue = catalogue();
        let say = |lang, n: i64| catalogue.words(lang, None).with("teachers", &[("n", n.into())]);
        assert_eq!(say(Lang::En, 1), "1 teacher");
        assert_eq!(say(Lang::En, 1276), "1,276 teachers");
        assert_eq!(say(Lang::Zh, 1276), "1,276名教师");
        for n in [0, 1, 2, 1000] {
            assert!(say(Lang::Bo, n).starts_with("other"), "Tibetan has one plural category");
        }
        let en = catalogue.words(Lang::En, None);
        assert_eq!(en.with("year", &[("y", 2026.into())]), "2026");
        assert_eq!(en.number(-1276), "-1,276");
        // Arguments carry no invisible isolation marks.
        assert_eq!(en.with("hello", &[("name", "བ".into())]).chars().count(), 7);
    }

    #[test]
    fn dates_in_three_languages() {
        let catalogue = catalogue();
        let day = date(2026, 11, 3);
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = 1_793_635_500_000; // 2026-11-02T16:05Z
        let expect = [
            (Lang::Zh, "2026年11月3日", "2026年11月3日 星期二", "2026年11月", "2026年11月3日 00:05"),
            (Lang::Bo, "2026-11-03", "2026-11-03 གཟའ་མིག་དམར", "2026 ཟླ་ 11", "2026-11-03 00:05"),
            (Lang::En, "3 November 2026", "Tuesday, 3 November 2026", "November 2026", "3 November 2026, 00:05"),
        ];
        for (lang, plain, weekday, month, moment) in expect {
            let words = catalogue.words(lang, None);
            assert_eq!(words.date(day), plain);
            assert_eq!(words.iso_date("2026-11-03"), plain);
            assert_eq!(words.iso_date("autumn"), "autumn");
            assert_eq!(words.date_weekday(day), weekday);
            assert_eq!(words.month(2026, 11), month);
            assert_eq!(words.moment(at, &zone), moment);
        }
        assert_eq!(catalogue.words(Lang::Bo, None).said_date_weekday(day).lang, Lang::Bo);
        assert!(catalogue.words(Lang::En, None).moment(u64::MAX, &zone).contains("9999"));
    }

    #[test]
    fn spans_of_time() {
        let catalogue = catalogue();
        let en = catalogue.words(Lang::En, None);
        let zh = catalogue.words(Lang::Zh, None);
        let now = 100 * 365 * DAY_MS;
        for (back, said_en, said_zh) in [
            (0, "just now", "刚刚"),
            (MINUTE_MS - 1, "just now", "刚刚"),
            (2 * MINUTE_MS, "2 min ago", "2分钟前"),
            (HOUR_MS, "1 h ago", "1小时前"),
            (DAY_MS, "1 day ago", "1天前"),
            (60 * DAY_MS, "60 days ago", "60天前"),
            (61 * DAY_MS, "2 months ago", "2个月前"),
            (730 * DAY_MS, "23 months ago", "23个月前"),
            (731 * DAY_MS, "2 years ago", "2年前"),
            (1_100 * DAY_MS, "3 years ago", "3年前"),
        ] {
            assert_eq!(en.ago(now - back, now), said_en);
            assert_eq!(zh.ago(now - back, now), said_zh);
        }
        assert_eq!(en.ago(now + 2 * HOUR_MS, now), "in 2 h");
        assert_eq!(zh.ago(now + DAY_MS, now), "1天后");
    }
}
