//! Opens arbitrary bytes as a ZIM archive and reads whatever it offers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lampion_zim::fuzz_open(data));
