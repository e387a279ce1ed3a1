//! The workshop: renditions are made one after the other, each by a process of its own that is bound to limits and ended
//! when its time is up. What it leaves is put among the blobs, and a fact says so.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use assets::{Leaf, RECIPES, Recipe, Shelf, TEXT, TREE, Tool, Tree};
use base::{Hash, Lang};
use courses::{Job, Made};
use web::{NodeKind, Site};

use crate::house;
use crate::node::Node;
use crate::worker::Worker;

/// How often the workshop looks whether something is to be made, in seconds.
const LOOK_SECONDS: u64 = 2;
/// Looks after which texts that came over the link are read in, without one being made here.
const READ_EVERY: u32 = 15;
/// Pages of a package whose text is read, and bytes of all of them.
const MAX_PAGES: usize = 2000;
const MAX_PAGES_BYTES: u64 = 64 << 20;
/// What a worker may take beyond its recipe's time before it is ended: the time to start.
const GRACE_SECONDS: u64 = 15;
/// The hours of a school's night, in which its box may do what is heavy.
const NIGHT: (i8, i8) = (22, 5);

/// Opens the workshop, for as long as the runtime runs.
pub fn open(node: &Node) {
    // The programs that workers start take whole paths only.
    let dir = std::path::absolute(&node.work).unwrap_or_else(|_| node.work.clone());
    let (site, shelf, index) = (Arc::clone(&node.site), Arc::clone(&node.shelf), Arc::clone(&node.index));
    tokio::spawn(async move {
        let mut looks = 0u32;
        let mut every = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
        loop {
            every.tick().await;
            let mut made = false;
            while one(&site, &shelf, &dir).await.unwrap_or_else(|e| {
                tracing::error!("making a rendition: {e:#}");
                false
            }) {
                made = true;
            }
            if made || looks.is_multiple_of(READ_EVERY) {
                let (site, shelf, index) = (Arc::clone(&site), Arc::clone(&shelf), Arc::clone(&index));
                let read = tokio::task::spawn_blocking(move || courses::read_in(&site, &shelf, &index)).await;
                if let Ok(Err(e)) = read {
                    tracing::error!("reading texts: {e}");
                }
            }
            looks = looks.wrapping_add(1);
        }
    });
}

/// Does the next job; false where there is none.
async fn one(site: &Arc<Site>, shelf: &Arc<Shelf>, dir: &Path) -> Result<bool> {
    let (site_1, shelf_1) = (Arc::clone(site), Arc::clone(shelf));
    let found =
        tokio::task::spawn_blocking(move || courses::next_job(&site_1, &shelf_1, &|recipe| may(&site_1, recipe)));
    let Some(job) = found.await?? else { return Ok(false) };
    let work = dir.join(job.recipe.name);
    let (site_1, shelf_1, job_1, work_1) = (Arc::clone(site), Arc::clone(shelf), job.clone(), work.clone());
    let file = tokio::task::spawn_blocking(move || {
        let _ = fs::remove_dir_all(&work_1);
        fs::create_dir_all(work_1.join("out"))?;
        if job_1.recipe.name == TEXT && job_1.media == TREE {
            lay_out(&site_1, &shelf_1, &job_1.source, &work_1.join("in"))
        } else {
            Ok(std::path::absolute(site_1.blobs.path(&job_1.source))?)
        }
    })
    .await??;
    let said = worker(&job, &file, &work).await;
    let (site, shelf, job_1, work_1) = (Arc::clone(site), Arc::clone(shelf), job.clone(), work.clone());
    let kept = tokio::task::spawn_blocking(move || {
        let made = match said? {
            Said::Made => keep(&site, &shelf, &work_1.join("out"))?,
            Said::Refused(code) => Made::Refused(code),
        };
        Ok::<_, anyhow::Error>(courses::note_made(&site, &job_1, made)?)
    })
    .await?;
    // Scratch of a worker that was ended is cleared with the rest.
    let _ = fs::remove_dir_all(&work);
    kept.map(|()| true)
}

/// Whether this node follows a recipe now: a hub always, a school's box by day only what is light.
fn may(site: &Site, recipe: &Recipe) -> bool {
    let hour = i64::try_from(site.now_ms()).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let hour = hour.map_or(12, |at| site.zone().to_datetime(at).hour());
    let night = hour >= NIGHT.0 || hour < NIGHT.1;
    recipe.needs.is_none_or(|tool| (site.node_kind == NodeKind::Hub || night) && renditions::find(tool).is_some())
}

