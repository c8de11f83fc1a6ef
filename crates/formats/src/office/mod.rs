//! Office files: Office Open XML (ECMA-376: DOCX, PPTX, XLSX) and OpenDocument
//! (ISO/IEC 26300: ODT, ODP, ODS). Each is a zip archive of XML parts, which are
//! read as runs of nodes.

mod docx;
mod odf;
mod package;
mod pptx;
mod xlsx;

use std::io::{Read, Seek, SeekFrom};

use crate::{
    FormatError,
    archive::Archive,
    model::{Extracted, Limits},
};
use package::Package;
pub(crate) use package::join;

/// First bytes of an OLE compound file: office files before 2007, and encrypted
/// newer ones.
pub(crate) const OLE_MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// How far into a compound file the names of its streams are looked for.
const OLE_SEARCH_BYTES: u64 = 1 << 20;

/// Takes text and metadata from an office file; finds out itself which it is.
///
/// # Errors
/// [`FormatError::Encrypted`] if it asks for a password,
/// [`FormatError::Unsupported`] for formats before 2007, else
/// [`FormatError::Damaged`] or [`FormatError::TooLarge`].
pub fn extract(mut source: impl Read + Seek, limits: &Limits) -> Result<Extracted, FormatError> {
    let mut head = Vec::new();
    source.by_ref().take(8).read_to_end(&mut head)?;
    if head == OLE_MAGIC {
        return Err(ole_error(&mut source)?);
    }
    source.seek(SeekFrom::Start(0))?;
    let mut archive = Archive::open(source, limits)?;
    if archive.read("META-INF/manifest.xml")?.is_some() || archive.read("mimetype")?.is_some() {
        return odf::extract(archive, limits);
    }
    let mut package = Package::open(archive, limits)?;
    let main = package.main_part().to_owned();
    let result = match main.split('/').next().unwrap_or("") {
        "word" => docx::extract(&mut package),
        "ppt" => pptx::extract(&mut package),
        "xl" => xlsx::extract(&mut package),
        _ => match package.main_type() {
            kind if kind.contains("wordprocessingml") || kind.contains("ms-word") => {
                docx::extract(&mut package)
            }
            kind if kind.contains("presentationml") => pptx::extract(&mut package),
            kind if kind.contains("spreadsheetml") => xlsx::extract(&mut package),
            _ => Err(FormatError::damaged("no document, slides or sheets inside")),
        },
    };
    let mut doc = result?;
    package.core_properties(&mut doc)?;
    Ok(doc)
}

/// What a compound file is: the stream `EncryptedPackage` holds a newer file
/// under a password ([MS-OFFCRYPTO] §2.3.1).
fn ole_error(source: &mut (impl Read + Seek)) -> Result<FormatError, FormatError> {
    let mut bytes = Vec::new();
    source.take(OLE_SEARCH_BYTES).read_to_end(&mut bytes)?;
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    Ok(if memchr::memmem::find(&bytes, &name).is_some() {
        FormatError::Encrypted
    } else {
        FormatError::Unsupported("an office file older than 2007".to_owned())
    })
}

/// The first damage in the parts of a document decides only if nothing was read;
/// otherwise it becomes a warning.
fn note(
    doc: &mut Extracted,
    part: &str,
    result: Result<(), FormatError>,
) -> Result<(), FormatError> {
    match result {
        Err(error @ FormatError::TooLarge(_)) if doc.text.is_empty() => Err(error),
        Err(error) => {
            doc.warn(format!("`{part}` inside it {error}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
