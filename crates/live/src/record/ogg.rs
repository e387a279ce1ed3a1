//! Opus in Ogg (RFC 3533, RFC 7845): what an `<audio>` element plays.

use crate::Packet;
use crate::opus::UNIT_SAMPLES;

/// What a decoder takes before it sounds as it did: 80 ms (RFC 7845, 4.6), in units of 2.5 ms.
pub(super) const PREROLL_UNITS: u64 = 32;
/// Samples of a page: the specification asks for at most a second.
const PAGE_SAMPLES: u64 = 48_000;
/// Of a stream that this writes, any number does: there is one in the file.
const SERIAL: u32 = 0x5a4d_5041;
const BEGINS: u8 = 2;
const ENDS: u8 = 4;

/// Writes packets as a file that begins at `from` and lasts until `to`, in units of 2.5 ms. They are in order of time, from
/// [`PREROLL_UNITS`] before the beginning; what is missing between them becomes empty frames, which a decoder takes for
/// silence or loss.
pub(super) fn write(packets: &[Packet], from: u64, to: u64) -> Vec<u8> {
    let start = from.saturating_sub(PREROLL_UNITS);
    let mut ogg = Ogg::default();
    let is_stereo = packets.iter().any(|p| p.opus.first().is_some_and(|toc| toc & 4 != 0));
    let preskip = u16::try_from((from - start) * UNIT_SAMPLES).unwrap_or(0);
    let mut head = b"OpusHead\x01".to_vec();
    head.push(if is_stereo { 2 } else { 1 });
    head.extend(preskip.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    ogg.page(&[&head], 0, BEGINS);
    let mut tags = b"OpusTags".to_vec();
    // Who wrote it, and no comments: each a length and text.
    tags.extend(5_u32.to_le_bytes());
    tags.extend(b"Zampa");
    tags.extend([0; 4]);
    ogg.page(&[&tags], 0, 0);
    let mut now = start;
    let mut toc = 1 << 3;
    for packet in packets.iter().filter(|p| p.at >= start && p.at < to) {
        ogg.silence(&mut now, packet.at, toc);
        // One that overlaps what was written is a doubled number of a hostile record; time does not go back.
        if packet.at == now && packet.units() > 0 {
            ogg.packet(packet.opus.to_vec(), packet.units());
            now += packet.units();
            toc = packet.opus.first().copied().unwrap_or(toc);
        }
    }
    ogg.silence(&mut now, to, toc);
    ogg.finish((to.saturating_sub(start)) * UNIT_SAMPLES)
}

#[derive(Default)]
struct Ogg {
    out: Vec<u8>,
    pages: u32,
    waiting: Vec<Vec<u8>>,
    /// Samples up to the last packet that waits, and of those that wait.
    samples: u64,
    waits: u64,
}

impl Ogg {
    fn packet(&mut self, packet: Vec<u8>, units: u64) {
        let samples = units * UNIT_SAMPLES;
        let lacing: usize = self.waiting.iter().chain([&packet]).map(|p| p.len() / 255 + 1).sum();
        if self.waits + samples > PAGE_SAMPLES || lacing > 255 {
            self.flush(0, None);
        }
        self.waiting.push(packet);
        self.waits += samples;
        self.samples += samples;
    }

    /// Empty frames of what the last packet was, at most 20 ms each: one byte.
    fn silence(&mut self, now: &mut u64, until: u64, toc: u8) {
        while *now < until {
            let units = [8, 4, 2, 1].into_iter().find(|units| *now + units <= until).unwrap_or(1);
            let config = match (toc >> 3, units) {
                // SILK has 20 and 10 ms, as the hybrid mode; what is shorter is CELT's, wideband.
                (c @ 0..12, 8) => c / 4 * 4 + 1,
                (c @ 0..12, 4) => c / 4 * 4,
                (c @ 12..16, 8) => c / 2 * 2 + 1,
                (c @ 12..16, 4) => c / 2 * 2,
                (c @ 16.., units) => c / 4 * 4 + trailing(units),
                (_, units) => 20 + trailing(units),
            };
            self.packet(vec![config << 3 | (toc & 4)], units);
            *now += units;
        }
    }

    fn flush(&mut self, kind: u8, samples: Option<u64>) {
        let packets = std::mem::take(&mut self.waiting);
        let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        self.page(&packets, samples.unwrap_or(self.samples), kind);
        self.waits = 0;
    }

    /// Ends the stream at a sample, which may be within the last packet.
    fn finish(mut self, samples: u64) -> Vec<u8> {
        let last = samples.min(self.samples);
        self.flush(ENDS, Some(last));
        self.out
    }

    fn page(&mut self, packets: &[&[u8]], granule: u64, kind: u8) {
        let mut page = b"OggS\0".to_vec();
        page.push(kind);
        page.extend(granule.to_le_bytes());
        page.extend(SERIAL.to_le_bytes());
        page.extend(self.pages.to_le_bytes());
        page.extend([0; 4]);
        let mut lacing = Vec::new();
        for packet in packets {
            lacing.extend(std::iter::repeat_n(255, packet.len() / 255));
            lacing.push(u8::try_from(packet.len() % 255).unwrap_or(0));
        }
        page.push(u8::try_from(lacing.len()).unwrap_or(255));
        page.extend(lacing);
        packets.iter().for_each(|packet| page.extend_from_slice(packet));
        let sum = crc(&page);
        if let Some(place) = page.get_mut(22..26) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
        self.out.extend(page);
        self.pages += 1;
    }
}

fn trailing(units: u64) -> u8 {
    match units {
        8 => 3,
        4 => 2,
        2 => 1,
        _ => 0,
    }
}

/// The checksum of RFC 3533: polynomial 0x04c11db7, the highest bit first, from zero.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opus::units;

    /// Takes a file apart: of each page the kind, the granule position and the packets.
    fn pages(mut ogg: &[u8]) -> Vec<(u8, u64, Vec<Vec<u8>>)> {
        let mut pages = Vec::new();
        while !ogg.is_empty() {
            assert_eq!(&ogg[..5], b"OggS\0");
            let n = usize::from(ogg[26]);
            let lacing = &ogg[27..27 + n];
            let len = 27 + n + lacing.iter().map(|l| usize::from(*l)).sum::<usize>();
            let mut page = ogg[..len].to_vec();
            page[22..26].fill(0);
            assert_eq!(crc(&page).to_le_bytes(), ogg[22..26]);
            let (mut packets, mut packet, mut at) = (Vec::new(), Vec::new(), 27 + n);
            for l in lacing {
                packet.extend(&ogg[at..at + usize::from(*l)]);
                at += usize::from(*l);
                if *l < 255 {
                    packets.push(std::mem::take(&mut packet));
                }
            }
            pages.push((ogg[5], u64::from_le_bytes(ogg[6..14].try_into().unwrap()), packets));
            ogg = &ogg[len..];
        }
        pages
    }

    #[test]
    fn a_file_has_its_heads_its_length_and_no_hole() {
        // 60 ms packets from 0, with a hole of two, then silence that was not sent.
        let packets: Vec<Packet> = (0..100)
            .filter(|n| ![40, 41].contains(n) && *n < 90)
            .map(|n| Packet { seq: n, at: n * 24, opus: vec![11 << 3; if n == 7 { 600 } else { 90 }].into() })
            .collect();
        let pages = pages(&write(&packets, 240, 2400));
        assert_eq!(
            (pages[0].0, &pages[0].2[0][..9], pages[1].2[0].starts_with(b"OpusTags")),
            (BEGINS, &b"OpusHead\x01"[..], true)
        );
        assert_eq!(pages[0].2[0][10..12], 3840_u16.to_le_bytes());
        assert_eq!(pages.last().unwrap().0, ENDS);
        let mut samples = 0;
        for (_, granule, packets) in &pages[2..] {
            samples += packets.iter().map(|p| units(p).unwrap() * 120).sum::<u64>();
            assert_eq!(*granule, samples);
        }
        // From 80 ms before the beginning to the end, though the first packet begins 20 ms into it.
        assert_eq!(samples, (2400 - 240 + 32) * 120);
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // CRC-32/CKSUM without length and final inversion, of "123456789": the remainder of the polynomial.
        assert_eq!(crc(b"123456789"), 0x89a1_897f);
    }
}
