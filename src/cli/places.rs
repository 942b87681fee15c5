//! The databases of the pipeline that are given on the command line, each with migrations of its own.

use super::serve::{ClickHouseArgs, PostgresArgs, further_servers};
use crate::contract::drops_data;
use crate::generated::PIPELINE;
use crate::hooks;
use crate::sink::clickhouse::migrate::{Adopted, Others, Touched};
use crate::sink::clickhouse::{ClickHouse, Databases, Report, migrate};
use crate::sink::postgres::{self, Postgres};

/// The databases.
pub(super) struct Places {
    clickhouse: Option<Databases>,
    postgres: Option<Postgres>,
}

/// Database with migrations of its own.
pub(super) enum Place<'a> {
    ClickHouse(&'static str, &'a ClickHouse),
    Postgres(&'a Postgres),
}

impl Places {
    /// Those that are given. Nothing is sent yet.
    pub(super) fn of(clickhouse: &ClickHouseArgs, postgres: &PostgresArgs) -> anyhow::Result<Self> {
        let main = clickhouse.address()?.map(ClickHouse::new).transpose()?;
        let postgres = postgres.address()?;
        let postgres = postgres.map(|address| Postgres::new(address, hooks::all()));
        let postgres = postgres.transpose()?;
        let clickhouse = match main {
            Some(main) => Some(Databases::new(
                main,
                &further_servers(&PIPELINE)?,
                &PIPELINE,
            )?),
            None => None,
        };
        Ok(Places {
            clickhouse,
            postgres,
        })
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Place<'_>> {
        let clickhouse = self.clickhouse.iter().flat_map(Databases::all);
        let clickhouse = clickhouse.map(|(server, store)| Place::ClickHouse(server, store));
        clickhouse
            .chain(self.postgres.iter().map(Place::Postgres))
            .collect()
    }
}

impl Place<'_> {
    /// Name in messages if there are several.
    pub(super) fn name(&self) -> String {
        match self {
            Place::ClickHouse(server, store) => {
                format!("database {}, server {server}", store.address().database())
            }
            Place::Postgres(store) => format!("PostgreSQL {}", store.address()),
        }
    }

    /// Name in a plan.
    pub(super) fn short(&self) -> String {
        match self {
            Place::ClickHouse(_, store) => format!("clickhouse {}", store.address().database()),
            Place::Postgres(_) => "postgres".to_owned(),
        }
    }

    pub(super) async fn check(&self) -> anyhow::Result<Report> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::check(store, &PIPELINE).await?,
            Place::Postgres(store) => postgres::migrate::check(store, &PIPELINE).await?,
        })
    }

    /// Tables with rows that these migrations name.
    pub(super) async fn touched(&self, names: &[&'static str]) -> anyhow::Result<Vec<Touched>> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::touched(store, &PIPELINE, names).await?,
            Place::Postgres(store) => postgres::migrate::touched(store, &PIPELINE, names).await?,
        })
    }

    pub(super) async fn adopt(&self) -> anyhow::Result<Adopted> {
        Ok(match self {
            Place::ClickHouse(_, store) => migrate::adopt(store, &PIPELINE).await?,
            Place::Postgres(store) => postgres::migrate::adopt(store, &PIPELINE).await?,
        })
    }

    /// What is said of each migration that was left because it drops stored data.
    pub(super) async fn left(&self) -> anyhow::Result<Vec<String>> {
        let pending = self.check().await?.pending;
        let left = pending.into_iter().filter(|name| drops_data(name));
        let place = self.short();
        let told = left.map(|name| {
            format!("migration {name}, {place}: it drops stored data; --drop {name} applies it")
        });
        Ok(told.collect())
    }

    /// Applies the pending migrations; those that drop stored data only if they are named.
    pub(super) async fn apply(&self, drops: &[String]) -> anyhow::Result<Vec<&'static str>> {
        Ok(match self {
            Place::ClickHouse(_, store) => {
                migrate::apply_named(store, &PIPELINE, Others::MayWrite, drops).await?
            }
            Place::Postgres(store) => {
                postgres::migrate::apply_named(store, &PIPELINE, drops).await?
            }
        })
    }
}
