//! What a pen does in a lesson: strokes, pages, and when. Lengths are in units of which a page has 8192 from left to right
//! and as many to the inch downwards; times in milliseconds from the beginning. A point takes four bytes or so: what is
//! written is always the difference to what went before, as a number of seven bits a byte.
//!
//! | byte | what | then |
//! |---|---|---|
//! | 1 | a page is shown | its number, from 0 |
//! | 2 | a stroke begins | colour, width, x, y, pressure |
//! | 3 | points of the stroke | their count; for each: time, x, y, pressure, as differences |
//! | 4 | the stroke ends | |
//! | 5 | the page's last stroke is taken back | |
//! | 6 | the page's strokes are wiped off | |
//! | 7 | the pointer is somewhere | x, y |
//! | 8 | the pointer is gone | |
//!
//! Before each of these bytes stands the time since the last; before all of it, the letters `ZPEN` and the version, 1.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

/// What such a record begins with.
pub const HEAD: [u8; 5] = *b"ZPEN\x01";
/// Bytes of a record: many times what an hour of writing takes.
pub const MAX_PEN: usize = 8 << 20;
/// Milliseconds of a record: a day.
const MAX_TIME: u32 = 86_400_000;
/// Pages of a record.
pub const MAX_PAGES: u32 = 2000;
/// The farthest that a point lies from the corner, also outside the page.
const MAX_PLACE: i32 = 65_535;

/// Something that the pen does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A page is shown.
    Page(u32),
    /// A stroke begins.
    Begin {
        /// One of the colours, by its number.
        colour: u8,
        /// Its width.
        width: u8,
        /// Where.
        at: Point,
    },
    /// The stroke goes on.
    Go(Point),
    /// It ends.
    End,
    /// The last stroke of the page is taken back.
    Undo,
    /// All strokes of the page are wiped off.
    Wipe,
    /// The pointer is somewhere.
    Pointer {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
    },
    /// The pointer is gone.
    Away,
}

/// A place of the pen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// How hard the pen presses: 0 to 255.
    pub pressure: u8,
}

/// It is no record of a pen, or beyond its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no record of a pen")]
pub struct BrokenPen;

/// What a record holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// When it ends, in milliseconds.
    pub ends: u32,
    /// How many pages it shows: the highest number, and one.
    pub pages: u32,
    /// Strokes.
    pub strokes: u32,
    /// Points of all strokes.
    pub points: u32,
}

/// Reads a record through.
///
/// # Errors
/// [`BrokenPen`]; and what `each` is told before is not taken back.
pub fn read(bytes: &[u8], each: impl FnMut(u32, Act)) -> Result<Sum, BrokenPen> {
    let rest = bytes.strip_prefix(&HEAD).filter(|_| bytes.len() <= MAX_PEN).ok_or(BrokenPen)?;
    let mut reader = Reader::default();
    reader.more(rest, each)?;
    Ok(Sum { ends: reader.now, ..reader.sum })
}

/// Reads a record that comes in pieces, as a class's ink does: without what a record begins with, and each going on where the
/// one before it ended.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    now: u32,
    sum: Sum,
    last: Option<Point>,
}

impl Reader {
    /// Reads the next piece.
    ///
    /// # Errors
    /// [`BrokenPen`]; and what `each` is told before is not taken back.
    pub fn more(&mut self, bytes: &[u8], mut each: impl FnMut(u32, Act)) -> Result<(), BrokenPen> {
        let mut input = Input(bytes);
        while !input.0.is_empty() {
            self.now = later(self.now, input.number()?)?;
            let act = match input.byte()? {
                1 => Act::Page(Some(input.number()?).filter(|n| *n < MAX_PAGES).ok_or(BrokenPen)?),
                2 => {
                    let (colour, width) = (input.byte()?, input.byte()?);
                    let at = Point { x: input.place(0)?, y: input.place(0)?, pressure: input.byte()? };
                    self.last = Some(at);
                    Act::Begin { colour, width, at }
                }
                3 => {
                    // Each point takes four bytes, so the count needs no bound of its own.
                    for _ in 0..input.number()? {
                        self.now = later(self.now, input.number()?)?;
                        let from = self.last.ok_or(BrokenPen)?;
                        let (x, y) = (input.place(from.x)?, input.place(from.y)?);
                        let pressure = i32::from(from.pressure) + input.signed()?;
                        let point = Point { x, y, pressure: u8::try_from(pressure).map_err(|_| BrokenPen)? };
                        self.last = Some(point);
                        self.sum.points += 1;
                        each(self.now, Act::Go(point));
                    }
                    continue;
                }
                4 => {
                    self.last.take().ok_or(BrokenPen)?;
                    Act::End
                }
                5 => Act::Undo,
                6 => Act::Wipe,
                7 => Act::Pointer { x: input.place(0)?, y: input.place(0)? },
                8 => Act::Away,
                _ => return Err(BrokenPen),
            };
            let sum = &mut self.sum;
            match act {
                Act::Page(n) => sum.pages = sum.pages.max(n + 1),
                Act::Begin { .. } => (sum.strokes, sum.points) = (sum.strokes + 1, sum.points + 1),
                _ => {}
            }
            each(self.now, act);
        }
        Ok(())
    }
}

