use std::io::{self, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Characters of a name, so that a path of two stays within what archives may have.
const MAX_NAME: usize = 60;

/// An archive that is written. The same files give the same bytes: nothing of the moment or the machine is in it.
pub struct Packer<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> std::fmt::Debug for Packer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packer")
    }
}

impl<W: Write + Seek> Packer<W> {
    /// Begins an archive.
    pub fn new(writer: W) -> Self {
        Self(ZipWriter::new(writer))
    }

    /// Adds a file. What is `packed` already, as films and slides are, is stored as it is.
    ///
    /// # Errors
    /// Of the reader, or of the writer.
    pub fn add(&mut self, path: &str, packed: bool, mut reader: impl Read) -> io::Result<()> {
        let how = if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default()
            .compression_method(how)
            .last_modified_time(DateTime::default())
            .large_file(packed);
        self.0.start_file(path, options)?;
        io::copy(&mut reader, &mut self.0)?;
        Ok(())
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// Of the writer.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.0.finish()?)
    }
}

/// A name that every system takes as a file's, from a title.
pub fn file_name(title: &str) -> String {
    let bad = |c: char| {
        c.is_control() || "/\\:*?\"<>|".contains(c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = title.chars().map(|c| if bad(c) { ' ' } else { c }).take(MAX_NAME).collect();
    let name = plain.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{Archive, Bounds, Refusal};

    #[test]
    fn what_is_packed_is_read_again_and_is_the_same_twice() {
        let pack = || {
            let mut packer = Packer::new(Cursor::new(Vec::new()));
            packer.add("01 看/01 a.txt", false, &b"words"[..]).unwrap();
            packer.add("02 b.mp4", true, &[7; 2000][..]).unwrap();
            packer.finish().unwrap().into_inner()
        };
        assert_eq!(pack(), pack());
        let mut archive = Archive::open(Cursor::new(pack()), &Bounds::default()).unwrap();
        let entry = archive.entries()[1].clone();
        let read = archive.read(&entry, |r| {
            let mut out = Vec::new();
            r.read_to_end(&mut out).map_err(|_| Refusal::Broken)?;
            Ok::<_, Refusal>(out)
        });
        assert_eq!(read.unwrap(), [7; 2000]);
    }

    #[test]
    fn titles_become_names_that_every_system_takes() {
        assert_eq!(file_name("力的测量: 1/2?"), "力的测量  1 2");
        assert_eq!(file_name("..."), "_");
        assert_eq!(file_name(&"字".repeat(100)).chars().count(), MAX_NAME);
    }
}
