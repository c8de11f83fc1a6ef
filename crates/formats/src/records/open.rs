//! Opening a source: the one place that knows all formats.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::RecordKind;
use super::bibtex::BibTex;
use super::columns::Target;
use super::dublin_core::DublinCore;
use super::lines::JsonLines;
use super::marc::{Flavour, Iso2709, MarcXml};
use super::model::CatalogueRecord;
use super::reader::{
    Format, FormatReader, Framed, Located, Problem, RecordError, RecordReader, Warnings,
};
use super::ris::Ris;
use super::table::Table;
use super::text;
use super::window::Window;
use super::xml::stated_encoding;

/// How much of a source is looked at before reading: the header of a table with
/// many columns has to fit.
const HEAD_BYTES: usize = 1024 * 1024;

/// What a librarian can say about a source; everything has a good default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Which column (of a table) or key (of an object, dotted for inner ones)
    /// fills which place. What is not said is guessed from the names.
    pub columns: Vec<(Target, String)>,
    /// What parts the cells of a table; guessed if none is given.
    pub delimiter: Option<u8>,
    /// The encoding of text formats, as a label of the Encoding Standard.
    pub encoding: Option<String>,
    /// Which rules the tags of MARC follow.
    pub marc: Flavour,
}

/// A mapping that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A part without `=`.
    #[error("`{0}` maps nothing: write it as title=Titel")]
    NoEquals(String),
    /// A place that records don't have.
    #[error("`{0}` is no place in a record: use one of {1}")]
    UnknownTarget(String, String),
}

impl Mapping {
    /// Reads `title=Titel,author=Verfasser`; also `delimiter=;` (or `tab`),
    /// `encoding=windows-1251` and `marc=unimarc`.
    ///
    /// # Errors
    /// Names the part that is not understood.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mut mapping = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let Some((name, value)) = part.split_once('=') else {
                return Err(MappingError::NoEquals(part.to_owned()));
            };
            let (name, value) = (name.trim(), value.trim());
            match name {
                "delimiter" => {
                    mapping.delimiter = match value {
                        "tab" | "\\t" => Some(b'\t'),
                        "comma" => Some(b','),
                        "semicolon" => Some(b';'),
                        other => other.bytes().next(),
                    };
                }
                "encoding" => mapping.encoding = Some(value.to_owned()),
                "marc" if value.eq_ignore_ascii_case("unimarc") => {
                    mapping.marc = Flavour::Unimarc;
                }
                "marc" => mapping.marc = Flavour::Marc21,
                _ => match Target::all().find(|target| target.name() == name) {
                    Some(target) => mapping.columns.push((target, value.to_owned())),
                    None => {
                        let known: Vec<_> = Target::all().map(Target::name).collect();
                        return Err(MappingError::UnknownTarget(
                            name.to_owned(),
                            known.join(", "),
                        ));
                    }
                },
            }
        }
        Ok(mapping)
    }
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
    let mut window = Window::new(source, 0);
    window.ensure(HEAD_BYTES)?;
    let head = window
        .bytes()
        .get(..HEAD_BYTES)
        .unwrap_or(window.bytes())
        .to_vec();
    Ok(start(kind, &head, window, 0, mapping))
}

/// Goes on in a source at the offset that [`RecordReader::offset`] gave,
/// counting on from `ordinal`. Abbreviations (`@string`) of BibTeX from before
/// the offset are not known then.
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
    source.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    source
        .by_ref()
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    source.seek(SeekFrom::Start(offset))?;
    let window = Window::new(BufReader::with_capacity(64 * 1024, source), offset);
    Ok(start(kind, &head, window, ordinal, mapping))
}

fn start<R: BufRead + Send + 'static>(
    kind: RecordKind,
    head: &[u8],
    window: Window<R>,
    ordinal: u64,
    mapping: &Mapping,
) -> Box<dyn RecordReader> {
    match any_format(kind, head, mapping) {
        Ok(Any::Marc(format)) => reader(kind, window, ordinal, format),
        Ok(Any::MarcXml(format)) => reader(kind, window, ordinal, format),
        Ok(Any::DublinCore(format)) => reader(kind, window, ordinal, format),
        Ok(Any::BibTex(format)) => reader(kind, window, ordinal, format),
        Ok(Any::Ris(format)) => reader(kind, window, ordinal, format),
        Ok(Any::Csv(format)) => reader(kind, window, ordinal, format),
        Ok(Any::JsonLines(format)) => reader(kind, window, ordinal, format),
        Err(reason) => reader(kind, window, ordinal, Refused { reason }),
    }
}

enum Any {
    Marc(Iso2709),
    MarcXml(MarcXml),
    DublinCore(DublinCore),
    BibTex(BibTex),
    Ris(Ris),
    Csv(Table),
    JsonLines(JsonLines),
}

fn any_format(kind: RecordKind, head: &[u8], mapping: &Mapping) -> Result<Any, String> {
    Ok(match kind {
        RecordKind::Marc => Any::Marc(Iso2709::new(mapping.marc)),
        RecordKind::MarcXml => Any::MarcXml(MarcXml::new(mapping.marc, stated_encoding(head)?)),
        RecordKind::DublinCore => Any::DublinCore(DublinCore::new(stated_encoding(head)?)),
        RecordKind::BibTex => {
            Any::BibTex(BibTex::new(text::sniff(head, mapping.encoding.as_deref())?))
        }
        RecordKind::Ris => Any::Ris(Ris::new(text::sniff(head, mapping.encoding.as_deref())?)),
        RecordKind::Csv => Any::Csv(Table::new(head, mapping)?),
        RecordKind::JsonLines => Any::JsonLines(JsonLines::new(mapping)),
    })
}

/// A source that can't be read at all: one error says why.
struct Refused {
    reason: String,
}

impl Format for Refused {
    fn frame<R: BufRead>(&mut self, _window: &mut Window<R>) -> io::Result<Framed> {
        let reason = std::mem::take(&mut self.reason);
        Ok(Framed::Fatal(Problem::new(
            format!("the file can't be read: {reason}"),
            "save it as UTF-8, or say in the mapping which columns it has (title=…)",
        )))
    }

    fn read(
        &mut self,
        _bytes: &[u8],
        _warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        Ok(None)
    }
}

fn reader<R: BufRead + Send + 'static, F: Format + 'static>(
    kind: RecordKind,
    window: Window<R>,
    ordinal: u64,
    format: F,
) -> Box<dyn RecordReader> {
    Box::new(Tagged {
        kind,
        reader: FormatReader::over(window, ordinal, format),
    })
}

/// Says of each record which format it came from.
struct Tagged<R, F> {
    kind: RecordKind,
    reader: FormatReader<R, F>,
}

impl<R: BufRead, F: Format> Iterator for Tagged<R, F> {
    type Item = Result<Located<CatalogueRecord>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut item = self.reader.next()?;
        if let Ok(located) = &mut item {
            located.record.source_format = Some(self.kind);
        }
        Some(item)
    }
}

impl<R: BufRead + Send, F: Format> RecordReader for Tagged<R, F> {
    fn offset(&self) -> u64 {
        self.reader.offset()
    }

    fn ordinal(&self) -> u64 {
        self.reader.ordinal()
    }
}
