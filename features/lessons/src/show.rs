//! A plan as HTML: what is read without a script, printed, and shown to who may not write.

use std::collections::BTreeSet;

use documents::{Node, PLACES};
use text::Words;

use crate::outline::COLUMNS;
use crate::pictures::{PICTURE, Pictures};

/// The document as HTML. All text is escaped here; nothing else in it comes from people. Words that bear [`PLACES`] lead
/// to the comments of these ids.
pub(crate) fn html(tree: &[Node], words: &Words<'_>, comments: &[&str], pictures: &Pictures) -> String {
    let mut page = Page { words, comments, pictures, led: BTreeSet::new(), out: String::new() };
    for node in tree {
        page.part(node);
    }
    page.out
}

/// A page that is written.
struct Page<'a> {
    words: &'a Words<'a>,
    comments: &'a [&'a str],
    pictures: &'a Pictures,
    /// The comments whose words have begun: a comment's quote leads to the first of them.
    led: BTreeSet<&'a str>,
    out: String,
}

impl Page<'_> {
    fn add(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn part(&mut self, node: &Node) {
        let key = format!("plan-part-{}", node.attribute("part").unwrap_or_default());
        if !self.words.has(&key) {
            return;
        }
        let title = self.words.get(&key);
        self.add(&format!("<section class=\"plan-part\"><h2>{title}</h2>"));
        match node.name() {
            "steps" => self.steps(node),
            _ => self.blocks(node.children()),
        }
        self.add("</section>\n");
    }

    fn steps(&mut self, node: &Node) {
        let words = self.words;
        self.add("<table class=\"plan-steps\"><thead><tr>");
        for column in ["stage"].iter().chain(&COLUMNS) {
            self.add(&format!("<th scope=\"col\">{}</th>", words.get(&format!("plan-column-{column}"))));
        }
        self.add("</tr></thead><tbody>");
        let mut minutes = 0;
        for step in node.children() {
            let cell = |name: &str| step.children().iter().find(|c| c.name() == name);
            let took: i64 = cell("stage").and_then(|s| s.attribute("minutes")?.parse().ok()).unwrap_or(0);
            minutes += took;
            self.add("<tr><th scope=\"row\"><div class=\"plan-stage\">");
            self.inline(cell("stage").map(Node::children).unwrap_or_default());
            let unit = words.get("plan-column-minutes");
            self.add(&format!("</div><div class=\"plan-minutes\">{took} {unit}</div></th>"));
            for column in COLUMNS {
                self.add(&format!("<td data-label=\"{}\">", words.get(&format!("plan-column-{column}"))));
                self.blocks(cell(column).map(Node::children).unwrap_or_default());
                self.add("</td>");
            }
            self.add("</tr>");
        }
        let sum = words.with("plan-sum", &[("n", minutes.into())]);
        self.add(&format!("</tbody></table><p class=\"plan-foot\"><span>{sum}</span></p>"));
    }

    fn blocks(&mut self, nodes: &[Node]) {
        for node in nodes {
            let tag = match node.name() {
                "bullet_list" => "ul",
                "ordered_list" => "ol",
                "list_item" => "li",
                PICTURE => {
                    self.picture(node);
                    continue;
                }
                _ => "p",
            };
            self.add(&format!("<{tag}>"));
            if tag == "p" {
                self.inline(node.children());
            } else {
                self.blocks(node.children());
            }
            self.add(&format!("</{tag}>"));
        }
    }

    /// A picture of the plan's own, or the words in its place.
    fn picture(&mut self, node: &Node) {
        let alt = node.attribute("alt").unwrap_or_default();
        let found = node.attribute("file").and_then(|id| self.pictures.get_key_value(id));
        match found {
            Some((id, picture)) if picture.here => {
                self.add(&format!("<figure class=\"plan-picture\"><a href=\"/files/{id}/content\"><img src=\"/files/{id}/content\" loading=\"lazy\" alt=\""));
                escape(if alt.is_empty() { "–" } else { alt }, &mut self.out);
                self.add("\"></a></figure>");
            }
            found => {
                let said = if found.is_some() { "plan-picture-coming" } else { "plan-picture-gone" };
                self.add(&format!("<p class=\"plan-picture hint\">{}", self.words.get(said)));
                if !alt.is_empty() {
                    self.add(" · ");
                    escape(alt, &mut self.out);
                }
                self.add("</p>");
            }
        }
    }

    fn inline(&mut self, nodes: &[Node]) {
        for node in nodes {
            let Node::Text(text, marks) = node else { continue };
            let said = marks.get(PLACES).and_then(|places| self.said(places));
            if let Some(opening) = &said {
                self.add(opening);
            }
            let tags: Vec<&str> = ["strong", "em"].into_iter().filter(|m| marks.contains_key(*m)).collect();
            tags.iter().for_each(|t| self.add(&format!("<{t}>")));
            escape(text, &mut self.out);
            tags.iter().rev().for_each(|t| self.add(&format!("</{t}>")));
            if said.is_some() {
                self.add("</a>");
            }
        }
    }

    /// The link from words to the comment on them. Where several are about the same words, it is to the first that has
    /// no link yet, so that none is without.
    fn said(&mut self, places: &str) -> Option<String> {
        let here: Vec<&str> =
            places.split(' ').filter_map(|n| self.comments.get(n.parse::<usize>().ok()?)).copied().collect();
        let fresh = here.iter().find(|id| !self.led.contains(**id)).copied();
        let id = fresh.or(here.first().copied())?;
        let name = if self.led.insert(id) { format!(" id=\"words-{id}\"") } else { String::new() };
        Some(format!("<a class=\"plan-said\"{name} href=\"#comment-{id}\">"))
    }
}

/// Text as it stands in HTML.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
