//! An address as a picture that a device reads (a QR code, ISO/IEC 18004).

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// White around it, in squares, as the standard asks.
const EDGE: i32 = 4;

/// An address in squares: how many a side has, and the path of an SVG that fills the dark ones. `None` for what is too
/// long.
pub fn squares(address: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(address, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let run = i32::try_from(run).unwrap_or(0);
            if run > 0 {
                // Writing to a text never fails.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + EDGE, y + EDGE);
            }
            x += run + 1;
        }
    }
    Some((code.size() + 2 * EDGE, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_drawn_with_its_three_corners() {
        let (size, path) = squares("http://192.168.1.20:7400/trust").unwrap();
        assert!(size >= 29 && path.starts_with("M4 4h7v1h-7z"), "{size} {path}");
        assert!(path.contains(&format!("M{} 4h7v1h-7z", size - 11)), "the corner at the right");
        assert!(path.contains(&format!("M4 {}h7v1h-7z", size - 5)), "the corner below");
        assert_eq!(squares(&"x".repeat(4000)), None);
    }
}
