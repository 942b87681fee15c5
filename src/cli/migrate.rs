//! `event-grpc migrate`: brings the tables of ClickHouse and PostgreSQL up to date.

use super::say;
use super::serve::{ClickHouseArgs, PostgresArgs};
use crate::generated::PIPELINE;
use crate::hooks;
use crate::sink::clickhouse::migrate::Adopted;
use crate::sink::clickhouse::{ClickHouse, migrate};
use crate::sink::postgres::{self, Postgres};

/// Apply the migrations to ClickHouse, PostgreSQL or both, in order; those that a database has seen are skipped.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    /// Change nothing; list how the tables differ from the pipeline. Exit status 1 if they do.
    #[arg(long, conflicts_with = "adopt")]
    check: bool,
    /// Take over tables that were made by other means, if they fit.
    #[arg(long)]
    adopt: bool,
}

/// Runs the command; false if `--check` found a difference.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let clickhouse = args
        .clickhouse
        .address()?
        .map(ClickHouse::new)
        .transpose()?;
    let postgres = args.postgres.address()?;
    let postgres = postgres.map(|address| Postgres::new(address, hooks::all()));
    let postgres = postgres.transpose()?;
    anyhow::ensure!(
        clickhouse.is_some() || postgres.is_some(),
        "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) or --postgres-url (or EVENT_GRPC_POSTGRES_URL) says where"
    );
    let mut fits = true;
    if args.check {
        let mut reports = Vec::new();
        if let Some(store) = &clickhouse {
            reports.push(migrate::check(store, &PIPELINE).await?);
        }
        if let Some(store) = &postgres {
            reports.push(postgres::migrate::check(store, &PIPELINE).await?);
        }
        for report in reports {
            let text = report.to_string();
            if !text.is_empty() {
                say(&text);
            }
            fits &= report.fits();
        }
    } else if args.adopt {
        if let Some(store) = &clickhouse {
            adopted(&migrate::adopt(store, &PIPELINE).await?);
        }
        if let Some(store) = &postgres {
            adopted(&postgres::migrate::adopt(store, &PIPELINE).await?);
        }
    } else {
        let mut applied = Vec::new();
        if let Some(store) = &clickhouse {
            applied.extend(migrate::apply(store, &PIPELINE).await?);
        }
        if let Some(store) = &postgres {
            applied.extend(postgres::migrate::apply(store, &PIPELINE).await?);
        }
        applied
            .iter()
            .for_each(|name| say(&format!("applied     {name}")));
        if applied.is_empty() {
            say("nothing to do: all migrations are applied");
        }
    }
    Ok(fits)
}

fn adopted(adopted: &Adopted) {
    let lists = [
        ("taken over ", &adopted.taken),
        ("created    ", &adopted.created),
        ("recorded   ", &adopted.recorded),
    ];
    for (what, names) in lists {
        names.iter().for_each(|name| say(&format!("{what} {name}")));
    }
}
