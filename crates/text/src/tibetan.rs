//! Tibetan syllables: their parts, and the order of dictionaries.

/// The thirty letters in their order.
const LETTERS: &str = "ཀཁགངཅཆཇཉཏཐདནཔཕབམཙཚཛཝཞཟའཡརལཤསཧཨ";
/// The vowels in their order; a syllable without one comes first.
const VOWELS: &str = "\u{f72}\u{f74}\u{f7a}\u{f7c}";
/// Letters that may stand before the root, and above it, in their order.
const PREFIXES: &str = "གདབམའ";
const HEADS: &str = "རལས";
/// Letters that may hang below the root, in their order.
const BELOW: &str = "ྭྱྲླ";

/// A letter and what hangs on it.
#[derive(Clone, Debug, Default)]
struct Stack {
    letter: char,
    below: Vec<char>,
    vowels: Vec<char>,
}

/// A syllable without the genitive or interjection that is written onto it.
pub(crate) fn without_particle(syllable: &str) -> String {
    for particle in ["འི", "འོ"] {
        if let Some(rest) = syllable.strip_suffix(particle)
            && !rest.is_empty()
        {
            return rest.to_owned();
        }
    }
    syllable.to_owned()
}

/// The key of a syllable: root letter, what stands before and above it, what hangs below it, vowel, suffixes. This is
/// the order of Tibetan dictionaries: ཀ དཀ བཀ རྐ ལྐ སྐ བརྐ བསྐ, then ཁ.
pub(crate) fn syllable_key(syllable: &str, key: &mut Vec<u8>) {
    let stacks = stacks(syllable);
    let at = root(&stacks);
    let Some(main) = stacks.get(at) else {
        key.push(1);
        return;
    };
    let prefix = if at == 1 { stacks.first().map(|s| s.letter) } else { None };
    let (head, letter, below) = parts(main);
    key.push(place(LETTERS, letter));
    // Prefixed without a head, then headed, then both: the groups in which dictionaries list a letter.
    key.push(match (prefix, head) {
        (None, None) => 1,
        (Some(p), None) => 2 + place(PREFIXES, p),
        (None, Some(h)) => 10 + place(HEADS, h),
        (Some(p), Some(h)) => 20 + place(PREFIXES, p) * 4 + place(HEADS, h),
    });
    key.push(below.iter().fold(1, |sum: u8, b| sum.saturating_mul(6).saturating_add(place(BELOW, *b))));
    key.push(main.vowels.iter().fold(1, |sum: u8, v| sum.saturating_mul(6).saturating_add(place(VOWELS, *v))));
    for suffix in stacks.iter().skip(at + 1) {
        key.push(2 + place(LETTERS, suffix.letter));
        for mark in suffix.below.iter().chain(&suffix.vowels) {
            key.push(64 + place(BELOW, *mark) * 8 + place(VOWELS, *mark));
        }
    }
    key.push(1);
}

fn stacks(syllable: &str) -> Vec<Stack> {
    let mut out: Vec<Stack> = Vec::new();
    for c in syllable.chars() {
        match c {
            '\u{f40}'..='\u{f6c}' => out.push(Stack { letter: c, ..Stack::default() }),
            '\u{f90}'..='\u{fbc}' => out.last_mut().into_iter().for_each(|s| s.below.push(c)),
            '\u{f71}'..='\u{f87}' => out.last_mut().into_iter().for_each(|s| s.vowels.push(c)),
            _ => {}
        }
    }
    out
}

/// Which stack holds the root. A prefix is a bare letter before a stack that has a vowel or something below it, or
/// before a bare letter with more to come, unless what comes is the second suffix.
fn root(stacks: &[Stack]) -> usize {
    let bare = |s: &Stack| s.below.is_empty() && s.vowels.is_empty();
    match stacks {
        [first, second, rest @ ..] if bare(first) && PREFIXES.contains(first.letter) => {
            let second_suffix = match rest {
                [third] => bare(third) && third.letter == 'ས' && "གངབམ".contains(second.letter),
                _ => false,
            };
            // A bare འ with a vowel after the first letter is a particle, not a root.
            let particle = second.letter == 'འ' && !second.vowels.is_empty();
            let rooted = !bare(second) || (!rest.is_empty() && !second_suffix);
            usize::from(rooted && !particle)
        }
        _ => 0,
    }
}

/// Head, root and what hangs below, of a stack.
fn parts(stack: &Stack) -> (Option<char>, char, Vec<char>) {
    match stack.below.split_first() {
        Some((first, rest)) if HEADS.contains(stack.letter) && !BELOW.contains(*first) => {
            (Some(stack.letter), full(*first), rest.to_vec())
        }
        _ => (None, stack.letter, stack.below.clone()),
    }
}

/// The full letter of a subjoined one.
fn full(below: char) -> char {
    char::from_u32(u32::from(below).saturating_sub(0x50)).unwrap_or(below)
}

fn place(order: &str, c: char) -> u8 {
    order.chars().position(|o| o == c).and_then(|p| u8::try_from(p + 1).ok()).unwrap_or(0)
}
