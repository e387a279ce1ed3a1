use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

/// The text of a file that says nothing of its encoding: UTF-8, UTF-16 with or without its mark, or what Windows in
/// Chinese writes (GB18030). `None` for what is none of them. The mark at the beginning is left out.
pub fn decoded(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return exact(encoding, bytes.get(mark..)?);
    }
    if let Some(encoding) = wide(bytes) {
        return exact(encoding, bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Some(text.to_owned()),
        Ok(_) => None,
        Err(_) => exact(GB18030, bytes),
    }
}

fn exact(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let (text, wrong) = encoding.decode_without_bom_handling(bytes);
    (!wrong && !text.contains('\0')).then(|| text.into_owned())
}

/// UTF-16 without a mark: its spaces and line breaks are a byte beside a zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let is_space = |byte: &u8| matches!(byte, b'\n' | b'\r' | b' ');
    let (mut little, mut big) = (0, 0);
    for pair in bytes.chunks_exact(2).take(4096) {
        match pair {
            [first, 0] if is_space(first) => little += 1,
            [0, second] if is_space(second) => big += 1,
            _ => {}
        }
    }
    match (little, big) {
        (1.., 0) => Some(UTF_16LE),
        (0, 1..) => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAID: &str = "1\n第一课 认识草药 སྨན་རྩྭ herbs\n";

    fn wide_bytes(swap: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(SAID.encode_utf16())
            .flat_map(|u| if swap { u.to_be_bytes() } else { u.to_le_bytes() })
            .collect()
    }

    #[test]
    fn what_schools_have_is_understood() {
        let marked = format!("\u{feff}{SAID}");
        for bytes in [SAID.as_bytes().to_vec(), marked.into_bytes()] {
            assert_eq!(decoded(&bytes).as_deref(), Some(SAID));
        }
        for (swap, mark) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(decoded(&wide_bytes(swap, mark)).as_deref(), Some(SAID), "{swap} {mark}");
        }
        let (gbk, ..) = GB18030.encode("认识草药");
        assert_eq!(decoded(&gbk).as_deref(), Some("认识草药"));
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0x80]), None);
        assert_eq!(decoded(b"a\0b\0\0\0\0c"), None);
        assert_eq!(decoded(b" \0\0\0"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_text_or_none(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(decoded(&bytes).is_none_or(|text| !text.contains('\0')));
        }
    }
}
