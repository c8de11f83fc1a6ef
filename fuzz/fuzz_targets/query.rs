//! Reads arbitrary text as a query: nothing that can be typed is an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| drop(lampion_search::query::parse(text)));
