use std::fmt::Write as _;

/// Bytes of a file of subtitles that are read: a film of a day has fewer.
pub const MAX_SUBTITLES: u64 = 2 << 20;
/// Cues of one film.
const MAX_CUES: usize = 10_000;
/// Characters of a cue.
const MAX_SAID: usize = 500;

/// Why a file is not taken for subtitles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubtitlesError {
    /// Nothing in it is said at a time.
    #[error("no cue")]
    None,
    /// A time that cannot be, or that ends before it begins.
    #[error("a broken time")]
    Time,
    /// More than any film has.
    #[error("too many cues")]
    TooMany,
}

impl SubtitlesError {
    /// The end of the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "no-cues",
            Self::Time => "cue-times",
            Self::TooMany => "cues-too-many",
        }
    }
}

/// What is said from a time to a time, in milliseconds.
struct Cue {
    from: u64,
    to: u64,
    said: String,
}

/// Subtitles, read as SRT or as `WebVTT` and written as the latter: times and plain words alone. Marks, styles, places and
/// notes are left behind, so that nothing of a file reaches a page but what is read there.
///
/// # Errors
/// [`SubtitlesError`].
pub fn subtitles(text: &str) -> Result<String, SubtitlesError> {
    let marked = text.trim_start_matches('\u{feff}').starts_with("WEBVTT");
    let mut cues: Vec<Cue> = Vec::new();
    // Within a cue, until a line without words; what stands outside (names, numbers, notes, styles) is not said.
    let mut open = false;
    for line in text.lines() {
        if let Some((from, to)) = line.split_once("-->") {
            let (from, to) = (time(from), time(to.split_whitespace().next().unwrap_or_default()));
            let (from, to) = from.zip(to).filter(|(from, to)| from <= to).ok_or(SubtitlesError::Time)?;
            if cues.len() == MAX_CUES {
                return Err(SubtitlesError::TooMany);
            }
            cues.push(Cue { from, to, said: String::new() });
            open = true;
        } else if line.trim().is_empty() {
            open = false;
        } else if let Some(cue) = cues.last_mut().filter(|_| open) {
            let said = plain(line, marked);
            let room = MAX_SAID.saturating_sub(cue.said.chars().count());
            if !said.is_empty() && room > 1 {
                if !cue.said.is_empty() {
                    cue.said.push('\n');
                }
                cue.said.extend(said.chars().take(room - 1));
            }
        }
    }
    cues.retain(|cue| !cue.said.is_empty() && cue.from < cue.to);
    if cues.is_empty() {
        return Err(SubtitlesError::None);
    }
    cues.sort_by_key(|cue| (cue.from, cue.to));
    let mut out = String::from("WEBVTT\n");
    for cue in &cues {
        let said = cue.said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(out, "\n{} --> {}\n{said}\n", clock(cue.from), clock(cue.to));
    }
    Ok(out)
}

/// Hours (which may be missing), minutes, seconds and their thousandths, after a comma or a point.
fn time(said: &str) -> Option<u64> {
    let (clock, rest) = said.trim().split_once([',', '.']).unwrap_or((said.trim(), "0"));
    let number = |part: &str, most: usize| -> Option<u64> {
        let fits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let thousandths = number(rest, 3)? * 10u64.pow(u32::try_from(3 - rest.len()).ok()?);
    let parts: Vec<&str> = clock.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes, seconds] => (number(hours, 3)?, number(minutes, 2)?, number(seconds, 2)?),
        [minutes, seconds] => (0, number(minutes, 2)?, number(seconds, 2)?),
        _ => return None,
    };
    (minutes < 60 && seconds < 60).then_some(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths)
}

fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, ms % 1000)
}

/// A line without its marks: `<i>`, `<v Anna>`, `<00:01.000>`, and `{\an8}`, which some programs write.
fn plain(line: &str, entities: bool) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let end = match c {
            '<' if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/') => '>',
            '{' if after.starts_with('\\') => '}',
            _ => '\0',
        };
        if let Some((_, left)) = after.split_once(end).filter(|_| end != '\0') {
            rest = left;
            continue;
        }
        out.push(if c.is_control() { ' ' } else { c });
        rest = after;
    }
    if entities {
        let named = [("&nbsp;", " "), ("&lrm;", "\u{200e}"), ("&rlm;", "\u{200f}"), ("&quot;", "\"")];
        for (name, said) in named.into_iter().chain([("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]) {
            out = out.replace(name, said);
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn srt_becomes_plain_webvtt() {
        let srt = "1\r\n00:00:01,500 --> 00:00:03,000 X1:10\r\n{\\an8}<i>雪莲花</i> <font color=\"red\">高山</font>\r\na < b & c\r\n\r\n2\r\n00:00:00,000 --> 00:00:01,5\r\nསྨན་རྩྭ།\r\n";
        assert_eq!(
            subtitles(srt).unwrap(),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nསྨན་རྩྭ།\n\n00:00:01.500 --> 00:00:03.000\n雪莲花 高山\na &lt; b &amp; c\n"
        );
    }

    #[test]
    fn nothing_of_webvtt_but_times_and_words_is_kept() {
        let vtt = "WEBVTT head\n\nSTYLE\n::cue { background: url(//x) }\n\nNOTE no\n\nintro\n01:02.000 --> 01:03.000 line:0 align:end\n<v Anna><00:01.000>one <c.red>two</c>\n&lt;b&gt; &amp;amp;\n";
        let out = subtitles(vtt).unwrap();
        assert_eq!(out, "WEBVTT\n\n00:01:02.000 --> 00:01:03.000\none two\n&lt;b&gt; &amp;amp;\n");
        assert_eq!(subtitles(&out).unwrap(), out);
    }

    #[test]
    fn what_is_broken_is_told_apart() {
        assert_eq!(subtitles("words"), Err(SubtitlesError::None));
        assert_eq!(subtitles("WEBVTT\n\n00:01.000 --> 00:02.000\n\n"), Err(SubtitlesError::None));
        for times in ["00:00:02,000 --> 00:00:01,000", "00:61:00,000 --> 00:62:00,000", "1 --> 2", "x --> 00:00:01,000"]
        {
            assert_eq!(subtitles(&format!("1\n{times}\nwords\n")), Err(SubtitlesError::Time), "{times}");
        }
        let many = "00:01.000 --> 00:02.000\nx\n\n".repeat(MAX_CUES + 1);
        assert_eq!(subtitles(&many), Err(SubtitlesError::TooMany));
    }

    /// Subtitles that others made, where a folder of them is at hand.
    #[test]
    fn subtitles_of_others_are_read() {
        let Some(samples) = std::env::var_os("ZAMPA_SAMPLES") else { return };
        for file in std::fs::read_dir(std::path::Path::new(&samples).join("vtt")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(subtitles(&text).unwrap().matches("-->").count() > 3);
        }
    }

    proptest! {
        #[test]
        fn what_comes_out_is_its_own_reading(text in "(WEBVTT\n\n)?((\\PC{0,12}|00:0[0-9]\\.[0-9]{3} --> 01:00\\.000)\n){0,12}") {
            if let Ok(out) = subtitles(&text) {
                prop_assert_eq!(subtitles(&out).unwrap(), out.clone());
                prop_assert!(!out.replace("-->", "").contains(['<', '>']));
            }
        }
    }
}
