//! The `event-grpc` command.

use std::process::ExitCode;

mod engine_process;

fn main() -> anyhow::Result<ExitCode> {
    // The engine owns its whole process, so this is decided before anything else has started.
    if let Some(arguments) = engine_process::asked_for(std::env::args_os()) {
        return engine_process::run(arguments);
    }
    Ok(event_grpc::cli::run())
}
