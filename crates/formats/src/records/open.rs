//! Opening a source: the one place that knows all formats.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::RecordKind;
use super::marc::{Flavour, Iso2709};
use super::reader::{FormatReader, RecordReader};

/// What a librarian can say about a source; everything has a good default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Which rules the tags of MARC follow.
    pub marc: Flavour,
}

/// Opens a source of records from its beginning.
///
/// # Errors
/// When the source's head cannot be read.
pub fn open<R: BufRead + Send + 'static>(
    kind: RecordKind,
    source: R,
    mapping: &Mapping,
) -> io::Result<Box<dyn RecordReader>> {
    Ok(start(kind, source, 0, 0, mapping))
}

/// Goes on in a source at the offset that [`RecordReader::offset`] gave,
/// counting on from `ordinal`.
///
/// # Errors
/// When the source's head cannot be read, or it cannot be moved to the offset.
pub fn open_at<R: Read + Seek + Send + 'static>(
    kind: RecordKind,
    mut source: R,
    mapping: &Mapping,
    offset: u64,
    ordinal: u64,
) -> io::Result<Box<dyn RecordReader>> {
    source.seek(SeekFrom::Start(offset))?;
    Ok(start(
        kind,
        BufReader::with_capacity(64 * 1024, source),
        offset,
        ordinal,
        mapping,
    ))
}

fn start<R: BufRead + Send + 'static>(
    _kind: RecordKind,
    source: R,
    offset: u64,
    ordinal: u64,
    mapping: &Mapping,
) -> Box<dyn RecordReader> {
    Box::new(FormatReader::new(
        source,
        offset,
        ordinal,
        Iso2709::new(mapping.marc),
    ))
}
