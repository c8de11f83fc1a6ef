#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_formats::records::desk::fuzz::fuzz_mnemonic(bytes));
