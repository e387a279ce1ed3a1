use rustix::process::{Resource, Rlimit, nice, setrlimit};

/// Bytes of one file that may be written: an hour of video for a school's network.
const MAX_FILE: u64 = 2 << 30;
/// Bytes of memory that a process may take as its own: what LibreOffice needs for large slides, and no more.
const MAX_MEMORY: u64 = 3 << 30;

/// Binds this process, and those that it starts, to limits of time, memory and file size, and puts it behind those that
/// somebody waits for. Called first, before a byte of the file is read.
///
/// # Errors
/// What the system says.
pub fn limit(seconds: u64) -> std::io::Result<()> {
    let to = |n: u64| Rlimit { current: Some(n), maximum: Some(n) };
    setrlimit(Resource::Cpu, to(seconds * 2))?;
    setrlimit(Resource::Data, to(MAX_MEMORY))?;
    setrlimit(Resource::Fsize, to(MAX_FILE))?;
    setrlimit(Resource::Core, to(0))?;
    nice(10)?;
    Ok(())
}
