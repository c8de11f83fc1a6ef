#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lampion_mailproto::imap::fuzz::fuzz_imap_command(bytes));
