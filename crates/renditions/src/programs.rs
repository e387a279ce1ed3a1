use std::path::PathBuf;
use std::process::{Command, Stdio};

use assets::Tool;

use crate::RenditionError;

/// Where a program of the machine is, if it is there.
pub fn find(tool: Tool) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(tool.program())).find(|p| p.is_file())
}

/// A program that reads nothing from here and says nothing to it.
pub(crate) fn program(tool: Tool) -> Result<Command, RenditionError> {
    let mut command = Command::new(find(tool).ok_or(RenditionError::Missing(tool))?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}
