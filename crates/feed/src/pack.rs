//! Packs: the bodies and salts of one bundle's entries in one file, which can be dropped or change where tiles can't.
//!
//! ```text
//! pack   = "lampion-pack/1\n" changes:u64 end:u64 *record        numbers are big-endian
//! record = place:u8 salt:16 length:u32 body
//! ```
//!
//! `place` is the entry's place in the bundle; places rise. `changes` counts how often the bodies have changed and
//! `end` is the feed's size at the time, so that an exporter knows what to write again.

use std::io::{self, Read, Write};

use crate::entry::{SALT_LEN, Salt};
use crate::limits::BODY_LIMIT;

const MAGIC: &[u8; 15] = b"lampion-pack/1\n";

/// How a pack begins: `changes` and `end`.
pub type PackHead = (u64, u64);

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Writes how a pack begins.
///
/// # Errors
/// What the writer says.
pub fn write_head(out: &mut dyn Write, (changes, end): PackHead) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&changes.to_be_bytes())?;
    out.write_all(&end.to_be_bytes())
}

/// Writes one body.
///
/// # Errors
/// What the writer says.
pub fn write_body(out: &mut dyn Write, place: u8, salt: &Salt, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| invalid("the body is too long"))?;
    out.write_all(&[place])?;
    out.write_all(salt)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(body)
}

/// Reads how a pack begins.
///
/// # Errors
/// It is no pack, or what the reader says.
pub fn read_head(from: &mut dyn Read) -> io::Result<PackHead> {
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(invalid("it is no pack"));
    }
    let (mut changes, mut end) = ([0; 8], [0; 8]);
    from.read_exact(&mut changes)?;
    from.read_exact(&mut end)?;
    Ok((u64::from_be_bytes(changes), u64::from_be_bytes(end)))
}

/// Reads the next body into `body`; none at the end. `after` is the place before.
///
/// # Errors
/// It is cut, too long, or out of order, or what the reader says.
pub fn read_body(
    from: &mut dyn Read,
    after: Option<u8>,
    body: &mut Vec<u8>,
) -> io::Result<Option<(u8, Salt)>> {
    let mut place = [0];
    if from.read(&mut place)? == 0 {
        return Ok(None);
    }
    let [place] = place;
    if after.is_some_and(|after| place <= after) {
        return Err(invalid("bodies are out of order"));
    }
    let (mut salt, mut length) = ([0; SALT_LEN], [0; 4]);
    from.read_exact(&mut salt)?;
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > BODY_LIMIT {
        return Err(invalid("a body is too long"));
    }
    body.clear();
    // Not by the length that it claims: a short file must not cost much memory.
    let read = Read::take(&mut *from, length as u64).read_to_end(body)?;
    if read < length {
        return Err(invalid("a body is cut"));
    }
    Ok(Some((place, salt)))
}
