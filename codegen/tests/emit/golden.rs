//! Everything that the small model generates, compared with the files beside this one.
//!
//! After a change that is meant: UPDATE_GOLDEN=1 cargo test -p event-grpc-codegen --test emit

use std::path::Path;

use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::clients;
use event_grpc_codegen::render::render;
use event_grpc_codegen::schema::ancestors::{Ancestors, SCHEMAS};
use event_grpc_codegen::schema::{
    fingerprint::fingerprint, history::History, lock::LOCK, plan::plan,
};

use crate::small;

/// 2026-11-23 21:15:00 UTC
const NOW: u64 = 1_795_468_500;

/// All files of a model without a history.
pub(crate) fn tree_of(model: &event_grpc_codegen::model::Model) -> Tree {
    let planned = plan(model, &History::default(), NOW).unwrap();
    let mut tree = Tree::default();
    render(&mut tree, model, &planned, None).unwrap();
    clients::render(&mut tree, Path::new("."), model, &History::default(), None).unwrap();
    for (path, sql) in &planned.written {
        tree.add(path, sql.as_str());
    }
    tree.add(LOCK, planned.lock);
    let known = Ancestors::default().with(&fingerprint(model), NOW);
    tree.add(SCHEMAS, known.render());
    tree
}

#[test]
fn the_small_model_gives_the_golden_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/small");
    let tree = tree_of(&small::model());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        tree.write(&root).unwrap();
    }
    if let Some(diff) = tree.check(&root).unwrap() {
        panic!("the golden files differ:\n{diff}");
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    assert!(tree_of(&small::model()) == tree_of(&small::model()));
}
