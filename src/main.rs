//! The `event-grpc` command.
fn main() {}
