//! `event-grpc dlq`: lists, shows, replays and discards dead letters.

mod ask;
mod body;
mod discard;
mod list;
mod replay;
mod schema;
mod select;
mod show;

use anyhow::Context as _;
use clap::Subcommand;

use super::one_line;
use super::serve::{ClickHouseArgs, further_servers};
use crate::generated::PIPELINE;
use crate::ops::logging;
use crate::sink::clickhouse::dead_letters::DeadLetters;
use crate::sink::clickhouse::{ClickHouse, Databases};

/// Find, read, replay and discard dead letters: messages that could not be stored.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Replay(replay::Args),
    Discard(discard::Args),
}

/// Runs the command; false if part of it was not done.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    match args.command {
        Command::List(args) => list::run(args).await,
        Command::Show(args) => show::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Discard(args) => discard::run(args).await,
    }
}

/// Dead letters of this build's pipeline.
fn letters(clickhouse: &ClickHouseArgs) -> anyhow::Result<DeadLetters> {
    let address = clickhouse.address()?.context(
        "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) is required: it names the server with the dead letters",
    )?;
    let main = ClickHouse::new(address)?;
    let databases = Databases::new(main, &further_servers(&PIPELINE)?, &PIPELINE)?;
    Ok(DeadLetters::new(&databases, &PIPELINE)?)
}
