//! What the way to a page bears: which layer of a picture it gets. A node's LAN is mostly a wireless network that a whole
//! class shares, and no estimate of its rate would hold for long; so the page's own reports decide. Down at once when they
//! tell of loss or of a growing queue, up one step after a while without, and after ever longer ones where a step up
//! proved too much.

/// Of a thousand packets lost so many in a second: down at once,
const MUCH: u32 = 200;
/// or down if it is so many twice in a row.
const SOME: u32 = 60;
/// More than this, over all the seconds before a step up, is no sign that a way bears more. Over all of them: of the 25
/// packets that a small layer has in a second a single one is already 40.
const FEW: u64 = 20;
/// A report comes so much later than the fastest did: packets queue.
const LATE_MS: u64 = 300;
/// Seconds in which something was sent and nothing was reported.
const SILENT: u32 = 4;
/// Seconds after a step in which reports still tell of before.
const SETTLES: u32 = 2;
/// Seconds without loss before a step up, at first and at most.
const PATIENCE: u32 = 10;
const MOST_PATIENCE: u32 = 160;
/// A step up that has held for so many seconds was right.
const HELD: u32 = 20;

/// What came back from a page in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Packets of the picture that were sent.
    pub sent: u64,
    /// Of a thousand, those that did not come or had to be sent again; `None` if nothing was reported.
    pub lost: Option<u32>,
    /// There and back, by its reports.
    pub rtt_ms: Option<u64>,
}

/// How far below the best a page is kept, and what decides it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bears {
    /// Steps below the best layer; beyond the last layer come still pictures.
    pub down: u8,
    /// Seconds in a row: with some loss, with less, without a report.
    some: u32,
    clear: u32,
    silent: u32,
    /// In those with less: packets that were sent, and thousandths of packets that were lost.
    clear_sent: u64,
    clear_lost: u64,
    /// Seconds since the last step, and whether that was one up.
    since: u32,
    tries: bool,
    patience: u32,
    fastest_ms: u64,
}

impl Default for Bears {
    fn default() -> Self {
        Self {
            down: 0,
            some: 0,
            clear: 0,
            silent: 0,
            clear_sent: 0,
            clear_lost: 0,
            since: SETTLES,
            tries: false,
            patience: PATIENCE,
            fastest_ms: u64::MAX,
        }
    }
}

impl Bears {
    /// Another second has passed, with `layers` to choose from. Whether another layer is right from now on.
    pub fn tell(&mut self, told: Told, layers: u8) -> bool {
        self.since += 1;
        if told.sent == 0 {
            return false;
        }
        self.fastest_ms = self.fastest_ms.min(told.rtt_ms.unwrap_or(u64::MAX));
        let is_late = told.rtt_ms.is_some_and(|rtt| rtt > self.fastest_ms.saturating_add(LATE_MS));
        self.silent = if told.lost.is_none() { self.silent + 1 } else { 0 };
        if self.since <= SETTLES {
            return false;
        }
        let lost = if self.silent >= SILENT { MUCH } else { told.lost.unwrap_or(0) };
        if lost >= SOME || is_late {
            self.some += 1;
            self.unclear();
        } else {
            self.some = 0;
            self.clear += 1;
            self.clear_sent += told.sent;
            self.clear_lost += u64::from(lost) * told.sent;
        }
        if self.tries && self.since >= HELD {
            (self.tries, self.patience) = (false, PATIENCE);
        }
        if (lost >= MUCH || self.some > 1) && self.down < layers {
            if std::mem::take(&mut self.tries) {
                self.patience = (self.patience * 2).min(MOST_PATIENCE);
            }
            self.step(self.down + 1);
            return true;
        }
        if self.down == 0 || self.clear < self.patience {
            return false;
        }
        if self.clear_lost > FEW * self.clear_sent {
            self.unclear();
            return false;
        }
        self.step(self.down.min(layers) - 1);
        self.tries = true;
        true
    }

