//! Fetching blobs that facts name, and serving them. A blob travels behind everything else, goes on at its
//! offset after a cut, and is verified whole before it gets its name.

use std::collections::BTreeSet;
use std::io::{Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use base::Hash;
use blobs::{BlobError, Partial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::session::Session;
use crate::wire::{MAX_ASK, Message, lost, read_frame, write_frame};
use crate::{Lane, Transport, Trouble};

const CHUNK: usize = 64 * 1024;
/// Facts come in bursts; the blobs that they name are looked for together.
const COALESCE: Duration = Duration::from_millis(200);
/// How often blobs are asked for again that nobody had.
const RETRY: Duration = Duration::from_mins(5);
/// How long a peer may take to say what it has.
const ANSWER: Duration = Duration::from_mins(1);
/// A question for a blob: its hash and the offset.
const QUESTION: usize = 40;

impl<T: Transport> Session<T> {
    /// Fetches for as long as the session lasts, one blob at a time.
    pub async fn fetch(self: &Arc<Self>, mut offers: mpsc::Receiver<Vec<Hash>>) -> Result<(), Trouble> {
        let mut changed = self.shared.changed.subscribe();
        let mut stocked = self.shared.stocked.subscribe();
        // What the peer did not have when it was asked.
        let mut absent = BTreeSet::new();
        loop {
            changed.borrow_and_update();
            stocked.borrow_and_update();
            let asked: Vec<(Hash, u64)> =
                self.missing().await?.into_iter().filter(|(hash, _)| !absent.contains(hash)).take(MAX_ASK).collect();
            if asked.is_empty() {
                tokio::select! {
                    change = changed.changed() => change.map_err(|_| Trouble::Closed)?,
                    change = stocked.changed() => change.map_err(|_| Trouble::Closed)?,
                    () = self.restocked.notified() => absent.clear(),
                    () = sleep(RETRY) => absent.clear(),
                }
                sleep(COALESCE).await;
                continue;
            }
            self.say(Message::Ask(asked.iter().map(|(hash, _)| *hash).collect())).await?;
            let offer = timeout(ANSWER, offers.recv()).await.map_err(|_| Trouble::Lost)?.ok_or(Trouble::Closed)?;
            for (hash, len) in asked {
                if !offer.contains(&hash) || !self.fetch_one(hash, len).await? {
                    absent.insert(hash);
                }
            }
        }
    }

    /// What facts name and is not here, and this peer may have; the numbers go into the status.
    async fn missing(self: &Arc<Self>) -> Result<Vec<(Hash, u64)>, Trouble> {
        let peer = self.peer;
        self.shared
            .blocking(move |shared| {
                let missing = shared.missing()?;
                Ok(shared.with_peer(peer, |p| {
                    p.status.waiting_blobs = missing.len() as u64;
                    p.status.waiting_blob_bytes = missing.iter().map(|(_, len)| len).sum();
                    missing.iter().filter(|(hash, _)| !p.spoilt.contains(hash)).copied().collect()
                }))
            })
            .await
    }

    /// Fetches one blob; `false` if the peer did not give it after all.
    async fn fetch_one(self: &Arc<Self>, hash: Hash, len: u64) -> Result<bool, Trouble> {
        let begun = self.shared.blocking(move |shared| match shared.host.blobs().begin(&hash, len) {
            Ok(partial) => Ok(Some(partial)),
            Err(BlobError::Busy(_)) => Ok(None),
            Err(error) => Err(error.into()),
        });
        let Some(mut partial) = begun.await? else { return Ok(false) };
        self.shared.with_peer(self.peer, |p| {
            p.status.waiting_blob_bytes = p.status.waiting_blob_bytes.saturating_sub(partial.have());
        });
        let (mut send, mut recv) = self.transport.open(Lane::Blob).await?;
        let mut question = hash.0.to_vec();
        question.extend(partial.have().to_be_bytes());
        write_frame(&mut send, &question).await?;
        send.shutdown().await.map_err(lost)?;
        if recv.read_u8().await.map_err(lost)? == 0 {
            return Ok(false);
        }
        while partial.have() < len {
            let Some(grown) = self.append_chunk(partial, &mut recv).await? else { return Ok(false) };
            partial = grown;
        }
        let finished = self.shared.blocking(move |_| match partial.finish() {
            Ok(()) => Ok(true),
            Err(BlobError::Mismatch(_)) => Ok(false),
            Err(error) => Err(error.into()),
        });
        let is_whole = finished.await?;
        if is_whole {
            tracing::info!(peer = %self.peer, blob = %hash, bytes = len, "fetched");
            self.shared.stocked.send_modify(|n| *n += 1);
        } else {
            tracing::error!(peer = %self.peer, blob = %hash, "the peer has other bytes by this name");
            self.shared.with_peer(self.peer, |p| p.spoilt.insert(hash));
        }
        Ok(is_whole)
    }

    /// Reads up to a chunk and appends it; `None` when the stream has ended or gives more than the whole.
    async fn append_chunk(
        self: &Arc<Self>,
        mut partial: Partial,
        recv: &mut T::Recv,
    ) -> Result<Option<Partial>, Trouble> {
        let mut chunk = Vec::with_capacity(CHUNK);
        let room = (partial.len() - partial.have()).min(CHUNK as u64);
        let came = recv.take(room).read_to_end(&mut chunk).await;
        let n = chunk.len() as u64;
        // What came before a cut is kept.
        let partial = self
            .shared
            .blocking(move |_| {
                partial.append(&chunk)?;
                Ok(partial)
            })
            .await?;
        came.map_err(lost)?;
        self.shared.with_peer(self.peer, |p| {
            p.status.waiting_blob_bytes = p.status.waiting_blob_bytes.saturating_sub(n);
        });
        Ok((n > 0).then_some(partial))
    }

    /// Answers which of some blobs the peer can have.
    pub async fn on_ask(self: &Arc<Self>, hashes: Vec<Hash>) -> Result<(), Trouble> {
        let session = self.clone();
        let offer = self
            .shared
            .blocking(move |shared| {
                let host = &shared.host;
                host.store().read(|conn| {
                    session.admit(conn)?;
                    let may = |hash: &Hash| host.blobs().has(hash) && host.may_fetch(conn, session.peer, hash);
                    Ok(hashes.into_iter().filter(may).collect())
                })
            })
            .await?;
        self.say(Message::Offer(offer)).await
    }

    /// Sends one blob from an offset. A stream that ends early is the peer's choice, and no trouble.
    pub async fn serve(self: Arc<Self>, mut send: T::Send, mut recv: T::Recv) -> Result<(), Trouble> {
        let Some(question) = read_frame(&mut recv, QUESTION).await? else { return Ok(()) };
        let Some((hash, offset)) = question.split_first_chunk::<32>() else { return Err(Trouble::Protocol) };
        let offset = u64::from_be_bytes(offset.try_into().map_err(|_| Trouble::Protocol)?);
        let (session, hash) = (self.clone(), Hash(*hash));
        let file = self
            .shared
            .blocking(move |shared| {
                let host = &shared.host;
                let may_fetch = host.store().read(|conn| {
                    session.admit(conn)?;
                    Ok::<_, Trouble>(host.may_fetch(conn, session.peer, &hash))
                })?;
                let Some(mut file) = host.blobs().open_blob(&hash)?.filter(|_| may_fetch) else { return Ok(None) };
                file.seek(SeekFrom::Start(offset)).map_err(BlobError::from)?;
                Ok(Some(file))
            })
            .await?;
        let Some(file) = file else {
            let _ = send.write_u8(0).await;
            let _ = send.shutdown().await;
            return Ok(());
        };
        let mut file = tokio::fs::File::from_std(file);
        file.set_max_buf_size(CHUNK);
        if send.write_u8(1).await.is_ok() && tokio::io::copy(&mut file, &mut send).await.is_ok() {
            let _ = send.shutdown().await;
        }
        Ok(())
    }
}
