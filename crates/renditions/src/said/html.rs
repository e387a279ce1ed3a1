use serde_json::Value as Json;

use super::Said;

/// Elements whose text nobody reads.
const UNREAD: [&str; 4] = ["script", "style", "template", "noscript"];
/// Elements that stand within a line.
const WITHIN: [&str; 20] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "u",
];
/// Characters of an entity's name.
const MAX_ENTITY: usize = 10;
/// Values within values of an activity's content.
const MAX_DEPTH: u8 = 40;

/// The text of a page, which need not be well formed.
pub(crate) fn page(html: &str, said: &mut Said) {
    let mut line = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        entities(before, &mut line);
        rest = tag;
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let closes = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        let name = name.to_ascii_lowercase();
        if name.is_empty() && !closes && !tag.starts_with(['!', '?']) {
            line.push('<');
            continue;
        }
        rest = tag.split_once('>').map_or("", |(_, after)| after);
        if UNREAD.contains(&name.as_str()) && !closes {
            rest = after_end(rest, &name);
        }
        if !WITHIN.contains(&name.as_str()) {
            said.lines(&std::mem::take(&mut line));
            if said.is_full() {
                return;
            }
        }
    }
    entities(rest, &mut line);
    said.lines(&line);
}

/// What follows the end of an element whose content is no markup.
fn after_end<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)) {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

/// Text with its entities resolved; line breaks are spaces.
fn entities(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        push(before, out);
        let name = after.split_once(';').map(|(name, _)| name).filter(|n| n.len() <= MAX_ENTITY && n.is_ascii());
        match name.and_then(|n| Some((n, named(n)?))) {
            Some((name, c)) => {
                out.push(c);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    push(rest, out);
}

fn push(text: &str, out: &mut String) {
    out.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "shy" => '\u{AD}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "middot" => '·',
        "times" => '×',
        "deg" => '°',
        _ => return None,
    })
}

/// What an activity says (H5P keeps it as JSON): values that are sentences, and no paths or names of its programs.
pub(crate) fn content(json: &str, said: &mut Said) {
    if let Ok(value) = serde_json::from_str(json) {
        values(&value, said, 0);
    }
}

fn values(value: &Json, said: &mut Said, depth: u8) {
    if depth > MAX_DEPTH || said.is_full() {
        return;
    }
    match value {
        Json::String(text) if is_said(text) => page(text, said),
        Json::Array(list) => list.iter().for_each(|v| values(v, said, depth + 1)),
        Json::Object(map) => {
            map.iter().filter(|(key, _)| *key != "library").for_each(|(_, v)| values(v, said, depth + 1));
        }
        _ => {}
    }
}

fn is_said(text: &str) -> bool {
    text.contains(' ') || !text.is_ascii() || text.contains("</")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(html: &str) -> String {
        let mut said = Said::default();
        page(html, &mut said);
        said.finish()
    }

    #[test]
    fn text_is_read_and_programs_are_not() {
        let html = "<!doctype html><h1>第一课&nbsp;草药</h1><!-- no <p> --><SCRIPT>if (a < b) '<p>no'</Script><p>a &lt; b<br>2 < 3 &unknown; &#x0F40;<style>no</style></p>";
        assert_eq!(text(html), "第一课 草药\na < b\n2 < 3 &unknown; ཀ\n");
        assert_eq!(text("<script>never ends"), "");
        assert_eq!(text("<p"), "");
    }

    proptest! {
        #[test]
        fn hostile_pages_never_panic(html in "(<|>|/|!--|-->|script|p|&|#x|;|[a-z0-9一ཀ ]){0,60}") {
            text(&html);
            content(&html, &mut Said::default());
        }
    }
}
