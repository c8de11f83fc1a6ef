//! Opens arbitrary bytes as a file of titles and as a dictionary, and looks words up in them.
#![no_main]

use libfuzzer_sys::fuzz_target;

// Panics of the dictionaries' reader are caught where it is called; only those that nobody catches count.
fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |data: &[u8]| lampion_search::suggest::fuzz_open(data)
);
