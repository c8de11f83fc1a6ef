#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_mailproto::tar::fuzz_tar(bytes));
