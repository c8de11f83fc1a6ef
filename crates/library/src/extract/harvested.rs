//! Records that were harvested: a line of JSON for each, with its identifier and its XML.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Seek as _, SeekFrom};

use lampion_formats::records::{Mapping, detect_records, open_at};
use serde::{Deserialize, Serialize};

use super::child::{Gone, Parent};
use super::records::document;
use super::{About, Frame, Request};

/// The longest line, in bytes: metadata of 8 MiB, with every byte escaped.
const LINE: u64 = 64 << 20;

/// One record in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HarvestedLine {
    /// Its identifier at the repository; the document's key here.
    pub id: String,
    /// One element of XML, as it came.
    pub metadata: String,
}

pub(super) fn run(request: &Request, parent: &mut Parent<'_>) -> Result<(), Gone> {
    let broken = |error: std::io::Error| {
        Frame::Broken(format!(
            "{}: can't be read: {error}",
            request.path.display()
        ))
    };
    let mut at: u64 = request.cursor.parse().unwrap_or(0);
    let opened = File::open(&request.path).and_then(|mut file| {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(at))?;
        Ok((BufReader::new(file), size))
    });
    let (mut file, size) = match opened {
        Ok(opened) => opened,
        Err(error) => return parent.send_now(&broken(error)),
    };
    parent.send(&Frame::About(About {
        size_bytes: size,
        ..About::default()
    }))?;
    parent.send(&Frame::Plan {
        items: 0,
        bytes: size,
    })?;
    let mut line = Vec::new();
    loop {
        line.clear();
        match file.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(read) => at += read as u64,
            Err(error) => return parent.send_now(&broken(error)),
        }
        let cursor = at.to_string();
        let item = match serde_json::from_slice::<HarvestedLine>(&line) {
            Ok(item) => item,
            Err(error) => {
                let reason = format!("it is no harvested record: {error}");
                parent.send(&failed(format!("byte {at}"), reason, cursor, at))?;
                continue;
            }
        };
        if item.id == request.skip {
            continue;
        }
        // Each is told before it is read: should it be the end of this child, it is known which one it was.
        parent.send_now(&Frame::Begin {
            item: item.id.clone(),
            cursor: cursor.clone(),
        })?;
        parent.send(&read(item, cursor, at))?;
    }
}

fn failed(item: String, reason: String, cursor: String, bytes: u64) -> Frame {
    Frame::Failed {
        item,
        reason,
        cursor,
        bytes,
    }
}

fn read(line: HarvestedLine, cursor: String, bytes: u64) -> Frame {
    let xml = line.metadata.into_bytes();
    let Some(kind) = detect_records(&xml, "record.xml") else {
        let reason =
            "it is in a format that can't be read: harvest with the prefix marcxml or oai_dc";
        return failed(line.id, reason.into(), cursor, bytes);
    };
    let read = open_at(kind, Cursor::new(xml), &Mapping::default(), 0, 0)
        .map_err(|error| error.to_string())
        .and_then(|mut reader| match reader.next() {
            Some(Ok(located)) => Ok(located.record),
            Some(Err(error)) => Err(format!("{}: {}", error.reason, error.advice)),
            None => Err("there is no record in it".into()),
        });
    match read {
        Ok(record) => Frame::Item {
            document: Box::new(document(line.id, record, None, "record.xml")),
            cursor,
            bytes,
        },
        Err(reason) => failed(line.id, reason, cursor, bytes),
    }
}
