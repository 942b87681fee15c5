//! The layers of the generator: which of its modules may import which.

use std::collections::BTreeSet;

use super::circles::{circles, edges};
use super::none;
use super::tree::{File, files};

const ROOT: &str = "codegen/src";

/// What each module of the generator may import beside itself. `lib.rs` wires them together, and none knows it.
const LAYERS: [(&str, &[&str]); 13] = [
    ("base", &[]),
    ("rules", &["base"]),
    ("model", &["base"]),
    ("syntax", &["base", "rules", "model"]),
    ("function", &["base", "rules", "model", "syntax"]),
    ("store", &["base", "rules", "model", "syntax"]),
    (
        "resolve",
        &["base", "rules", "model", "syntax", "function", "store"],
    ),
    ("check", &["base", "rules", "model", "syntax", "resolve"]),
    ("schema", &["base", "rules", "model", "store"]),
    (
        "render",
        &["base", "rules", "model", "function", "store", "schema"],
    ),
    // Libraries for senders.
    ("clients", &["base", "model", "render", "schema"]),
    // A change, for its reviewer.
    ("review", &["base", "model", "schema"]),
    // What is told to people at a terminal.
    ("report", &["base", "rules", "function"]),
];

#[test]
fn a_layer_of_the_generator_imports_only_those_below_it() {
    let edges = edges(&files(), ROOT);
    let listed: BTreeSet<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    let mut found = Vec::new();
    for edge in &edges {
        let (Some(from), to) = (edge.from.first(), edge.to.first()) else {
            continue;
        };
        let to = to.map_or("the root", String::as_str);
        let allowed = LAYERS.iter().find(|(layer, _)| layer == from);
        if to != from && !allowed.is_some_and(|(_, may)| may.contains(&to)) {
            found.push(format!("{}: {from} may not import {to}", edge.place));
        }
    }
    let modules: BTreeSet<&str> = edges
        .iter()
        .flat_map(|edge| [edge.from.first(), edge.to.first()])
        .flatten()
        .map(String::as_str)
        .collect();
    found.extend(
        modules.difference(&listed).map(|module| {
            format!("{ROOT}/{module}: is in no layer; list it with what it may import")
        }),
    );
    none(
        "The generator's layers are those of ARCHITECTURE.md",
        &found,
    );
}

#[test]
fn modules_of_the_generator_never_import_in_a_circle() {
    let edges = edges(&files(), ROOT);
    assert!(edges.len() > 100, "found only {} imports", edges.len());
    none(
        "Modules of one folder import in one direction; put what both need into a module below them",
        &circles(&edges),
    );
}

#[test]
fn only_the_layer_of_stores_knows_which_there_are() {
    let files = files();
    let edges = edges(&files, ROOT);
    let folder = format!("{ROOT}/store/");
    let in_folder = |file: &&File| file.path.starts_with(&folder);
    let stores: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(&folder)?.strip_suffix("/mod.rs"))
        .collect();
    assert!(stores.len() > 1, "found only the stores {stores:?}");
    let is_store = |module: &[String]| match module {
        [layer, store, ..] => layer == "store" && stores.contains(store.as_str()),
        _ => false,
    };
    let mut found: Vec<String> = edges
        .iter()
        .filter(|edge| edge.from.first().is_some_and(|layer| layer != "store"))
        .filter(|edge| is_store(&edge.to))
        .map(|edge| format!("{}: imports a store", edge.place))
        .collect();
    let others = files
        .iter()
        .filter(|file| file.is_rust_of(ROOT) && !in_folder(file));
    // The variants of the model that stand for the stores.
    let names_one = |line: &str| line.contains("Store::");
    found.extend(others.flat_map(|file| file.lines_where(names_one)));
    none(
        "What a store has of its own is asked of codegen/src/store/mod.rs, never by which store it is",
        &found,
    );
}
