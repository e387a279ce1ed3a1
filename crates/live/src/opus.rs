//! What the first byte of an Opus packet says (RFC 6716, 3.1): packets are passed on as they are, but one must know how
//! long they last.

/// Units of time in which packets of voice are counted: 2.5 ms, the shortest frame.
pub const UNIT_US: u64 = 2500;
/// Samples of a unit, at 48 kHz.
pub const UNIT_SAMPLES: u64 = 120;
/// The longest packet.
pub const LONGEST_UNITS: u64 = 48;
/// Bytes of the largest packet of voice: 120 ms at 80 kbit/s.
pub const MAX_PACKET: usize = 1200;

/// How long a packet lasts, in units of 2.5 ms; `None` for what is no packet.
pub fn units(packet: &[u8]) -> Option<u64> {
    let (first, rest) = packet.split_first()?;
    let config = first >> 3;
    let frame = match (config, config & 3) {
        (0..12, 0) => 4,
        (0..12, 1) => 8,
        (0..12, 2) => 16,
        (0..12, _) => 24,
        (12..16, n) => 4 << (n & 1),
        (_, n) => 1 << n,
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(rest.first()? & 0x3f),
    };
    let units = frame * frames;
    (1..=LONGEST_UNITS).contains(&units).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_last_as_the_table_says() {
        // SILK wideband 20 ms; the same of 60 ms; hybrid 10 ms; CELT 2.5 ms and 20 ms; three frames of 20 ms.
        for (packet, units_) in [
            (&[9 << 3][..], 8),
            (&[11 << 3], 24),
            (&[12 << 3], 4),
            (&[16 << 3], 1),
            (&[19 << 3], 8),
            (&[9 << 3 | 3, 3], 24),
        ] {
            assert_eq!(units(packet), Some(units_), "{packet:?}");
        }
        assert_eq!(units(&[]), None);
        assert_eq!(units(&[9 << 3 | 3]), None, "the count is missing");
        assert_eq!(units(&[9 << 3 | 3, 7]), None, "longer than 120 ms");
        assert_eq!(units(&[9 << 3 | 3, 0]), None, "no frame");
    }
}
