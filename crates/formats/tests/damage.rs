//! Real files, damaged in thousands of ways by a fixed seed: no reader may panic.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "tests")]

use std::{fs, path::Path};

/// Damaged copies made of each file.
const COPIES: u64 = 12;
/// Larger files take too long to read so often.
const MAX_FILE_BYTES: usize = 100 << 10;

/// A small generator of chance (splitmix64), so that every run is the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 27)) % bound.max(1) as u64).unwrap()
    }
}

fn damage(folder: &str, reader: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder);
    if !folder.is_dir() {
        println!("skipped: ../shared/data is absent");
        return;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let whole = fs::read(entry.unwrap().path()).unwrap();
        if whole.len() > MAX_FILE_BYTES {
            continue;
        }
        for seed in 0..COPIES {
            let mut chance = Chance(seed);
            let mut bytes = whole.clone();
            for _ in 0..=chance.below(20) {
                let at = chance.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(chance.below(256)).unwrap();
                }
            }
            if seed % 3 == 0 {
                bytes.truncate(chance.below(whole.len()));
            }
            reader(&bytes);
        }
    }
}

#[test]
fn office_files() {
    damage("office", lampion_formats::fuzz_zip);
}

#[test]
fn books() {
    damage("epub", lampion_formats::fuzz_zip);
}

#[test]
fn pdfs() {
    damage("pdf", lampion_formats::fuzz_pdf);
}
