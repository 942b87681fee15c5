//! Fuzz target `json`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| event_grpc_fuzz::run("json", bytes));
