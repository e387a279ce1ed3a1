//! How a practice spread, as a picture (SVG): schools to which it was shown, and schools that keep it, day by day. The rows
//! stand in a table below.

use std::fmt::Write as _;

use base::Date;

const WIDE: i32 = 400;
const HIGH: i32 = 180;
const LEFT: i32 = 32;
const RIGHT: i32 = 84;
const TOP: i32 = 14;
const FOOT: i32 = 24;

/// What happened at a school on a day: how many more (or fewer) schools saw it, and keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub day: Date,
    pub shown: i64,
    pub kept: i64,
}

/// Days since the year 0, well enough for a picture.
fn at(day: Date) -> i64 {
    i64::from(day.year()) * 372 + i64::from(day.month()) * 31 + i64::from(day.day())
}

/// Two stepped lines from the first day until `today`; nothing where nothing happened. `labels` stand at their ends.
pub(crate) fn lines(mut steps: Vec<Step>, today: Date, labels: [&str; 2]) -> String {
    steps.sort_by_key(|s| s.day);
    let (Some(first), Some(last)) = (steps.first().map(|s| s.day), steps.last().map(|s| s.day)) else {
        return String::new();
    };
    let (from, until) = (at(first), at(last.max(today)).max(at(first) + 1));
    let most = steps.iter().map(|s| s.shown.max(0)).sum::<i64>().max(1);
    let x = |day: i64| i64::from(LEFT) + (day - from) * i64::from(WIDE - LEFT - RIGHT) / (until - from);
    let y = |n: i64| i64::from(HIGH - FOOT) - n * i64::from(HIGH - TOP - FOOT) / most;
    let mut out = format!("<svg viewBox=\"0 0 {WIDE} {HIGH}\" role=\"img\" aria-hidden=\"true\">");
    let base = HIGH - FOOT;
    let _ = write!(out, "<path class=\"axis\" d=\"M{LEFT} {TOP}V{base}H{}\"/>", WIDE - RIGHT);
    let _ = write!(out, "<text class=\"lab\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{most}</text>", LEFT - 6, TOP + 5);
    let _ = write!(out, "<text class=\"lab\" x=\"{}\" y=\"{}\" text-anchor=\"end\">0</text>", LEFT - 6, base + 5);
    let _ = write!(out, "<text class=\"lab\" x=\"{LEFT}\" y=\"{}\">{}</text>", HIGH - 4, first.year());
    let (end, year) = (WIDE - RIGHT, last.max(today).year());
    let _ = write!(out, "<text class=\"lab\" x=\"{end}\" y=\"{}\" text-anchor=\"end\">{year}</text>", HIGH - 4);
    let mut above = None;
    for (i, (class, label)) in ["ln c1", "ln c2"].into_iter().zip(labels).enumerate() {
        let mut n = 0;
        let mut path = format!("M{} {}", x(from), y(0));
        for step in &steps {
            n += if i == 0 { step.shown } else { step.kept };
            let _ = write!(path, "H{}V{}", x(at(step.day)), y(n));
        }
        let _ = write!(path, "H{}", x(until));
        let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
        // Two labels at one height would lie on each other.
        let mut place = y(n) + 5;
        if let Some(other) = above.filter(|other: &i64| (place - other).abs() < 16) {
            place = other + 16;
        }
        above = Some(place);
        let _ = write!(out, "<text x=\"{}\" y=\"{place}\">{label} {n}</text>", x(until) + 6);
    }
    out.push_str("</svg>");
    out
}

/// A bar of parts beside each other: width of each of `most`, the class of its fill, where it leads, what it says.
pub(crate) fn bar(parts: &[(i64, &str, String, String)], most: i64) -> String {
    let mut out = "<svg class=\"spread-bar\" viewBox=\"0 0 240 16\" preserveAspectRatio=\"none\">".to_owned();
    let mut x = 0;
    for (n, class, href, said) in parts.iter().filter(|(n, ..)| *n > 0) {
        let wide = n * 240 / most.max(1);
        let href = href.replace('&', "&amp;");
        let _ = write!(
            out,
            "<a href=\"{href}\" tabindex=\"-1\" aria-hidden=\"true\"><title>{said}</title><rect class=\"{class}\" x=\"{x}\" y=\"0\" width=\"{wide}\" height=\"16\"/></a>"
        );
        x += wide;
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_what_was_shown_and_what_is_kept() {
        let day = |m, d| Date::constant(2026, m, d);
        let steps = vec![
            Step { day: day(5, 1), shown: 0, kept: 1 },
            Step { day: day(3, 1), shown: 1, kept: 0 },
            Step { day: day(4, 1), shown: 1, kept: 1 },
            Step { day: day(6, 1), shown: 0, kept: -1 },
        ];
        let svg = lines(steps, day(7, 1), ["shown", "kept"]);
        assert!(svg.contains(">shown 2</text>") && svg.contains(">kept 1</text>"), "{svg}");
        assert_eq!(lines(Vec::new(), day(7, 1), ["shown", "kept"]), "");
    }

    #[test]
    fn a_bar_is_as_long_as_its_parts() {
        let part = |n, class| (n, class, "/x".to_owned(), "said".to_owned());
        let svg = bar(&[part(1, "c1"), part(0, "c2"), part(2, "c3")], 4);
        assert!(
            svg.contains("x=\"0\" y=\"0\" width=\"60\"") && svg.contains("x=\"60\" y=\"0\" width=\"120\""),
            "{svg}"
        );
        assert!(!svg.contains("c2"));
    }
}
