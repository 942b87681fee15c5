//! What stored rows mean: the expressions of columns, limits of texts, and the server of each database.

use super::expression::text;
use super::facts::Facts;
use super::kind::{Harm, Kind, NONE, PLAIN, at, lowered, yaml};
use crate::base::refusal::Place;
use crate::model::{ColumnSource, Model, Table};
use crate::rules::contracts::{JSON_CONTRACT, MEANING};
use crate::store::dialect;

/// What instances of both builds do with the same messages.
pub(crate) const SIDE_BY_SIDE: &str =
    "as long as there are any, they store what comes by the former expression";

/// The expression of a column.
pub(super) const EXPRESSION: Kind = Kind {
    word: "expression",
    names: 2,
    rule: &MEANING,
    title: |s| {
        format!(
            "the expression of column `{}` of table `{}`",
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| Place::Column(at(s, 0).to_owned(), at(s, 1).to_owned()),
    part_of: |s| {
        vec![
            format!("table {}", at(s, 0)),
            format!("column {} {}", at(s, 0), at(s, 1)),
        ]
    },
    changed: Some(Harm {
        instances: SIDE_BY_SIDE,
        messages: "those that wait, letters and replays are stored by the new expression",
        rows: "those that are stored keep the former meaning; an event that comes again may be another row if the column is in a key",
        instead: "add a column with another name",
        ..NONE
    }),
    ..PLAIN
};

/// The expression of a column for one event type.
pub(super) const VARIANT: Kind = Kind {
    word: "variant",
    names: 3,
    rule: &MEANING,
    title: |s| {
        format!(
            "the expression of column `{}` of table `{}` for `{}`",
            at(s, 1),
            at(s, 0),
            at(s, 2)
        )
    },
    place: |s| Place::Column(at(s, 0).to_owned(), at(s, 1).to_owned()),
    part_of: |s| {
        vec![
            format!("table {}", at(s, 0)),
            format!("column {} {}", at(s, 0), at(s, 1)),
        ]
    },
    changed: Some(Harm {
        instances: SIDE_BY_SIDE,
        messages: "those that wait, letters and replays are stored by the new expression",
        rows: "those that are stored keep the former meaning",
        instead: "add a column with another name",
        ..NONE
    }),
    gone: Some(Harm {
        rows: "new rows of this event have the default there",
        instead: "keep it",
        ..NONE
    }),
    ..PLAIN
};

/// The longest text of a column, where longer ones are refused.
pub(super) const TEXT: Kind = Kind {
    word: "text",
    names: 2,
    rule: &JSON_CONTRACT,
    title: |s| {
        format!(
            "the enforced limit of column `{}` of table `{}`",
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| Place::Column(at(s, 0).to_owned(), at(s, 1).to_owned()),
    part_of: |s| {
        vec![
            format!("table {}", at(s, 0)),
            format!("column {} {}", at(s, 0), at(s, 1)),
        ]
    },
    added: Some(Harm {
        senders: "events with longer texts become dead letters",
        messages: "those that wait, too",
        instead: "report longer texts first, and see in the metrics that there are none",
        ..NONE
    }),
    changed: Some(Harm {
        senders: "events with longer texts become dead letters",
        messages: "those that wait, too",
        instead: "leave it",
        ..NONE
    }),
    hurts: lowered,
    ..PLAIN
};

/// What else happens in the transaction that stores rows.
pub(super) const HOOK: Kind = Kind {
    word: "hook",
    names: 1,
    rule: &MEANING,
    title: |s| format!("the hook of table `{}`", at(s, 0)),
    place: |s| Place::Table(at(s, 0).to_owned()),
    part_of: |s| vec![format!("table {}", at(s, 0))],
    changed: Some(Harm {
        rows: "columns that the former hook filled are filled otherwise or not at all",
        instead: "keep it",
        ..NONE
    }),
    gone: Some(Harm {
        rows: "columns that it filled stay empty",
        instead: "keep it",
        ..NONE
    }),
    ..PLAIN
};

/// Which of two rows with the same key stays.
pub(super) const CONFLICT: Kind = Kind {
    word: "conflict",
    names: 1,
    rule: &MEANING,
    title: |s| format!("`on_conflict` of table `{}`", at(s, 0)),
    place: |s| yaml(&["tables", at(s, 0), "on_conflict"]),
    part_of: |s| vec![format!("table {}", at(s, 0))],
    changed: Some(Harm {
        messages: "of those that wait and come again, another one is kept",
        rows: "those that are stored were kept by the former rule",
        instead: "leave it, or fill another table",
        ..NONE
    }),
    ..PLAIN
};

/// The server of a database.
pub(super) const SERVER: Kind = Kind {
    word: "server",
    names: 1,
    rule: &MEANING,
    title: |s| format!("the server of database `{}`", at(s, 0)),
    place: |s| yaml(&["databases", at(s, 0)]),
    changed: Some(Harm {
        instances: "instances of both builds store on different servers",
        rows: "those that are stored stay on the former server",
        instead: "copy the tables first, and change the address of the server, not its name",
        ..NONE
    }),
    ..PLAIN
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for database in &model.databases {
        facts.add(&SERVER, &[&database.name], database.server.clone());
    }
    for table in &model.tables {
        add_table(model, table, facts);
    }
}

fn add_table(model: &Model, table: &Table, facts: &mut Facts) {
    for column in &table.columns {
        match &column.from {
            ColumnSource::Value(value) => {
                facts.add(&EXPRESSION, &[&table.name, &column.name], text(value));
            }
            ColumnSource::ByType(values) => {
                for (number, value) in values {
                    let subject = [table.name.as_str(), &column.name, event(model, *number)];
                    facts.add(&VARIANT, &subject, text(value));
                }
            }
        }
    }
    for (column, limit) in table.limits.iter().filter(|(_, limit)| limit.enforce) {
        facts.add(&TEXT, &[&table.name, column], limit.bytes.to_string());
    }
    if let Some(conflict) = dialect(table).conflict() {
        facts.add(&CONFLICT, &[&table.name], conflict);
    }
    if let Some(hook) = dialect(table).hook() {
        facts.add(&HOOK, &[&table.name], hook);
    }
}

fn event(model: &Model, number: u32) -> &str {
    let types = model.envelope.iter().flat_map(|envelope| &envelope.types);
    types
        .filter(|(of, _)| *of == number)
        .map(|(_, message)| message.name())
        .next()
        .unwrap_or_default()
}
