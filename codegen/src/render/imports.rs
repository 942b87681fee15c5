//! The `use` lines of generated files: what a file mentions is imported from where it is.
//!
//! Whoever prints code writes plain names. They are found again among the tokens of the finished file, so that a name
//! in a literal or a comment counts for nothing, and nothing is imported that isn't used.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream};
use syn::buffer::{Cursor, TokenBuffer};

/// The module of the server that generated code is written against.
const CONTRACT: &str = "crate::contract";

/// Names by the module that has them: one of the server by its path, one of generated code by its path below its root.
const NAMES: &[(&str, &[&str])] = &[
    (
        CONTRACT,
        &[
            "Append",
            "Auth",
            "RowError",
            "Batch",
            "Block",
            "Cluster",
            "ColumnSpec",
            "Conflict",
            "Context",
            "Cors",
            "Database",
            "Ddl",
            "DeadLetter",
            "Destination",
            "Encoding",
            "Envelope",
            "EventType",
            "Exchange",
            "ExchangeKind",
            "Field",
            "Foreign",
            "Format",
            "Group",
            "Holds",
            "IdFrom",
            "Ids",
            "Input",
            "Intake",
            "Kind",
            "Label",
            "Layout",
            "Make",
            "Message",
            "Migration",
            "OnBad",
            "Partition",
            "PartitionBy",
            "Piece",
            "Pipeline",
            "Pool",
            "Queue",
            "QueueKind",
            "Rate",
            "RecordKey",
            "RenamedQueue",
            "Request",
            "Retired",
            "RetiredEvent",
            "RetiredField",
            "RetiredQueue",
            "Route",
            "RoutingKey",
            "Scheme",
            "SecretForm",
            "Shape",
            "Sharding",
            "Signature",
            "SignatureForm",
            "Signed",
            "SignedTime",
            "Source",
            "Storage",
            "Table",
            "Target",
            "To",
            "Topic",
            "Upsert",
            "Verify",
            "function",
            "json",
            "unknown",
        ],
    ),
    ("crate::contract::wire", &["Reader"]),
    ("", &["databases", "requests", "shapes", "tables", "views"]),
    ("envelope", &["ENVELOPE"]),
    (
        "shapes",
        &["field", "implicit", "one_of", "optional", "repeated"],
    ),
    ("tables", &["DICTIONARY", "NULLABLE_DICTIONARY", "column"]),
    ("topology", &["route"]),
];

/// The `use` lines of a file, whose path is below the folder of generated files, from its first token on.
pub(super) fn imports(path: &str, tokens: Cursor<'_>) -> Vec<String> {
    let mut found = Found::default();
    found.walk(tokens);
    let module = module(path);
    let mut by_module: BTreeMap<Order, BTreeSet<&str>> = BTreeMap::new();
    for (place, names) in NAMES {
        let used = names
            .iter()
            .filter(|name| found.mentioned.contains(**name) && !found.defined.contains(**name));
        let used: BTreeSet<&str> = used.copied().collect();
        if let Some(order) = order(&module, place).filter(|_| !used.is_empty()) {
            by_module.entry(order).or_default().extend(used);
        }
    }
    let lines = by_module.into_iter().map(|((_, place), names)| {
        let names: Vec<&str> = names.into_iter().collect();
        match names.as_slice() {
            [name] => format!("use {place}::{name};"),
            names => format!("use {place}::{{{}}};", names.join(", ")),
        }
    });
    lines.collect()
}

/// True if some code mentions a variable.
pub(crate) fn mentions(lines: &[String], variable: &str) -> bool {
    let tokens: TokenStream = lines.join("\n").parse().unwrap_or_default();
    let mut found = Found::default();
    found.walk(TokenBuffer::new2(tokens).begin());
    found.variables.contains(variable)
}

/// The modules that a file is in, and it.
fn module(path: &str) -> Vec<&str> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// What `use` lines are sorted by: those of the server first, then from the root of generated code down; and the path.
type Order = (usize, String);

/// The path from one module to another; none if they are the same.
fn order(from: &[&str], to: &str) -> Option<Order> {
    if to.starts_with("crate::") {
        return Some((0, to.to_owned()));
    }
    let to: Vec<&str> = to.split("::").filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - common;
    let mut path = vec!["super"; up];
    path.extend(to.iter().skip(common));
    (!path.is_empty()).then(|| (usize::MAX - up, path.join("::")))
}

/// The names of a file.
#[derive(Default)]
struct Found {
    /// What something is named by: types and constants anywhere, modules before `::`, functions before `(`.
    mentioned: BTreeSet<String>,
    /// Any other beginning of a path.
    variables: BTreeSet<String>,
    /// What the file itself has.
    defined: BTreeSet<String>,
}

