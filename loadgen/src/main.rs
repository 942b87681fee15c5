//! The `loadgen` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    event_grpc_loadgen::run()
}