/// Lays out the pages of a package for a worker: their places among the blobs, in the order of their paths.
fn lay_out(site: &Site, shelf: &Shelf, source: &Hash, to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to)?;
    let tree = shelf.tree(source)?.context("a package that is not here")?;
    let mut bytes = 0;
    let is_page = |path: &str| {
        let low = path.to_lowercase();
        [".html", ".htm", ".xhtml"].iter().any(|e| low.ends_with(e)) || low.ends_with("content/content.json")
    };
    for (n, (path, leaf)) in tree.leaves().filter(|(path, _)| is_page(path)).take(MAX_PAGES).enumerate() {
        bytes += leaf.bytes;
        if bytes > MAX_PAGES_BYTES {
            break;
        }
        let ending = if path.ends_with("json") { "json" } else { "html" };
        let blob = std::path::absolute(site.blobs.path(&leaf.content))?;
        std::os::unix::fs::symlink(blob, to.join(format!("{n:05}.{ending}")))?;
    }
    Ok(to.to_owned())
}

enum Said {
    Made,
    Refused(String),
}

/// Runs a worker until it has an answer.
async fn worker(job: &Job, file: &Path, work: &Path) -> Result<Said> {
    let arguments = ["render".as_ref(), job.recipe.name.as_ref(), file.as_os_str(), work.as_os_str()];
    let mut worker = Worker::start(&arguments)?;
    let answer = async {
        let mut said = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut tokio::io::AsyncReadExt::take(&mut worker.said, 200), &mut said)
            .await?;
        Ok::<_, std::io::Error>(said)
    };
    let answer = tokio::time::timeout(Duration::from_secs(job.recipe.seconds + GRACE_SECONDS), answer).await;
    worker.end().await;
    let Ok(said) = answer else { return Ok(Said::Refused("too-hard".to_owned())) };
    let said = said?;
    match said.trim().split_once(' ').unwrap_or((said.trim(), "")) {
        ("made", _) => Ok(Said::Made),
        ("refused", code) => Ok(Said::Refused(code.to_owned())),
        // It is tried again some times; then the file is said to be too hard.
        _ => bail!("a worker of {} ended without an answer", job.recipe.name),
    }
}

/// Puts what a worker left among the blobs, and the tree on the shelf before a fact names it: who hears of the fact asks
/// for the leaves at once.
fn keep(site: &Site, shelf: &Shelf, out: &Path) -> Result<Made> {
    let mut tree = Tree::default();
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let (content, bytes) = site.blobs.put(File::open(entry.path())?)?;
        let media = match name.rsplit('.').next() {
            Some("webp") => "image/webp",
            Some("mp4") => "video/mp4",
            Some("ogg") => "audio/ogg",
            Some("txt") => "text/plain",
            _ => TREE,
        };
        tree.put(&name, Leaf { content, bytes, media: media.to_owned() })?;
    }
    let (hash, len) = site.blobs.put(tree.encode().as_slice())?;
    shelf.lacks(&hash, len)?;
    Ok(Made::Tree(hash, len))
}

/// The worker's side: binds itself to limits, follows the recipe, says what came of it.
pub fn render(recipe: &str, file: &Path, work: &Path) -> Result<()> {
    let recipe = RECIPES.iter().find(|r| r.name == recipe).context("no such recipe")?;
    renditions::limit(recipe.seconds)?;
    match renditions::follow(recipe, file, work, &work.join("out")) {
        Ok(()) => println!("made"),
        Err(e) => match e.code() {
            Some(code) => println!("refused {code}"),
            None => return Err(e.into()),
        },
    }
    Ok(())
}

/// What this machine has of the programs that renditions need, and what it costs to go without, in the words of the page
/// that says the same. False where one is missing.
///
/// # Errors
/// Where two rooms use one key for their words.
pub fn doctor() -> Result<bool> {
    let catalogue = house::catalogue()?;
    let words = catalogue.words(Lang::En, None);
    let mut well = true;
    for tool in Tool::ALL {
        match renditions::find(tool) {
            Some(place) => println!("{}: {}", tool.program(), place.display()),
            None => {
                well = false;
                println!("{}", words.get(courses::words_without(tool)));
            }
        }
    }
    println!("PDF pages: drawn by Zampa itself");
    Ok(well)
}

/// The programs that this machine lacks.
pub fn missing() -> Vec<Tool> {
    Tool::ALL.into_iter().filter(|tool| renditions::find(*tool).is_none()).collect()
}
