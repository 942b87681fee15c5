//! The store that a table is declared in, and the keys that only tables there have.

use super::Located;
use super::scalars::{Fields, word};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::StoreKind;
use crate::rules::postgres::OTHER_STORE;
use crate::syntax::yaml::{Entry, Text};

/// The stores that a table can be in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stores {
    /// The one of tables that say nothing.
    pub(crate) usual: &'static StoreKind,
    /// All of them.
    pub(crate) all: &'static [&'static StoreKind],
}

/// `store: NAME` of a table, and the keys that go with it.
#[derive(Debug)]
pub(crate) struct InStore {
    /// The store.
    pub(crate) kind: &'static StoreKind,
    /// The entries whose keys the store's tables have: the store itself reads them. None if the table's declaration is
    /// no mapping or its store isn't known, which was reported.
    pub(crate) entries: Option<Vec<Entry>>,
}

/// Finds the store of a table, and reports the keys of other stores.
pub(super) fn store(
    name: &Text,
    fields: &Fields<'_>,
    stores: Stores,
    out: &mut Diagnostics,
) -> InStore {
    let named: Vec<_> = stores.all.iter().map(|kind| (kind.name, *kind)).collect();
    let said: Option<Located<&'static StoreKind>> = fields
        .get("store")
        .and_then(|e| word("a table's `store`", &e.node, &named, out));
    let (kind, place) = match said {
        Some(said) => (said.value, said.span),
        // It is misspelt, which was reported: no other key can be judged.
        None if fields.get("store").is_some() => {
            return InStore {
                kind: stores.usual,
                entries: None,
            };
        }
        None => (stores.usual, name.span),
    };
    let others = stores.all.iter().flat_map(|other| other.keys);
    let others = others.chain(kind.without);
    let others = others.filter(|key| !kind.keys.contains(key));
    for entry in others.filter_map(|key| fields.get(key)) {
        out.push(meaningless(name, entry, kind, place));
    }
    let own = kind.keys.iter().filter_map(|key| fields.get(key));
    InStore {
        kind,
        entries: Some(own.cloned().collect()),
    }
}

fn meaningless(name: &Text, entry: &Entry, kind: &StoreKind, place: Span) -> Diagnostic {
    let message = format!(
        "table `{}` is in {}, where `{}` has no meaning",
        name.value, kind.title, entry.key.value
    );
    Diagnostic::new(&OTHER_STORE, message)
        .at(entry.key.span, "not in such a table")
        .and(Some(place), format!("in {}", kind.title))
}
