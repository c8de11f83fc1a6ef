#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lampion_feed::fuzz::fuzz_follow(data));
