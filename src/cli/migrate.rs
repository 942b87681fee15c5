//! `event-grpc migrate`: brings a ClickHouse server's tables up to date.

use anyhow::Context as _;

use super::say;
use super::serve::ClickHouseArgs;
use crate::generated::PIPELINE;
use crate::sink::clickhouse::{ClickHouse, migrate};

/// Apply the migrations to a ClickHouse server, in order; those that it has seen are skipped.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    /// Change nothing; list how the tables differ from the pipeline. Exit status 1 if they do.
    #[arg(long, conflicts_with = "adopt")]
    check: bool,
    /// Take over tables that were made by other means, if they fit.
    #[arg(long)]
    adopt: bool,
}

/// Runs the command; false if `--check` found a difference.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let address = args
        .clickhouse
        .address()?
        .context("--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) says where")?;
    let store = ClickHouse::new(address)?;
    if args.check {
        let report = migrate::check(&store, &PIPELINE).await?;
        say(&report.to_string());
        return Ok(report.fits());
    }
    if args.adopt {
        let adopted = migrate::adopt(&store, &PIPELINE).await?;
        adopted
            .taken
            .iter()
            .for_each(|table| say(&format!("taken over  {table}")));
        adopted
            .created
            .iter()
            .for_each(|table| say(&format!("created     {table}")));
        adopted
            .recorded
            .iter()
            .for_each(|name| say(&format!("recorded    {name}")));
        return Ok(true);
    }
    let applied = migrate::apply(&store, &PIPELINE).await?;
    applied
        .iter()
        .for_each(|name| say(&format!("applied     {name}")));
    if applied.is_empty() {
        say("nothing to do: all migrations are applied");
    }
    Ok(true)
}
