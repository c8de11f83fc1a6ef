#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_formats::exchange::fuzz::fuzz_cql(bytes));
