//! Opens arbitrary bytes as a file of titles and as a dictionary, and looks words up in them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lampion_search::suggest::fuzz_open(data));