fn later(now: u32, by: u32) -> Result<u32, BrokenPen> {
    now.checked_add(by).filter(|t| *t <= MAX_TIME).ok_or(BrokenPen)
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, BrokenPen> {
        let (first, rest) = self.0.split_first().ok_or(BrokenPen)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u32, BrokenPen> {
        let mut out = 0u32;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            out |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(out);
            }
        }
        Err(BrokenPen)
    }

    /// The lowest bit is the sign, so that small differences are small numbers.
    fn signed(&mut self) -> Result<i32, BrokenPen> {
        let n = self.number()?.cast_signed();
        Ok((n >> 1) ^ -(n & 1))
    }

    fn place(&mut self, from: i32) -> Result<i32, BrokenPen> {
        let to = from + self.signed()?;
        if (-MAX_PLACE..=MAX_PLACE).contains(&to) { Ok(to) } else { Err(BrokenPen) }
    }
}

/// Writes a record, act by act.
#[derive(Clone, Debug)]
pub struct Writer {
    out: Vec<u8>,
    now: u32,
    last: Option<Point>,
    /// Points that wait for their count: how many, and their bytes.
    points: (u32, Vec<u8>),
    /// When the first of them was.
    since: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self { out: HEAD.to_vec(), now: 0, last: None, points: (0, Vec::new()), since: 0 }
    }
}

impl Writer {
    /// Writes what the pen did at `at` milliseconds; what comes before the last is written as now.
    pub fn act(&mut self, at: u32, act: Act) {
        if let (Act::Go(point), Some(from)) = (act, self.last) {
            if self.points.0 == 0 {
                self.since = self.now;
            }
            let (n, bytes) = &mut self.points;
            *n += 1;
            number(at.saturating_sub(self.now), bytes);
            signed(point.x - from.x, bytes);
            signed(point.y - from.y, bytes);
            signed(i32::from(point.pressure) - i32::from(from.pressure), bytes);
            (self.last, self.now) = (Some(point), self.now.max(at));
            return;
        }
        self.flush();
        number(at.saturating_sub(self.now), &mut self.out);
        self.now = self.now.max(at);
        match act {
            Act::Page(n) => {
                self.out.push(1);
                number(n, &mut self.out);
            }
            Act::Begin { colour, width, at } => {
                self.out.extend([2, colour, width]);
                signed(at.x, &mut self.out);
                signed(at.y, &mut self.out);
                self.out.push(at.pressure);
                self.last = Some(at);
            }
            // A stroke that did not begin does not go on.
            Act::Go(_) => self.out.push(8),
            Act::End => {
                self.out.push(if self.last.take().is_some() { 4 } else { 8 });
            }
            Act::Undo => self.out.push(5),
            Act::Wipe => self.out.push(6),
            Act::Pointer { x, y } => {
                self.out.push(7);
                signed(x, &mut self.out);
                signed(y, &mut self.out);
            }
            Act::Away => self.out.push(8),
        }
    }

    fn flush(&mut self) {
        let (n, bytes) = std::mem::take(&mut self.points);
        if n > 0 {
            // The points carry their own times.
            self.out.extend([0, 3]);
            number(n, &mut self.out);
            self.out.extend(bytes);
        }
    }

    /// The record.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }
}

