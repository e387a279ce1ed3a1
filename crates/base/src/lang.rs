use std::fmt;

/// A language of the pages. The order is the order in which a switch lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lang {
    /// Chinese, simplified script.
    Zh,
    /// Tibetan.
    Bo,
    /// English.
    En,
}

impl Lang {
    /// Every language, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Zh, Self::Bo, Self::En];

    /// The short code that cookies, columns and word files carry: `zh`, `bo` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::Bo => "bo",
            Self::En => "en",
        }
    }

    /// The BCP 47 tag for `lang` attributes; `zh-Hans` makes browsers choose simplified glyphs.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::Bo => "bo",
            Self::En => "en",
        }
    }

    /// Reads a code or a tag (`zh`, `zh-CN`, `bo-CN`, `en-GB`); `None` for any other language.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// The language that stands in when a message is missing in `self` and the reader chose no other.
    pub fn second(self) -> Self {
        match self {
            Self::Bo | Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// The language that most of a text's letters belong to, by script.
    pub fn of_text(text: &str) -> Self {
        let (mut han, mut tibetan) = (0_usize, 0_usize);
        for c in text.chars() {
            match c {
                '\u{0F00}'..='\u{0FFF}' => tibetan += 1,
                '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => han += 1,
                _ => {}
            }
        }
        if tibetan > 0 && tibetan >= han {
            Self::Bo
        } else if han > 0 {
            Self::Zh
        } else {
            Self::En
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_regions_are_read() {
        assert_eq!(Lang::parse("zh-CN"), Some(Lang::Zh));
        assert_eq!(Lang::parse("BO"), Some(Lang::Bo));
        assert_eq!(Lang::parse("en_GB"), Some(Lang::En));
        assert_eq!(Lang::parse("fr"), None);
    }

    #[test]
    fn script_tells_language() {
        assert_eq!(Lang::of_text("ཟམ་པ"), Lang::Bo);
        assert_eq!(Lang::of_text("拉萨 No. 3"), Lang::Zh);
        assert_eq!(Lang::of_text("Lhasa"), Lang::En);
    }
}
