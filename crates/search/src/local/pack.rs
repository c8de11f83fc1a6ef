//! Packing of stored documents: each by itself, so that reading one costs nothing of the others, with a dictionary of
//! what the collection's documents have in common, which makes up for that.
//!
//! A packed document is one byte that says how, then a zstd frame (RFC 8878) without its magic number. Dictionaries are
//! files of the generation: one is learnt from the first documents, so that few documents gain too, and a larger one
//! from more of them. Once written, they never change.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use tantivy::TantivyError;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, DDict};

use super::folder;

/// Packed without a dictionary.
const ALONE: u8 = 1;
/// What every frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Bytes that each document gives to a dictionary's sample, at most.
const SAMPLE_OF_ONE: usize = 8 << 10;
/// Fewer documents tell nothing.
const MIN_SAMPLES: usize = 500;
/// A document takes no more than this: what says otherwise is damaged.
const MAX_BYTES: u64 = 64 << 20;
/// Decoders that wait for the next document.
const MAX_IDLE: usize = 4;

/// A dictionary and when it is learnt.
struct Stage {
    /// What packed documents begin with.
    how: u8,
    file: &'static str,
    /// From so many bytes of documents.
    sample_bytes: usize,
    dictionary_bytes: usize,
    /// Level of zstd: with a larger dictionary a higher one pays, which with a smaller one does not.
    level: i32,
}

/// One after the other. The larger dictionary and level save 8% of arXiv's records for 10 µs a record.
const STAGES: [Stage; 2] = [
    Stage {
        how: 2,
        file: folder::DICTIONARIES[0],
        sample_bytes: 4 << 20,
        dictionary_bytes: 64 << 10,
        level: 3,
    },
    Stage {
        how: 3,
        file: folder::DICTIONARIES[1],
        sample_bytes: 12 << 20,
        dictionary_bytes: 256 << 10,
        level: 6,
    },
];

/// Packs the documents of one writer.
pub(crate) struct Packer {
    how: u8,
    context: CCtx<'static>,
    /// The dictionary that is to be learnt next.
    next: usize,
    samples: Vec<u8>,
    sizes: Vec<usize>,
    /// Learns on a thread of its own, since that takes most of a second.
    learning: Option<JoinHandle<io::Result<Option<CCtx<'static>>>>>,
}

