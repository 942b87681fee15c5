//! Fuzz target `pipeline_yaml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| event_grpc_fuzz::pipeline(text));
