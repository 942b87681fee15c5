//! `event-grpc migrate`: migrates every ClickHouse database and PostgreSQL.

use super::drops::Drops;
use super::places::{Place, Places};
use super::serve::{ClickHouseArgs, PostgresArgs};
use super::{say, told};
use crate::ops::logging;

/// Apply pending migrations to ClickHouse, PostgreSQL or both, in order.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    /// Change nothing; list how the tables differ from the pipeline. Exit status 1 if they do.
    #[arg(long, conflicts_with = "adopt")]
    check: bool,
    /// Adopt tables that were created by other means, if they fit.
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    drops: Drops,
}

/// Runs the command; false if `--check` found a difference, or a database could not be migrated. An error of one
/// database doesn't stop the others.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    // How far a migration is that takes long.
    logging::start(
        logging::Format::Text,
        "warn,event_grpc::sink::clickhouse::migrate=info",
    )?;
    let given = Places::of(&args.clickhouse, &args.postgres)?;
    let places = given.all();
    anyhow::ensure!(
        !places.is_empty(),
        "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) or --postgres-url (or EVENT_GRPC_POSTGRES_URL) is required"
    );
    args.drops.names()?;
    let several = places.len() > 1;
    let mut good = true;
    for place in &places {
        if several {
            say(&place.name());
        }
        match one(&args, place).await {
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

async fn one(args: &Args, place: &Place<'_>) -> anyhow::Result<bool> {
    if args.check {
        let report = place.check().await?;
        say(&match report.to_string() {
            text if text.is_empty() => "nothing to do: the tables match the pipeline".into(),
            text => text,
        });
        return Ok(report.fits());
    }
    if args.adopt {
        let adopted = place.adopt().await?;
        let lists = [
            ("taken over ", adopted.taken),
            ("created    ", adopted.created),
            ("recorded   ", adopted.recorded),
        ];
        for (what, names) in lists {
            names.iter().for_each(|name| say(&format!("{what} {name}")));
        }
        return Ok(true);
    }
    let applied = place.apply(args.drops.names()?).await?;
    applied
        .iter()
        .for_each(|name| say(&format!("applied     {name}")));
    let left = place.left().await?;
    left.iter()
        .for_each(|one| say(&format!("left        {one}")));
    if applied.is_empty() && left.is_empty() {
        say("nothing to do: all migrations are applied");
    }
    Ok(true)
}
