//! A library of 20,000 items, searched in three languages.

use anyhow::Result;
use base::Hash;
use log::Context;
use records::{Change, RecordError, Value, append};

use crate::served::Served;
use crate::tell;

const COURSES: usize = 2000;
/// Items of each course.
const ITEMS: usize = 10;
const BATCH: usize = 200;
/// What files say, in so many ways.
const TEXTS: usize = 500;

/// What titles and texts are made of: as frequent and as rare as words of lessons are.
const WORDS: [&str; 24] = [
    "分数",
    "草药",
    "观察",
    "实验",
    "朗读",
    "地图",
    "等高线",
    "面积",
    "酸碱",
    "力的测量",
    "古诗",
    "对话",
    "སྨན་རྩྭ",
    "ཡི་གེ",
    "ཨང་གྲངས",
    "སློབ་ཚན",
    "རི་མོ",
    "ཆུ་བོ",
    "fractions",
    "herbs",
    "dialogue",
    "pressure",
    "rivers",
    "letters",
];

fn words(n: usize, count: usize) -> String {
    let at = |k: usize| WORDS.get((n * 7 + k * k * 5 + k) % WORDS.len()).copied().unwrap_or_default();
    (0..count).map(at).collect::<Vec<_>>().join(" ")
}

/// The file of an item: what would be read of it is made here, and the file itself is nowhere.
fn source(item: usize) -> Hash {
    Hash::of(format!("item {item}").as_bytes())
}

/// What a file says: as many words as some pages hold, a few of them in few other files.
fn said(item: usize) -> String {
    (0..5).map(|line| format!("{} 页{item}行{line}\n", words(item * 11 + line, 40))).collect()
}

/// Fills a library and searches it.
pub fn run() -> Result<()> {
    let hub = Served::hub()?;
    let kinds = zampa::house::kinds();
    let kind = |name: &str| kinds.get(name).ok_or(RecordError::NotFound);
    let scope = hub.scope;
    for batch in 0..COURSES / BATCH {
        hub.node.site.store.write(Context::NODE, |tx| {
            for n in batch * BATCH..(batch + 1) * BATCH {
                let course = tx.subject(&scope);
                let change = Change::new()
                    .with_text("title", format!("{} 课{n}", words(n, 2)))
                    .with_text("subject", "science")
                    .with_text("licence", "cc_by")
                    .with_text(records::STATE, "published")
                    .with_text("about", words(n + 3, 12));
                append(tx, kind("course")?, scope, course, change, None)?;
                for item in 0..ITEMS {
                    let change = Change::new()
                        .with_text("title", format!("{} 第{item}节 {n}", words(n + item, 3)))
                        .with_link("course", course)
                        .with_text("form", "text")
                        .with("content", Value::Bytes(source(n * ITEMS + item).0.to_vec()))
                        .with_text("text", words(n * 3 + item, 30));
                    append(tx, kind("resource")?, scope, tx.subject(&scope), change, None)?;
                }
            }
            Ok::<_, RecordError>(())
        })?;
    }
    let typed = |n: usize| {
        let rare = format!("课{}", n * 37 % COURSES);
        let word = WORDS.get(n % WORDS.len()).copied().unwrap_or_default();
        let also = WORDS.get((n * 5 + 3) % WORDS.len()).copied().unwrap_or_default();
        match n % 3 {
            0 => rare,
            1 => format!("{word} {also}"),
            _ => word.to_owned(),
        }
    };
    let measure = |with: &str| {
        for (name, of) in [("courses in the library", "/courses"), ("all that one may see", "/search")] {
            let (p99, worked) = hub.p99(300, "href=\"/courses/", |n| format!("{of}?q={}", web::escape(&typed(n))))?;
            let name = format!("search of {name}, 20,000 items{with}, p99");
            tell(&name, p99, "ms", "< 30", p99 < 30.0, None);
            tell(&format!("{name}, of the processor"), worked, "ms", "-", true, None);
        }
        Ok::<_, anyhow::Error>(())
    };
    measure("")?;
    let texts = (0..TEXTS).map(|n| Ok(hub.node.site.blobs.put(said(n).as_bytes())?.0)).collect::<Result<Vec<_>>>()?;
    for (item, text) in (0..COURSES * ITEMS).zip(texts.iter().cycle()) {
        hub.node.index.take_in(&source(item), text)?;
    }
    measure(" with 20,000 files of 200 words")
}
