//! A board as pictures: a page, and what pens draw on it, as the page's own script draws it (`islands/src/micro/board.ts`).

use std::collections::BTreeMap;
use std::f32::consts::TAU;

use assets::Sheet;
use pen::{Act, Point};
use tiny_skia::{Color, FillRule, FilterQuality, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Transform};

use crate::RenditionError;

/// Units from the left edge of a page to the right.
const UNITS: f32 = 8192.0;
/// The colours of the pen.
const COLOURS: [[u8; 3]; 6] =
    [[0x1b, 0x1b, 0x1b], [0xc8, 0x32, 0x1f], [0x1f, 0x5f, 0xbf], [0x1c, 0x7a, 0x4d], [0xb0, 0x6a, 0], [255, 255, 255]];
/// How far the pointer's spot reaches, and what it looks like.
const POINTER: (f32, [u8; 4]) = (70.0, [214, 40, 40, 140]);
/// Pixels of a picture that is opened.
const MAX_PIXELS: u64 = 40_000_000;
/// How much a stroke follows the hand, how much its width the pressure, and how fast that follows the hand's speed: as the
/// page's script draws it.
const FOLLOWS: f32 = 0.15 + (1.0 - 0.4) * 0.85;
const THINNING: f32 = 0.5;
const PRESSURE_RATE: f32 = 0.275;
/// What a mouse and a finger say of pressure: nothing.
const NO_PRESSURE: u8 = 128;
/// Corners of a round end.
const CORNERS: u8 = 16;

/// The pen that turns the board's pages. Others that name a page draw on that one, whichever is shown.
const TURNS: usize = 0;

struct Stroke {
    id: u64,
    by: usize,
    colour: u8,
    width: u8,
    points: Vec<Point>,
}

/// What is to be drawn again.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stale {
    #[default]
    Nothing,
    /// What moves: strokes under way, pointers.
    Live,
    /// The page, and all on it.
    Page,
}

/// A board and its picture.
pub(crate) struct Board<'a> {
    pages: &'a [Sheet],
    most: (u32, u32),
    page: u32,
    /// The page that each hand holds, of those that hold one.
    held: BTreeMap<usize, u32>,
    strokes: BTreeMap<u32, Vec<Stroke>>,
    open: BTreeMap<usize, u64>,
    pointers: BTreeMap<usize, (f32, f32)>,
    last: u64,
    stale: Stale,
    /// The page with all strokes that have ended, and the same with what moves.
    done: Pixmap,
    shown: Pixmap,
}

impl<'a> Board<'a> {
    /// A board of these pages, no larger than so many pixels.
    pub fn new(pages: &'a [Sheet], most: (u32, u32)) -> Result<Self, RenditionError> {
        let blank = Pixmap::new(2, 2).ok_or(RenditionError::Broken)?;
        Ok(Self {
            pages,
            most,
            page: 0,
            held: BTreeMap::new(),
            strokes: BTreeMap::new(),
            open: BTreeMap::new(),
            pointers: BTreeMap::new(),
            last: 0,
            stale: Stale::Page,
            done: blank.clone(),
            shown: blank,
        })
    }

    /// Does what a hand did.
    pub fn act(&mut self, by: usize, act: Act) {
        let on = self.held.get(&by).copied().unwrap_or(self.page);
        let here = self.strokes.entry(on).or_default();
        let stale = match act {
            Act::Page(page) if by == TURNS => {
                self.page = page;
                self.open.retain(|by, _| self.held.contains_key(by));
                Stale::Page
            }
            Act::Page(page) => {
                self.held.insert(by, page);
                Stale::Live
            }
            Act::Begin { colour, width, at } => {
                self.last += 1;
                // One that did not end is done all the same.
                let before = self.open.insert(by, self.last);
                here.push(Stroke { id: self.last, by, colour, width, points: vec![at] });
                if before.is_some() { Stale::Page } else { Stale::Live }
            }
            Act::Go(point) => {
                let id = self.open.get(&by);
                if let Some(stroke) = here.iter_mut().rev().find(|s| Some(&s.id) == id) {
                    stroke.points.push(point);
                }
                Stale::Live
            }
            Act::End => {
                let id = self.open.remove(&by);
                // Nothing else moves on the page for it: it is drawn where it stays.
                if let Some(stroke) = here.iter().rev().find(|s| Some(s.id) == id)
                    && on == self.page
                    && self.stale < Stale::Page
                {
                    paint(&mut self.done, stroke);
                }
                Stale::Live
            }
            Act::Undo => {
                // One takes back what one drew oneself.
                if let Some(at) = here.iter().rposition(|s| s.by == by) {
                    here.remove(at);
                }
                self.open.remove(&by);
                Stale::Page
            }
            Act::Wipe => {
                let gone: Vec<u64> = here.drain(..).map(|stroke| stroke.id).collect();
                self.open.retain(|_, id| !gone.contains(id));
                Stale::Page
            }
            Act::Pointer { x, y } => {
                #[expect(clippy::cast_precision_loss, reason = "places are far below 2^24")]
                self.pointers.insert(by, (x as f32, y as f32));
                Stale::Live
            }
            Act::Away => {
                self.pointers.remove(&by);
                Stale::Live
            }
        };
        self.stale = self.stale.max(stale);
    }

