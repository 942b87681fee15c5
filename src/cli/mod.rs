//! The `event-grpc` command line.

mod alive;
mod apply;
mod ask;
mod capacity;
mod clickhouse;
mod clickhouse_tls;
mod config;
mod cutover;
mod demo;
mod dlq;
mod doctor;
mod drops;
mod find;
mod kafka;
mod keys;
mod ledger;
mod migrate;
mod ops;
mod places;
mod plan;
mod reprocess;
mod send;
mod serve;
mod serve_access;
mod serve_engine;
mod serve_intake;
mod serve_tls;
mod services;
mod settings;
mod status;
mod switches;
mod tap;
mod time;
mod top;
mod unknown;
mod webhook;

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::plain::{self, one_line};
use settings::Wrong;

pub use serve::ClickHouseArgs;

/// A declarative, code-generated event pipeline: gRPC and webhooks through RabbitMQ into ClickHouse.
#[derive(Debug, Parser)]
#[command(name = "event-grpc", version = status::VERSION.as_str())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Demo(demo::Args),
    Migrate(migrate::Args),
    #[command(name = "clickhouse")]
    ClickHouse(clickhouse::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Cutover(cutover::Args),
    Dlq(dlq::Args),
    Keys(keys::Args),
    Ledger(ledger::Args),
    Find(find::Args),
    Tap(tap::Args),
    Top(top::Args),
    Status(status::Args),
    Unknown(unknown::Args),
    Reprocess(reprocess::Args),
    Send(send::Args),
    Capacity(capacity::Args),
    Alive(alive::Args),
    Config(Box<config::Args>),
    Doctor(Box<doctor::Args>),
    Switches(switches::Args),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = match given() {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    exit_code(async {
        let good = match cli.command {
            Command::Plan(args) => return plan::run(args).await,
            Command::Status(args) => return status::run(args).await,
            Command::Apply(args) => return apply::run(args).await,
            Command::Find(args) => return find::run(args).await,
            Command::Serve(args) => serve::run(*args).await.map(|()| true),
            Command::Demo(args) => demo::run(args).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::ClickHouse(args) => clickhouse::run(args).await,
            Command::Cutover(args) => cutover::run(args).await,
            Command::Dlq(args) => dlq::run(args).await,
            Command::Keys(args) => keys::run(args),
            Command::Ledger(args) => ledger::run(args).await,
            Command::Tap(args) => tap::run(args).await,
            Command::Top(args) => top::run(args).await,
            Command::Unknown(args) => unknown::run(args).await,
            Command::Reprocess(args) => reprocess::run(args).await,
            Command::Send(args) => send::run(args).await,
            Command::Capacity(args) => capacity::run(&args),
            Command::Alive(args) => alive::run(args).await,
            Command::Config(args) => config::run(&args),
            Command::Doctor(args) => doctor::run(*args).await,
            Command::Switches(args) => switches::run(&args),
        };
        Ok(succeeded(good?))
    })
}

/// The command that the process was started with, with its settings.
fn given() -> Result<Cli, ExitCode> {
    // As clap exits for wrong usage.
    const USAGE: u8 = 2;
    let read = settings::start(command(), std::env::args_os().collect());
    let cli = read.and_then(|matches| Cli::from_arg_matches(&matches).map_err(Wrong::Clap));
    cli.map_err(|wrong| match wrong {
        Wrong::Clap(error) => {
            drop(error.print());
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
        }
        Wrong::Told(text) => {
            failed(&anyhow::anyhow!(text));
            ExitCode::from(USAGE)
        }
    })
}

/// The command line, with the option of the configuration file.
fn command() -> clap::Command {
    Cli::command().arg(settings::option())
}

/// Exit status of a command, which runs in an async runtime of its own: a failure if it answers false, or an error, which
/// is printed.
pub fn outcome(command: impl Future<Output = anyhow::Result<bool>>) -> ExitCode {
    exit_code(async { Ok(succeeded(command.await?)) })
}

fn succeeded(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn exit_code(command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(&anyhow::anyhow!(
                "could not start the async runtime: {error}"
            ));
        }
    };
    match runtime.block_on(command) {
        Ok(status) => status,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // If stderr is closed there is nothing left to do.
    let error = told(error);
    drop(writeln!(
        std::io::stderr(),
        "error: {}",
        plain::lines(&error)
    ));
    ExitCode::FAILURE
}

/// Error with its causes, on one line.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many errors include the text of their cause.
        if !text.contains(&cause) {
            text = if text.is_empty() {
                cause
            } else {
                format!("{text}: {cause}")
            };
        }
    }
    text
}

/// Prints a line for the user, or some of them, and nothing that drives the terminal. A closed stdout is not an error.
pub fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{}", plain::lines(line)));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_makes_sense() {
        super::command().debug_assert();
    }

    /// A URL may hold a password, or a key in its query. Those of instances hold none: a path is put behind them.
    #[test]
    fn no_url_of_the_environment_is_shown_in_a_help_text() {
        fn look(command: &clap::Command, found: &mut usize) {
            for arg in command.get_arguments() {
                let mut names = arg.get_value_names().unwrap_or_default().iter();
                let is_url = names.any(|name| ["URL", "DSN"].contains(&name.as_str()));
                if is_url && arg.get_env().is_some() && arg.get_long() != Some("instance") {
                    *found += 1;
                    let (command, option) = (command.get_name(), arg.get_id());
                    assert!(arg.is_hide_env_values_set(), "{command} {option}");
                }
            }
            command
                .get_subcommands()
                .for_each(|below| look(below, found));
        }
        let (mut command, mut found) = (super::command(), 0);
        command.build();
        look(&command, &mut found);
        assert!(found > 10, "{found}");
    }
}
