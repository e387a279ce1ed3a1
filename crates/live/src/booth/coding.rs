//! The two ways in which browsers and encoders write pictures, as far as they matter to who only forwards packets: where a
//! whole picture begins, and how a packet is cut into smaller ones. VP8: RFC 7741; H.264: RFC 6184, without interleaving.

use std::sync::Arc;

use str0m::format::Codec;

/// How pictures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Every page takes it, and sends it.
    Vp8,
    /// What OBS and hardware encoders send.
    H264,
}

/// Kinds of H.264 unit: the parameters that stand before a whole picture, several units in a packet, a part of one.
const PARAMETERS: u8 = 7;
const SEVERAL: u8 = 24;
const PART: u8 = 28;
const KIND: u8 = 0x1f;
/// Parts of one packet: what would be more is made to be a burden.
const MOST_PARTS: usize = 16;

impl Coding {
    pub fn codec(self) -> Codec {
        match self {
            Self::Vp8 => Codec::Vp8,
            Self::H264 => Codec::H264,
        }
    }

    /// Whether one can begin with a packet; `None` if it is none of this coding.
    pub fn begins(self, payload: &[u8]) -> Option<bool> {
        match self {
            Self::Vp8 => descriptor(payload).map(|(_, begins)| begins),
            Self::H264 => match unit(*payload.first()?)? {
                SEVERAL => {
                    Some(units(payload)?.iter().any(|unit| unit.first().is_some_and(|u| u & KIND == PARAMETERS)))
                }
                PART => payload.get(2).map(|_| false),
                kind => Some(kind == PARAMETERS),
            },
        }
    }

    /// A packet in parts of at most so many bytes.
    pub fn parts(self, payload: &Arc<[u8]>, most: usize) -> Option<Vec<Arc<[u8]>>> {
        if payload.len() <= most {
            return Some(vec![Arc::clone(payload)]);
        }
        match self {
            Self::Vp8 => {
                let (head, _) = descriptor(payload)?;
                let (descriptor, picture) = payload.split_at_checked(head)?;
                Some(
                    picture
                        .chunks(most - head)
                        .enumerate()
                        .map(|(i, part)| vp8_part(descriptor, part, i > 0))
                        .collect(),
                )
            }
            Self::H264 => {
                let first = *payload.first()?;
                match unit(first)? {
                    SEVERAL => {
                        let parts = units(payload)?.into_iter().flat_map(|unit| unit_parts(unit, most)).collect();
                        Some(parts).filter(|parts: &Vec<_>| parts.len() <= MOST_PARTS)
                    }
                    PART => {
                        let (head, rest) = payload.split_at_checked(2)?;
                        Some(fragments(*head.first()?, *head.get(1)?, rest, most))
                    }
                    _ => Some(unit_parts(payload, most)),
                }
            }
        }
    }
}

/// What of a VP8 payload matters here: how long its descriptor is, and whether a whole picture begins.
fn descriptor(payload: &[u8]) -> Option<(usize, bool)> {
    let first = *payload.first()?;
    let mut len = 1;
    if first & 0x80 != 0 {
        let more = *payload.get(1)?;
        len = 2;
        if more & 0x80 != 0 {
            len += if payload.get(2)? & 0x80 != 0 { 2 } else { 1 };
        }
        len += usize::from(more & 0x40 != 0) + usize::from(more & 0x30 != 0);
    }
    let begins = first & 0x1f == 0x10 && payload.get(len)? & 1 == 0;
    Some((len, begins))
}

fn vp8_part(descriptor: &[u8], part: &[u8], follows: bool) -> Arc<[u8]> {
    let mut vp8 = [descriptor, part].concat();
    if let Some(first) = vp8.first_mut().filter(|_| follows) {
        // Not the start of a partition any more.
        *first &= !0x10;
    }
    vp8.into()
}

/// The kind of a unit of H.264, if it is one that may be sent.
fn unit(first: u8) -> Option<u8> {
    Some(first & KIND).filter(|kind| first & 0x80 == 0 && matches!(kind, 1..=23 | &SEVERAL | &PART))
}

/// The units of a packet that holds several.
fn units(payload: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut units) = (payload.get(1..)?, Vec::new());
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (unit, after) = after.split_at_checked(u16::from_be_bytes(*len).into())?;
        unit.first()?;
        units.push(unit);
        rest = after;
    }
    Some(units).filter(|units| !units.is_empty())
}

fn unit_parts(unit: &[u8], most: usize) -> Vec<Arc<[u8]>> {
    match unit.split_first() {
        Some((first, rest)) if unit.len() > most => fragments(first & 0xe0 | PART, 0xc0 | first & KIND, rest, most),
        _ => vec![unit.into()],
    }
}