    /// The board as it looks now, if it looks otherwise than when it was last asked.
    pub fn look(&mut self) -> Result<Option<&Pixmap>, RenditionError> {
        match std::mem::take(&mut self.stale) {
            Stale::Nothing => return Ok(None),
            Stale::Live => {}
            Stale::Page => {
                self.done = self.sheet()?;
                for stroke in self.strokes.get(&self.page).into_iter().flatten() {
                    if self.open.get(&stroke.by) != Some(&stroke.id) {
                        paint(&mut self.done, stroke);
                    }
                }
            }
        }
        self.shown.clone_from(&self.done);
        for stroke in self.strokes.get(&self.page).into_iter().flatten() {
            if self.open.get(&stroke.by) == Some(&stroke.id) {
                paint(&mut self.shown, stroke);
            }
        }
        let is_here = |by: &usize| self.held.get(by).is_none_or(|on| *on == self.page);
        for (_, (x, y)) in self.pointers.iter().filter(|(by, _)| is_here(by)) {
            let mut spot = PathBuilder::new();
            round(&mut spot, (*x, *y), POINTER.0);
            fill(&mut self.shown, spot.finish(), POINTER.1);
        }
        Ok(Some(&self.shown))
    }

    /// The page without anything on it, as large as fits; its sides are even, as films need them.
    fn sheet(&self) -> Result<Pixmap, RenditionError> {
        let white = Sheet { picture: None, width: self.most.0, height: self.most.1 };
        let sheet = usize::try_from(self.page).ok().and_then(|n| self.pages.get(n)).unwrap_or(&white);
        let (width, height) = fitted((sheet.width, sheet.height), self.most);
        let mut out = Pixmap::new(width, height).ok_or(RenditionError::Broken)?;
        out.fill(Color::WHITE);
        if let Some(path) = &sheet.picture {
            let picture = opened(&std::fs::read(path)?)?;
            let ratio = |to: u32, from: u32| f64::from(to) / f64::from(from);
            #[expect(clippy::cast_possible_truncation, reason = "a ratio of sides")]
            let (x, y) = (ratio(width, picture.width()) as f32, ratio(height, picture.height()) as f32);
            let how = PixmapPaint { quality: FilterQuality::Bicubic, ..PixmapPaint::default() };
            out.draw_pixmap(0, 0, picture.as_ref(), &how, Transform::from_scale(x, y), None);
        }
        Ok(out)
    }
}

/// The largest size with these proportions that is no larger than `most`, with even sides.
fn fitted(sides: (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let (w, h) = (u64::from(sides.0.max(1)), u64::from(sides.1.max(1)));
    let (most_w, most_h) = (u64::from(most.0), u64::from(most.1));
    let (w, h) = if w * most_h >= h * most_w { (most_w, h * most_w / w) } else { (w * most_h / h, most_h) };
    let even = |n: u64| u32::try_from(n & !1).unwrap_or(2).max(2);
    (even(w), even(h))
}

fn opened(bytes: &[u8]) -> Result<Pixmap, RenditionError> {
    let features = webp::BitstreamFeatures::new(bytes).ok_or(RenditionError::Broken)?;
    if u64::from(features.width()) * u64::from(features.height()) > MAX_PIXELS {
        return Err(RenditionError::Broken);
    }
    let picture = webp::Decoder::new(bytes).decode().ok_or(RenditionError::Broken)?;
    let mut out = Pixmap::new(picture.width(), picture.height()).ok_or(RenditionError::Broken)?;
    let solid = |[r, g, b, a]: [u8; 4]| tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
    if picture.is_alpha() {
        for (to, from) in out.pixels_mut().iter_mut().zip(picture.as_chunks::<4>().0) {
            *to = solid(*from);
        }
    } else {
        for (to, [r, g, b]) in out.pixels_mut().iter_mut().zip(picture.as_chunks::<3>().0) {
            *to = solid([*r, *g, *b, 255]);
        }
    }
    Ok(out)
}

fn paint(on: &mut Pixmap, stroke: &Stroke) {
    let number = usize::from(stroke.colour);
    let [r, g, b] = COLOURS.get(number).or(COLOURS.first()).copied().unwrap_or_default();
    fill(on, outline(&stroke.points, f32::from(stroke.width)), [r, g, b, 255]);
}

/// Fills what is given in the page's own units.
fn fill(on: &mut Pixmap, path: Option<Path>, [r, g, b, a]: [u8; 4]) {
    let Some(path) = path else { return };
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, a);
    #[expect(clippy::cast_precision_loss, reason = "a film's side")]
    let scale = on.width() as f32 / UNITS;
    on.fill_path(&path, &paint, FillRule::Winding, Transform::from_scale(scale, scale), None);
}

