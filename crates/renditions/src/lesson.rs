//! A lesson as a film, for whatever plays MP4: its pages with the pens on them as they were, and its voices.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

use assets::{Script, Tool, Voice};
use tiny_skia::Pixmap;

use crate::RenditionError;
use crate::film::FORMATS;
use crate::ink::Board;
use crate::programs::program;

/// Pixels of a film.
const SIZE: (u32, u32) = (1280, 720);
/// Pictures a second: a pen is seen to move.
const RATE: u32 = 10;
/// The longest lesson, in milliseconds: a long school day.
const MAX_MS: u32 = 8 * 3_600_000;
/// Samples a second of voices that are mixed.
const SAMPLES: u32 = 24_000;

/// Makes the film. Scratch files go to `work`; `at` hears how many milliseconds are done.
///
/// # Errors
/// [`RenditionError`].
pub fn film(script: &Script, work: &Path, to: &Path, mut at: impl FnMut(u32)) -> Result<(), RenditionError> {
    if script.ms == 0 || script.ms > MAX_MS {
        return Err(RenditionError::Empty);
    }
    let acts = acts(&script.pens)?;
    let mut acts = acts.into_iter().peekable();
    let mut board = Board::new(&script.pages, SIZE)?;
    let mut command = program(Tool::Ffmpeg)?;
    command.args(["-nostdin", "-v", "error", "-y", "-threads", "1"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &format!("{}x{}", SIZE.0, SIZE.1)]);
    command.args(["-r", &RATE.to_string(), "-i", "pipe:0"]);
    match &*script.voices {
        [] => {}
        [Voice { file, at: 0 }] => {
            command.args(["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i"]).arg(file);
        }
        several => {
            let mixed = mixed(several, script.ms, work)?;
            command.args(["-f", "s16le", "-ar", &SAMPLES.to_string(), "-ac", "1", "-i"]).arg(mixed);
        }
    }
    command.args(["-map", "0:v", "-map_metadata", "-1", "-t", &format!("{}ms", script.ms)]);
    if !script.voices.is_empty() {
        command.args(["-map", "1:a:0"]);
    }
    command.args(["-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-crf", "26", "-g", "100"]);
    command.args(["-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
    command.args(["-color_range", "tv", "-c:a", "aac", "-ac", "1", "-b:a", "64k", "-movflags", "+faststart"]);
    let mut child = command.arg(to).stdin(Stdio::piped()).spawn()?;
    let written = match child.stdin.take() {
        Some(into) => pictures(script.ms, &mut acts, &mut board, into, &mut at),
        None => Err(RenditionError::Broken),
    };
    let status = child.wait()?;
    // FFmpeg that ended before its pictures did says it by its status.
    let written = match written {
        Err(RenditionError::Io(e)) if e.kind() == ErrorKind::BrokenPipe => Err(RenditionError::Broken),
        other => other,
    };
    let whole = written.is_ok() && status.success() && fs::metadata(to).is_ok_and(|m| m.len() > 0);
    if !whole {
        let _ = fs::remove_file(to);
        return written.and(Err(RenditionError::Broken));
    }
    Ok(())
}

type Acts = Vec<(u32, usize, pen::Act)>;

/// What all pens did, in the order of time.
fn acts(pens: &[PathBuf]) -> Result<Acts, RenditionError> {
    let mut all = Acts::new();
    for (by, pen) in pens.iter().enumerate() {
        pen::read(&fs::read(pen)?, |at, act| all.push((at, by, act))).map_err(|_| RenditionError::Broken)?;
    }
    all.sort_by_key(|(at, ..)| *at);
    Ok(all)
}

/// Writes every picture of the film; one that is as the last was is not drawn again.
fn pictures(
    ms: u32,
    acts: &mut std::iter::Peekable<impl Iterator<Item = (u32, usize, pen::Act)>>,
    board: &mut Board<'_>,
    mut into: ChildStdin,
    at: &mut impl FnMut(u32),
) -> Result<(), RenditionError> {
    let mut picture = Planes::new();
    for n in 0..(u64::from(ms) * u64::from(RATE)).div_ceil(1000) {
        let now = u32::try_from(n * 1000 / u64::from(RATE)).unwrap_or(ms);
        while let Some((_, by, act)) = acts.next_if(|(when, ..)| *when <= now) {
            board.act(by, act);
        }
        if let Some(shown) = board.look()? {
            picture.take(shown);
        }
        into.write_all(&picture.bytes)?;
        if n.is_multiple_of(u64::from(RATE)) {
            at(now);
        }
    }
    Ok(())
}

/// A picture as films have them: brightness, and for each four points their colour (BT.709, 16 to 235).
struct Planes {
    bytes: Vec<u8>,
    page: (u32, u32),
}

const WIDTH: usize = SIZE.0 as usize;
const HEIGHT: usize = SIZE.1 as usize;

impl Planes {
    fn new() -> Self {
        Self { bytes: black(), page: SIZE }
    }

    /// Takes the board in, in the middle.
    fn take(&mut self, shown: &Pixmap) {
        let page = (shown.width(), shown.height());
        if page != self.page {
            (self.bytes, self.page) = (black(), page);
        }
        let (left, top) = (((SIZE.0 - page.0) / 4 * 2) as usize, ((SIZE.1 - page.1) / 4 * 2) as usize);
        let row = page.0 as usize * 4;
        let (bright, colours) = self.bytes.split_at_mut(WIDTH * HEIGHT);
        for (from, to) in shown.data().chunks_exact(row).zip(bright.chunks_exact_mut(WIDTH).skip(top)) {
            for ([r, g, b, _], to) in from.as_chunks::<4>().0.iter().zip(to.iter_mut().skip(left)) {
                *to = mixture([11_966, 40_254, 4064], 16, [*r, *g, *b].map(i32::from));
            }
        }
        let (blue, red) = colours.split_at_mut(WIDTH * HEIGHT / 4);
        let halves = blue.chunks_exact_mut(WIDTH / 2).zip(red.chunks_exact_mut(WIDTH / 2)).skip(top / 2);
        for (rows, (blue, red)) in shown.data().chunks_exact(row * 2).zip(halves) {
            let (upper, lower) = rows.split_at(row);
            let fours = upper.as_chunks::<8>().0.iter().zip(lower.as_chunks::<8>().0);
            let to = blue.iter_mut().zip(red.iter_mut()).skip(left / 2);
            for ((upper, lower), (blue, red)) in fours.zip(to) {
                let [ar, ag, ab, _, br, bg, bb, _] = upper.map(i32::from);
                let [cr, cg, cb, _, dr, dg, db, _] = lower.map(i32::from);
                let mean = [ar + br + cr + dr, ag + bg + cg + dg, ab + bb + cb + db].map(|sum| (sum + 2) / 4);
                *blue = mixture([-6596, -22_189, 28_784], 128, mean);
                *red = mixture([28_784, -26_145, -2639], 128, mean);
            }
        }
    }
}

fn black() -> Vec<u8> {
    let mut out = vec![16; WIDTH * HEIGHT];
    out.resize(WIDTH * HEIGHT / 2 * 3, 128);
    out
}

/// Parts of 65536 of red, green and blue, and what they are added to.
fn mixture(parts: [i32; 3], to: i32, [r, g, b]: [i32; 3]) -> u8 {
    let [of_r, of_g, of_b] = parts;
    u8::try_from(to + ((of_r * r + of_g * g + of_b * b + 32_768) >> 16)).unwrap_or(u8::MAX)
}

/// The voices as one, each from when it begins: added up on disk, so that a day of many voices needs no more memory than
/// one.
fn mixed(voices: &[Voice], ms: u32, work: &Path) -> Result<PathBuf, RenditionError> {
    let path = work.join("voices.pcm");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
    let place = |ms: u32| u64::from(ms) * u64::from(SAMPLES) / 1000 * 2;
    let end = place(ms);
    file.set_len(end)?;
    for voice in voices {
        let mut child = program(Tool::Ffmpeg)?
            .args(["-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe"])
            .args(["-format_whitelist", FORMATS, "-i"])
            .arg(&voice.file)
            .args(["-map", "0:a:0", "-f", "s16le", "-ar", &SAMPLES.to_string(), "-ac", "1", "pipe:1"])
            .stdout(Stdio::piped())
            .spawn()?;
        let added = child.stdout.take().map(|from| add(from, &file, place(voice.at), end)).transpose();
        let status = child.wait()?;
        added?;
        if !status.success() {
            return Err(RenditionError::Broken);
        }
    }
    Ok(path)
}

fn add(from: impl Read, file: &File, mut at: u64, end: u64) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let (mut heard, mut there) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let got = fill(&mut from, &mut heard)?;
        let len = got.min(usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX)) & !1;
        let (Some(heard), Some(there)) = (heard.get(..len), there.get_mut(..len)) else { return Ok(()) };
        if len > 0 {
            file.read_exact_at(there, at)?;
            for (to, more) in there.as_chunks_mut::<2>().0.iter_mut().zip(heard.as_chunks::<2>().0) {
                *to = i16::from_le_bytes(*to).saturating_add(i16::from_le_bytes(*more)).to_le_bytes();
            }
            file.write_all_at(there, at)?;
            at += len as u64;
        }
        // What is said after the end is read to its own end, so that who says it is not broken off.
        if got == 0 {
            return Ok(());
        }
    }
}

