//! Films of lessons that somebody asked for, one after the other: each by a process of its own within limits, which says how
//! far it is, and which ends when nobody wants the film any more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use assets::{Films, Script, Stand};
use base::Hash;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use web::Site;

use crate::node::Node;
use crate::worker::Worker;

/// How often is looked whether somebody asked for a film, in seconds.
const LOOK_SECONDS: u64 = 1;
/// Seconds of work that a film may take: eight hours of lesson on a slow box.
const MAX_SECONDS: u64 = 8 * 3600;
/// Bytes that a worker may say.
const MAX_SAID: u64 = 1 << 20;

/// Makes films for as long as the runtime runs.
pub fn open(node: &Node) {
    let work = std::path::absolute(&node.work).unwrap_or_else(|_| node.work.clone()).join("film");
    let (site, films) = (Arc::clone(&node.site), Arc::clone(&node.films));
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
        loop {
            every.tick().await;
            while let Some((of, script)) = films.take() {
                let stand = one(&site, &films, &of, &script, &work).await.unwrap_or_else(|e| {
                    tracing::error!("making a film: {e:#}");
                    Stand::Failed("failed".to_owned())
                });
                films.ended(&of, stand);
                let _ = fs::remove_dir_all(&work);
            }
        }
    });
}

async fn one(site: &Arc<Site>, films: &Films, of: &Hash, script: &Script, work: &Path) -> Result<Stand> {
    let _ = fs::remove_dir_all(work);
    fs::create_dir_all(work)?;
    fs::write(work.join("script.json"), script.encode())?;
    let mut worker = Worker::start(&["film".as_ref(), work.as_os_str()])?;
    let answer = tokio::time::timeout(Duration::from_secs(MAX_SECONDS), async {
        let mut lines = BufReader::new((&mut worker.said).take(MAX_SAID)).lines();
        while let Some(line) = lines.next_line().await? {
            let wanted = match line.strip_prefix("at ").and_then(|ms| ms.parse().ok()) {
                Some(ms) => films.at(of, ms),
                None => return Ok::<_, std::io::Error>(line),
            };
            if !wanted {
                break;
            }
        }
        Ok(String::new())
    })
    .await;
    worker.end().await;
    let answer = answer.map_or(Ok("refused too-hard".to_owned()), |said| said)?;
    if answer != "made" {
        let code = answer.strip_prefix("refused ").unwrap_or("failed");
        return Ok(Stand::Failed(code.to_owned()));
    }
    let (site, made) = (Arc::clone(site), place(work));
    let (hash, bytes) =
        tokio::task::spawn_blocking(move || Ok::<_, anyhow::Error>(site.blobs.put(File::open(made)?)?)).await??;
    Ok(Stand::Ready(hash, bytes))
}

fn place(work: &Path) -> PathBuf {
    work.join("film.mp4")
}

/// The worker's side: binds itself to limits, makes the film, says how far it is and what came of it.
pub fn film(work: &Path) -> Result<()> {
    let script = Script::decode(&fs::read_to_string(work.join("script.json"))?).context("no script")?;
    renditions::limit(MAX_SECONDS)?;
    match renditions::film(&script, work, &place(work), |ms| println!("at {ms}")) {
        Ok(()) => println!("made"),
        Err(e) => println!("refused {}", e.code().unwrap_or("failed")),
    }
    Ok(())
}
