//! `event-grpc unknown`: lists the unknown fields in the tables.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::serve::{ClickHouseArgs, PostgresArgs, further_servers};
use super::{one_line, say, time};
use crate::contract;
use crate::generated::PIPELINE;
use crate::hooks;
use crate::ops::logging;
use crate::ops::unknown::{Listed, Stores, tables};
use crate::sink::clickhouse::{ClickHouse, Databases};
use crate::sink::postgres::Postgres;

/// List unknown fields of stored rows: where, in how many rows, since when, and whether this build knows them, so that
/// `event-grpc reprocess` can fill them in.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    select: Select,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Selection of rows.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Select {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    /// Only this table; may be repeated.
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// Only rows that were stored then or later: an RFC 3339 time, or an age like 2h.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub(super) since: Option<i64>,
}

/// Databases of the tables.
pub(super) struct Places {
    clickhouse: Option<Databases>,
    postgres: Option<Postgres>,
}

impl Select {
    /// Databases that are configured.
    pub(super) fn places(&self) -> anyhow::Result<Places> {
        let keeps: Vec<&str> = tables(&PIPELINE)
            .iter()
            .map(|(table, _)| table.name)
            .collect();
        if let Some(other) = self
            .table
            .iter()
            .find(|name| !keeps.contains(&name.as_str()))
        {
            anyhow::bail!(
                "`{other}` is not a table that keeps unknown fields; those are: {}",
                keeps.join(", ")
            );
        }
        let main = self
            .clickhouse
            .address()?
            .map(ClickHouse::new)
            .transpose()?;
        let postgres = self.postgres.address()?;
        let postgres = postgres
            .map(|address| Postgres::new(address, hooks::all()))
            .transpose()?;
        anyhow::ensure!(
            main.is_some() || postgres.is_some(),
            "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) or --postgres-url (or EVENT_GRPC_POSTGRES_URL) is required"
        );
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

    /// True if a table is selected.
    pub(super) fn wants(&self, table: &contract::Table) -> bool {
        self.table.is_empty() || self.table.iter().any(|name| name == table.name)
    }
}

impl Places {
    pub(super) fn stores(&self) -> Stores<'_> {
        Stores {
            clickhouse: self.clickhouse.as_ref(),
            postgres: self.postgres.as_ref(),
        }
    }
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let places = args.select.places()?;
    let wanted = |table: &contract::Table| args.select.wants(table);
    let listed = places
        .stores()
        .list(&PIPELINE, &wanted, args.select.since)
        .await?;
    if args.json {
        say(&json!({ "fields": listed }).to_string());
        return Ok(true);
    }
    if listed.is_empty() {
        say("no unknown fields");
        return Ok(true);
    }
    say(&shown(&listed).to_string());
    let known = listed.iter().filter(|field| field.known).count();
    if known > 0 {
        say(&format!(
            "this build knows {known} of them: event-grpc reprocess fills them in"
        ));
    }
    Ok(true)
}

fn shown(listed: &[Listed]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "table", "type", "field", "rows", "first", "last", "example", "known",
    ]);
    for field in listed {
        let at = |millis: i64| match millis {
            0 => String::new(),
            millis => time::text(millis),
        };
        table.add_row([
            field.table.to_owned(),
            one_line(&field.event_type),
            one_line(&field.pointer),
            field.rows.to_string(),
            at(field.first_ms),
            at(field.last_ms),
            one_line(&field.example),
            if field.known { "now" } else { "no" }.to_owned(),
        ]);
    }
    if let Some(column) = table.column_mut(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
