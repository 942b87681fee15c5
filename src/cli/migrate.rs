//! `event-grpc migrate`: brings the tables of every ClickHouse database up to date.

use anyhow::Context as _;

use super::serve::{ClickHouseArgs, further_servers};
use super::{say, told};
use crate::generated::PIPELINE;
use crate::sink::clickhouse::{ClickHouse, Databases, migrate};

/// Apply the migrations to the ClickHouse servers, in order; those that a database has seen are skipped.
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

/// Runs the command; false if `--check` found a difference, or a database could not be brought up to date. The
/// trouble of one database is no reason to leave out another.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let address = args
        .clickhouse
        .address()?
        .context("--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) says where")?;
    let main = ClickHouse::new(address)?;
    let databases = Databases::new(main, &further_servers(&PIPELINE)?, &PIPELINE)?;
    let several = databases.all().count() > 1;
    let mut good = true;
    for (server, store) in databases.all() {
        if several {
            let database = store.address().database();
            say(&format!("database {database}, server {server}"));
        }
        match one(&args, store).await {
            Ok(fits) => good &= fits,
            Err(error) if several => {
                say(&format!("failed      {}", told(&error)));
                good = false;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(good)
}

async fn one(args: &Args, store: &ClickHouse) -> anyhow::Result<bool> {
    if args.check {
        let report = migrate::check(store, &PIPELINE).await?;
        say(&match report.to_string() {
            text if text.is_empty() => {
                "nothing to do: the tables are as the pipeline has them".into()
            }
            text => text,
        });
        return Ok(report.fits());
    }
    if args.adopt {
        let adopted = migrate::adopt(store, &PIPELINE).await?;
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
    let applied = migrate::apply(store, &PIPELINE).await?;
    applied
        .iter()
        .for_each(|name| say(&format!("applied     {name}")));
    if applied.is_empty() {
        say("nothing to do: all migrations are applied");
    }
    Ok(true)
}
