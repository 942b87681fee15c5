//! The integration tests: one binary, real servers.
<<<<<<< HEAD
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod tidy;
=======

mod engine;
>>>>>>> 4f442f4 (Run the embedded ClickHouse engine in a child process)
