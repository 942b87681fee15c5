//! The board as lines of text.

use comfy_table::{CellAlignment, Table, presets};

use super::super::one_line;
use crate::ops::board::Board;

/// Maximum number of types that are shown unless all are.
const TYPES: usize = 15;

/// Lines of a board; of what is quiet only with `all`.
pub(super) fn lines(board: &Board, all: bool) -> Vec<String> {
    let latency = board
        .publish_p99_ms
        .map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
    let instances = match board.instances {
        1 => "1 instance".to_owned(),
        many => format!("{many} instances"),
    };
    let mut lines = vec![format!(
        "event-grpc top  {instances}, rates per second over {:.1} s, publish p99 <= {latency}",
        board.seconds
    )];
    if !board.problems.is_empty() {
        lines.push(String::new());
        lines.extend(
            board
                .problems
                .iter()
                .map(|problem| format!("! {}", one_line(problem))),
        );
    }
    let sources = board
        .sources
        .iter()
        .map(|(name, of)| (name, vec![of.requests, of.refused, of.received]));
    table(
        &mut lines,
        all,
        &["source", "requests", "refused", "events"],
        sources,
    );
    let mut types: Vec<_> = board.types.iter().collect();
    types.sort_by(|a, b| {
        b.1.received
            .total_cmp(&a.1.received)
            .then(b.1.stored.total_cmp(&a.1.stored))
    });
    types.truncate(if all { usize::MAX } else { TYPES });
    let types = types.into_iter().map(|(name, of)| {
        (
            name,
            vec![of.received, of.stored, of.dead_lettered, of.retried],
        )
    });
    table(
        &mut lines,
        all,
        &["type", "received", "stored", "dead letters", "retried"],
        types,
    );
    let queues = board.queues.iter().map(|(name, of)| {
        (
            name,
            vec![
                of.published,
                of.settled,
                of.ready,
                of.held,
                of.unconfirmed,
                of.oldest_seconds,
            ],
        )
    });
    table(
        &mut lines,
        all,
        &[
            "queue",
            "published",
            "settled",
            "ready",
            "held",
            "unconfirmed",
            "oldest s",
        ],
        queues,
    );
    let tables = board.tables.iter().map(|(name, of)| {
        (
            name,
            vec![
                of.stored,
                of.dead_lettered,
                of.inserts,
                of.flush_p99_ms.unwrap_or(0.0),
            ],
        )
    });
    table(
        &mut lines,
        all,
        &["table", "stored", "dead letters", "inserts", "flush p99 ms"],
        tables,
    );
    lines
}

fn table<'a>(
    lines: &mut Vec<String>,
    all: bool,
    names: &[&str],
    rows: impl Iterator<Item = (&'a String, Vec<f64>)>,
) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(names);
    let mut any = false;
    for (name, values) in rows {
        if !all && values.iter().all(|value| value.abs() < 0.005) {
            continue;
        }
        any = true;
        let name = match name.as_str() {
            "" => "(none)".to_owned(),
            name => one_line(name),
        };
        let values = values.into_iter().map(number);
        table.add_row(std::iter::once(name).chain(values));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    if any {
        lines.push(String::new());
        lines.extend(table.lines());
    }
}

fn number(value: f64) -> String {
    match value {
        value if value.abs() < 0.005 => "0".to_owned(),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::board::QueueRates;

    #[test]
    fn a_queue_shows_the_age_of_its_oldest_message() {
        let waits = QueueRates {
            oldest_seconds: 732.0,
            ..QueueRates::default()
        };
        let queues = [
            ("quiet_q".to_owned(), QueueRates::default()),
            ("slow_q".to_owned(), waits),
        ];
        let board = Board {
            queues: queues.into(),
            ..Board::default()
        };
        let told = lines(&board, false).join("\n");
        assert!(told.contains("oldest s") && told.contains("732"), "{told}");
        assert!(!told.contains("quiet_q"), "{told}");
    }
}
