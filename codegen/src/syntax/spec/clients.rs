//! `clients: [LANGUAGE, ...]`, as written.

use super::scalars::{word, wrong};
use crate::base::diagnostic::Diagnostics;
use crate::model::Client;
use crate::syntax::yaml::{Node, Value};

/// The languages by their names.
const LANGUAGES: [(&str, Client); 6] = [
    ("openapi", Client::OpenApi),
    ("typescript", Client::TypeScript),
    ("java", Client::Java),
    ("python", Client::Python),
    ("go", Client::Go),
    ("rust", Client::Rust),
];

/// The languages that libraries are written for, sorted, each once.
pub(super) fn clients(node: &Node, out: &mut Diagnostics) -> Vec<Client> {
    let Value::List(items) = &node.value else {
        out.push(wrong("`clients`", "a list", node));
        return Vec::new();
    };
    let read = |item| word("a client's language", item, &LANGUAGES, out);
    let mut found: Vec<Client> = items.iter().filter_map(read).map(|w| w.value).collect();
    found.sort();
    found.dedup();
    found
}