/// The shape of a stroke: round spots where the pen was, as wide as it pressed, and what lies between them. All of it
/// goes round the same way, so that nothing is left out where it covers itself.
fn outline(points: &[Point], size: f32) -> Option<Path> {
    let spots = spots(points, size);
    let mut path = PathBuilder::new();
    for (x, y, radius) in &spots {
        round(&mut path, (*x, *y), *radius);
    }
    for ((ax, ay, ar), (bx, by, br)) in spots.iter().zip(spots.iter().skip(1)) {
        let far = (bx - ax).hypot(by - ay);
        if far <= f32::EPSILON {
            continue;
        }
        let (nx, ny) = (-(by - ay) / far, (bx - ax) / far);
        path.move_to(ax + nx * ar, ay + ny * ar);
        path.line_to(bx + nx * br, by + ny * br);
        path.line_to(bx - nx * br, by - ny * br);
        path.line_to(ax - nx * ar, ay - ny * ar);
        path.close();
    }
    path.finish()
}

/// Where the ink is: the points as a steady hand would have set them, and the radius at each.
fn spots(points: &[Point], size: f32) -> Vec<(f32, f32, f32)> {
    let felt = points.iter().any(|p| p.pressure != NO_PRESSURE);
    // Each with how far it is from the one before, and how hard the pen pressed.
    let mut steady: Vec<(f32, f32, f32, f32)> = Vec::with_capacity(points.len());
    for point in points {
        #[expect(clippy::cast_precision_loss, reason = "places are far below 2^24")]
        let (mut x, mut y) = (point.x as f32, point.y as f32);
        let mut far = 0.0;
        if let Some((px, py, ..)) = steady.last() {
            (x, y) = (px + (x - px) * FOLLOWS, py + (y - py) * FOLLOWS);
            far = (x - px).hypot(y - py);
            if far <= f32::EPSILON {
                continue;
            }
        }
        steady.push((x, y, far, f32::from(point.pressure) / 255.0));
    }
    // A quick hand presses less, where the pen does not say it.
    let presses = |before: f32, far: f32, says: f32| {
        let speed = (far / size.max(1.0)).min(1.0);
        if felt { says } else { (before + (1.0 - speed - before) * (speed * PRESSURE_RATE)).min(1.0) }
    };
    // It begins as it goes on, so that no stroke begins with a blot.
    let first = steady.first().map_or(0.5, |s| s.3);
    let mut pressure =
        steady.iter().take(10).fold(first, |sum, (_, _, far, says)| f32::midpoint(sum, presses(sum, *far, *says)));
    let mut spot = |(x, y, far, says): (f32, f32, f32, f32)| {
        pressure = presses(pressure, far, says);
        (x, y, (size * (0.5 - THINNING * (0.5 - pressure))).max(0.5))
    };
    steady.into_iter().map(&mut spot).collect()
}

