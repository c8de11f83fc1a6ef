//! Packing of stored documents: each by itself, so that reading one costs nothing of the others, with a dictionary of
//! what the collection's documents have in common, which makes up for that.
//!
//! A packed document is one byte that says how, then a zstd frame (RFC 8878) without its magic number. The dictionary
//! is a file of the generation; it is learnt once, from the first documents, and never changes.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use tantivy::TantivyError;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, DDict};

use super::folder;

/// Packed without a dictionary.
const ALONE: u8 = 1;
/// Packed with the generation's dictionary.
const WITH_DICTIONARY: u8 = 2;
/// What every frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Level of zstd.
const LEVEL: i32 = 3;
/// Bytes of a dictionary, at most.
const DICTIONARY_BYTES: usize = 64 << 10;
/// Documents from which a dictionary is learnt, in bytes.
const SAMPLE_BYTES: usize = 4 << 20;
/// … of which each gives so much, at most.
const SAMPLE_OF_ONE: usize = 8 << 10;
/// Fewer documents tell nothing.
const MIN_SAMPLES: usize = 500;
/// A document takes no more than this: what says otherwise is damaged.
const MAX_BYTES: u64 = 64 << 20;
/// Decoders that wait for the next document.
const MAX_IDLE: usize = 4;

/// Packs the documents of one writer.
pub(crate) struct Packer {
    alone: CCtx<'static>,
    with_dictionary: Option<CCtx<'static>>,
    samples: Vec<u8>,
    sizes: Vec<usize>,
}