impl Packer {
    /// Goes on with the dictionary of `generation`, or learns one.
    pub(crate) fn open(generation: &Path) -> io::Result<Packer> {
        let mut packer = Packer {
            how: ALONE,
            context: context(3, None)?,
            next: 0,
            samples: Vec::new(),
            sizes: Vec::new(),
            learning: None,
        };
        for (n, stage) in STAGES.iter().enumerate() {
            match fs::read(generation.join(stage.file)) {
                Ok(dictionary) => {
                    packer.how = stage.how;
                    packer.context = context(stage.level, Some(&dictionary))?;
                    packer.next = n + 1;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(packer)
    }

    /// Packs a document of `generation`.
    ///
    /// # Errors
    /// A dictionary that was just learnt can't be written.
    pub(crate) fn pack(&mut self, generation: &Path, bytes: &[u8]) -> io::Result<Vec<u8>> {
        if let Some(stage) = STAGES.get(self.next) {
            self.learn(generation, stage, bytes)?;
        }
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
        self.context.compress2(&mut packed, bytes).map_err(failed)?;
        // The last byte of the magic number makes room for how it is packed.
        packed.drain(..MAGIC.len() - 1);
        if let Some(first) = packed.first_mut() {
            *first = self.how;
        }
        Ok(packed)
    }

    fn learn(&mut self, generation: &Path, stage: &'static Stage, bytes: &[u8]) -> io::Result<()> {
        if self.learning.as_ref().is_some_and(JoinHandle::is_finished) {
            return self.learnt(stage);
        }
        if self.learning.is_some() {
            return Ok(());
        }
        let sample = bytes.get(..SAMPLE_OF_ONE).unwrap_or(bytes);
        self.samples.extend_from_slice(sample);
        self.sizes.push(sample.len());
        if self.samples.len() < stage.sample_bytes {
            return Ok(());
        }
        // The larger sample goes on from the smaller one.
        let (samples, sizes) = if self.next + 1 < STAGES.len() {
            (self.samples.clone(), self.sizes.clone())
        } else {
            (
                std::mem::take(&mut self.samples),
                std::mem::take(&mut self.sizes),
            )
        };
        let file = generation.join(stage.file);
        self.learning = Some(
            std::thread::Builder::new()
                .name("dictionary".into())
                .spawn(move || learn(&samples, &sizes, stage, &file))?,
        );
        Ok(())
    }

    /// From here on documents are packed with what was learnt.
    fn learnt(&mut self, stage: &Stage) -> io::Result<()> {
        let Some(learning) = self.learning.take() else {
            return Ok(());
        };
        self.next += 1;
        let learnt = learning
            .join()
            .map_err(|_| io::Error::other("learning a dictionary failed"))??;
        if let Some(context) = learnt {
            self.context = context;
            self.how = stage.how;
        }
        Ok(())
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        // It writes into the generation, which may be swept when this writer is gone.
        if let Some(learning) = self.learning.take() {
            let _nobody_needs_it = learning.join();
        }
    }
}

fn learn(
    samples: &[u8],
    sizes: &[usize],
    stage: &Stage,
    file: &Path,
) -> io::Result<Option<CCtx<'static>>> {
    if sizes.len() < MIN_SAMPLES {
        return Ok(None);
    }
    // Documents that have nothing in common make no dictionary.
    let Ok(dictionary) = zstd::dict::from_continuous(samples, sizes, stage.dictionary_bytes) else {
        return Ok(None);
    };
    // Durable before any document that needs it.
    folder::write_durably(file, &dictionary)?;
    context(stage.level, Some(&dictionary)).map(Some)
}

fn context(level: i32, dictionary: Option<&[u8]>) -> io::Result<CCtx<'static>> {
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(level),
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

/// The dictionaries of a generation, each read when a document first needs it.
#[derive(Default)]
pub(crate) struct Dictionaries([OnceLock<Option<DDict<'static>>>; STAGES.len()]);

impl Dictionaries {
    fn of(&self, stage: usize, generation: &Path) -> Option<&DDict<'static>> {
        self.0
            .get(stage)?
            .get_or_init(|| {
                let bytes = fs::read(generation.join(STAGES.get(stage)?.file)).ok()?;
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
    dictionaries: &Dictionaries,
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
    let done = match STAGES.iter().position(|stage| stage.how == *how) {
        None if *how == ALONE => context.decompress(&mut out, &frame),
        None => return Err(damaged()),
        Some(stage) => {
            let dictionary = dictionaries.of(stage, generation).ok_or_else(|| {
                TantivyError::InternalError("the dictionary of stored documents is gone".to_owned())
            })?;
            context.decompress_using_ddict(&mut out, &frame, dictionary)
        }
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
    fn documents_come_back_and_dictionaries_are_learnt() {
        let folder = tempfile::tempdir().unwrap();
        let mut packer = Packer::open(folder.path()).unwrap();
        let mut packed = Vec::new();
        let mut number = 0;
        // Until both are learnt, and some more.
        while packer.next < STAGES.len() {
            packed.push(packer.pack(folder.path(), &document(number)).unwrap());
            number += 1;
            assert!(number < 4_000_000, "no dictionary was learnt");
        }
        packed.push(packer.pack(folder.path(), &document(number)).unwrap());
        assert_eq!(packed.first().unwrap()[0], ALONE);
        assert!(packed.iter().any(|packed| packed[0] == STAGES[0].how));
        assert_eq!(packed.last().unwrap()[0], STAGES[1].how);
        assert!(packed.last().unwrap().len() * 2 < packed.first().unwrap().len());
        // Another writer goes on with the same dictionary.
        let mut packer = Packer::open(folder.path()).unwrap();
        number += 1;
        packed.push(packer.pack(folder.path(), &document(number)).unwrap());
        assert_eq!(packed.last().unwrap()[0], STAGES[1].how);
        let dictionary = Dictionaries::default();
        for (number, packed) in packed.iter().enumerate() {
            let back = unpack(packed, folder.path(), &dictionary).unwrap();
            assert_eq!(back, document(number));
        }
        // Without its dictionary it says so, and an empty document is a document.
        let elsewhere = tempfile::tempdir().unwrap();
        let lost = unpack(
            packed.last().unwrap(),
            elsewhere.path(),
            &Dictionaries::default(),
        );
        assert!(lost.unwrap_err().to_string().contains("dictionary"));
        let empty = packer.pack(folder.path(), b"").unwrap();
        assert_eq!(unpack(&empty, folder.path(), &dictionary).unwrap(), b"");
    }

    proptest::proptest! {
        #[test]
        fn damaged_bytes_are_an_error_or_a_document(bytes in proptest::collection::vec(0u8..255, 0..60), how in 0u8..5) {
            let packed: Vec<u8> = std::iter::once(how).chain(bytes).collect();
            let _ = unpack(&packed, Path::new("/nowhere"), &Dictionaries::default());
        }
    }
}
