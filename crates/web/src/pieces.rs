//! A large file comes in pieces, so that a cut costs one piece and not the file. Each piece is a content of its own, and
//! its sender gets a receipt; with the receipts the file is put together here. Nothing else is kept of it meanwhile:
//! pieces that nobody asks for again are swept away like all that no fact names.

use std::fs::File;
use std::io::{self, Read};
use std::vec;

use base::Hash;
use blobs::Blobs;

use crate::seal::seal;
use crate::{PageError, Reply, Request, Sent, Site, receive};

/// Pieces of one file.
const MOST: usize = 1100;

/// Takes in a piece, and gives its receipt. A piece begins with one letter that is not the file's, so that no part of a
/// picture is taken for one and cleaned.
///
/// # Errors
/// [`PageError::Malformed`] for more or less than one piece.
pub fn take_piece(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let [piece] = request.files.as_slice() else { return Err(PageError::Malformed("one piece at a time")) };
    let receipt = format!("{}.{}", piece.hash, seal(site, "piece", &receipt_of(request, &piece.hash)?)?);
    Ok(Reply::Bytes("text/plain; charset=utf-8", None, receipt.into_bytes()))
}

/// Puts a file together from its pieces. Whose form it was chosen in keeps it for that, and answers with its hash.
///
/// # Errors
/// [`PageError`]: no receipts, those of another, or of pieces that are gone.
pub fn join_pieces(site: &Site, request: &Request) -> Result<Sent, PageError> {
    let mut pieces = Vec::new();
    for receipt in request.form_all("piece") {
        let (hash, sealed) = receipt.split_once('.').ok_or(PageError::Malformed("no receipt"))?;
        let hash: Hash = hash.parse().map_err(|_| PageError::Malformed("no receipt"))?;
        // Who knows a content's hash may not have it for that.
        if seal(site, "piece", &receipt_of(request, &hash)?)? != sealed {
            return Err(PageError::NotAllowed);
        }
        if !site.blobs.has(&hash) {
            return Err(PageError::Rule("piece-gone".to_owned()));
        }
        pieces.push(hash);
    }
    if pieces.is_empty() || pieces.len() > MOST {
        return Err(PageError::Malformed("too many pieces, or none"));
    }
    let whole = Joined { blobs: &site.blobs, left: pieces.into_iter(), open: None };
    let (media, hash, len) = receive::store(&site.blobs, whole)?;
    let name = text::clean_line(request.form("name").unwrap_or_default(), 120);
    let name = name.map_err(|_| PageError::Malformed("a name is too long"))?;
    Ok(Sent { name, media, hash, len })
}

/// That this person sent this piece.
fn receipt_of(request: &Request, hash: &Hash) -> Result<String, PageError> {
    Ok(format!("{} {hash}", request.reader()?.person))
}

/// Pieces, one after the other, each without its first letter.
struct Joined<'a> {
    blobs: &'a Blobs,
    left: vec::IntoIter<Hash>,
    open: Option<File>,
}

impl Read for Joined<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(file) = &mut self.open {
                let read = file.read(out)?;
                if read > 0 || out.is_empty() {
                    return Ok(read);
                }
            }
            let Some(next) = self.left.next() else { return Ok(0) };
            let gone = || io::Error::from(io::ErrorKind::NotFound);
            let mut file = self.blobs.open_blob(&next).map_err(io::Error::other)?.ok_or_else(gone)?;
            file.read_exact(&mut [0])?;
            self.open = Some(file);
        }
    }
}
