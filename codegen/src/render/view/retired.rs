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
    /// `RenamedQueue`s.
    pub renamed: Vec<String>,
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
                    let route = route(exchange, routing_key);
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
            renamed: Vec::new(),
        }
    }

    /// Adds former names of queues. If a queue isn't there under its name of today either, the former one is retired.
    pub(crate) fn with_renamed(mut self, renamed: &Contracts, declared: &[&str]) -> Self {
        for (key, today) in renamed {
            let words_of_key = words(key);
            let ["queue", name] = as_strs(&words_of_key)[..] else {
                continue;
            };
            let today = words(today).concat();
            let mut bindings = Vec::new();
            let mut letters: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for key in renamed.keys() {
                match as_strs(&words(key))[..] {
                    ["bind", queue, exchange, key] if queue == name => {
                        bindings.push(route(exchange, key));
                    }
                    ["bind", queue, exchange, key] if key == format!("error.{name}") => {
                        let of_queue = letters.entry(queue.to_owned()).or_default();
                        of_queue.push(route(exchange, key));
                    }
                    _ => {}
                }
            }
            let former = queue((&name.to_owned(), &bindings));
            let letters: Vec<String> = letters.iter().map(queue).collect();
            if declared.contains(&today.as_str()) {
                self.renamed.push(format!(
                    "RenamedQueue {{ name: {}, former: {former}, letters: &[{}] }}",
                    literal(&today),
                    letters.join(", ")
                ));
            } else {
                self.queues.push(former);
                self.unbound.extend(letters);
            }
        }
        self
    }
}

fn route(exchange: &str, routing_key: &str) -> String {
    format!(
        "Route {{ exchange: {}, routing_key: {} }}",
        literal(exchange),
        literal(routing_key)
    )
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

    #[test]
    fn a_former_queue_comes_with_its_name_of_today_as_long_as_that_is_declared() {
        let facts = [
            ("bind a_q shop.dx order", ""),
            ("bind errors_q error.dx error.a_q", ""),
            ("queue a_q", "b_q"),
            ("table a", "b"),
        ];
        let renamed: Contracts = facts.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let of =
            |declared: &[&str]| RetiredView::of(&Contracts::new()).with_renamed(&renamed, declared);
        let former = r#"RetiredQueue { name: "a_q", bindings: &[Route { exchange: "shop.dx", routing_key: "order" }] }"#;
        let letters = r#"RetiredQueue { name: "errors_q", bindings: &[Route { exchange: "error.dx", routing_key: "error.a_q" }] }"#;
        let view = of(&["b_q"]);
        assert_eq!(
            view.renamed,
            [format!(
                r#"RenamedQueue {{ name: "b_q", former: {former}, letters: &[{letters}] }}"#
            )]
        );
        assert!(view.queues.is_empty() && view.unbound.is_empty());
        assert_eq!(of(&[]).queues, [former]);
        assert_eq!(of(&[]).unbound, [letters]);
    }
}
