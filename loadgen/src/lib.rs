//! Load generator: valid, invalid and hostile events for a running server, and a report of what became of each.
//!
//! It uses the server's library for what both have to agree on: the generated types and tables, the addresses of servers
//! and the clients for them. The server doesn't know it.
#![forbid(unsafe_code)]

pub mod door;
pub mod pattern;
pub mod process;

mod load;
mod poison;
mod siege;
mod store;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Load for an event-grpc server, and a report of what became of it.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Load(load::Args),
    Siege(siege::Args),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(&anyhow::anyhow!(
                "could not start the async runtime: {error}"
            ));
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Load(args) => load::run(args).await,
            Command::Siege(args) => siege::run(args).await,
        }
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // If stderr is closed there is nothing left to do.
    drop(writeln!(std::io::stderr(), "error: {error:#}"));
    ExitCode::FAILURE
}

/// Prints a line for the user. A closed stdout is not an error.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_makes_sense() {
        super::Cli::command().debug_assert();
    }
}
