//! A plan as HTML: what is read without a script, printed, and shown to who may not write.

use documents::Node;
use text::Words;

use crate::outline::COLUMNS;

/// The document as HTML. All text is escaped here; nothing else in it comes from people.
pub(crate) fn html(tree: &[Node], words: &Words<'_>) -> String {
    let mut out = String::new();
    for node in tree {
        let part = node.attribute("part").unwrap_or_default();
        let key = format!("plan-part-{part}");
        if !words.has(&key) {
            continue;
        }
        out.push_str(&format!("<section class=\"plan-part\"><h2>{}</h2>", words.get(&key)));
        match node.name() {
            "steps" => steps(node, words, &mut out),
            _ => blocks(node.children(), &mut out),
        }
        out.push_str("</section>\n");
    }
    out
}

fn steps(node: &Node, words: &Words<'_>, out: &mut String) {
    out.push_str("<table class=\"plan-steps\"><thead><tr>");
    for column in ["stage"].iter().chain(&COLUMNS) {
        out.push_str(&format!("<th scope=\"col\">{}</th>", words.get(&format!("plan-column-{column}"))));
    }
    out.push_str("</tr></thead><tbody>");
    let mut minutes = 0;
    for step in node.children() {
        let cell = |name: &str| step.children().iter().find(|c| c.name() == name);
        let took: i64 = cell("stage").and_then(|s| s.attribute("minutes")?.parse().ok()).unwrap_or(0);
        minutes += took;
        out.push_str("<tr><th scope=\"row\"><div class=\"plan-stage\">");
        inline(cell("stage").map(Node::children).unwrap_or_default(), out);
        out.push_str(&format!(
            "</div><div class=\"plan-minutes\">{took} {}</div></th>",
            words.get("plan-column-minutes")
        ));
        for column in COLUMNS {
            out.push_str(&format!("<td data-label=\"{}\">", words.get(&format!("plan-column-{column}"))));
            blocks(cell(column).map(Node::children).unwrap_or_default(), out);
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    let sum = words.with("plan-sum", &[("n", minutes.into())]);
    out.push_str(&format!("</tbody></table><p class=\"plan-foot\"><span>{sum}</span></p>"));
}

fn blocks(nodes: &[Node], out: &mut String) {
    for node in nodes {
        let tag = match node.name() {
            "bullet_list" => "ul",
            "ordered_list" => "ol",
            "list_item" => "li",
            _ => "p",
        };
        out.push_str(&format!("<{tag}>"));
        if tag == "p" {
            inline(node.children(), out);
        } else {
            blocks(node.children(), out);
        }
        out.push_str(&format!("</{tag}>"));
    }
}

fn inline(nodes: &[Node], out: &mut String) {
    for node in nodes {
        let Node::Text(text, marks) = node else { continue };
        let tags: Vec<&str> = ["strong", "em"].into_iter().filter(|m| marks.contains_key(*m)).collect();
        tags.iter().for_each(|t| out.push_str(&format!("<{t}>")));
        escape(text, out);
        tags.iter().rev().for_each(|t| out.push_str(&format!("</{t}>")));
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
