//! `event-grpc dlq list`: numbers of dead letters of each kind, and the newest ones.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::select::Select;
use super::{one_line, schema};
use crate::cli::serve::ClickHouseArgs;
use crate::cli::{say, time};
use crate::generated::PIPELINE;
use crate::sink::clickhouse::dead_letters::{Count, Selection, Summary};

/// Maximum length of a reason, in characters.
const REASON: usize = 70;

/// Count the dead letters by queue, class, type and client, and show the newest.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    select: Select,
    /// Number of dead letters to show beside the counts.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    limit: u64,
    /// Include dead letters that were replayed or discarded.
    #[arg(long)]
    all: bool,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let letters = super::letters(&args.clickhouse)?;
    let selection = Selection {
        decided: args.all,
        ..args.select.selection(Some(args.limit))
    };
    let counts = letters.counts(&selection).await?;
    let newest = letters.summaries(&selection).await?;
    if args.json {
        let letters: Vec<Value> = newest.iter().map(as_json).collect();
        say(&json!({ "counts": counts, "letters": letters }).to_string());
        return Ok(true);
    }
    if counts.is_empty() {
        say("no dead letters");
        return Ok(true);
    }
    say(&kinds(&counts).to_string());
    say(&each(&newest, args.all).to_string());
    let all: u64 = counts.iter().map(|count| count.letters).sum();
    say(&format!("{} of {all} dead letters shown", newest.len()));
    Ok(true)
}

/// Summary, with the relation of its message's schema to that of the build that gave it up.
fn as_json(letter: &Summary) -> Value {
    let mut value = json!(letter);
    if let Value::Object(members) = &mut value {
        members.insert("made_by".to_owned(), json!(made_by(letter)));
    }
    value
}

fn made_by(letter: &Summary) -> &'static str {
    let schemas = PIPELINE.known_schemas();
    schema::relation(&schemas, &letter.schema, &letter.fingerprint).name()
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header);
    table
}

fn kinds(counts: &[Count]) -> Table {
    let mut table = table(&[
        "queue", "class", "type", "client", "letters", "oldest", "newest",
    ]);
    for count in counts {
        table.add_row([
            &one_line(&count.queue),
            &one_line(&count.class),
            &one_line(&count.event_type),
            &one_line(&count.client),
            &count.letters.to_string(),
            &time::text(count.oldest_ms),
            &time::text(count.newest_ms),
        ]);
    }
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn each(letters: &[Summary], all: bool) -> Table {
    let mut table = match all {
        true => table(&[
            "id",
            "last failed",
            "tries",
            "queue",
            "client",
            "made by",
            "reason",
            "decision",
        ]),
        false => table(&[
            "id",
            "last failed",
            "tries",
            "queue",
            "client",
            "made by",
            "reason",
        ]),
    };
    for letter in letters {
        let mut row = vec![
            one_line(&letter.id),
            time::text(letter.last_failed_ms),
            letter.attempts.to_string(),
            one_line(&letter.queue),
            one_line(&letter.client),
            made_by(letter).to_owned(),
            shortened(&letter.reason),
        ];
        if all {
            row.push(letter.decision.clone());
        }
        table.add_row(row);
    }
    table
}

/// Reason on one line; it may quote received data.
fn shortened(reason: &str) -> String {
    let line: String = one_line(reason).chars().take(REASON).collect();
    match reason.chars().nth(REASON) {
        Some(_) => format!("{line}…"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(super::shortened("a\nb\u{1b}[1m"), "a b [1m");
        let long = super::shortened(&"ä".repeat(71));
        assert_eq!(long, format!("{}…", "ä".repeat(70)));
    }
}
