//! The letters that papers and slides are set in where a machine has none: see `README.md` for where they come from.
//! Chinese is not here: a font of it is larger than the whole program.

/// Noto Sans with its Latin letters: regular, bold, italic.
pub const LATIN: [&[u8]; 3] =
    [include_bytes!("../latin-400.ttf"), include_bytes!("../latin-700.ttf"), include_bytes!("../latin-400-italic.ttf")];

/// Noto Serif Tibetan: regular, bold.
pub const TIBETAN: [&[u8]; 2] = [include_bytes!("../tibetan-400.ttf"), include_bytes!("../tibetan-700.ttf")];