fn round(path: &mut PathBuilder, (x, y): (f32, f32), radius: f32) {
    for corner in 0..CORNERS {
        let angle = -TAU * f32::from(corner) / f32::from(CORNERS);
        let (to_x, to_y) = (x + radius * angle.cos(), y + radius * angle.sin());
        if corner == 0 { path.move_to(to_x, to_y) } else { path.line_to(to_x, to_y) }
    }
    path.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32, y: i32) -> Point {
        Point { x, y, pressure: NO_PRESSURE }
    }

    fn pixel(board: &mut Board<'_>, x: u32, y: u32) -> [u8; 3] {
        board.look().unwrap();
        let p = board.shown.pixel(x, y).unwrap();
        [p.red(), p.green(), p.blue()]
    }

    #[test]
    fn a_board_shows_what_hands_draw_and_forgets_what_they_take_back() {
        let white = [255; 3];
        let pages = [Sheet { picture: None, width: 16, height: 9 }, Sheet { picture: None, width: 4, height: 3 }];
        let mut board = Board::new(&pages, (1280, 720)).unwrap();
        assert_eq!(pixel(&mut board, 640, 360), white);
        assert!(board.look().unwrap().is_none(), "nothing changed");
        // Two hands at once, one across, one downwards, which cross in the middle.
        board.act(0, Act::Begin { colour: 1, width: 52, at: at(1000, 2304) });
        board.act(1, Act::Begin { colour: 2, width: 52, at: at(2000, 500) });
        board.act(0, Act::Go(at(4096, 2304)));
        assert_eq!(pixel(&mut board, 400, 360), COLOURS[1], "under way");
        board.act(0, Act::Go(at(7000, 2304)));
        board.act(0, Act::End);
        board.act(1, Act::Go(at(2000, 1500)));
        board.act(1, Act::End);
        assert_eq!(pixel(&mut board, 400, 360), COLOURS[1]);
        assert_eq!(pixel(&mut board, 312, 120), COLOURS[2]);
        board.act(0, Act::Pointer { x: 4096, y: 1000 });
        assert_ne!(pixel(&mut board, 640, 156), white);
        board.act(0, Act::Away);
        assert_eq!(pixel(&mut board, 640, 156), white);
        board.act(0, Act::Undo);
        assert_eq!(pixel(&mut board, 400, 360), white);
        assert_eq!(pixel(&mut board, 312, 120), COLOURS[2], "each takes back its own");
        board.act(0, Act::Page(1));
        assert_eq!(pixel(&mut board, 312, 120), white);
        assert_eq!((board.shown.width(), board.shown.height()), (960, 720));
        board.act(0, Act::Page(0));
        assert_eq!(pixel(&mut board, 312, 120), COLOURS[2]);
        board.act(0, Act::Wipe);
        assert_eq!(pixel(&mut board, 312, 120), white);
        // Another hand says its page: it draws on that, and is seen there.
        board.act(1, Act::Page(1));
        board.act(1, Act::Begin { colour: 2, width: 52, at: at(2000, 500) });
        board.act(1, Act::Go(at(2000, 1500)));
        board.act(1, Act::Pointer { x: 4096, y: 1000 });
        assert_eq!(pixel(&mut board, 312, 120), white);
        assert_eq!(pixel(&mut board, 640, 156), white);
        board.act(0, Act::Page(1));
        board.act(1, Act::Go(at(2000, 2500)));
        board.act(1, Act::End);
        assert_eq!(pixel(&mut board, 234, 120), COLOURS[2]);
        assert_eq!(pixel(&mut board, 234, 220), COLOURS[2], "the stroke goes on while pages are turned");
        board.act(1, Act::Away);
        // Pages that are not there are white, and a stroke that never began goes nowhere.
        board.act(0, Act::Page(77));
        board.act(3, Act::Go(at(5, 5)));
        board.act(3, Act::End);
        assert_eq!(pixel(&mut board, 5, 5), white);
    }

    #[test]
    fn a_dot_is_a_dot_and_a_loop_has_no_hole_where_it_crosses_itself() {
        let pages = [Sheet { picture: None, width: 16, height: 9 }];
        let mut board = Board::new(&pages, (1280, 720)).unwrap();
        board.act(0, Act::Begin { colour: 0, width: 120, at: at(4096, 2304) });
        board.act(0, Act::End);
        assert_eq!(pixel(&mut board, 640, 360), COLOURS[0]);
        board.act(0, Act::Wipe);
        board.act(0, Act::Begin { colour: 0, width: 120, at: at(2000, 2000) });
        for (x, y) in [(6000, 2000), (6000, 3000), (4000, 3000), (4000, 1000), (4000, 3000), (3000, 3000)] {
            for _ in 0..4 {
                board.act(0, Act::Go(at(x, y)));
            }
        }
        board.act(0, Act::End);
        assert_eq!(pixel(&mut board, 625, 312), COLOURS[0], "where it crosses itself");
    }

    #[test]
    fn sides_are_even_and_fit() {
        assert_eq!(fitted((1280, 720), (1280, 720)), (1280, 720));
        assert_eq!(fitted((1280, 959), (1280, 720)), (960, 720));
        assert_eq!(fitted((720, 1280), (1280, 720)), (404, 720));
        assert_eq!(fitted((10_000, 1), (1280, 720)), (1280, 2));
        assert_eq!(fitted((0, 0), (1280, 720)), (720, 720));
    }
}
