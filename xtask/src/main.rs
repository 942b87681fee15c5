//! `cargo xtask`: the project's own commands.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a person at a terminal"
)]

mod services;
mod test;

use std::env;
use std::process::{self, ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start RabbitMQ, PostgreSQL and ClickHouse for the tests, print the environment to use, run until Ctrl-C
    Services,
    /// Start the same services, run `cargo test --workspace` against them, stop them
    Test {
        /// Passed on to `cargo test`, for example `--test it tidy`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Services => services::run(),
        Command::Test { args } => test::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

/// The same cargo that runs this command.
fn cargo() -> process::Command {
    process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
