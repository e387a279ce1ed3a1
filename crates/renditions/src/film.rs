use std::fs;
use std::path::Path;

use assets::Tool;

use crate::RenditionError;
use crate::programs::program;

/// Seconds of a recording that are taken in: a long school day.
const MAX_SECONDS: &str = "28800";

/// Opus, mono, 24 kbit/s: speech, 11 MB an hour.
pub(crate) fn voice(file: &Path, out: &Path) -> Result<(), RenditionError> {
    let how = ["-vn", "-ac", "1", "-c:a", "libopus", "-b:a", "24k", "-application", "voip"];
    run(file, &how, &out.join("voice.ogg"))
}

/// 240 lines, 12 pictures a second, and a poster: less than 160 kbit/s with its sound.
pub(crate) fn small(file: &Path, out: &Path) -> Result<(), RenditionError> {
    let how = [
        "-vf",
        "scale=-2:240,fps=12",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "30",
        "-maxrate",
        "120k",
        "-bufsize",
        "480k",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-ac",
        "1",
        "-b:a",
        "32k",
        "-movflags",
        "+faststart",
    ];
    run(file, &how, &out.join("small.mp4"))?;
    // Without a poster the film plays all the same.
    let _ = run(file, &["-frames:v", "1", "-vf", "thumbnail,scale=640:-2", "-an"], &out.join("poster.webp"));
    Ok(())
}

/// 720 lines at most, for the school's own network.
pub(crate) fn large(file: &Path, out: &Path) -> Result<(), RenditionError> {
    let how = [
        "-vf",
        "scale=-2:'min(720,trunc(ih/2)*2)'",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "24",
        "-maxrate",
        "1800k",
        "-bufsize",
        "3600k",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        "-movflags",
        "+faststart",
    ];
    run(file, &how, &out.join("large.mp4"))
}

/// FFmpeg on one file, of a container that carries its own streams: a play-list could name other files of this machine.
fn run(file: &Path, how: &[&str], to: &Path) -> Result<(), RenditionError> {
    let status = program(Tool::Ffmpeg)?
        .args(["-nostdin", "-v", "error", "-y", "-threads", "1", "-protocol_whitelist", "file"])
        .args(["-format_whitelist", FORMATS, "-t", MAX_SECONDS, "-i"])
        .arg(file)
        .args(["-map_metadata", "-1", "-sn", "-dn"])
        .args(how)
        .arg(to)
        .status()?;
    let whole = status.success() && fs::metadata(to).is_ok_and(|m| m.len() > 0);
    if !whole {
        let _ = fs::remove_file(to);
        return Err(RenditionError::Broken);
    }
    Ok(())
}

/// The containers that are opened.
pub(crate) const FORMATS: &str = "mov,matroska,avi,mpeg,mpegts,mp3,ogg,wav,aac,flac,amr";
