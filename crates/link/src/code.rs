use std::fmt;
use std::str::FromStr;

use base::{NodeId, base32};

use crate::LinkError;

/// Bytes that the address may have.
const MAX_ADDRESS: usize = 128;
const VERSION: u8 = 1;
const CHECK: usize = 4;
/// Letters that stand together.
const GROUP: usize = 5;
/// A text longer than this is not looked at.
const MAX_TEXT: usize = 1024;

/// What a school needs to join: where the hub is, which key must answer, and the secret that admits one node.
/// Written as letters and digits in groups of five, of which the last check the rest; on reading, `o` counts
/// as `0`, `i` and `l` as `1`, and spaces and hyphens as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode {
    /// Host and port, e.g. `hub.example.org:4433`.
    pub address: String,
    /// The hub, whose id is the fingerprint of its key.
    pub hub: NodeId,
    /// Admits one node.
    pub secret: [u8; 16],
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinCode({} at {})", self.hub, self.address)
    }
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        bytes.extend(self.hub.as_bytes());
        bytes.extend(self.secret);
        bytes.extend(self.address.as_bytes());
        bytes.extend(check(&bytes));
        for (i, letter) in base32::encode(&bytes).to_ascii_uppercase().chars().enumerate() {
            if i > 0 && i % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl FromStr for JoinCode {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_TEXT {
            return Err(LinkError::Code("it is too long"));
        }
        let letters: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                c => c,
            })
            .collect();
        let bytes = base32::decode(&letters).ok_or(LinkError::Code("a letter is not of its alphabet"))?;
        let cut = LinkError::Code("a part of it is missing");
        let Some((body, sum)) = bytes.split_last_chunk::<CHECK>() else { return Err(cut) };
        if check(body) != *sum {
            return Err(LinkError::Code("its check letters do not fit"));
        }
        let Some(([VERSION], rest)) = body.split_first_chunk::<1>() else {
            return Err(LinkError::Code("it is of another version"));
        };
        let Some((hub, rest)) = rest.split_first_chunk::<16>() else { return Err(cut) };
        let Some((secret, address)) = rest.split_first_chunk::<16>() else { return Err(cut) };
        let address = std::str::from_utf8(address)
            .ok()
            .filter(|a| is_address(a))
            .ok_or(LinkError::Code("its address is none"))?;
        Ok(Self { address: address.to_owned(), hub: NodeId(*hub), secret: *secret })
    }
}

/// Whether a text is `host:port` as far as can be told without asking.
pub(crate) fn is_address(text: &str) -> bool {
    text.len() <= MAX_ADDRESS
        && text.bytes().all(|b| b.is_ascii_graphic())
        && text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn check(body: &[u8]) -> [u8; CHECK] {
    let hash = blake3::derive_key("zampa join code 1 check", body);
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code() -> JoinCode {
        JoinCode { address: "hub.example.org:4433".into(), hub: NodeId([3; 16]), secret: [9; 16] }
    }

    proptest! {
        #[test]
        fn a_code_is_read_back(hub: [u8; 16], secret: [u8; 16], host in "[a-z0-9.]{1,40}", port: u16) {
            let code = JoinCode { address: format!("{host}:{port}"), hub: NodeId(hub), secret };
            let text = code.to_string();
            prop_assert_eq!(&text.parse::<JoinCode>().unwrap(), &code);
            let sloppy = text.to_lowercase().replace('-', " ").replace('0', "O").replace('1', "l");
            prop_assert_eq!(sloppy.parse::<JoinCode>().unwrap(), code);
        }

        #[test]
        fn one_wrong_letter_is_found(place in 0_usize..90, letter in "[0-9A-HJKMNP-TV-Z]") {
            let text = code().to_string();
            let mut wrong: Vec<char> = text.chars().collect();
            let place = place % wrong.len();
            prop_assume!(wrong[place] != '-' && wrong[place].to_string() != letter);
            wrong[place] = letter.chars().next().unwrap();
            prop_assert!(wrong.into_iter().collect::<String>().parse::<JoinCode>().is_err());
        }

        #[test]
        fn any_text_is_refused_quietly(text in ".{0,200}") {
            prop_assert!(text.parse::<JoinCode>().is_err());
        }
    }

    #[test]
    fn a_secret_is_not_logged() {
        assert!(!format!("{:?}", code()).contains(&base32::encode(&[9; 16])[..8]));
    }
}
