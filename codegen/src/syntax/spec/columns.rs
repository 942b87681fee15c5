//! `columns: { ... }` of tables, as written.

use super::Table;
use super::scalars::{Fields, map, text, texts, wrong};
use crate::base::diagnostic::Diagnostics;
use crate::syntax::expression::parse;
use crate::syntax::yaml::{Entry, Node, Text, Value};

/// A line of `columns`.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    /// `NAME: EXPRESSION` or `NAME: { from: EXPRESSION, type: TYPE, renamed_from: NAME }`.
    Explicit {
        /// Its name.
        name: Text,
        /// The expression; absent if it could not be read.
        from: Option<Text>,
        /// The declared type, as the store of the table writes it.
        ty: Option<Text>,
        /// The name that the column had before.
        renamed_from: Option<Text>,
    },
    /// `NAME: { type: TYPE, renamed_from: NAME }` of a table whose store has columns that hooks fill.
    Hook {
        /// Its name.
        name: Text,
        /// Its type, as the store of the table writes it.
        ty: Option<Text>,
        /// The name that the column had before.
        renamed_from: Option<Text>,
        /// The comment above it.
        doc: String,
    },
    /// `"*": ROOT` or `"*": [ROOT, ROOT]`, where the star may be followed by a name.
    Wildcard {
        /// `header`, `event`, `payload` or `body`, or an expression with many values.
        root: Text,
    },
}

/// The lines of `columns`; with `hooks` also those that hooks fill.
pub(super) fn columns(node: &Node, hooks: bool, out: &mut Diagnostics) -> Vec<Column> {
    let mut columns = Vec::new();
    for entry in map("`columns`", node, out).unwrap_or_default() {
        if entry.key.value.starts_with('*') {
            let roots = texts("a wildcard", &entry.node, out);
            columns.extend(roots.into_iter().map(|root| Column::Wildcard { root }));
        } else {
            columns.push(column(entry, hooks, out));
        }
    }
    columns
}

fn column(entry: &Entry, hooks: bool, out: &mut Diagnostics) -> Column {
    let name = entry.key.clone();
    let what = format!("column `{}`", name.value);
    let mut renamed_from = None;
    let (from, ty): (Option<Text>, Option<Text>) = match &entry.node.value {
        Value::Scalar(from) => (Some(from.clone()), None),
        Value::Map(_) => {
            let known = ["from", "type", "renamed_from"];
            let fields = Fields::open(what, name.span, &entry.node, &known, out);
            renamed_from = fields.as_ref().and_then(|f| f.text("renamed_from", out));
            if let Some(fields) = fields.as_ref().filter(|f| hooks && f.get("from").is_none()) {
                fields.require("type", out);
                return Column::Hook {
                    name,
                    ty: fields.text("type", out),
                    renamed_from,
                    doc: entry.doc.clone(),
                };
            }
            let from = fields
                .as_ref()
                .and_then(|f| f.require("from", out))
                .and_then(|e| text("`from`", &e.node, out));
            (from, fields.as_ref().and_then(|f| f.text("type", out)))
        }
        _ => {
            out.push(wrong(&what, "an expression", &entry.node));
            (None, None)
        }
    };
    Column::Explicit {
        name,
        from,
        ty,
        renamed_from,
    }
}

/// The expression for the sender.
const CLIENT: &str = "$client";

/// The expression for what a build doesn't know.
const UNKNOWN: &str = "$unknown";

impl Table {
    /// Adds the columns that tables have unless they say otherwise. What a build doesn't know has no place among dead
    /// letters, which keep their bytes, nor beside a whole JSON message, of which nothing is missing; and a table may
    /// ignore it, and the sender too.
    pub(super) fn add_defaults(&mut self, defaults: &[Column]) {
        for column in defaults {
            let own = match column {
                Column::Explicit { name, .. } | Column::Hook { name, .. } => {
                    self.column(&name.value).is_some()
                }
                Column::Wildcard { .. } => false,
            };
            let is_client = expression(column) == Some(CLIENT);
            if own
                || (is_unknown(column) && self.needs_no_unknown())
                || (is_client && self.ignores(CLIENT))
            {
                continue;
            }
            self.columns.push(column.clone());
        }
    }

    fn needs_no_unknown(&mut self) -> bool {
        let ignored = self.ignores(UNKNOWN);
        let is_ours = |column: &Column| is_unknown(column) || is_whole_body(column);
        ignored || self.dead_letters.is_some() || self.columns.iter().any(is_ours)
    }

    /// True if the table ignores this, which is taken out of the list.
    fn ignores(&mut self, expression: &str) -> bool {
        let entries = self.ignore.len();
        self.ignore.retain(|path| path.value.trim() != expression);
        self.ignore.len() < entries
    }
}

fn expression(column: &Column) -> Option<&str> {
    match column {
        Column::Explicit { from, .. } => from.as_ref().map(|from| from.value.trim()),
        Column::Hook { .. } | Column::Wildcard { .. } => None,
    }
}

fn is_unknown(column: &Column) -> bool {
    expression(column) == Some(UNKNOWN)
}

/// `body | json`
fn is_whole_body(column: &Column) -> bool {
    let parsed = expression(column).and_then(|text| parse(text).ok());
    parsed.is_some_and(|parsed| {
        let json = matches!(parsed.calls.as_slice(), [only] if only.name.text == "json");
        parsed.root.text == "body" && parsed.path.is_empty() && json
    })
}
