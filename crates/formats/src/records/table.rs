//! Tables (CSV, RFC 4180 and its cousins with semicolons and tabs) with a
//! header row.

use std::io::{self, BufRead};

use encoding_rs::Encoding;

use super::columns::{Target, put};
use super::model::CatalogueRecord;
use super::open::Mapping;
use super::reader::{Format, Framed, MAX_RECORD_BYTES, Problem, Warnings};
use super::text;
use super::window::Window;

/// The most columns of a table.
pub const MAX_COLUMNS: usize = 20_000;
const DELIMITERS: [u8; 4] = *b",;\t|";
const ADVICE: &str = "check the quotes in this row; the others are not affected";

/// A table.
pub(crate) struct Table {
    delimiter: u8,
    encoding: &'static Encoding,
    columns: Vec<Option<Target>>,
    header_bytes: usize,
    /// A quote opened before a too long row: go on after the next line's end.
    resync: bool,
}

impl Table {
    /// Reads the header from the file's head.
    ///
    /// # Errors
    /// Says what is wrong with the header or the mapping.
    pub(crate) fn new(head: &[u8], mapping: &Mapping) -> Result<Self, String> {
        let encoding = text::sniff(head, mapping.encoding.as_deref())?;
        let mark = if head.starts_with(b"\xEF\xBB\xBF") {
            3
        } else {
            0
        };
        let rows = head.get(mark..).unwrap_or_default();
        let delimiter = mapping.delimiter.unwrap_or_else(|| sniff_delimiter(rows));
        let length = match row_end(rows, 0) {
            RowEnd::At(end) => end,
            RowEnd::More { .. } => rows.len(),
        };
        let header = rows.get(..length).unwrap_or_default();
        let names: Vec<String> = cells(header, delimiter)
            .iter()
            .map(|cell| {
                text::decode(cell, encoding, &mut Warnings::default())
                    .trim()
                    .to_owned()
            })
            .collect();
        if names.len() > MAX_COLUMNS {
            return Err(format!("its table has more than {MAX_COLUMNS} columns"));
        }
        let columns = assign(&names, mapping)?;
        Ok(Self {
            delimiter,
            encoding,
            columns,
            header_bytes: mark + length,
            resync: false,
        })
    }
}

/// Which target each column fills: as told, then by guess.
fn assign(names: &[String], mapping: &Mapping) -> Result<Vec<Option<Target>>, String> {
    let mut columns = vec![None; names.len()];
    for (target, wanted) in &mapping.columns {
        let at = names.iter().position(|name| name == wanted).or_else(|| {
            names
                .iter()
                .position(|name| name.to_lowercase() == wanted.to_lowercase())
        });
        match at.and_then(|at| columns.get_mut(at)) {
            Some(slot) => *slot = Some(*target),
            None => return Err(format!("it has no column `{wanted}`")),
        }
    }
    for (slot, name) in columns.iter_mut().zip(names) {
        if slot.is_none() {
            *slot = Target::guess(name)
                .filter(|target| !mapping.columns.iter().any(|told| told.0 == *target));
        }
    }
    let known = |target| columns.contains(&Some(target));
    if !known(Target::Title) && !known(Target::Body) && !known(Target::Description) {
        let shown = names
            .iter()
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        return Err(format!("none of its columns is known as a title ({shown})"));
    }
    Ok(columns)
}

fn sniff_delimiter(rows: &[u8]) -> u8 {
    let line = match row_end(rows, 0) {
        RowEnd::At(end) => rows.get(..end).unwrap_or_default(),
        RowEnd::More { .. } => rows,
    };
    let count = |delimiter: u8| cells(line, delimiter).len();
    // The first of equals: a comma where there is one column only.
    DELIMITERS
        .iter()
        .rev()
        .copied()
        .max_by_key(|one| count(*one))
        .unwrap_or(b',')
}

enum RowEnd {
    At(usize),
    More { quoted: bool },
}

