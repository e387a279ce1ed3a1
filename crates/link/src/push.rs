//! Sending what the peer lacks, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::chains::Chain;
use crate::desk::Sent;
use crate::exchange;
use crate::session::Session;
use crate::wire::write_frame;
use crate::{Lane, Transport, Trouble};

/// Entries that are written within this time go out together.
const COALESCE: Duration = Duration::from_millis(20);
/// How often chains are tried again whose node the peer did not know.
const RETRY: Duration = Duration::from_mins(1);

impl<T: Transport> Session<T> {
    /// Pushes for as long as the session lasts.
    pub async fn push(self: &Arc<Self>) -> Result<(), Trouble> {
        let mut changed = self.shared.changed.subscribe();
        let mut stream = None;
        loop {
            changed.borrow_and_update();
            let mut is_done = true;
            for chain in self.plan().await? {
                while let Some((bytes, segment)) = self.next(chain).await? {
                    if stream.is_none() {
                        stream = Some(self.transport.open(Lane::Records).await?);
                    }
                    let Some((send, _)) = &mut stream else { return Err(Trouble::Lost) };
                    self.desk().sent(segment);
                    is_done = false;
                    write_frame(send, &bytes).await?;
                    self.room().await;
                }
            }
            if is_done {
                self.idle(&mut changed).await?;
            }
        }
    }

    /// Waits until there may be more to send.
    async fn idle(&self, changed: &mut tokio::sync::watch::Receiver<u64>) -> Result<(), Trouble> {
        loop {
            tokio::select! {
                change = changed.changed() => {
                    change.map_err(|_| Trouble::Closed)?;
                    sleep(COALESCE).await;
                    return Ok(());
                }
                () = self.answered.notified() => {
                    if self.desk().take_stale() {
                        return Ok(());
                    }
                    self.note_agreement();
                }
                () = sleep(RETRY) => {
                    self.desk().retry();
                    return Ok(());
                }
            }
        }
    }

    /// When all that went out is answered for and nothing is missing here, both have the same.
    fn note_agreement(&self) {
        if self.desk().is_idle() {
            let now = self.shared.now_ms();
            self.shared.with_peer(self.peer, |p| {
                if p.status.waiting_entries == Some(0) && p.status.coming_entries == 0 {
                    p.status.agreed_ms = Some(now);
                }
            });
        }
    }

    async fn room(&self) {
        while !self.desk().has_room() {
            self.answered.notified().await;
        }
    }

    /// The chains that have more than the peer, in the order in which they go.
    async fn plan(self: &Arc<Self>) -> Result<Vec<Chain>, Trouble> {
        let session = self.clone();
        self.shared
            .blocking(move |shared| {
                shared.sign()?;
                let (own, hub) = shared.host.store().read(|conn| {
                    session.admit(conn)?;
                    Ok::<_, Trouble>((shared.vector(conn, session.peer)?, shared.host.authority().hub(conn)))
                })?;
                let desk = session.desk();
                Ok(shared.with_peer(session.peer, |p| {
                    p.compare(&own);
                    let after = |chain: &Chain| desk.after(chain, p.known.get(chain).copied().unwrap_or(0));
                    exchange::ahead(&own, hub, after)
                }))
            })
            .await
    }

    /// The next segment of a chain, as it travels.
    async fn next(self: &Arc<Self>, chain: Chain) -> Result<Option<(Vec<u8>, Sent)>, Trouble> {
        let known = self.known(&chain);
        let Some(after) = self.desk().after(&chain, known) else { return Ok(None) };
        let session = self.clone();
        self.shared
            .blocking(move |shared| {
                let segment = shared.host.store().read(|conn| {
                    session.admit(conn)?;
                    exchange::next(&*shared.host, conn, session.peer, chain, after)
                })?;
                let Some(segment) = segment else { return Ok(None) };
                let bytes = segment.encode()?;
                let last = segment.entries.last().map_or(after, |entry| entry.header.seq);
                let sent = Sent { chain, last, entries: segment.entries.len() as u64, bytes: bytes.len() };
                Ok::<_, Trouble>(Some((bytes, sent)))
            })
            .await
    }
}
