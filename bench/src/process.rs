//! A process as a whole: start, memory, rebuild.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base::Env;

use crate::tell;

/// A port of our own; two more after it are taken.
pub const PORT: u16 = 18_400;

/// A child that is stopped when it is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts zampa and waits for the first 200 at a port; returns it and the milliseconds it took.
pub fn start(zampa: &Path, args: &[&str], port: u16, path: &str) -> Result<(Running, u64)> {
    let env = Env::system();
    let began = env.clock.steady_ms();
    let child = Command::new(zampa).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let running = Running(child);
    loop {
        if let Ok(answer) = get(port, path, "")
            && answer.starts_with("HTTP/1.1 200")
        {
            return Ok((running, env.clock.steady_ms() - began));
        }
        if env.clock.steady_ms() - began > 30_000 {
            bail!("zampa {args:?} does not answer");
        }
        std::hint::spin_loop();
    }
}

/// One request over a connection of its own; the whole answer as text.
pub fn get(port: u16, path: &str, cookie: &str) -> Result<String> {
    let bytes = get_bytes(port, path, &format!("Cookie: {cookie}\r\n"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One request with headers of one's own; the whole answer.
pub fn get_bytes(port: u16, path: &str, headers: &str) -> Result<Vec<u8>> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: hub.localhost:{port}\r\nConnection: close\r\n{headers}\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// A number of `/proc/PID/status`, in kilobytes.
fn status(pid: u32, name: &str) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find(|l| l.starts_with(name)).context("no such line")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

/// CPU seconds that a process has used.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let rest = text.rsplit(") ").next().context("no stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |i: usize| -> Result<f64> { Ok(fields.get(i).context("no field")?.parse::<f64>()?) };
    // utime and stime, in ticks of a hundredth of a second.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// Measures start, memory and rebuild.
pub fn run(zampa: &Path, data: &Path) -> Result<()> {
    let dir = data.to_str().context("a path that is text")?;
    let port = PORT.to_string();
    let env = Env::system();
    let began = env.clock.steady_ms();
    let filled = Command::new(zampa).args(["demo", "--data", dir, "--fill-only"]).stdout(Stdio::null()).status()?;
    if !filled.success() {
        bail!("the demonstration was not filled");
    }
    let ms = env.clock.steady_ms() - began;
    tell("fill the demonstration", ms as f64 / 1000.0, "s", "-", true, None);

    let mut best = u64::MAX;
    for _ in 0..5 {
        let (running, ms) = start(zampa, &["demo", "--data", dir, "--port", &port], PORT, "/")?;
        best = best.min(ms);
        drop(running);
    }
    let seconds = best as f64 / 1000.0;
    tell("start to first 200, three nodes", seconds, "s", "< 0.5", seconds < 0.5, Some("1.7–4.8"));

    let school = data.join("school-1");
    let school = school.to_str().context("a path that is text")?;
    let (running, _) = start(zampa, &["school", "--data", school, "--port", &port], PORT, "/welcome")?;
    get(PORT, "/figures", "")?;
    let mb = status(running.0.id(), "VmRSS")? / 1024.0;
    tell("idle memory of a school node", mb, "MB", "<= 40", mb <= 40.0, Some("109–133"));
    drop(running);

    let out = Command::new(zampa).args(["log", "rebuild", "--data", dir, "--json"]).output()?;
    let line: serde_json::Value = serde_json::from_slice(&out.stdout)?;
    let number = |name: &str| line.get(name).and_then(serde_json::Value::as_f64).unwrap_or(0.0);
    let (entries, ms) = (number("entries"), number("milliseconds").max(1.0));
    let rate = entries / ms * 1000.0;
    tell("rebuild with indexes and search", rate, "facts/s", "-", true, None);
    Ok(())
}
