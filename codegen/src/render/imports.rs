//! The `use` lines of generated files: what a file mentions is imported from where it is.
//!
//! Whoever prints code writes plain names. They are found again among the tokens of the finished file, so that a name
//! in a literal or a comment counts for nothing, and nothing is imported that isn't used.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

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
            "ColumnSpec",
            "Conflict",
            "Context",
            "Cors",
            "Database",
            "DeadLetter",
            "Destination",
            "Encoding",
            "Envelope",
            "EventType",
            "Exchange",
            "ExchangeKind",
            "Field",
            "Group",
            "Holds",
            "IdFrom",
            "Ids",
            "Input",
            "Intake",
            "Kind",
            "Label",
            "Layout",
            "Message",
            "Migration",
            "OnBad",
            "Piece",
            "Pipeline",
            "Pool",
            "Queue",
            "QueueKind",
            "Rate",
            "RenamedQueue",
            "Request",
            "Retired",
            "RetiredQueue",
            "Route",
            "RoutingKey",
            "Scheme",
            "SecretForm",
            "Shape",
            "Signature",
            "SignatureForm",
            "Signed",
            "SignedTime",
            "Source",
            "Storage",
            "Table",
            "Target",
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

/// The `use` lines of a file, whose path is below the folder of generated files.
pub(super) fn imports(path: &str, tokens: &TokenStream) -> Vec<String> {
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
    found.walk(&tokens);
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

impl Found {
    fn walk(&mut self, tokens: &TokenStream) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                // The variants of an enum are names of its own.
                TokenTree::Group(_) if is_enum(tokens.get(..at).unwrap_or_default()) => {}
                TokenTree::Group(group) => self.walk(&group.stream()),
                TokenTree::Ident(name) => {
                    let before = tokens.get(..at).unwrap_or_default();
                    let after = tokens.get(at + 1..).unwrap_or_default();
                    self.name(&name.to_string(), before, after);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn name(&mut self, name: &str, before: &[TokenTree], after: &[TokenTree]) {
        let punct = |token: Option<&TokenTree>, wanted: char| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == wanted);
        let last = before.last();
        let second = before.iter().rev().nth(1);
        match last {
            Some(TokenTree::Ident(word)) if defines(&word.to_string()) && !punct(second, '\'') => {
                self.defined.insert(name.to_owned());
                return;
            }
            // A field, a method or a lifetime.
            last if punct(last, '.') || punct(last, '\'') => return,
            // Not the beginning of its path.
            last if punct(last, ':') && joins(second) => return,
            _ => {}
        }
        let is_path = joins(after.first()) && punct(after.get(1), ':');
        let is_call = matches!(
            after.first(),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis
        );
        if name.starts_with(char::is_uppercase) || is_path || is_call {
            self.mentioned.insert(name.to_owned());
        } else {
            self.variables.insert(name.to_owned());
        }
    }
}

/// True if these tokens end with the head of an enum.
fn is_enum(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(word), TokenTree::Ident(_)] if *word == "enum")
}

/// True if the next token's name is a definition.
fn defines(word: &str) -> bool {
    matches!(
        word,
        "const" | "enum" | "fn" | "mod" | "static" | "struct" | "type"
    )
}

/// True if it is the first half of `::`.
fn joins(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{imports, mentions};

    fn of(path: &str, source: &str) -> Vec<String> {
        imports(path, &source.parse().unwrap())
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
