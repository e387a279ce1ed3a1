//! A node's directory: its key, what it is, its database, its blobs.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base::{Env, NodeId, Subject, base32};
use log::NodeKey;
use origin::Authority;
use web::NodeKind;

/// What a node is, as its directory says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Hub or school.
    pub kind: NodeKind,
    /// The programme.
    pub programme: [u8; 16],
    /// The hub's public key.
    pub hub_key: Vec<u8>,
    /// Where the hub listens for nodes; empty on the hub.
    pub hub_address: String,
    /// The node's name.
    pub title: String,
    /// The school whose node it is.
    pub school: Option<Subject>,
    /// Whether its rows are invented.
    pub demonstration: bool,
}

/// A node's directory.
#[derive(Clone, Debug)]
pub struct Files(pub PathBuf);

impl Files {
    /// The directory of a node: the given one, or the hub's in a demonstration's.
    pub fn find(dir: &Path) -> Result<Self> {
        for place in [dir.to_owned(), dir.join("hub")] {
            if place.join("node.conf").is_file() {
                return Ok(Self(place));
            }
        }
        bail!(
            "{} is no node's directory: it holds no node.conf. Start one with `zampa hub --data {0}`, or join with `zampa join --data {0} CODE`",
            dir.display()
        );
    }

    /// Whether a node has been set up here.
    pub fn exist(&self) -> bool {
        self.0.join("node.conf").is_file()
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.0.join("zampa.db")
    }

    /// What stays here and is no fact.
    pub fn local(&self) -> PathBuf {
        self.0.join("local.db")
    }

    /// Scratch files of workers.
    pub fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// Which trees of files are here.
    pub fn shelf(&self) -> PathBuf {
        self.0.join("shelf.db")
    }

    /// What is written of live classes until it lies among the blobs.
    pub fn classes(&self) -> PathBuf {
        self.0.join("classes")
    }

    /// What the files say.
    pub fn index(&self) -> PathBuf {
        self.0.join("said.db")
    }

    /// The blobs.
    pub fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    /// Keeps the directory for one process, which caches what it has read and heard of; the lock goes with the file that
    /// is returned, also when the process is killed.
    pub fn lock(&self) -> Result<Option<fs::File>> {
        let path = self.0.join("zampa.lock");
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot make {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            // A file system without locks keeps nobody out.
            Err(fs::TryLockError::Error(e)) => {
                tracing::warn!("{} cannot be locked: {e}", path.display());
                Ok(Some(file))
            }
        }
    }

    /// Makes the directory and a key, or reads the one that is there.
    pub fn key(&self, env: &Env) -> Result<NodeKey> {
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        let path = self.0.join("node.key");
        if let Ok(text) = fs::read_to_string(&path) {
            let seed: Option<[u8; 32]> = base32::decode(text.trim()).and_then(|b| b.try_into().ok());
            return Ok(NodeKey::from_seed(seed.with_context(|| format!("{} is no key", path.display()))?)?);
        }
        let key = NodeKey::draw(env)?;
        write_secret(&path, &base32::encode(key.seed()))?;
        Ok(key)
    }

    /// Makes the authority by which devices trust this node, or reads the one that is there.
    pub fn authority(&self, name: &str, env: &Env) -> Result<Authority> {
        let path = self.0.join("authority.key");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let kept = Authority::read(&text, env);
                if let Some(kept) = kept.with_context(|| format!("{} is no authority", path.display()))? {
                    return Ok(kept);
                }
                tracing::warn!("the node's authority is about to be over: devices are to trust the new one");
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
        }
        let made = Authority::make(name, env).context("cannot make the authority for https")?;
        write_secret(&path, &made.write())?;
        Ok(made)
    }

    /// Reads what the node is.
    pub fn settings(&self) -> Result<Settings> {
        let path = self.0.join("node.conf");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let values: BTreeMap<&str, &str> =
            text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.trim(), v.trim())).collect();
        let value = |name: &str| values.get(name).copied().with_context(|| format!("{}: no `{name}`", path.display()));
        let bytes = |name: &str| -> Result<Vec<u8>> {
            base32::decode(value(name)?).with_context(|| format!("{}: `{name}` cannot be read", path.display()))
        };
        Ok(Settings {
            kind: match value("kind")? {
                "hub" => NodeKind::Hub,
                "school" => NodeKind::School,
                other => bail!("{}: a node is a hub or a school, not `{other}`", path.display()),
            },
            programme: bytes("programme")?.try_into().ok().context("`programme` is not 16 bytes")?,
            hub_key: bytes("hub_key")?,
            hub_address: values.get("hub_address").copied().unwrap_or_default().to_owned(),
            title: value("title")?.to_owned(),
            school: values.get("school").and_then(|s| s.parse().ok()),
            demonstration: values.get("demonstration") == Some(&"yes"),
        })
    }

    /// Writes what the node is. Last of all when a node is made: a directory without it is begun anew.
    pub fn write_settings(&self, s: &Settings) -> Result<()> {
        let mut text = format!(
            "# What this node is. The key beside it must stay secret.\nkind = {}\nprogramme = {}\nhub_key = {}\ntitle = {}\n",
            if s.kind == NodeKind::Hub { "hub" } else { "school" },
            base32::encode(&s.programme),
            base32::encode(&s.hub_key),
            s.title
        );
        if !s.hub_address.is_empty() {
            text.push_str(&format!("hub_address = {}\n", s.hub_address));
        }
        if let Some(school) = s.school {
            text.push_str(&format!("school = {school}\n"));
        }
        if s.demonstration {
            text.push_str("demonstration = yes\n");
        }
        write_secret(&self.0.join("node.conf"), &text)
    }
}

impl Settings {
    /// The hub's id.
    pub fn hub(&self) -> NodeId {
        NodeId::of_key(&self.hub_key)
    }
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let part = path.with_extension("part");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .with_context(|| format!("cannot write {}", part.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    Ok(())
}
