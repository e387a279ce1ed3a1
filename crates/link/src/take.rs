//! Taking in what the peer sends.

use std::sync::Arc;

use crate::exchange::{self, MAX_SEGMENT};
use crate::session::Session;
use crate::wire::{Message, Outcome, read_frame};
use crate::{Transport, Trouble};

impl<T: Transport> Session<T> {
    /// Takes segments one after the other: the next is read when the one before is on disk.
    pub async fn take_all(self: Arc<Self>, mut recv: T::Recv) -> Result<(), Trouble> {
        while let Some(bytes) = read_frame(&mut recv, MAX_SEGMENT).await? {
            let session = self.clone();
            let (outcome, seq) = self.shared.blocking(move |_| session.take(&bytes)).await?;
            self.say(Message::Ack { outcome, seq }).await?;
        }
        Ok(())
    }

    fn take(&self, bytes: &[u8]) -> Result<(Outcome, u64), Trouble> {
        // What comes from the peer the peer has.
        let noted = |chain, last: u64| {
            self.shared.with_peer(self.peer, |p| {
                let known = p.known.entry(chain).or_insert(0);
                *known = last.max(*known);
            });
        };
        let taken = exchange::take(&*self.shared.host, self.peer, bytes, |conn| self.admit(conn), noted)?;
        self.shared.with_peer(self.peer, |p| {
            p.status.received_entries += taken.received.new;
            p.status.repeated_entries += taken.received.known;
            p.status.coming_entries = p.status.coming_entries.saturating_sub(taken.received.new);
        });
        Ok((taken.outcome, taken.seq))
    }
}
