//! Fuzz target `webhook_body`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| event_grpc_fuzz::run("webhook_body", bytes));
