//! The years as a picture (SVG): a row for each subject or school, a cell for each year with a shape of its own, so that it
//! reads in grey; and bars of the whole region. The same stands in a table below.

use std::fmt::Write as _;

use crate::years::carry::By;

/// A row of the picture: its label, and by whom it was carried in each year.
pub(crate) struct Row {
    pub label: String,
    pub cells: Vec<Option<By>>,
}

const LEFT: usize = 160;
const CELL: usize = 38;
const HIGH: usize = 28;
const TOP: usize = 28;

fn clean(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A label that fits its place: the whole of it stands in the table.
fn short(label: &str) -> String {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    let mut room = 18;
    let mut out = String::new();
    for c in label.chars() {
        if room < wide(c) {
            out.push('…');
            break;
        }
        room -= wide(c);
        out.push(c);
    }
    clean(&out)
}

/// The shape of a cell: posted, a ring; both, half filled; local, filled; nobody, a dash.
fn shape(out: &mut String, by: By, x: usize, y: usize) {
    let _ = match by {
        By::Posted => write!(out, "<circle class=\"y-posted\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/>"),
        By::Both => write!(
            out,
            "<circle class=\"y-posted\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/><path class=\"y-local\" d=\"M{x} {} a8 8 0 0 0 0 16z\"/>",
            y - 8
        ),
        By::Local => write!(out, "<circle class=\"y-local\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/>"),
        By::Nobody => write!(out, "<path class=\"y-nobody\" d=\"M{} {y} h14\"/>", x - 7),
    };
}

/// The shape alone, beside its word.
pub(crate) fn sign(by: By) -> String {
    let mut out =
        "<svg class=\"y-sign\" width=\"20\" height=\"20\" viewBox=\"0 0 20 20\" aria-hidden=\"true\">".to_owned();
    shape(&mut out, by, 10, 10);
    out.push_str("</svg>");
    out
}

/// The same for the bars, where a part has a fill of its own: what stays is full, what is shared is light.
pub(crate) fn swatch(by: By) -> String {
    let class = bar(by);
    format!(
        "<svg class=\"y-sign\" width=\"20\" height=\"20\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><rect class=\"b-{class}\" x=\"2\" y=\"3\" width=\"16\" height=\"14\"/></svg>"
    )
}

fn bar(by: By) -> &'static str {
    match by {
        By::Posted => "posted",
        By::Both => "both",
        By::Local => "local",
        By::Nobody => "nobody",
    }
}

/// The rows over the years.
pub(crate) fn rows(title: &str, years: &[i16], rows: &[Row]) -> String {
    let (wide, high) = (LEFT + CELL * years.len(), TOP + HIGH * rows.len() + 4);
    let mut out = format!(
        "<svg viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" role=\"img\" aria-label=\"{}\">",
        clean(title)
    );
    for (i, year) in years.iter().enumerate() {
        let x = LEFT + CELL * i + CELL / 2;
        let _ = write!(out, "<text class=\"lab\" x=\"{x}\" y=\"18\" text-anchor=\"middle\">{year}</text>");
    }
    for (n, row) in rows.iter().enumerate() {
        let y = TOP + HIGH * n + HIGH / 2;
        let line = TOP + HIGH * n;
        let _ = write!(
            out,
            "<path class=\"y-line\" d=\"M0 {line} H{wide}\"/><text x=\"0\" y=\"{}\">{}</text>",
            y + 5,
            short(&row.label)
        );
        for (i, by) in row.cells.iter().enumerate() {
            if let Some(by) = by {
                shape(&mut out, *by, LEFT + CELL * i + CELL / 2, y);
            }
        }
    }
    out.push_str("</svg>");
    out
}

/// How many subjects of schools were carried by whom, year by year: bars, each part by its own place and word.
pub(crate) fn bars(title: &str, years: &[i16], counts: &[[i64; 4]]) -> String {
    const TALL: i64 = 180;
    const WIDE: usize = 56;
    let most = counts.iter().map(|c| c.iter().sum::<i64>()).max().unwrap_or(0).max(1);
    let wide = WIDE * years.len().max(1);
    let mut out = format!(
        "<svg viewBox=\"0 0 {wide} 232\" width=\"{wide}\" height=\"232\" role=\"img\" aria-label=\"{}\">",
        clean(title)
    );
    for (i, (year, [posted, both, local, nobody])) in years.iter().zip(counts).enumerate() {
        let x = WIDE * i + 6;
        let mut y = 20 + TALL;
        // From the ground: local, both, posted, nobody, so that what stays grows from below.
        for (by, n) in [(By::Local, local), (By::Both, both), (By::Posted, posted), (By::Nobody, nobody)] {
            let (class, tall) = (bar(by), n * TALL / most);
            y -= tall;
            if tall > 0 {
                let w = WIDE - 12;
                let _ = write!(out, "<rect class=\"b-{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{tall}\"/>");
            }
            if tall >= 14 {
                let (tx, ty) = (x + (WIDE - 12) / 2, y + tall / 2 + 5);
                let _ = write!(
                    out,
                    "<text class=\"b-n b-n-{class}\" x=\"{tx}\" y=\"{ty}\" text-anchor=\"middle\">{n}</text>"
                );
            }
        }
        let tx = x + (WIDE - 12) / 2;
        let _ = write!(out, "<text class=\"lab\" x=\"{tx}\" y=\"222\" text-anchor=\"middle\">{year}</text>");
    }
    let _ = write!(out, "<path class=\"axis\" d=\"M0 200.5 H{wide}\"/></svg>");
    out
}
