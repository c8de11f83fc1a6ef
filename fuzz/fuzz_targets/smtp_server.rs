#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_mailproto::smtp::fuzz::fuzz_server(bytes));