/// What matters of a token to the next ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// `enum`.
    Enum,
    /// Any other word that the name of a definition follows.
    Defines,
    /// Any other word.
    Word,
    /// A mark, and whether it is joined to the next one.
    Mark(char, bool),
    /// A group, a literal, a lifetime or nothing.
    Other,
}

impl Found {
    /// Takes in what is named from here to the end of the group.
    fn walk(&mut self, mut here: Cursor<'_>) {
        let (mut second, mut last) = (Before::Other, Before::Other);
        while !here.eof() {
            let (token, next) = if let Some((word, next)) = here.ident() {
                (self.word(&word, second, last, next), next)
            } else if let Some((mark, next)) = here.punct() {
                let joint = mark.spacing() == Spacing::Joint;
                (Before::Mark(mark.as_char(), joint), next)
            } else if let Some((inside, _, _, next)) = here.any_group() {
                // The variants of an enum are names of its own.
                if second != Before::Enum {
                    self.walk(inside);
                }
                (Before::Other, next)
            } else if let Some((_, next)) = here.lifetime() {
                (Before::Other, next)
            } else if let Some((_, next)) = here.literal() {
                (Before::Other, next)
            } else {
                return;
            };
            (second, last, here) = (last, token, next);
        }
    }

    /// Takes in a word between two tokens and what comes next.
    fn word(&mut self, word: &Ident, second: Before, last: Before, next: Cursor<'_>) -> Before {
        let name = word.to_string();
        let token = match name.as_str() {
            "enum" => Before::Enum,
            "const" | "fn" | "mod" | "static" | "struct" | "type" => Before::Defines,
            _ => Before::Word,
        };
        match last {
            Before::Enum | Before::Defines => {
                self.defined.insert(name);
                return token;
            }
            // A field or a method.
            Before::Mark('.', _) => return token,
            // Not the beginning of its path.
            Before::Mark(':', _) if second == Before::Mark(':', true) => return token,
            _ => {}
        }
        let is_call = next.group(Delimiter::Parenthesis).is_some();
        if name.starts_with(char::is_uppercase) || is_call || leads_on(next) {
            self.mentioned.insert(name);
        } else {
            self.variables.insert(name);
        }
        token
    }
}

/// True if `::` is here.
fn leads_on(here: Cursor<'_>) -> bool {
    let Some((first, next)) = here.punct() else {
        return false;
    };
    let is_first = first.as_char() == ':' && first.spacing() == Spacing::Joint;
    is_first
        && next
            .punct()
            .is_some_and(|(second, _)| second.as_char() == ':')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{TokenBuffer, imports, mentions};

    fn of(path: &str, source: &str) -> Vec<String> {
        let tokens = TokenBuffer::new2(source.parse().unwrap());
        imports(path, tokens.begin())
    }

    #[test]
    fn a_file_imports_what_it_mentions_from_where_it_is() {
        let source = "static TABLE: Table = Table { storage: Storage::ClickHouse(None) };\n\
                      fn append<'a>(block: &'a Block, shape: &'static Shape) -> Result<(), RowError> { json::text(shapes::event::A, column(1)) }";
        assert_eq!(
            of("tables/event.rs", source),
            [
                "use crate::contract::{Block, RowError, Shape, Storage, Table, json};",
                "use super::super::shapes;",
                "use super::column;",
            ]
        );
        let queue =
            "static QUEUE: Queue = Queue { input: Input::Events(&ENVELOPE), to: route(1) };";
        assert_eq!(
            of("topology/queues/a.rs", queue),
            [
                "use crate::contract::{Input, Queue};",
                "use super::super::super::envelope::ENVELOPE;",
                "use super::super::route;",
            ]
        );
    }

    #[test]
    fn literals_comments_fields_and_definitions_import_nothing() {
        for source in [
            r#"fn f() { x("json::text", b"shapes::A", 'a'); }"#,
            "/// `json::text` of a Block.\nfn f() {}",
            "fn f() { self.json(a.function, b::Block) }",
            "fn route() {} fn f() { route() }",
            "fn f<'json>() { let json = 1; g(json) }",
            "enum Hook { Queue, Route } fn f() { Hook::Queue }",
        ] {
            assert_eq!(of("topology/mod.rs", source), [""; 0], "{source}");
        }
    }

    #[test]
    fn a_variable_is_used_where_it_is_mentioned() {
        let lines = |line: &str| [line.to_owned()];
        assert!(mentions(&lines("f(message.body)"), "message"));
        assert!(!mentions(&lines("f(\"message.body\")"), "message"));
        assert!(!mentions(&lines("a.message"), "message"));
    }
}
