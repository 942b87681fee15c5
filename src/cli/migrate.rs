//! `event-grpc migrate`: migrates every ClickHouse database and PostgreSQL.

use super::serve::{ClickHouseArgs, PostgresArgs, further_servers};
use super::{say, told};
use crate::generated::PIPELINE;
use crate::hooks;
use crate::ops::logging;
use crate::sink::clickhouse::migrate::Adopted;
use crate::sink::clickhouse::{ClickHouse, Databases, Report, migrate};
use crate::sink::postgres::{self, Postgres};

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
}

/// Database with migrations of its own.
enum Place<'a> {
    ClickHouse(&'static str, &'a ClickHouse),
    Postgres(&'a Postgres),
}

/// Runs the command; false if `--check` found a difference, or a database could not be migrated. An error of one
/// database doesn't stop the others.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    // How far a migration is that takes long.
    logging::start(
        logging::Format::Text,
        "warn,event_grpc::sink::clickhouse::migrate=info",
    )?;
    let main = args
        .clickhouse
        .address()?
        .map(ClickHouse::new)
        .transpose()?;
    let postgres = args.postgres.address()?;
    let postgres = postgres.map(|address| Postgres::new(address, hooks::all()));
    let postgres = postgres.transpose()?;
    anyhow::ensure!(
        main.is_some() || postgres.is_some(),
        "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) or --postgres-url (or EVENT_GRPC_POSTGRES_URL) is required"
    );
    let databases = match main {
        Some(main) => Some(Databases::new(
            main,
            &further_servers(&PIPELINE)?,
            &PIPELINE,
        )?),
        None => None,
    };
    let clickhouse = databases.iter().flat_map(Databases::all);
    let clickhouse = clickhouse.map(|(server, store)| Place::ClickHouse(server, store));
    let places: Vec<Place<'_>> = clickhouse
        .chain(postgres.iter().map(Place::Postgres))
        .collect();
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
    let applied = place.apply().await?;
    applied
        .iter()
        .for_each(|name| say(&format!("applied     {name}")));
    if applied.is_empty() {
        say("nothing to do: all migrations are applied");
    }
    Ok(true)
}

// === impl Place ===

impl Place<'_> {
    /// Name in messages if there are several.
    fn name(&self) -> String {
        match self {
            Place::ClickHouse(server, store) => {
                format!("database {}, server {server}", store.address().database())
            }
            Place::Postgres(store) => format!("PostgreSQL {}", store.address()),
        }
    }

    async fn check(&self) -> anyhow::Result<Report> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::check(store, &PIPELINE).await?,
            Place::Postgres(store) => postgres::migrate::check(store, &PIPELINE).await?,
        })
    }

    async fn adopt(&self) -> anyhow::Result<Adopted> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::adopt(store, &PIPELINE).await?,
            Place::Postgres(store) => postgres::migrate::adopt(store, &PIPELINE).await?,
        })
    }

    async fn apply(&self) -> anyhow::Result<Vec<&'static str>> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::apply(store, &PIPELINE).await?,
            Place::Postgres(store) => postgres::migrate::apply(store, &PIPELINE).await?,
        })
    }
}
