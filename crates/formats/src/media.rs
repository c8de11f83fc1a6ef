//! Sound and video: title, artist and the like from their tags, and how long.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
};

use lofty::{
    config::{ParseOptions, ParsingMode},
    file::{AudioFile, TaggedFileExt},
    probe::Probe,
    tag::{Accessor, ItemKey},
};

use crate::{FormatError, model::Extracted};

/// What reading one file's tags may cost: more than any real file's, whose sound itself is not read.
const BUDGET_BYTES: u64 = 256 << 20;
/// What one reading or seeking costs at least.
const STEP_BYTES: u64 = 512;

/// A source that ends with an error when too much is asked of it: the reader of tags has been seen to look for the same
/// frame for ever.
struct Budgeted<R> {
    inner: R,
    left: u64,
}

impl<R> Budgeted<R> {
    /// One step.
    fn spend(&mut self) -> io::Result<()> {
        self.left = self
            .left
            .checked_sub(STEP_BYTES)
            .ok_or_else(|| io::Error::other("its tags take too much reading"))?;
        Ok(())
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.spend()?;
        let filled = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(filled as u64);
        Ok(filled)
    }
}

impl<R: Seek> Seek for Budgeted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spend()?;
        self.inner.seek(to)
    }
}

/// Takes metadata from sound or video. A container without a reader here gives
/// an empty document with a warning, so that it is still found by its name.
///
/// # Errors
/// [`FormatError::Io`] if the source can't be read.
pub fn extract(mut source: impl Read + Seek) -> Result<Extracted, FormatError> {
    source.rewind()?;
    // The reader of tags is not ours: should it panic, the file keeps its name.
    let read = catch_unwind(AssertUnwindSafe(|| tags(source)));
    Ok(read.ok().flatten().unwrap_or_else(|| {
        let mut doc = Extracted::default();
        doc.warn("has no tags that can be read: only its name can be found".to_owned());
        doc
    }))
}

fn tags(source: impl Read + Seek) -> Option<Extracted> {
    let options = ParseOptions::new()
        .read_cover_art(false)
        .parsing_mode(ParsingMode::Relaxed);
    let source = Budgeted {
        inner: source,
        left: BUDGET_BYTES,
    };
    let file = Probe::new(BufReader::new(source))
        .options(options)
        .guess_file_type()
        .ok()?
        .read()
        .ok()?;
    let mut doc = Extracted::default();
    let seconds = file.properties().duration().as_secs();
    if seconds > 0 {
        doc.add_extra("duration_s", seconds);
    }
    for tag in file.tags() {
        if let Some(title) = tag.title() {
            doc.offer_title(&title);
        }
        for artist in tag.get_strings(ItemKey::TrackArtist) {
            doc.add_author(artist);
        }
        if let Some(album) = tag.album() {
            doc.add_extra("album", album);
        }
        for genre in tag.get_strings(ItemKey::Genre) {
            doc.add_subject(genre);
        }
        for date in [ItemKey::RecordingDate, ItemKey::Year, ItemKey::ReleaseDate] {
            doc.offer_year(tag.get_string(date).unwrap_or(""));
        }
        if let Some(language) = tag.get_string(ItemKey::Language) {
            doc.offer_language(language);
        }
        if let Some(words) = tag
            .get_string(ItemKey::Description)
            .map(str::to_owned)
            .or_else(|| tag.comment().map(|c| c.into_owned()))
        {
            doc.offer_description(&words);
        }
        if let Some(lyrics) = tag.get_string(ItemKey::Lyrics)
            && doc.text.is_empty()
        {
            doc.text = crate::text::extract(lyrics.as_bytes(), &crate::Limits::default()).text;
        }
    }
    if doc.text.is_empty() {
        doc.text = doc.description.clone().unwrap_or_default();
    }
    Some(doc)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn tags_of_a_wave_file() {
        let info = b"LISTINFOINAM\x05\0\0\0Well\0\0IART\x05\0\0\0Mira\0\0";
        let mut wave =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0"
                .to_vec();
        wave.extend_from_slice(b"LIST");
        wave.extend_from_slice(&u32::try_from(info.len() - 4).unwrap().to_le_bytes());
        wave.extend_from_slice(&info[4..]);
        wave.extend_from_slice(b"data");
        wave.extend_from_slice(&16_000_u32.to_le_bytes());
        wave.extend(std::iter::repeat_n(0_u8, 16_000));
        let size = u32::try_from(wave.len() - 8).unwrap().to_le_bytes();
        wave[4..8].copy_from_slice(&size);
        let doc = extract(Cursor::new(wave)).unwrap();
        assert_eq!(doc.title.as_deref(), Some("Well"), "{doc:?}");
        assert_eq!(doc.authors, ["Mira"]);
        assert!(
            doc.extra
                .contains(&("duration_s".to_owned(), "2".to_owned())),
            "{doc:?}"
        );
    }

    #[test]
    fn a_file_that_is_looked_through_for_ever_is_given_up() {
        // Found by fuzzing: without a budget this never ends.
        let bytes: [u8; 68] = [
            0x27, 0x27, 0x27, 0x27, 0x02, 0xff, 0xf8, 0x00, 0x00, 0x00, 0x00, 0xfe, 0x00, 0xff,
            0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x02, 0xfc,
            0xf8, 0x00, 0x00, 0x00, 0x00, 0xfe, 0x00, 0xef, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff,
            0xef, 0xef, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xef, 0xff, 0xff, 0x00, 0x00, 0x00,
            0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb4, 0xff, 0x50,
        ];
        assert_eq!(extract(Cursor::new(bytes)).unwrap().title, None);
    }

    #[test]
    fn rubbish_keeps_its_name() {
        assert_eq!(extract(Cursor::new(b"rubbish")).unwrap().warnings.len(), 1);
    }
}
