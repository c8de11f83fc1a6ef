//! Lists of records as files, written record by record: whatever the length of the
//! list, one record is held at a time (and, for BibTeX and CSL-JSON, which keys were
//! used).

use std::collections::HashMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::records::marc::build::from_catalogue;
use crate::records::marc::{MarcRecord, NAMESPACE, WriteError};
use crate::records::{CatalogueRecord, Name, cite};

/// The most different cite keys that are kept apart.
const MAX_KEYS: usize = 1 << 20;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// MARC 21 in ISO 2709.
    Marc,
    /// MARC 21 in XML.
    MarcXml,
    /// BibLaTeX, which BibTeX reads as well.
    BibTex,
    /// RIS.
    Ris,
    /// A table for spreadsheets.
    Csv,
    /// CSL-JSON.
    CslJson,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Marc,
        Self::MarcXml,
        Self::BibTex,
        Self::Ris,
        Self::Csv,
        Self::CslJson,
    ];

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Marc => "application/marc",
            Self::MarcXml => "application/marcxml+xml",
            Self::BibTex => "application/x-bibtex; charset=utf-8",
            Self::Ris => "application/x-research-info-systems; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::CslJson => "application/vnd.citationstyles.csl+json",
        }
    }

    /// The end of a file's name, without its dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Marc => "mrc",
            Self::MarcXml => "xml",
            Self::BibTex => "bib",
            Self::Ris => "ris",
            Self::Csv => "csv",
            Self::CslJson => "json",
        }
    }
}

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The format has no place for it; nothing of it was written, the next may follow.
    #[error("record `{id}` is left out: {reason}")]
    Unwritable {
        /// The record.
        id: String,
        /// What the format has no place for.
        reason: WriteError,
    },
    /// A record of MARC in a format that is not.
    #[error("the format takes no records of MARC as they are")]
    NotMarc,
    /// The receiving side refused.
    #[error("the list can't be sent: {0}")]
    Io(#[from] io::Error),
}

/// A list on its way out.
#[derive(Debug)]
pub struct Exporter<W: Write> {
    format: ExportFormat,
    out: W,
    count: u64,
    keys: HashMap<[u8; 8], u32>,
}

