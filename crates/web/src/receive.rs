//! Files that come with a form: who sends is asked first, then each file streams into the store of blobs.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request as Asked};
use axum::http::{HeaderMap, Response, StatusCode, header};
use blobs::{BlobError, Blobs};
use media::{HEAD, MAX_PICTURE};
use tokio::sync::mpsc;

use crate::request::Sent;
use crate::serve::{
    MAX_FORM, MAX_VALUES, authorise, blocking, check_origin, finish, plain, ranges, read, respond, take,
};
use crate::{PageError, Request, Route, Site};

/// Files that one form may bring.
const MAX_FILES: usize = 40;
/// Bytes that a value beside files may have.
const MAX_VALUE: usize = 64 * 1024;
/// Characters of a file's name that are kept.
const MAX_NAME: usize = 120;
/// Pieces of a file on their way to the disk.
const PIECES: usize = 8;

pub(crate) async fn receive(
    site: Arc<Site>,
    route: Arc<Route>,
    params: BTreeMap<String, String>,
    asked: Asked,
) -> Response<Body> {
    let (uri, headers) = (asked.uri().clone(), asked.headers().clone());
    let wanted = ranges(&headers);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        // A form without files, or one that only asks whether it may.
        let body = to_bytes(asked.into_body(), MAX_FORM).await.unwrap_or_default();
        let answer = blocking(move || {
            let request = read(&site, params, &uri, &headers, &body);
            let result = take(&site, Some(&*route), &request, &headers);
            respond(&site, &request, result)
        });
        return finish(answer.await, wanted).await;
    }
    let (site_1, route_1, headers_1) = (Arc::clone(&site), Arc::clone(&route), headers.clone());
    let started = tokio::task::spawn_blocking(move || {
        let request = read(&site_1, params, &uri, &headers_1, &[]);
        let first = route_1.files.as_ref();
        let may = authorise(&site_1, &route_1, &request)
            .and_then(|()| first.map_or(Err(PageError::NotFound), |first| first(&site_1, &request)));
        (request, may)
    });
    let Ok((mut request, mut result)) = started.await else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR);
    };
    if result.is_ok() {
        result = parts(&site, &mut request, &headers, asked).await;
    }
    let answer = blocking(move || {
        // The token was read with the values: what passed is asked once more, whole.
        let result = result.and_then(|()| take(&site, Some(&*route), &request, &headers));
        respond(&site, &request, result)
    });
    finish(answer.await, wanted).await
}

async fn parts(site: &Site, request: &mut Request, headers: &HeaderMap, asked: Asked) -> Result<(), PageError> {
    const CUT: PageError = PageError::Malformed("the files did not arrive whole");
    let mut multipart = Multipart::from_request(asked, &()).await.map_err(|_| CUT)?;
    while let Some(mut field) = multipart.next_field().await.map_err(|_| CUT)? {
        let name = field.name().unwrap_or_default().to_owned();
        let Some(file) = field.file_name().map(file_name) else {
            let mut value = Vec::new();
            while let Some(piece) = field.chunk().await.map_err(|_| CUT)? {
                value.extend_from_slice(&piece);
                if value.len() > MAX_VALUE || request.form.len() >= MAX_VALUES {
                    return Err(PageError::Malformed("a value is too long"));
                }
            }
            request.form.push((name, String::from_utf8_lossy(&value).into_owned()));
            continue;
        };
        // Forms send their token before their files; nothing is stored for who has none.
        check_origin(request, headers)?;
        if request.files.len() >= MAX_FILES {
            return Err(PageError::Rule("too-many-files".to_owned()));
        }
        let (media, hash, len) = keep(&site.blobs, field).await?;
        if len > 0 {
            request.files.push(Sent { name: file, media, hash, len });
        }
    }
    Ok(())
}

async fn keep(blobs: &Arc<Blobs>, mut field: Field<'_>) -> Result<(&'static str, base::Hash, u64), PageError> {
    let (to_disk, pieces) = mpsc::channel(PIECES);
    let blobs = Arc::clone(blobs);
    let kept = tokio::task::spawn_blocking(move || store(&blobs, Pieces { pieces, left: Bytes::new() }));
    loop {
        let piece = match field.chunk().await {
            Ok(Some(piece)) => Ok(piece),
            Ok(None) => break,
            // Told to the writer, which would otherwise take the end of the connection for that of the file.
            Err(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        };
        let cut = piece.is_err();
        if to_disk.send(piece).await.is_err() || cut {
            break;
        }
    }
    drop(to_disk);
    kept.await.map_err(|e| PageError::Internal(e.to_string()))?
}

/// Puts what a reader gives into the store; a picture only without what its metadata say. Gives the type that its bytes
/// have, its hash and its length.
///
/// # Errors
/// [`PageError::Rule`] for a broken picture, what is too large, and a full disk; [`PageError::Malformed`] for what did
/// not come whole.
pub fn store(blobs: &Blobs, mut reader: impl Read) -> Result<(&'static str, base::Hash, u64), PageError> {
    let mut head = Vec::with_capacity(HEAD);
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|e| refused(&e))?;
    let media = media::sniff(&head);
    let put = if media::is_picture(media) {
        let mut whole = head;
        reader.take((MAX_PICTURE + 1) as u64 - whole.len() as u64).read_to_end(&mut whole).map_err(|e| refused(&e))?;
        if whole.len() > MAX_PICTURE {
            return Err(PageError::Rule("file-too-large".to_owned()));
        }
        let cleaned = media::clean(media, whole).map_err(|_| PageError::Rule("file-broken".to_owned()))?;
        blobs.put(Cursor::new(cleaned))
    } else {
        blobs.put(Cursor::new(head).chain(reader))
    };
    match put {
        Ok((hash, len)) => Ok((media, hash, len)),
        Err(BlobError::TooLarge { .. }) => Err(PageError::Rule("file-too-large".to_owned())),
        Err(BlobError::Io(e)) => Err(refused(&e)),
        Err(e) => Err(PageError::Internal(e.to_string())),
    }
}

fn refused(e: &io::Error) -> PageError {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => PageError::Malformed("the files did not arrive whole"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PageError::Rule("disk-full".to_owned()),
        _ => PageError::Internal(e.to_string()),
    }
}

/// The last part of a path, in characters that can be seen, with its ending kept.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: Vec<char> = last.chars().filter(|c| !c.is_control()).collect();
    let skip = seen.len().saturating_sub(MAX_NAME);
    seen.into_iter().skip(skip).collect::<String>().trim().to_owned()
}

/// Pieces of a body as a reader for where blocking is allowed.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    left: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.left = piece?,
                None => return Ok(0),
            }
        }
        let n = self.left.as_ref().read(buffer)?;
        drop(self.left.split_to(n));
        Ok(n)
    }
}