    fn unclear(&mut self) {
        (self.clear, self.clear_sent, self.clear_lost) = (0, 0, 0);
    }

    /// Another camera is seen, or the page asks for another size: what was learnt of the layers of one is not true of others.
    pub fn forget(&mut self) {
        *self = Self { fastest_ms: self.fastest_ms, ..Self::default() };
    }

    fn step(&mut self, down: u8) {
        (self.down, self.some, self.silent, self.since) = (down, 0, 0, 0);
        self.unclear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(permille: u32) -> Told {
        Told { sent: 100, lost: Some(permille), rtt_ms: Some(10) }
    }

    /// Seconds of the same until a step.
    fn until_step(bears: &mut Bears, told: Told) -> u32 {
        (1..1000).find(|_| bears.tell(told, 2)).unwrap_or(u32::MAX)
    }

    #[test]
    fn it_goes_down_at_once_and_up_slowly() {
        let mut bears = Bears::default();
        assert_eq!(until_step(&mut bears, lost(300)), 1, "much is lost");
        assert_eq!(until_step(&mut bears, lost(100)), 2 + SETTLES, "what was sent before is still told of");
        assert_eq!(bears.down, 2, "stills");
        assert_eq!(until_step(&mut bears, lost(1000)), u32::MAX, "there is nothing below");
        assert_eq!(until_step(&mut bears, lost(0)), PATIENCE);
        assert_eq!(until_step(&mut bears, lost(15)), PATIENCE + SETTLES);
        assert_eq!((bears.down, until_step(&mut bears, lost(0))), (0, u32::MAX));
    }

    #[test]
    fn a_step_up_that_was_too_much_is_tried_again_later_and_later() {
        let mut bears = Bears { down: 1, ..Bears::default() };
        for patience in [10, 20, 40, 80, 160, 160] {
            let took = until_step(&mut bears, lost(0));
            assert!((patience..=patience + SETTLES).contains(&took), "{took} for {patience}");
            assert_eq!((bears.down, until_step(&mut bears, lost(300))), (0, 1 + SETTLES));
        }
        // One that held makes it brave again.
        until_step(&mut bears, lost(0));
        (0..HELD).for_each(|_| assert!(!bears.tell(lost(0), 2)));
        until_step(&mut bears, lost(300));
        assert_eq!(until_step(&mut bears, lost(0)), PATIENCE + SETTLES);
    }

    #[test]
    fn some_loss_for_a_moment_is_borne_and_keeps_it_where_it_is() {
        let mut bears = Bears::default();
        for _ in 0..50 {
            assert!(!bears.tell(lost(100), 2) && !bears.tell(lost(30), 2));
        }
        bears.down = 1;
        assert_eq!(until_step(&mut bears, lost(30)), u32::MAX, "neither down nor up");
    }

    #[test]
    fn a_packet_that_is_lost_now_and_then_holds_no_page_down() {
        let mut bears = Bears { down: 1, ..Bears::default() };
        let second = |n: u32| Told { sent: 25, lost: Some(if n.is_multiple_of(4) { 40 } else { 0 }), rtt_ms: Some(10) };
        assert_eq!((1..1000).find(|n| bears.tell(second(*n), 2)), Some(PATIENCE), "one of a hundred");
        bears.step(1);
        assert_eq!((1..1000).find(|_| bears.tell(second(0), 2)), None, "one of each 25 is too much");
    }

    #[test]
    fn a_queue_and_silence_count_as_loss() {
        let mut bears = Bears::default();
        bears.tell(lost(0), 2);
        let late = Told { rtt_ms: Some(11 + LATE_MS), ..lost(0) };
        assert_eq!(until_step(&mut bears, late), 2);
        let mut bears = Bears::default();
        assert_eq!(until_step(&mut bears, Told { lost: None, rtt_ms: None, sent: 100 }), SILENT);
        assert_eq!(until_step(&mut bears, Told::default()), u32::MAX, "where nothing is sent nothing is missed");
    }
}
