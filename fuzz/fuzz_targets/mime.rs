#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_mailproto::mime::fuzz::fuzz_mime(bytes));
