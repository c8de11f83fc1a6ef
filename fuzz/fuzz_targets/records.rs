#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_formats::records::fuzz::fuzz_records(bytes));
