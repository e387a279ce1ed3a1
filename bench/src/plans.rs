//! A lesson plan of 4,000 characters as somebody types it in an hour and more: its weight on disk and on the link, and
//! the time that merging takes.

use anyhow::{Context as _, Result};
use base::{Env, Scope};
use documents::{Live, Node, seed};
use log::{Context, Draft, Store};
use records::{Change, RecordError, append, document_payload};
use yrs::types::xml::{XmlFragment, XmlOut};
use yrs::updates::decoder::Decode;
use yrs::{ClientID, Doc, Options, ReadTxn, Text, Transact, Update};
use zampa::files::Files;
use zampa::node::{make_hub, open_store};

use crate::tell;

const CHARACTERS: usize = 4000;
/// Characters that one types in the five minutes after which typing becomes a fact, at one a second.
const A_FACT: usize = 300;
/// Plans that are written, so that pages of the database even out.
const PLANS: usize = 20;

/// Chinese as people write it, so that words repeat as they do.
const PROSE: &str = concat!(
    include_str!("../../docs/zh/operator.md"),
    include_str!("../../docs/zh/teacher.md"),
    include_str!("../../features/lessons/words/zh.ftl"),
    include_str!("../../crates/register/words/zh.ftl"),
    include_str!("../../crates/web/words/zh.ftl"),
);

type Updates = Vec<Vec<u8>>;

/// The outline of a plan, and its updates, one for each character typed.
fn typed(plan: u64) -> Result<(Updates, Updates)> {
    let parts: Vec<Node> = ["aims", "key", "hard", "board", "homework", "reflection"]
        .map(|part| {
            Node::element("section", vec![Node::element("paragraph", vec![Node::text(" ")])]).with("part", part)
        })
        .into();
    let outline = seed(&parts, plan * 2 + 1)?;
    let doc = Doc::with_options(Options { client_id: ClientID::new(plan * 2 + 2), ..Options::default() });
    for update in &outline {
        doc.transact_mut().apply_update(Update::decode_v1(update)?)?;
    }
    let prose: Vec<char> = PROSE.chars().filter(|c| ('\u{4e00}'..'\u{9fff}').contains(c)).collect();
    let root = doc.get_or_insert_xml_fragment("prosemirror");
    let mut updates = Vec::with_capacity(CHARACTERS);
    for n in 0..CHARACTERS {
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        let part = u32::try_from(n * parts.len() / CHARACTERS)?;
        let Some(XmlOut::Element(section)) = root.get(&txn, part) else { anyhow::bail!("no part") };
        let Some(XmlOut::Element(paragraph)) = section.get(&txn, 0) else { anyhow::bail!("no paragraph") };
        let Some(XmlOut::Text(text)) = paragraph.get(&txn, 0) else { anyhow::bail!("no text") };
        // One in twenty is taken back and typed again, as people do.
        let letter = prose.get((n + usize::try_from(plan)? * 211) % prose.len()).copied().unwrap_or('字');
        if n % 20 == 19 {
            let len = text.len(&txn);
            text.remove_range(&mut txn, len - 3, 3);
        }
        text.push(&mut txn, &letter.to_string());
        drop(txn);
        updates.push(doc.transact().encode_diff_v1(&before));
    }
    Ok((outline, updates))
}

fn bytes_of(store: &Store) -> Result<u64> {
    store.tidy()?;
    Ok(std::fs::metadata(store.path())?.len())
}

/// Measures plans.
pub fn run() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let files = Files(dir.path().to_owned());
    let env = Env::system();
    let settings = make_hub(&files, &env, "Hub", true)?;
    let store = open_store(&files, &settings, &env)?;
    let kinds = zampa::house::kinds();
    let kind = kinds.get("lesson_plan").context("plans")?;
    let scope = Scope::Programme(settings.programme);
    let before = bytes_of(&store)?;
    let had = store.read(|c| log::vector(c, &|_| true))?.values().map(|h| h.seq).max().unwrap_or(0);
    let (mut text, mut merging) = (0, 0.0_f64);
    for plan in 0..PLANS {
        let (outline, updates) = typed(u64::try_from(plan)?)?;
        let started = env.clock.steady_ms();
        let live = Live::of(outline.iter().chain(&updates).map(Vec::as_slice));
        merging = merging.max((env.clock.steady_ms() - started) as f64 / 1000.0);
        text += documents::plain(&live.tree()?).len();
        let mut growing = Live::of(outline.iter().map(Vec::as_slice));
        let mut facts = Vec::new();
        for typed in updates.chunks(A_FACT) {
            let fact = growing.compact(typed).context("a fact")?;
            growing.apply(&fact)?;
            facts.push(fact);
        }
        store.write(Context::NODE, |tx| {
            let id = tx.subject(&scope);
            append(tx, kind, scope, id, Change::new().with_text("title", format!("教案 {plan}")), None)?;
            for update in outline.iter().chain(&facts) {
                let payload = document_payload(update)?;
                tx.append(&Draft { scope, subject: id, kind: kind.document("body"), payload, base: None })?;
            }
            tx.fold()?;
            Ok::<_, RecordError>(())
        })?;
    }
    let disk = (bytes_of(&store)? - before) as f64 / text as f64;
    tell(
        "a plan of 4,000 characters with its history, on disk, beside its text",
        disk,
        "times",
        "<= 2.5",
        disk <= 2.5,
        None,
    );
    store.sign()?;
    let mut sent = 0;
    let mut after = had;
    while let Some(segment) = store.read(|c| log::since(c, &scope, store.key().id(), after))? {
        after = segment.entries.last().map_or(after, |e| e.header.seq);
        sent += segment.encode()?.len();
    }
    let each = sent as f64 / PLANS as f64 / 1000.0;
    tell("a plan of 4,000 characters with its history, on the link", each, "KB", "<= 15", each <= 15.0, None);
    tell("merging the 4,000 edits of a plan", merging, "s", "< 1", merging < 1.0, None);
    Ok(())
}
