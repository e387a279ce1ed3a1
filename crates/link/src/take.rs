//! Taking in what the peer sends.

use std::sync::Arc;

use log::{LogError, MAX_SEGMENT_RAW, Segment};

use crate::session::Session;
use crate::wire::{Message, Outcome, read_frame};
use crate::{Transport, Trouble};

/// Bytes that a segment may have on the wire: incompressible, with its salts and its head.
const MAX_SEGMENT: usize = MAX_SEGMENT_RAW + (4 << 20);

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
        let segment = Segment::decode(bytes)?;
        let chain = (segment.scope, segment.node);
        let last = segment.entries.last().map_or(0, |entry| entry.header.seq);
        let host = &self.shared.host;
        let may_hold = host.store().read(|conn| {
            self.admit(conn)?;
            Ok::<_, Trouble>(host.may_hold(conn, self.peer, &segment.scope))
        })?;
        if !may_hold {
            return Ok((Outcome::NotAllowed, 0));
        }
        // What comes from the peer the peer has. Noted before it is on disk, since the commit wakes the pusher.
        self.shared.with_peer(self.peer, |p| {
            let known = p.known.entry(chain).or_insert(0);
            *known = last.max(*known);
        });
        match log::receive(host.store(), host.authority(), &segment) {
            Ok(received) => {
                self.shared.with_peer(self.peer, |p| {
                    p.status.received_entries += received.new;
                    p.status.repeated_entries += received.known;
                    p.status.coming_entries = p.status.coming_entries.saturating_sub(received.new);
                });
                Ok((Outcome::Taken, last))
            }
            Err(LogError::NotAllowed { .. }) => Ok((Outcome::NotAllowed, 0)),
            Err(LogError::Gap { expected, .. }) => Ok((Outcome::Gap, expected.saturating_sub(1))),
            Err(LogError::Fork { node, .. }) if node == self.peer || node == self.shared.me => Err(Trouble::Fork),
            Err(
                error @ (LogError::Fork { .. }
                | LogError::Signature(_)
                | LogError::WrongScope(_)
                | LogError::Malformed { .. }
                | LogError::TooLarge { .. }
                | LogError::Id(_)),
            ) => {
                tracing::error!(peer = %self.peer, node = %chain.1, scope = %chain.0, %error, "a segment is bad");
                Ok((Outcome::Bad, 0))
            }
            Err(error) => Err(error.into()),
        }
    }
}
