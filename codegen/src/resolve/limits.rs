//! The longest text of each column: what its table says of it, or of its kind, or what the defaults say.

use std::collections::BTreeMap;

use super::Table;
use crate::model::{TextLimit, Type};
use crate::syntax::spec::{Limits, Located, OFF};

/// The longest text of a key where nothing is said: a key is read and compared again and again, and kept in memory.
const KEY: u64 = 1 << 10;

/// The longest text of a dictionary where nothing is said: the same of few values, all of which are kept in memory.
const DICTIONARY: u64 = 8 << 10;

/// The limits of a table's columns, by name. The table of dead letters has none: it keeps what comes.
pub(crate) fn limits(table: &Table<'_>, defaults: &Limits) -> BTreeMap<String, TextLimit> {
    let own = &table.spec.limits;
    let said = |own: &Option<Located<u64>>, default: &Option<Located<u64>>, otherwise: u64| {
        own.as_ref()
            .or(default.as_ref())
            .map_or(otherwise, |l| l.value)
    };
    let of_keys = said(&own.keys, &defaults.keys, KEY);
    let of_dictionaries = said(&own.dictionaries, &defaults.dictionaries, DICTIONARY);
    let mode = own.enforce.as_ref().or(defaults.enforce.as_ref());
    let keys = table.store.keys().into_iter();
    let keys: Vec<&str> = keys.map(|name| name.value.as_str()).collect();
    let texts = table.columns.iter().filter(|c| is_text(&c.column.ty));
    let limit = |column: &super::Column| {
        let name = column.column.name.as_str();
        let own = own.columns.iter().find(|c| c.name.value == name);
        let bytes = match own.map(|own| &own.bytes) {
            Some(bytes) => bytes.as_ref()?.value,
            None if keys.contains(&name) => of_keys,
            None if is_dictionary(table, &column.column.ty) => of_dictionaries,
            None => OFF,
        };
        let mode = own.and_then(|own| own.enforce.as_ref()).or(mode);
        let limit = TextLimit {
            bytes: u32::try_from(bytes).ok()?,
            enforce: mode.is_some_and(|mode| mode.value),
        };
        (bytes != OFF).then(|| (name.to_owned(), limit))
    };
    match table.spec.dead_letters {
        Some(_) => BTreeMap::new(),
        None => texts.filter_map(limit).collect(),
    }
}

/// True if a column holds one text.
pub(crate) fn is_text(ty: &Type) -> bool {
    match ty {
        Type::String => true,
        Type::LowCardinality(of) | Type::Nullable(of) => is_text(of),
        _ => false,
    }
}

/// True if a column is a dictionary in the table's store.
fn is_dictionary(table: &Table<'_>, ty: &Type) -> bool {
    table.store.has_dictionaries() && matches!(ty, Type::LowCardinality(_))
}