/// Parts of a unit, or of a part: the first begins it if that did, and the last ends it.
fn fragments(indicator: u8, head: u8, rest: &[u8], most: usize) -> Vec<Arc<[u8]>> {
    let parts: Vec<&[u8]> = rest.chunks(most.saturating_sub(2).max(1)).collect();
    let last = parts.len().saturating_sub(1);
    let part = |(i, part): (usize, &&[u8])| {
        let (begins, ends) = (if i == 0 { head & 0x80 } else { 0 }, if i == last { head & 0x40 } else { 0 });
        [&[indicator, head & KIND | begins | ends], *part].concat().into()
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_picture_is_known_by_its_head() {
        assert_eq!(descriptor(&[0x10, 0x00]), Some((1, true)));
        assert_eq!(descriptor(&[0x10, 0x01]), Some((1, false)));
        assert_eq!(descriptor(&[0x00, 0x00]), Some((1, false)), "not the start of a partition");
        assert_eq!(descriptor(&[0x90, 0x80, 0x81, 0x02, 0x00]), Some((4, true)), "a long number of the picture");
        assert_eq!(descriptor(&[0x90, 0xf0, 0x01, 0x02, 0x03, 0x00]), Some((5, true)));
        for bad in [&[][..], &[0x80], &[0x90, 0x80], &[0x90, 0x80, 0x80], &[0x10]] {
            assert_eq!(Coding::Vp8.begins(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn in_h264_one_begins_with_the_parameters() {
        let begins = |payload: &[u8]| Coding::H264.begins(payload);
        assert_eq!(begins(&[0x67, 1, 2]), Some(true));
        assert_eq!(begins(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1, 0, 1, 0x68]), Some(true), "among several");
        for other in [&[0x41, 1][..], &[0x65, 1], &[0x78, 0, 1, 0x68], &[0x7c, 0x85, 1]] {
            assert_eq!(begins(other), Some(false), "{other:?}");
        }
        for bad in [
            &[][..],
            &[0xe7, 1],
            &[0x60],
            &[0x79, 0, 0],
            &[0x7d, 0x80, 1],
            &[0x7c, 0x80],
            &[0x78],
            &[0x78, 0],
            &[0x78, 0, 9, 0x67],
            &[0x78, 0, 0],
        ] {
            assert_eq!(begins(bad), None, "{bad:?}");
        }
    }

    /// Units as a decoder puts them together again.
    fn joined(packets: &[Arc<[u8]>]) -> Vec<Vec<u8>> {
        let (mut out, mut open): (Vec<Vec<u8>>, bool) = (Vec::new(), false);
        for packet in packets {
            match packet[0] & KIND {
                SEVERAL => out.extend(units(packet).unwrap().into_iter().map(<[u8]>::to_vec)),
                PART => {
                    assert_eq!(packet[1] & 0x80 != 0, !open);
                    if !open {
                        out.push(vec![packet[0] & 0xe0 | packet[1] & KIND]);
                    }
                    out.last_mut().unwrap().extend(&packet[2..]);
                    open = packet[1] & 0x40 == 0;
                }
                _ => out.push(packet.to_vec()),
            }
        }
        assert!(!open);
        out
    }

    proptest! {
        #[test]
        fn what_is_cut_is_the_same_picture(kinds in prop::collection::vec((1_u8..24, 0_usize..600), 1..5), most in 250_usize..500) {
            let wanted: Vec<Vec<u8>> = kinds.iter().map(|(kind, len)| [vec![0x60 | kind], vec![7; *len]].concat()).collect();
            let several: Vec<u8> = wanted.iter().flat_map(|u| [&u16::try_from(u.len()).unwrap().to_be_bytes()[..], u].concat()).collect();
            let several: Arc<[u8]> = [&[0x78][..], &several].concat().into();
            let cut = Coding::H264.parts(&several, most).unwrap();
            prop_assert!(cut.iter().all(|part| part.len() <= most && Coding::H264.begins(part).is_some()));
            prop_assert_eq!(joined(&cut), wanted.clone());
            // One by one, and what was cut before.
            let single: Vec<Arc<[u8]>> = wanted.iter().map(|u| u.as_slice().into()).flat_map(|u: Arc<[u8]>| Coding::H264.parts(&u, most).unwrap()).collect();
            let again: Vec<Arc<[u8]>> = single.iter().flat_map(|p| Coding::H264.parts(p, 33).unwrap()).collect();
            prop_assert_eq!(joined(&again), wanted);
        }

        #[test]
        fn chance_is_cut_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), most in 30_usize..200) {
            for coding in [Coding::Vp8, Coding::H264] {
                let payload: Arc<[u8]> = bytes.as_slice().into();
                let _ = coding.begins(&payload);
                prop_assert!(coding.parts(&payload, most).unwrap_or_default().iter().all(|part| part.len() <= most));
            }
        }
    }
}
