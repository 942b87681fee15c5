//! What is retired and may still be on servers, in generated Rust.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::late;
use super::names::literal;
use crate::schema::contract::{Contracts, words};

/// What the template of `topology/retired.rs` sees: each entry is Rust source.
#[derive(Debug, Serialize)]
pub struct RetiredView {
    /// `RetiredQueue`s that are retired themselves.
    pub queues: Vec<String>,
    /// `RetiredQueue`s that lose bindings only.
    pub unbound: Vec<String>,
    /// Names of exchanges.
    pub exchanges: Vec<String>,
    /// HTTP paths of sources.
    pub paths: Vec<String>,
    /// `RetiredEvent`s whose events are discarded.
    pub events: Vec<String>,
    /// The names of their members, with their numbers.
    pub event_names: Vec<String>,
}

impl RetiredView {
    /// Makes the view of facts that are retired and not declared again.
    pub(crate) fn of(retired: &Contracts) -> Self {
        let mut queues: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut unbound: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (mut exchanges, mut paths) = (BTreeSet::new(), BTreeSet::new());
        // `queue` comes after `bind`, so that queues are looked for first.
        for key in retired.keys() {
            if let ["queue", name] = as_strs(&words(key))[..] {
                queues.insert(name.to_owned(), Vec::new());
            }
        }
        for key in retired.keys() {
            match as_strs(&words(key))[..] {
                ["bind", queue, exchange, routing_key] => {
                    let route = format!(
                        "Route {{ exchange: {}, routing_key: {} }}",
                        literal(exchange),
                        literal(routing_key)
                    );
                    match queues.get_mut(queue) {
                        Some(routes) => routes.push(route),
                        None => unbound.entry(queue.to_owned()).or_default().push(route),
                    }
                }
                ["exchange", name] => {
                    exchanges.insert(literal(name));
                }
                ["path", _, path] => {
                    paths.insert(literal(path));
                }
                _ => {}
            }
        }
        let (events, event_names) = late::events(retired);
        RetiredView {
            events,
            event_names,
            queues: queues.iter().map(queue).collect(),
            unbound: unbound.iter().map(queue).collect(),
            exchanges: exchanges.into_iter().collect(),
            paths: paths.into_iter().collect(),
        }
    }
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn queue((name, routes): (&String, &Vec<String>)) -> String {
    format!(
        "RetiredQueue {{ name: {}, bindings: &[{}] }}",
        literal(name),
        routes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_come_with_their_bindings_and_others_lose_theirs() {
        let keys = [
            "bind a_q shop.dx \"\"",
            "bind b_q shop.dx \"one\\u{20}word\"",
            "exchange old.dx",
            "path shop /shop",
            "queue a_q",
            "table purchase",
        ];
        let retired: Contracts = keys.map(|key| (key.to_owned(), String::new())).into();
        let view = RetiredView::of(&retired);
        assert_eq!(
            view.queues,
            [
                r#"RetiredQueue { name: "a_q", bindings: &[Route { exchange: "shop.dx", routing_key: "" }] }"#
            ]
        );
        assert_eq!(
            view.unbound,
            [
                r#"RetiredQueue { name: "b_q", bindings: &[Route { exchange: "shop.dx", routing_key: "one word" }] }"#
            ]
        );
        assert_eq!(view.exchanges, ["\"old.dx\""]);
        assert_eq!(view.paths, ["\"/shop\""]);
    }
}
