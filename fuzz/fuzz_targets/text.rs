#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lampion_formats::fuzz_text(data));
