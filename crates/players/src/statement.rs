//! What a school tells a store of learning records: statements of the Experience API (xAPI 1.0.3), one a line. Who acts is a
//! school, and never a person.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value as Json, json};

/// The type of a file of statements.
pub const LINES: &str = "application/x-ndjson; charset=utf-8";

/// A statement that a school makes. Its id follows from the fact and the verb, so every node tells the same.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The fact's id.
    pub fact: &'a [u8; 16],
    /// The verb's IRI, and what it is called by the tag of a language.
    pub verb: (&'a str, Json),
    /// When: a moment of ISO 8601.
    pub at: &'a str,
    /// The school's id and name.
    pub school: (&'a str, &'a str),
    /// The programme's id.
    pub programme: &'a [u8; 16],
    /// What was done with: its id, and what it is.
    pub object: (&'a [u8; 16], Json),
    /// What tells it.
    pub platform: &'a str,
}

impl Statement<'_> {
    /// As a line of its own, with the line's end.
    pub fn line(&self) -> String {
        let programme = uuid(self.programme);
        let (verb, display) = &self.verb;
        let statement = json!({
            "id": named(self.fact, verb),
            "version": "1.0.3",
            "timestamp": self.at,
            "actor": {
                "objectType": "Group",
                "name": self.school.1,
                "account": { "homePage": format!("urn:uuid:{programme}"), "name": self.school.0 },
            },
            "verb": { "id": verb, "display": display },
            "object": {
                "objectType": "Activity",
                "id": format!("urn:uuid:{}", uuid(self.object.0)),
                "definition": self.object.1,
            },
            "context": {
                "platform": self.platform,
                "contextActivities": { "grouping": [{ "objectType": "Activity", "id": format!("urn:uuid:{programme}") }] },
            },
        });
        format!("{statement}\n")
    }
}

/// Sixteen bytes as a UUID is written.
pub fn uuid(bytes: &[u8; 16]) -> String {
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// A UUID of version 5 (RFC 9562, 5.5): the same name within the same space gives the same, at every node and for ever.
fn named(space: &[u8; 16], name: &str) -> String {
    let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[space.as_slice(), name.as_bytes()].concat());
    let mut bytes = sum.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x50;
    *variant = *variant & 0x3f | 0x80;
    uuid(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_uuid_is_the_one_of_the_standard() {
        // RFC 9562, appendix A.4: the name www.example.com in the space of DNS.
        let dns = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8_u128.to_be_bytes();
        assert_eq!(uuid(&dns), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        assert_eq!(named(&dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
