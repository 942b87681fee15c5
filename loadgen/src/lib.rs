//! Load generator: valid, invalid and hostile events for a running server, and a report of what became of each.
//!
//! It uses the server's library for what both have to agree on: the generated types and tables, the addresses of servers
//! and the clients for them. The server doesn't know it.
#![forbid(unsafe_code)]

pub mod connect;
pub mod door;
pub mod pattern;
pub mod process;

mod beside;
mod broker;
mod load;
mod poison;
mod proofs;
mod publish;
mod senders;
mod siege;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use event_grpc::cli::outcome;

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
    Proofs(proofs::Args),
    Publish(publish::Args),
    Senders(senders::Args),
    SenderFaults(senders::faults::Args),
    SenderSpeed(senders::speed::Args),
    Siege(siege::Args),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    outcome(async {
        match cli.command {
            Command::Load(args) => load::run(args).await,
            Command::Proofs(args) => proofs::make(&args),
            Command::Publish(args) => publish::run(args).await,
            Command::Senders(args) => senders::run(args).await,
            Command::SenderFaults(args) => senders::faults::run(args).await,
            Command::SenderSpeed(args) => senders::speed::run(args).await,
            Command::Siege(args) => siege::run(args).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_makes_sense() {
        super::Cli::command().debug_assert();
    }
}