impl<W: Write> Exporter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn new(format: ExportFormat, mut out: W) -> io::Result<Self> {
        match format {
            ExportFormat::MarcXml => write!(
                out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<collection xmlns=\"{NAMESPACE}\">\n"
            )?,
            ExportFormat::Csv => {
                // The mark by which spreadsheets know UTF-8.
                out.write_all(b"\xEF\xBB\xBF")?;
                let names: Vec<String> = COLUMNS.iter().map(|column| column.0.to_owned()).collect();
                out.write_all(row(&names).as_bytes())?;
            }
            ExportFormat::CslJson => out.write_all(b"[")?,
            ExportFormat::Marc | ExportFormat::BibTex | ExportFormat::Ris => {}
        }
        Ok(Self {
            format,
            out,
            count: 0,
            keys: HashMap::new(),
        })
    }

    /// How many records were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes a record.
    ///
    /// # Errors
    /// [`ExportError::Unwritable`] leaves the file as it was.
    pub fn write(&mut self, record: &CatalogueRecord) -> Result<(), ExportError> {
        match self.format {
            ExportFormat::Marc | ExportFormat::MarcXml => {
                return self.write_marc(&record.id, &from_catalogue(record));
            }
            ExportFormat::BibTex => {
                let entry = cite::bibtex(record);
                let key = cite::key(record);
                let own = self.own_key(&key);
                let entry = entry.replacen(&format!("{{{key},"), &format!("{{{own},"), 1);
                writeln!(self.out, "{entry}")?;
            }
            ExportFormat::Ris => self.out.write_all(cite::ris(record).as_bytes())?,
            ExportFormat::Csv => {
                let cells: Vec<String> = COLUMNS.iter().map(|column| column.1(record)).collect();
                self.out.write_all(row(&cells).as_bytes())?;
            }
            ExportFormat::CslJson => {
                let mut item = cite::csl_json(record);
                let own = self.own_key(&cite::key(record));
                if let Some(id) = item.get_mut("id") {
                    *id = own.into();
                }
                let joint = if self.count == 0 { "\n" } else { ",\n" };
                write!(self.out, "{joint}{item}")?;
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Writes a record of MARC as it is, without a loss.
    ///
    /// # Errors
    /// [`ExportError::Unwritable`] and [`ExportError::NotMarc`] leave the file as it was.
    pub fn write_marc(&mut self, id: &str, record: &MarcRecord) -> Result<(), ExportError> {
        match self.format {
            ExportFormat::Marc => {
                let bytes = record
                    .to_iso2709()
                    .map_err(|reason| ExportError::Unwritable {
                        id: id.to_owned(),
                        reason,
                    })?;
                self.out.write_all(&bytes)?;
            }
            ExportFormat::MarcXml => {
                self.out.write_all(record.to_marcxml(false).as_bytes())?;
            }
            _ => return Err(ExportError::NotMarc),
        }
        self.count += 1;
        Ok(())
    }

    /// The key, with a number if another record has it already. Keys are letters and
    /// digits, so a hyphen makes them no other's.
    fn own_key(&mut self, key: &str) -> String {
        let mut hash = [0; 8];
        for (slot, byte) in hash.iter_mut().zip(blake3::hash(key.as_bytes()).as_bytes()) {
            *slot = *byte;
        }
        if !self.keys.contains_key(&hash) && self.keys.len() >= MAX_KEYS {
            return format!("{key}-n{}", self.count);
        }
        let seen = self.keys.entry(hash).or_insert(0);
        *seen += 1;
        match *seen {
            1 => key.to_owned(),
            nth => format!("{key}-{nth}"),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        match self.format {
            ExportFormat::MarcXml => self.out.write_all(b"</collection>\n")?,
            ExportFormat::CslJson => self.out.write_all(b"\n]\n")?,
            _ => {}
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

type Column = (&'static str, fn(&CatalogueRecord) -> String);

/// Names that our own reader of tables knows.
const COLUMNS: [Column; 25] = [
    ("id", |record| record.id.clone()),
    ("title", |record| record.title.clone()),
    ("subtitle", |record| optional(&record.subtitle)),
    ("author", |record| names(record, Name::is_author)),
    ("editor", |record| names(record, Name::is_editor)),
    ("translator", |record| names(record, Name::is_translator)),
    ("publisher", |record| optional(&record.publisher)),
    ("place", |record| optional(&record.place)),
    ("year", |record| {
        record.year.map(|year| year.to_string()).unwrap_or_default()
    }),
    ("language", |record| optional(&record.language)),
    ("subject", |record| record.subjects.join("; ")),
    ("description", |record| optional(&record.description)),
    ("series", |record| record.series.join("; ")),
    ("edition", |record| optional(&record.edition)),
    ("extent", |record| optional(&record.extent)),
    ("container", |record| optional(&record.container)),
    ("volume", |record| optional(&record.volume)),
    ("issue", |record| optional(&record.issue)),
    ("pages", |record| optional(&record.pages)),
    ("isbn", |record| first(record, "isbn")),
    ("issn", |record| first(record, "issn")),
    ("doi", |record| first(record, "doi")),
    ("url", |record| first(record, "url")),
    ("kind", |record| {
        crate::records::dublin_core::kind_word(record.kind)
            .unwrap_or_default()
            .to_owned()
    }),
    ("note", |record| record.notes.join("\n")),
];

fn optional(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn first(record: &CatalogueRecord, scheme: &str) -> String {
    record.identifier(scheme).unwrap_or_default().to_owned()
}

fn names(record: &CatalogueRecord, wanted: fn(&Name) -> bool) -> String {
    let names: Vec<&str> = record
        .authors
        .iter()
        .filter(|name| wanted(name))
        .map(|name| name.display.as_str())
        .collect();
    names.join("; ")
}

/// A row of RFC 4180.
fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that no spreadsheet takes for a formula: one that begins like a formula
/// has an apostrophe before it, which spreadsheets take for the mark of text.
fn quoted(cell: &str) -> String {
    let begins = cell
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    let number = cell.parse::<i64>().is_ok();
    let defused = if (begins && !number) || cell.starts_with(['\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if defused.contains(['"', ',', ';', '\t', '\r', '\n', '\'']) {
        format!("\"{}\"", defused.replace('"', "\"\""))
    } else {
        defused
    }
}
