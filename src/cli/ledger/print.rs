//! Ledger as tables for people and as JSON for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::cli::{say, time};
use crate::ops::ledger::{BalanceVerdict, EventLine, Ledger, QueueLine, Reading, Span};

/// Ledger as one line of JSON.
pub(super) fn json(ledger: &Ledger, now: &Reading) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(ledger)?;
    if let Value::Object(object) = &mut value {
        object.insert("at_ms".to_owned(), json!(now.at_ms));
        object.insert("explained".to_owned(), json!(ledger.is_explained()));
    }
    Ok(value.to_string())
}

/// Ledger as two tables with notes.
pub(super) fn text(ledger: &Ledger, opening: Option<&Reading>, now: &Reading, all: bool) {
    let since = match opening {
        Some(opening) => format!("since {}", time::text(opening.at_ms)),
        None => "since the instances started".to_owned(),
    };
    say(&format!(
        "Instances: {}. Read at {}; counts are {since}.",
        now.instances.len(),
        time::text(now.at_ms)
    ));
    let lines: Vec<&QueueLine> = ledger
        .queues
        .iter()
        .filter(|line| all || !line.is_empty())
        .collect();
    say(&queues(&lines, opening.is_some()).to_string());
    if !ledger.events.is_empty() {
        say(&events(&ledger.events).to_string());
    }
    for doubt in &ledger.doubts {
        say(&format!("note: {doubt}"));
    }
    if !ledger.quiet {
        say(
            "note: messages moved while this was read; figures with `to` are ranges. They are exact when nothing moves.",
        );
    }
    for sentence in ledger.queues.iter().filter_map(QueueLine::sentence) {
        say(&sentence);
    }
    let any = |verdict| ledger.queues.iter().any(|line| line.verdict == verdict);
    say(if any(BalanceVerdict::Missing) {
        "Messages are missing without an explanation."
    } else if any(BalanceVerdict::Unknown) {
        "Some messages can't be accounted for, for the reasons above."
    } else if any(BalanceVerdict::WithinBand) {
        "Nothing is missing, except possibly messages that moved while this was read."
    } else {
        "Every message is accounted for."
    });
}

fn table(header: &[&str], texts: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header);
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn queues(lines: &[&QueueLine], opened: bool) -> Table {
    let header = [
        "queue",
        "opening",
        "published",
        "unanswered",
        "delivered",
        "again",
        "settled",
        "retried",
        "returned",
        "lost",
        "ready",
        "held",
        "remainder",
        "verdict",
    ];
    let mut table = table(&header, 1);
    for line in lines {
        let opening = line.opening.filter(|_| opened);
        let figures = [
            line.published,
            line.unanswered,
            line.delivered,
            line.redelivered,
            line.acknowledged,
            line.retried,
            line.returned,
            line.lost,
        ];
        let spans = [line.ready, line.held, line.remainder];
        let mut row = vec![
            line.queue.clone(),
            opening.map_or("?".to_owned(), |span| span.to_string()),
        ];
        row.extend(figures.iter().map(u64::to_string));
        row.extend(spans.iter().map(Span::to_string));
        row.push(line.verdict.to_string());
        table.add_row(row);
    }
    if let Some(column) = table.column_mut(header.len() - 1) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    table
}

fn events(lines: &[EventLine]) -> Table {
    let header = [
        "type",
        "into",
        "received",
        "accepted",
        "stored",
        "dead-lettered",
        "retried",
    ];
    let mut table = table(&header, 2);
    for line in lines {
        let kind = match line.kind.as_str() {
            "" => "-",
            kind => kind,
        };
        let figures = [
            line.events.received,
            line.events.accepted,
            line.units.stored,
            line.units.dead_lettered,
            line.units.retried,
        ];
        let mut row = vec![kind.to_owned(), line.into.clone()];
        row.extend(figures.iter().map(u64::to_string));
        table.add_row(row);
    }
    table
}
