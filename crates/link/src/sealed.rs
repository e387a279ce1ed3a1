//! A bundle's envelope. Its head says in the clear who wrote it, for whom and when, and is signed with the writer's key.
//! Everything else is in frames that the reader's key alone opens: a key drawn for this bundle is sealed to it by HPKE
//! (RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), and each frame by AES-256-GCM with its
//! number as nonce. So a frame is of this bundle, of its writer and at its place, or it does not open; one that does not
//! open says nothing about the next.
//!
//! A node's key is an Ed25519 key; for sealing, it is used on the same curve in its other form (RFC 7748, section 4.1).
//! That one key may both sign and open is shown by Thormarker, "On using the same key pair for Ed25519 and an X25519
//! based KEM" (ePrint 2021/509).

use std::io::{ErrorKind, Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA512, digest};
use base::NodeId;
use curve25519_dalek::edwards::CompressedEdwardsY;
use log::NodeKey;
use minicbor::bytes::{ByteArray, ByteVec};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as SEAL;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};

use crate::CarryError;
use crate::exchange::MAX_SEGMENT;

const MAGIC: &[u8; 8] = b"zcarry1\n";
const INFO: &[u8] = b"zampa bundle 1";
const VERSION: u64 = 1;
/// Bytes of a head.
const MAX_HEAD: usize = 512;
/// Bytes of a frame: a segment, its letter and its tag.
const MAX_FRAME: usize = MAX_SEGMENT + 64;
const TAG: usize = 16;
const SIGNATURE: usize = 64;

/// A head: version, the writer's key, the reader, when, and the bundle's key as HPKE sealed it.
type Fields = (u64, ByteArray<32>, ByteArray<16>, u64, ByteVec, ByteVec);

/// Who wrote a bundle, for whom, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub key: Vec<u8>,
    pub to: NodeId,
    pub at_ms: u64,
}

impl Head {
    pub fn from(&self) -> NodeId {
        NodeId::of_key(&self.key)
    }

    /// What the sealing of the bundle's key covers.
    fn bytes(&self) -> Vec<u8> {
        [self.key.as_slice(), self.to.as_bytes(), &self.at_ms.to_be_bytes()].concat()
    }
}

/// Writes a bundle.
pub(crate) struct Sealer<'a> {
    to: &'a mut dyn Write,
    key: LessSafeKey,
    frames: u64,
}

impl<'a> Sealer<'a> {
    /// Begins a bundle to the node with a public key. `secret` is fresh chance.
    pub fn begin(
        to: &'a mut dyn Write,
        writer: &NodeKey,
        reader_key: &[u8],
        at_ms: u64,
        secret: &[u8; 32],
    ) -> Result<Self, CarryError> {
        let reader = NodeId::of_key(reader_key);
        let refused = || CarryError::Key(reader);
        let point: [u8; 32] = reader_key.try_into().map_err(|_| refused())?;
        let point = CompressedEdwardsY(point).decompress().ok_or_else(refused)?;
        let public = HpkePublicKey(point.to_montgomery().to_bytes().to_vec());
        let head = Head { key: writer.public().to_vec(), to: reader, at_ms };
        let (shared, sealed) = SEAL.seal(INFO, &head.bytes(), secret, &public).map_err(|_| refused())?;
        let key = ByteArray::<32>::from(<[u8; 32]>::try_from(writer.public()).map_err(|_| refused())?);
        let to_bytes = ByteArray::<16>::from(reader.0);
        let head = minicbor::to_vec((VERSION, key, to_bytes, at_ms, ByteVec::from(shared.0), ByteVec::from(sealed)))
            .map_err(|_| refused())?;
        to.write_all(MAGIC)?;
        to.write_all(&length(&head)?)?;
        to.write_all(&head)?;
        to.write_all(&writer.sign(&signed(&head)))?;
        Ok(Self { to, key: opened(secret).ok_or_else(refused)?, frames: 0 })
    }

    /// Writes a frame.
    pub fn frame(&mut self, mut body: Vec<u8>) -> Result<(), CarryError> {
        let nonce = nonce(self.frames);
        self.frames += 1;
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut body);
        sealed.map_err(|_| std::io::Error::from(ErrorKind::InvalidInput))?;
        self.to.write_all(&length(&body)?)?;
        self.to.write_all(&body)?;
        Ok(())
    }
}

