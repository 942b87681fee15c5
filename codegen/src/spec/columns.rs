//! `columns: { ... }` of tables, as written.

use super::Column;
use super::scalars::{Fields, map, text, texts, wrong};
use crate::diagnostic::Diagnostics;
use crate::yaml::{Entry, Node, Text, Value};

/// The lines of `columns`; of a PostgreSQL table also those that hooks fill.
pub(super) fn columns(node: &Node, postgres: bool, out: &mut Diagnostics) -> Vec<Column> {
    let mut columns = Vec::new();
    for entry in map("`columns`", node, out).unwrap_or_default() {
        if entry.key.value.starts_with('*') {
            let roots = texts("a wildcard", &entry.node, out);
            columns.extend(roots.into_iter().map(|root| Column::Wildcard { root }));
        } else {
            columns.push(column(entry, postgres, out));
        }
    }
    columns
}

fn column(entry: &Entry, postgres: bool, out: &mut Diagnostics) -> Column {
    let name = entry.key.clone();
    let what = format!("column `{}`", name.value);
    let (from, ty): (Option<Text>, Option<Text>) = match &entry.node.value {
        Value::Scalar(from) => (Some(from.clone()), None),
        Value::Map(_) => {
            let fields = Fields::open(what, name.span, &entry.node, &["from", "type"], out);
            if let Some(fields) = fields
                .as_ref()
                .filter(|f| postgres && f.get("from").is_none())
            {
                fields.require("type", out);
                return Column::Hook {
                    name,
                    ty: fields.text("type", out),
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
    Column::Explicit { name, from, ty }
}