impl Packer {
    /// Goes on with the dictionary of `generation`, or learns one.
    pub(crate) fn open(generation: &Path) -> io::Result<Packer> {
        let mut packer = Packer {
            alone: context(None)?,
            with_dictionary: None,
            samples: Vec::new(),
            sizes: Vec::new(),
        };
        match fs::read(generation.join(folder::DICTIONARY)) {
            Ok(dictionary) => packer.with_dictionary = Some(context(Some(&dictionary))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(packer)
    }

    /// Packs a document of `generation`.
    ///
    /// # Errors
    /// The dictionary that was just learnt can't be written.
    pub(crate) fn pack(&mut self, generation: &Path, bytes: &[u8]) -> io::Result<Vec<u8>> {
        if self.with_dictionary.is_none() {
            self.learn(generation, bytes)?;
        }
        let (how, context) = match &mut self.with_dictionary {
            Some(context) => (WITH_DICTIONARY, context),
            None => (ALONE, &mut self.alone),
        };
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
        context.compress2(&mut packed, bytes).map_err(failed)?;
        // The last byte of the magic number makes room for how it is packed.
        packed.drain(..MAGIC.len() - 1);
        if let Some(first) = packed.first_mut() {
            *first = how;
        }
        Ok(packed)
    }

    fn learn(&mut self, generation: &Path, bytes: &[u8]) -> io::Result<()> {
        let sample = bytes.get(..SAMPLE_OF_ONE).unwrap_or(bytes);
        self.samples.extend_from_slice(sample);
        self.sizes.push(sample.len());
        if self.samples.len() < SAMPLE_BYTES {
            return Ok(());
        }
        let (samples, sizes) = (
            std::mem::take(&mut self.samples),
            std::mem::take(&mut self.sizes),
        );
        if sizes.len() < MIN_SAMPLES {
            return Ok(());
        }
        // Documents that have nothing in common make no dictionary; the next ones may.
        if let Ok(dictionary) = zstd::dict::from_continuous(&samples, &sizes, DICTIONARY_BYTES) {
            // Durable before any document that needs it.
            folder::write_durably(&generation.join(folder::DICTIONARY), &dictionary)?;
            self.with_dictionary = Some(context(Some(&dictionary))?);
        }
        Ok(())
    }
}

fn context(dictionary: Option<&[u8]>) -> io::Result<CCtx<'static>> {
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    if let Some(dictionary) = dictionary {
        context.load_dictionary(dictionary).map_err(failed)?;
    }
    Ok(context)
}

fn failed(code: usize) -> io::Error {
    io::Error::other(zstd_safe::get_error_name(code))
}

/// The dictionary of a generation, read when a document first needs it.
#[derive(Default)]
pub(crate) struct Dictionary(OnceLock<Option<DDict<'static>>>);

impl Dictionary {
    fn of(&self, generation: &Path) -> Option<&DDict<'static>> {
        self.0
            .get_or_init(|| {
                let bytes = fs::read(generation.join(folder::DICTIONARY)).ok()?;
                DDict::try_create(&bytes)
            })
            .as_ref()
    }
}

/// A decoder takes 100 KB and longer to make than to use.
static IDLE: Mutex<Vec<DCtx<'static>>> = Mutex::new(Vec::new());

/// The document that was packed.
pub(crate) fn unpack(
    packed: &[u8],
    generation: &Path,
    dictionary: &Dictionary,
) -> Result<Vec<u8>, TantivyError> {
    let damaged = || TantivyError::InternalError("a stored document is damaged".to_owned());
    let (how, rest) = packed.split_first().ok_or_else(damaged)?;
    let frame = [&MAGIC, rest].concat();
    let size = zstd_safe::get_frame_content_size(&frame)
        .ok()
        .flatten()
        .filter(|size| *size <= MAX_BYTES)
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(damaged)?;
    let mut out = Vec::with_capacity(size);
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut context = idle.unwrap_or_default();
    let done = match *how {
        ALONE => context.decompress(&mut out, &frame),
        WITH_DICTIONARY => {
            let dictionary = dictionary.of(generation).ok_or_else(|| {
                TantivyError::InternalError("the dictionary of stored documents is gone".to_owned())
            })?;
            context.decompress_using_ddict(&mut out, &frame, dictionary)
        }
        _ => return Err(damaged()),
    };
    let mut all = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() < MAX_IDLE {
        all.push(context);
    }
    drop(all);
    done.map_err(|_| damaged())?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(number: usize) -> Vec<u8> {
        format!("The {number}th document of the collection of documents, written in the year {}, says that {number} follows {}.", 1900 + number % 100, number.saturating_sub(1))
            .repeat(3)
            .into_bytes()
    }

    #[test]
    fn documents_come_back_and_a_dictionary_is_learnt() {
        let folder = tempfile::tempdir().unwrap();
        let mut packer = Packer::open(folder.path()).unwrap();
        let mut packed = Vec::new();
        for number in 0..20_000 {
            packed.push(packer.pack(folder.path(), &document(number)).unwrap());
        }
        assert_eq!(packed.first().unwrap()[0], ALONE);
        assert_eq!(packed.last().unwrap()[0], WITH_DICTIONARY);
        assert!(packed.last().unwrap().len() * 2 < packed.first().unwrap().len());
        // Another writer goes on with the same dictionary.
        let mut packer = Packer::open(folder.path()).unwrap();
        packed.push(packer.pack(folder.path(), &document(20_000)).unwrap());
        assert_eq!(packed.last().unwrap()[0], WITH_DICTIONARY);
        let dictionary = Dictionary::default();
        for (number, packed) in packed.iter().enumerate() {
            let back = unpack(packed, folder.path(), &dictionary).unwrap();
            assert_eq!(back, document(number));
        }
        // Without its dictionary it says so, and an empty document is a document.
        let elsewhere = tempfile::tempdir().unwrap();
        let lost = unpack(
            packed.last().unwrap(),
            elsewhere.path(),
            &Dictionary::default(),
        );
        assert!(lost.unwrap_err().to_string().contains("dictionary"));
        let empty = packer.pack(folder.path(), b"").unwrap();
        assert_eq!(unpack(&empty, folder.path(), &dictionary).unwrap(), b"");
    }

    proptest::proptest! {
        #[test]
        fn damaged_bytes_are_an_error_or_a_document(bytes in proptest::collection::vec(0u8..255, 0..60), how in 0u8..4) {
            let packed: Vec<u8> = std::iter::once(how).chain(bytes).collect();
            let _ = unpack(&packed, Path::new("/nowhere"), &Dictionary::default());
        }
    }
}