/// What the next frame is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Whole(Vec<u8>),
    /// Its bytes are not as they were written; the next may be.
    Damaged,
    /// The bundle ends here, or cannot be followed further.
    Cut,
}

/// Reads a bundle.
pub(crate) struct Opener<'a> {
    from: &'a mut dyn Read,
    key: LessSafeKey,
    frames: u64,
    pub head: Head,
}

impl<'a> Opener<'a> {
    /// Reads the head. `admit` says whether its writer may give anything at all.
    pub fn begin(
        from: &'a mut dyn Read,
        reader: &NodeKey,
        admit: impl FnOnce(NodeId) -> Result<(), CarryError>,
    ) -> Result<Self, CarryError> {
        let mut magic = [0; MAGIC.len()];
        whole(from, &mut magic)?;
        if &magic != MAGIC {
            let newer = magic.starts_with(b"zcarry");
            return Err(if newer { CarryError::Version } else { CarryError::NoBundle });
        }
        let mut len = [0; 4];
        whole(from, &mut len)?;
        let len = u32::from_be_bytes(len) as usize;
        if len > MAX_HEAD {
            return Err(CarryError::NoBundle);
        }
        let (mut bytes, mut signature) = (vec![0; len], [0; SIGNATURE]);
        whole(from, &mut bytes)?;
        whole(from, &mut signature)?;
        let fields: Fields = minicbor::decode(&bytes).map_err(|_| CarryError::NoBundle)?;
        let (version, key, to, at_ms, shared, sealed) = fields;
        if version != VERSION {
            return Err(CarryError::Version);
        }
        let key: [u8; 32] = key.into();
        let head = Head { key: key.to_vec(), to: NodeId(to.into()), at_ms };
        let writer = head.from();
        if !log::verify_signature(&head.key, &signed(&bytes), &signature) {
            return Err(CarryError::Forged(writer));
        }
        if head.to != reader.id() {
            return Err(CarryError::Elsewhere(head.to));
        }
        admit(writer)?;
        let secret = SEAL
            .open(&EncapsulatedSecret(shared.into()), INFO, &head.bytes(), &sealed, &private(reader))
            .map_err(|_| CarryError::Forged(writer))?;
        let key = opened(&secret).ok_or(CarryError::Forged(writer))?;
        Ok(Self { from, key, frames: 0, head })
    }

    /// The next frame. Memory grows with what has come, not with what was announced.
    pub fn frame(&mut self) -> Result<Frame, CarryError> {
        let mut len = [0; 4];
        if !is_whole(self.from, &mut len)? {
            return Ok(Frame::Cut);
        }
        let len = u32::from_be_bytes(len) as usize;
        if !(TAG..=MAX_FRAME).contains(&len) {
            return Ok(Frame::Cut);
        }
        let mut body = Vec::with_capacity(len.min(64 * 1024));
        let mut limited = Read::take(&mut *self.from, len as u64);
        limited.read_to_end(&mut body)?;
        if body.len() < len {
            return Ok(Frame::Cut);
        }
        let nonce = nonce(self.frames);
        self.frames += 1;
        match self.key.open_in_place(nonce, Aad::empty(), &mut body) {
            Ok(plain) => {
                let len = plain.len();
                body.truncate(len);
                Ok(Frame::Whole(body))
            }
            Err(_) => Ok(Frame::Damaged),
        }
    }
}

/// What a node signs of a bundle.
fn signed(head: &[u8]) -> Vec<u8> {
    [INFO, head].concat()
}

/// The node's key in the form in which it opens.
fn private(key: &NodeKey) -> HpkePrivateKey {
    // RFC 8032, section 5.1.5: the scalar is the first half of the seed's hash. X25519 clamps it itself.
    let hash = digest(&SHA512, key.seed());
    HpkePrivateKey::from(hash.as_ref().iter().take(32).copied().collect::<Vec<u8>>())
}

fn opened(secret: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, secret).ok().map(LessSafeKey::new)
}

/// The key is this bundle's alone, so the number of the frame is never used twice with it.
fn nonce(frame: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    if let Some(end) = nonce.last_chunk_mut::<8>() {
        *end = frame.to_be_bytes();
    }
    Nonce::assume_unique_for_key(nonce)
}

fn length(bytes: &[u8]) -> Result<[u8; 4], CarryError> {
    let len = u32::try_from(bytes.len()).map_err(|_| std::io::Error::from(ErrorKind::InvalidInput))?;
    Ok(len.to_be_bytes())
}

