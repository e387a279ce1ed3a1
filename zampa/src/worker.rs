//! A process of its own for what a foreign file may spoil: it answers by what it prints, and what it started ends with it.

use std::ffi::OsStr;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStdout, Command};

/// A worker, and what it says.
pub struct Worker {
    child: Child,
    group: Option<Pid>,
    pub said: ChildStdout,
}

impl Worker {
    /// Starts this program anew, with other arguments.
    pub fn start(arguments: &[&OsStr]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a worker")?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let said = child.stdout.take().context("a worker without an answer")?;
        Ok(Self { child, group, said })
    }

    /// Ends it with all that it started and did not wait for.
    pub async fn end(mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait().await;
    }
}