fn number(mut n: u32, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push((n & 0x7f) as u8);
}

fn signed(n: i32, out: &mut Vec<u8>) {
    number(((n << 1) ^ (n >> 31)).cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = Point> {
        (-9000..9000i32, -9000..9000i32, any::<u8>()).prop_map(|(x, y, pressure)| Point { x, y, pressure })
    }

    fn stroke() -> impl Strategy<Value = Vec<Act>> {
        (0..8u8, 1..90u8, point(), prop::collection::vec(point(), 0..20)).prop_map(|(colour, width, at, points)| {
            let begin = Act::Begin { colour, width, at };
            std::iter::once(begin).chain(points.into_iter().map(Act::Go)).chain([Act::End]).collect()
        })
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let one = |act| Just(vec![act]);
        let page = (0..2000u32).prop_map(|n| vec![Act::Page(n)]);
        let pointer = point().prop_map(|p| vec![Act::Pointer { x: p.x, y: p.y }]);
        let any = prop_oneof![stroke(), page, pointer, one(Act::Undo), one(Act::Wipe), one(Act::Away)];
        prop::collection::vec(any, 0..20).prop_map(|all| all.concat())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(acts in acts(), gaps in prop::collection::vec(0..4000u32, 500)) {
            let (mut writer, mut now, mut said) = (Writer::default(), 0, Vec::new());
            for (act, gap) in acts.iter().zip(gaps.iter().cycle()) {
                now += gap;
                said.push((now, *act));
                writer.act(now, *act);
            }
            let mut heard = Vec::new();
            let sum = read(&writer.finish(), |at, act| heard.push((at, act))).unwrap();
            prop_assert_eq!(heard, said);
            prop_assert_eq!(sum.ends, now);
        }

        #[test]
        fn pieces_are_read_as_the_whole_is(one in acts(), other in acts()) {
            // Two pieces, the second of which says nothing of where the first ended.
            let (mut writer, mut said) = (Writer::default(), Vec::new());
            for (at, act) in (0..).zip(&one) {
                writer.act(at * 5, *act);
            }
            let first = writer.clone().finish();
            for (at, act) in (0..).zip(&other) {
                writer.act(10_000 + at * 5, *act);
            }
            // What waited is written by the piece's end as by the next act: a piece ends where the pen rests.
            let whole = writer.finish();
            let mut reader = Reader::default();
            prop_assert!(whole.starts_with(&first));
            reader.more(&first[HEAD.len()..], |at, act| said.push((at, act))).unwrap();
            reader.more(&whole[first.len()..], |at, act| said.push((at, act))).unwrap();
            let mut heard = Vec::new();
            read(&whole, |at, act| heard.push((at, act))).unwrap();
            prop_assert_eq!(heard, said);
        }

        #[test]
        fn hostile_bytes_are_an_error_or_a_lesson(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let whole = [&HEAD[..], &bytes].concat();
            let mut acts = 0usize;
            let _ = read(&whole, |_, _| acts += 1);
            prop_assert!(acts <= bytes.len(), "no more than was sent");
        }
    }

    #[test]
    fn a_point_takes_four_bytes() {
        let mut writer = Writer::default();
        writer.act(0, Act::Begin { colour: 0, width: 20, at: Point { x: 4000, y: 2000, pressure: 128 } });
        for n in 1..=1000u16 {
            let angle = f64::from(n) / 20.0;
            // A hand at writing speed, asked eighty times a second.
            #[allow(clippy::cast_possible_truncation)]
            let round = |v: f64| v as i32;
            let (x, y) = (4000 + round(angle.cos() * 600.0) + i32::from(n), 2000 + round(angle.sin() * 600.0));
            writer.act(u32::from(n) * 12, Act::Go(Point { x, y, pressure: 128 }));
        }
        writer.act(12_001, Act::End);
        let len = writer.finish().len();
        assert!(len <= 4100, "{len} bytes for 1000 points");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in
            [&b""[..], b"ZPEN\x02", b"ZPEN\x01\x00\x09", b"ZPEN\x01\x00\x04", b"ZPEN\x01\x00\x03\x01\x00\x00\x00\x00"]
        {
            assert_eq!(read(bytes, |_, _| {}), Err(BrokenPen), "{bytes:?}");
        }
    }
}
