//! The hooks that tables name, as an enum.

use std::collections::BTreeMap;

use serde::Serialize;

use super::names::{camel, literal};
use crate::model::Model;
use crate::store::dialect;

/// View of the template.
#[derive(Debug, Serialize)]
pub struct Hooks {
    hooks: Vec<HookView>,
}

#[derive(Debug, Serialize)]
struct HookView {
    variant: String,
    name: String,
    doc: String,
}

/// Hooks by name, each once.
pub fn hooks(model: &Model) -> Hooks {
    let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for table in &model.tables {
        if let Some(hook) = dialect(table).hook() {
            let tables = by_name.entry(hook).or_default();
            tables.push(format!("`{}`", table.name));
        }
    }
    let hooks = by_name.into_iter().map(|(name, tables)| HookView {
        variant: camel(name),
        name: literal(name),
        doc: format!("`{name}`, with rows of {}.", tables.join(", ")),
    });
    Hooks {
        hooks: hooks.collect(),
    }
}
