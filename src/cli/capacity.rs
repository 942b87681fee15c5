//! `event-grpc capacity`: what a rate of events needs.

use std::path::PathBuf;

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::say;
use crate::capacity::{Costs, Load, Part, Plan, Site, plan};

/// Say how many instances, RabbitMQ nodes, partitions, ClickHouse shards and disks a rate of events needs, and which of them
/// is full first. It computes and connects to nothing. See docs/scale.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Events a second at the busiest time, as in 250000 or 1e6
    #[arg(long, value_name = "RATE", value_parser = positive)]
    events: f64,
    /// Bytes of an event on the wire, with its share of the header
    #[arg(long, default_value = "200", value_name = "BYTES", value_parser = positive)]
    bytes: f64,
    /// Events in a request
    #[arg(long, default_value = "100", value_name = "COUNT", value_parser = at_least_one)]
    batch: f64,
    /// Rows that an event becomes: queues that it goes through
    #[arg(long, default_value = "1", value_name = "COUNT", value_parser = positive)]
    rows: f64,
    /// Tables among which the rows are
    #[arg(long, default_value = "5", value_name = "COUNT", value_parser = at_least_one)]
    tables: f64,
    /// Share of the events that goes through the busiest queue, in percent
    #[arg(long, default_value = "100", value_name = "PERCENT", value_parser = percent)]
    hottest: f64,
    /// Cores of a machine
    #[arg(long, default_value = "8", value_name = "COUNT", value_parser = positive)]
    cores: f64,
    /// Share of a machine that may be in use, in percent
    #[arg(long, default_value = "60", value_name = "PERCENT", value_parser = percent)]
    busy: f64,
    /// Members of a quorum queue
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=9))]
    members: u32,
    /// Replicas of a ClickHouse shard
    #[arg(long, default_value_t = 2, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=9))]
    replicas: u32,
    /// Days for which rows are kept
    #[arg(long, default_value = "90", value_name = "DAYS", value_parser = positive)]
    days: f64,
    /// Hours for which queues have to hold what comes while ClickHouse is away
    #[arg(long, default_value = "1", value_name = "HOURS", value_parser = positive)]
    outage: f64,
    /// Costs that `cargo xtask bench capacity` measured on a machine like yours; without it those of the project's own
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<bool> {
    let costs = match &args.costs {
        None => Costs::MEASURED,
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("can't read {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} holds no costs as `cargo xtask bench capacity` prints them",
                    file.display()
                )
            })?
        }
    };
    let load = Load {
        events: args.events,
        bytes: args.bytes,
        request: args.batch,
        rows: args.rows,
        hottest: args.hottest / 100.0,
        tables: args.tables,
    };
    let site = Site {
        cores: args.cores,
        busy: args.busy / 100.0,
        members: args.members,
        replicas: args.replicas,
        days: args.days,
        outage: args.outage,
    };
    let plan = plan(&load, &site, &costs);
    match args.json {
        true => say(&as_json(&plan).to_string()),
        false => print(args, &plan),
    }
    Ok(true)
}

fn print(args: &Args, plan: &Plan) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["part", "the least of it takes", "needed", "in use"]);
    for part in &plan.parts {
        table.add_row([
            part.name.to_owned(),
            format!("{} events/s", rounded(part.takes)),
            match part.name {
                "ClickHouse shards" => format!("{} x {} replicas", part.needed, args.replicas),
                _ => part.needed.to_string(),
            },
            format!("{:.0} %", part.busy * 100.0),
        ]);
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    say(&table.to_string());
    say("");
    let bytes = plan.bytes;
    say(&format!(
        "Received {}/s; written to queues {}/s, and {} of them after {} h without ClickHouse.",
        size(bytes.received),
        size(bytes.queued),
        size(bytes.backlog),
        args.outage
    ));
    say(&format!(
        "Stored after {} days: {}, in inserts of {} rows.",
        args.days,
        size(bytes.stored),
        rounded(plan.insert_rows)
    ));
    if let Some(Part { name, takes, .. }) = plan.first() {
        say(&format!(
            "With the least of each, {name} are full first, at {} events/s.",
            rounded(*takes)
        ));
    }
}

fn as_json(plan: &Plan) -> serde_json::Value {
    let parts = plan.parts.iter().map(|part| {
        json!({ "name": part.name, "takes": part.takes, "needed": part.needed, "busy": part.busy })
    });
    json!({
        "parts": parts.collect::<Vec<_>>(),
        "first": plan.first().map(|part| part.name),
        "insert_rows": plan.insert_rows,
        "cpu_microseconds_an_event": {
            "server": plan.cpu.server,
            "rabbitmq": plan.cpu.rabbitmq,
            "clickhouse": plan.cpu.clickhouse,
        },
        "bytes": {
            "received": plan.bytes.received,
            "queued": plan.bytes.queued,
            "backlog": plan.bytes.backlog,
            "stored": plan.bytes.stored,
        },
    })
}

/// A number for people: two digits that say something, and groups of three.
fn rounded(number: f64) -> String {
    let unit = 10f64
        .powf(number.abs().max(1.0).log10().floor() - 1.0)
        .max(1.0);
    let digits = format!("{:.0}", (number / unit).round() * unit);
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn size(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut bytes = bytes;
    let mut unit = 0;
    while bytes >= 1000.0 && unit + 1 < units.len() {
        bytes /= 1000.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    match bytes < 10.0 {
        true => format!("{bytes:.1} {name}"),
        false => format!("{bytes:.0} {name}"),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    within(
        text,
        f64::MIN_POSITIVE,
        1e12,
        "a number above 0, as in 250000 or 1e6",
    )
}

fn at_least_one(text: &str) -> Result<f64, String> {
    within(text, 1.0, 1e6, "a number from 1")
}

fn percent(text: &str) -> Result<f64, String> {
    within(
        text.trim_end_matches('%'),
        1.0,
        100.0,
        "a percentage from 1 to 100",
    )
}

fn within(text: &str, least: f64, most: f64, wanted: &str) -> Result<f64, String> {
    let number: Option<f64> = text.replace('_', "").parse().ok();
    let number = number.filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(rounded(1_234_567.0), "1,200,000");
        assert_eq!(rounded(987.0), "990");
        assert_eq!(rounded(7.4), "7");
        assert_eq!(size(1.55e12), "1.6 TB");
        assert_eq!(size(2e8), "200 MB");
        assert_eq!(positive("1e6"), Ok(1e6));
        assert_eq!(positive("250_000"), Ok(250_000.0));
        for wrong in ["0", "-1", "NaN", "inf", "many", ""] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
        assert_eq!(percent("60%"), Ok(60.0));
        assert!(percent("0").is_err());
    }
}
