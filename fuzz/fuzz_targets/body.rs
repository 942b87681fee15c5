//! Fuzz target `body`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| event_grpc_fuzz::run("body", bytes));