/// Reads until the buffer is full or nothing comes any more.
fn fill(from: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = into.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest)? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use assets::Sheet;
    use pen::{Act, Point, Writer};

    use super::*;

    /// A slide of one colour, as the recipe for slides leaves it.
    fn slide(dir: &Path, name: &str, size: (u32, u32), colour: [u8; 3]) -> PathBuf {
        let pixels = colour.repeat((size.0 * size.1) as usize);
        let path = dir.join(name);
        fs::write(&path, &*webp::Encoder::from_rgb(&pixels, size.0, size.1).encode(90.0)).unwrap();
        path
    }

    /// A tone, as a browser records a voice.
    fn tone(dir: &Path, name: &str, hertz: u32, seconds: u32) -> PathBuf {
        let path = dir.join(name);
        let from = format!("sine=frequency={hertz}:duration={seconds}:sample_rate=48000");
        let how = ["-v", "error", "-y", "-f", "lavfi", "-i", &from, "-c:a", "libopus", "-b:a", "16k"];
        assert!(Command::new("ffmpeg").args(how).arg(&path).status().unwrap().success());
        path
    }

    fn ask(program: &str, how: &[&str], file: &Path) -> Vec<u8> {
        let mut command = Command::new(program);
        let at = how.iter().position(|h| *h == "FILE").unwrap();
        command.args(&how[..at]).arg(file).args(&how[at + 1..]);
        command.output().unwrap().stdout
    }

    /// A point of the film at a time.
    fn seen(film: &Path, seconds: &str, x: usize, y: usize) -> [u8; 3] {
        let how =
            ["-v", "error", "-ss", seconds, "-i", "FILE", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
        let pixels = ask("ffmpeg", &how, film);
        assert_eq!(pixels.len(), WIDTH * HEIGHT * 3, "a picture at {seconds}");
        let at = (y * WIDTH + x) * 3;
        [pixels[at], pixels[at + 1], pixels[at + 2]]
    }

    /// How loud the film is between two times: the mean of its samples.
    fn loud(film: &Path, from: &str, to: &str) -> f64 {
        let pcm = ask(
            "ffmpeg",
            &["-v", "error", "-ss", from, "-to", to, "-i", "FILE", "-f", "s16le", "-ac", "1", "-ar", "8000", "-"],
            film,
        );
        let sum: f64 = pcm.as_chunks::<2>().0.iter().map(|s| f64::from(i16::from_le_bytes(*s)).powi(2)).sum();
        (sum / f64::from(u32::try_from(pcm.len().max(2) / 2).unwrap())).sqrt()
    }

    fn near(seen: [u8; 3], wanted: [u8; 3]) -> bool {
        seen.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 14)
    }

    /// A lesson of six seconds: a stroke across the first page from one second to two, the second page at four.
    fn lesson(dir: &Path) -> Script {
        let mut pen = Writer::default();
        pen.act(0, Act::Page(0));
        let at = |x| Point { x, y: 2304, pressure: 128 };
        pen.act(1000, Act::Begin { colour: 1, width: 120, at: at(800) });
        for n in 1..=50 {
            pen.act(1000 + n * 20, Act::Go(at(800 + i32::try_from(n).unwrap() * 130)));
        }
        pen.act(2000, Act::End);
        pen.act(4000, Act::Page(1));
        fs::write(dir.join("pen"), pen.finish()).unwrap();
        let sheet = |picture, width, height| Sheet { picture: Some(picture), width, height };
        Script {
            ms: 6000,
            pages: vec![
                sheet(slide(dir, "a.webp", (1280, 720), [230, 240, 250]), 1280, 720),
                sheet(slide(dir, "b.webp", (640, 480), [20, 120, 60]), 640, 480),
            ],
            pens: vec![dir.join("pen")],
            voices: vec![Voice { file: tone(dir, "voice.ogg", 440, 6), at: 0 }],
        }
    }

    #[test]
    fn a_lesson_becomes_a_film_with_the_pen_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (script, to) = (lesson(dir.path()), dir.path().join("film.mp4"));
        let mut heard = Vec::new();
        film(&script, dir.path(), &to, |ms| heard.push(ms)).unwrap();
        assert_eq!(heard, [0, 1000, 2000, 3000, 4000, 5000]);
        let how = ["-v", "error", "-show_entries", "stream=codec_name,width,height:format=duration", "-of", "csv=p=0"];
        let said = ask("ffprobe", &[&how[..], &["FILE"]].concat(), &to);
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("h264,1280,720") && said.contains("aac"), "{said}");
        let seconds: f64 = said.lines().last().unwrap().trim_matches(',').parse().unwrap();
        assert!((5.8..6.3).contains(&seconds), "{said}");
        let (page, red) = ([230, 240, 250], [0xc8, 0x32, 0x1f]);
        assert!(near(seen(&to, "0.5", 300, 360), page), "nothing is drawn yet: {:?}", seen(&to, "0.5", 300, 360));
        assert!(near(seen(&to, "1.65", 300, 360), red), "half of the stroke: {:?}", seen(&to, "1.65", 300, 360));
        assert!(near(seen(&to, "1.65", 1100, 360), page), "and not all: {:?}", seen(&to, "1.65", 1100, 360));
        assert!(near(seen(&to, "3", 1100, 360), red), "all of it: {:?}", seen(&to, "3", 1100, 360));
        assert!(near(seen(&to, "5", 640, 360), [20, 120, 60]), "the next page: {:?}", seen(&to, "5", 640, 360));
        assert!(near(seen(&to, "5", 40, 360), [0, 0, 0]), "with nothing beside it: {:?}", seen(&to, "5", 40, 360));
        assert!(loud(&to, "1", "5") > 500.0);
        // It begins to play before all of it has come.
        let bytes = fs::read(&to).unwrap();
        let place = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap();
        assert!(place(b"moov") < place(b"mdat"));
        if let Some(keep) = std::env::var_os("ZAMPA_KEEP") {
            fs::copy(&to, keep).unwrap();
        }
    }

    #[test]
    fn voices_begin_when_they_did_and_sound_together() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("film.mp4");
        let voice = |name, hertz, seconds, at| Voice { file: tone(dir.path(), name, hertz, seconds), at };
        let voices = vec![voice("a.ogg", 300, 1, 1000), voice("b.ogg", 500, 3, 3000), voice("c.ogg", 800, 1, 4000)];
        film(&Script { voices, ..lesson(dir.path()) }, dir.path(), &to, |_| {}).unwrap();
        assert!(loud(&to, "0.2", "0.8") < 50.0, "nobody speaks yet");
        assert!(loud(&to, "1.2", "1.8") > 500.0);
        assert!(loud(&to, "2.3", "2.8") < 50.0);
        let (one, both) = (loud(&to, "3.2", "3.8"), loud(&to, "4.2", "4.8"));
        assert!(both > one * 1.2, "{one} {both}");
        // A film without a voice is one too.
        film(&Script { voices: Vec::new(), ..lesson(dir.path()) }, dir.path(), &to, |_| {}).unwrap();
        assert!(near(seen(&to, "5", 640, 360), [20, 120, 60]));
    }

    #[test]
    fn what_is_broken_is_refused_and_leaves_no_half_film() {
        let dir = tempfile::tempdir().unwrap();
        let (whole, to) = (lesson(dir.path()), dir.path().join("film.mp4"));
        let broken = dir.path().join("broken");
        fs::write(&broken, b"#EXTM3U\nfile:///etc/passwd\n").unwrap();
        let voice = |at| vec![Voice { file: broken.clone(), at }];
        let page = vec![Sheet { picture: Some(broken.clone()), width: 16, height: 9 }];
        for (what, script) in [
            ("pen", Script { pens: vec![broken.clone()], ..whole.clone() }),
            ("page", Script { pages: page, ..whole.clone() }),
            ("voice", Script { voices: voice(0), ..whole.clone() }),
            ("later voice", Script { voices: voice(50), ..whole.clone() }),
        ] {
            let done = film(&script, dir.path(), &to, |_| {});
            assert!(matches!(done, Err(RenditionError::Broken)), "{what}: {done:?}");
            assert!(!to.exists(), "{what}");
        }
        let none = film(&Script { ms: 0, ..whole }, dir.path(), &to, |_| {});
        assert!(matches!(none, Err(RenditionError::Empty)));
    }
}
