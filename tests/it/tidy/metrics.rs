//! Metrics are declared in `src/metrics`, and their names stand nowhere else in the server.

use std::collections::BTreeSet;

use event_grpc::metrics;

use super::none;
use super::tree::{File, files};

#[test]
fn a_metric_is_declared_once_and_named_nowhere_else() {
    let names: Vec<&str> = metrics::all().map(|metric| metric.name).collect();
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len(), "a name is declared twice");
    let is_named = |line: &str| names.iter().any(|name| line.contains(name));
    let is_declaration = |line: &str| {
        let line = line.trim_start();
        line.starts_with("\"event_grpc_") || line.starts_with("\"process_")
    };
    let (mut declared, mut found) = (0, Vec::new());
    // The ledger's tests hold what an instance says, as it says it.
    let of_server =
        |file: &&File| file.path.starts_with("src/") && !file.path.ends_with("/tests.rs");
    for file in files().iter().filter(of_server) {
        match file.path.starts_with("src/metrics/") {
            true => declared += file.lines_where(is_declaration).len(),
            false => found.extend(file.lines_where(is_named)),
        }
    }
    none("Code counts by the declarations of src/metrics", &found);
    assert_eq!(
        declared,
        names.len(),
        "a declaration of src/metrics is missing in the GROUP of its file"
    );
}
