#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_mailproto::mbox::fuzz_mbox(bytes));
