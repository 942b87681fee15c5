//! `event-grpc reprocess`: fills in unknown fields of stored rows.

use serde_json::json;

use super::unknown::Select;
use super::{one_line, say};
use crate::contract;
use crate::generated::PIPELINE;
use crate::ops::logging;
use crate::ops::unknown::{Plan, reprocess};

/// Maximum length of a value, in characters.
const VALUE: usize = 200;

/// Fill in the unknown fields that this build knows, in rows that older builds stored. Without --apply it shows what
/// would change and changes nothing. It may be stopped and run again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    select: Select,
    /// Change the rows.
    #[arg(long)]
    apply: bool,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let places = args.select.places()?;
    let wanted = |table: &contract::Table| args.select.wants(table);
    let plans = reprocess(
        places.stores(),
        &PIPELINE,
        &wanted,
        args.select.since,
        args.apply,
    )
    .await?;
    if args.json {
        say(&json!({ "applied": args.apply, "tables": plans }).to_string());
        return Ok(true);
    }
    plans.iter().for_each(|plan| show(plan, args.apply));
    let rows: u64 = plans.iter().map(|plan| plan.rows).sum();
    say(&match (rows, args.apply) {
        (0, _) => "nothing to fill in".to_owned(),
        (rows, true) => format!("{rows} rows filled in"),
        (rows, false) => format!("{rows} rows would change; --apply changes them"),
    });
    Ok(true)
}

fn show(plan: &Plan, applied: bool) {
    if plan.rows > 0 {
        let verb = if applied { "filled in" } else { "would change" };
        say(&format!("{}: {} rows {verb}", plan.table, plan.rows));
    }
    for (why, rows) in &plan.left {
        say(&format!(
            "{}: left in {rows} rows: {}",
            plan.table,
            one_line(why)
        ));
    }
    for sample in &plan.samples {
        let key: Vec<String> = sample
            .key
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        say(&format!("  {}", one_line(&key.join(", "))));
        for (name, before, after) in &sample.changes {
            say(&format!(
                "    {name}: {} → {}",
                shortened(before),
                shortened(after)
            ));
        }
    }
}

fn shortened(value: &str) -> String {
    let line: String = one_line(value).chars().take(VALUE).collect();
    match value.chars().nth(VALUE) {
        Some(_) => format!("{line}…"),
        None if line.is_empty() => "''".to_owned(),
        None => line,
    }
}
