use proptest::prelude::*;

use super::shared;
use crate::records::fuzz::{fuzz_marc, fuzz_records};

/// A line or two of each format, to be bent.
const SEEDS: [&str; 6] = [
    "<record><leader>00000nam a2200000   4500</leader><datafield tag=\"245\" ind1=\"1\" ind2=\"0\"><subfield code=\"a\">T &amp; x</subfield></datafield></record>",
    "<dc xmlns:dc='x'><dc:title>A</dc:title><dc:creator>B</dc:creator></dc>",
    "@string{a = \"b\"}\n@book{k, author = {A and {B C}}, title = a # {\\\"o {x}}, year = 1999}\n",
    "TY  - BOOK\r\nAU  - A, B\r\nTI  - C : D\r\nSP  - 1\r\nER  - \r\n",
    "title;author;year\n\"a;\"\"b\";C, D;1999\n",
    "{\"title\":\"a\",\"authors\":[{\"name\":\"b\"}],\"isbn\":\"0-201-61622-X\"}\n",
];

fn bend(seed: &[u8], changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, how, value) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place % bytes.len();
        match how % 4 {
            0 => bytes[at] = *value,
            1 => bytes.insert(at, *value),
            2 => drop(bytes.remove(at)),
            _ => {
                let part = bytes[at..(at + usize::from(*value)).min(bytes.len())].to_vec();
                bytes.extend_from_slice(&part);
            }
        }
    }
    bytes
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        fuzz_marc(&bytes);
        fuzz_records(&bytes);
    }

    #[test]
    fn bent_records_do_no_harm(
        which in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..12),
    ) {
        let mut bytes = vec![u8::try_from(which).unwrap() + 1];
        bytes.extend(bend(SEEDS[which].repeat(3).as_bytes(), &changes));
        fuzz_records(&bytes);
    }

    #[test]
    fn bent_real_records_do_no_harm(
        name in prop::sample::select(vec!["marc.dat", "1251.dat", "bad_records.mrc", "bad_marc8_escape.dat", "testunimarc.dat"]),
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..12),
    ) {
        if let Some(bytes) = shared(&format!("marc/{name}")) {
            fuzz_marc(&bend(&bytes, &changes));
        }
    }
}
