//! Answers that are written while they are sent.

use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::sync::mpsc;

use crate::Writing;

/// Pieces on their way to the reader.
const PIECES: usize = 4;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// A body that a thread of its own writes.
pub(crate) fn written(Writing(write): Writing) -> Body {
    let (to_reader, pieces) = mpsc::channel(PIECES);
    let writer = move || {
        let mut out = BufWriter::with_capacity(PIECE, Pieces(to_reader.clone()));
        let done = write(&mut out);
        let flushed = out.flush();
        if let Err(e) = done {
            tracing::warn!("an answer was broken off: {e}");
        } else if flushed.is_ok() {
            return;
        }
        // Who reads is told that it is not whole.
        let _ = to_reader.blocking_send(Err(io::Error::from(io::ErrorKind::BrokenPipe)));
    };
    if let Err(e) = std::thread::Builder::new().name("written".to_owned()).spawn(writer) {
        tracing::error!("no thread for an answer: {e}");
    }
    Body::new(Reading(pieces))
}

struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Reading(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PageError;

    #[tokio::test]
    async fn an_answer_is_read_as_it_is_written_and_a_failure_is_not_taken_for_its_end() {
        let long = vec![7_u8; 3 * PIECE + 5];
        let sent = long.clone();
        let whole =
            written(Writing(Box::new(move |out| out.write_all(&sent).map_err(|e| PageError::Internal(e.to_string())))));
        assert_eq!(axum::body::to_bytes(whole, usize::MAX).await.unwrap(), long);
        let broken = written(Writing(Box::new(|out| {
            let _ = out.write_all(b"half");
            Err(PageError::NotFound)
        })));
        assert!(axum::body::to_bytes(broken, usize::MAX).await.is_err());
    }
}