/// The end of a row: a line's end outside of quotes.
fn row_end(bytes: &[u8], from: usize) -> RowEnd {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return RowEnd::At(at + 1),
            b'\r' if !quoted && bytes.get(at + 1).is_some_and(|next| *next != b'\n') => {
                return RowEnd::At(at + 1);
            }
            _ => {}
        }
    }
    RowEnd::More { quoted }
}

/// The cells of a row, without their quotes.
fn cells(row: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    let mut out = Vec::new();
    let mut cell = Vec::new();
    let mut quoted = false;
    let mut bytes = row.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                cell.push(b'"');
            }
            b'"' if quoted => quoted = false,
            b'"' if cell.iter().all(u8::is_ascii_whitespace) => {
                cell.clear();
                quoted = true;
            }
            _ if byte == delimiter && !quoted => out.push(std::mem::take(&mut cell)),
            _ => cell.push(byte),
        }
    }
    out.push(cell);
    out
}

impl Format for Table {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        if window.offset() == 0 {
            window.ensure(self.header_bytes)?;
            window.consume(self.header_bytes);
        }
        if std::mem::take(&mut self.resync) {
            window.skip_past(b'\n')?;
        }
        while !window.bytes().is_empty() || window.more()? {
            let blank = window
                .bytes()
                .iter()
                .take_while(|byte| matches!(**byte, b'\r' | b'\n' | 0x1A))
                .count();
            if blank == 0 {
                break;
            }
            window.consume(blank);
        }
        if window.bytes().is_empty() {
            return Ok(Framed::End);
        }
        let quoted = match self.measure(window)? {
            RowEnd::At(end) => return Ok(Framed::Record(end)),
            RowEnd::More { quoted } => quoted,
        };
        let length = window.bytes().len();
        if !quoted && length < MAX_RECORD_BYTES {
            return Ok(Framed::Record(length));
        }
        // An open quote takes everything with it: give up its line only.
        let line = memchr::memchr(b'\n', window.bytes()).map(|at| at + 1);
        self.resync = line.is_none() && length >= MAX_RECORD_BYTES;
        let reason = if quoted {
            "a quote in it is never closed".to_owned()
        } else {
            format!("it has more than {MAX_RECORD_BYTES} bytes")
        };
        Ok(Framed::Broken(
            line.unwrap_or(length),
            Problem::new(reason, ADVICE),
        ))
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let cells = cells(bytes, self.delimiter);
        if cells
            .iter()
            .all(|cell| cell.iter().all(u8::is_ascii_whitespace))
        {
            return Ok(None);
        }
        let mut out = CatalogueRecord::default();
        if cells.len() > self.columns.len() {
            let (has, wanted) = (cells.len(), self.columns.len());
            warnings.add(format!("it has {has} cells, the header has {wanted}"));
        }
        for (cell, column) in cells.iter().zip(&self.columns) {
            if let Some(target) = column {
                put(
                    &mut out,
                    *target,
                    &text::decode(cell, self.encoding, warnings),
                );
            }
        }
        Ok(Some(out))
    }
}

impl Table {
    /// Measures the row at the window's front, looking at each byte once.
    fn measure<R: BufRead>(&self, window: &mut Window<R>) -> io::Result<RowEnd> {
        let mut looked = 0;
        let mut quoted = false;
        loop {
            let bytes = window.bytes();
            let mut at = looked;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => quoted = !quoted,
                    b'\n' if !quoted => return Ok(RowEnd::At(at + 1)),
                    b'\r' if !quoted => match bytes.get(at + 1) {
                        Some(b'\n') => return Ok(RowEnd::At(at + 2)),
                        Some(_) => return Ok(RowEnd::At(at + 1)),
                        None => break,
                    },
                    _ => {}
                }
                at += 1;
            }
            looked = at;
            if window.bytes().len() >= MAX_RECORD_BYTES || !window.more()? {
                return Ok(RowEnd::More { quoted });
            }
        }
    }
}
