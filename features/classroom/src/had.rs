//! What a page has of a class, and whether that is what happened.

use base::Subject;
use live::{Live, Mark, Reach, View};
use serde_json::Value as Json;

use crate::wire::{AT, message};

/// What a page has of the class: it is to be loaded anew where that did not happen, since the class lost its end where it
/// has its order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Had {
    mark: Mark,
    /// The page has been here before, and may have more than its node has by now.
    before: bool,
}

impl Had {
    /// As a page says.
    pub fn said(said: &Json) -> Self {
        let mark = said.get("at").and_then(Json::as_str).and_then(|at| {
            let bytes: Vec<u8> =
                (0..24).step_by(2).map_while(|n| u8::from_str_radix(at.get(n..n + 2)?, 16).ok()).collect();
            let (seq, digest) = bytes.split_first_chunk::<4>()?;
            Some(Mark { seq: u32::from_be_bytes(*seq).into(), digest: digest.try_into().ok()? })
        });
        Self { mark: mark.unwrap_or_default(), before: true }
    }

    /// Whether it is what happened, as far as that is known here.
    pub fn holds(&self, live: &Live, class: Subject) -> bool {
        let ahead = || {
            let view = live.view(class, u64::MAX);
            view.is_some_and(|view| view.reach != Reach::Here && self.mark.seq > view.mark.seq)
        };
        live.knows(class, self.mark) || (self.before && ahead())
    }

    /// The page was told all of this, and is told how far that is.
    pub fn now(&mut self, view: &View, out: &mut Vec<Vec<u8>>) {
        if self.mark == view.mark || self.mark.seq > view.mark.seq {
            return;
        }
        *self = Self { mark: view.mark, before: false };
        let seq = u32::try_from(view.mark.seq).unwrap_or(u32::MAX);
        out.push(message(AT, &[&seq.to_be_bytes()[..], &view.mark.digest].concat()));
    }
}