/// Fills the buffer; a file that ends before is no bundle.
fn whole(from: &mut dyn Read, buffer: &mut [u8]) -> Result<(), CarryError> {
    if is_whole(from, buffer)? { Ok(()) } else { Err(CarryError::NoBundle) }
}

fn is_whole(from: &mut dyn Read, buffer: &mut [u8]) -> Result<bool, CarryError> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::montgomery::MontgomeryPoint;
    use proptest::prelude::*;

    fn key(n: u8) -> NodeKey {
        NodeKey::from_seed([n; 32]).unwrap()
    }

    fn bundle(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut sealer = Sealer::begin(&mut out, &key(1), key(2).public(), 77, &[9; 32]).unwrap();
        frames.iter().for_each(|frame| sealer.frame(frame.clone()).unwrap());
        out
    }

    fn open(bytes: &[u8], reader: u8) -> Result<(Head, Vec<Frame>), CarryError> {
        let mut from = bytes;
        let mut opener = Opener::begin(&mut from, &key(reader), |_| Ok(()))?;
        let mut frames = Vec::new();
        loop {
            match opener.frame()? {
                Frame::Cut => return Ok((opener.head, frames)),
                frame => frames.push(frame),
            }
        }
    }

    proptest! {
        /// Both forms of one key are of one pair: what is sealed to the public one, the secret one opens.
        #[test]
        fn a_key_seals_and_opens(seed: [u8; 32]) {
            let key = NodeKey::from_seed(seed).unwrap();
            let point = CompressedEdwardsY(key.public().try_into().unwrap()).decompress().unwrap().to_montgomery();
            let scalar: [u8; 32] = private(&key).secret_bytes().try_into().unwrap();
            prop_assert_eq!(MontgomeryPoint::mul_base_clamped(scalar), point);
        }

        #[test]
        fn frames_are_read_back(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)) {
            let (head, read) = open(&bundle(&frames), 2).unwrap();
            prop_assert_eq!(head, Head { key: key(1).public().to_vec(), to: key(2).id(), at_ms: 77 });
            prop_assert_eq!(read, frames.into_iter().map(Frame::Whole).collect::<Vec<_>>());
        }

        /// Whatever byte is changed: a frame opens as it was written, or not at all.
        #[test]
        fn a_changed_byte_is_never_believed(at: prop::sample::Index, flip in 1_u8..=255) {
            let frames: Vec<Vec<u8>> = (0..4).map(|n| vec![n; 50]).collect();
            let mut bytes = bundle(&frames);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok((_, read)) = open(&bytes, 2) {
                let whole: Vec<&Vec<u8>> =
                    read.iter().filter_map(|f| if let Frame::Whole(body) = f { Some(body) } else { None }).collect();
                prop_assert!(whole.len() < frames.len() && whole.iter().all(|body| frames.contains(body)));
            }
        }
    }

    #[test]
    fn another_node_does_not_open_it_and_nobody_signs_for_another() {
        let bytes = bundle(&[b"secret words".to_vec()]);
        assert!(matches!(open(&bytes, 3), Err(CarryError::Elsewhere(to)) if to == key(2).id()));
        assert!(!bytes.windows(6).any(|w| w == b"secret"));
        let mut forged = bytes.clone();
        // The head begins with an array's length, the version, and the key's length.
        forged[16..48].copy_from_slice(key(4).public());
        assert!(matches!(open(&forged, 2), Err(CarryError::Forged(_))));
    }

    #[test]
    fn one_damaged_frame_leaves_the_others() {
        let frames: Vec<Vec<u8>> = (0..3).map(|n| vec![n; 1000]).collect();
        let mut bytes = bundle(&frames);
        let middle = bytes.len() - 1500;
        bytes[middle] ^= 1;
        let whole = |n: u8| Frame::Whole(vec![n; 1000]);
        assert_eq!(open(&bytes, 2).unwrap().1, [whole(0), Frame::Damaged, whole(2)]);
    }

    #[test]
    fn a_frame_that_claims_to_be_huge_reserves_nothing() {
        let mut bytes = bundle(&[]);
        bytes.extend(u32::try_from(MAX_FRAME).unwrap().to_be_bytes());
        assert!(open(&bytes, 2).unwrap().1.is_empty());
        bytes.truncate(bytes.len() - 4);
        bytes.extend(u32::MAX.to_be_bytes());
        assert!(open(&bytes, 2).unwrap().1.is_empty());
    }
}
