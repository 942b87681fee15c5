//! A list of texts in a JSON message: it is kept with the whole message, or somebody says that it isn't.
#![allow(clippy::unwrap_used)]

use std::fs;

const PROTO: &str = "syntax = \"proto3\"; package rows;
message Row { string id = 1; string name = 2; repeated string tags = 3; }";

const PIPELINE: &str = "
sources:
  rows: { post: /rows/, message: rows.Row, exchange: row.dx, routing_key: row, id: request, verify: none }
exchanges: { row.dx: direct, error.dx: direct }
queues:
  row_q: { bind: { row.dx: row }, dead_letter: error.dx, into: row }
tables:
  row:
    engine: ReplacingMergeTree(stored_at)
    order_by: [name, id]
    columns: { COLUMNS, stored_at: $now }
    IGNORE
  failed:
    dead_letters: true
    engine: ReplacingMergeTree(stored_at)
    order_by: [queue, id]
    columns: { id: error.id, queue: error.queue, reason: error.reason, body: error.body, stored_at: $now }
";

/// The codes of the mistakes of a pipeline with these columns and this line of `ignore`.
fn codes(columns: &str, ignore: &str) -> Vec<&'static str> {
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("proto")).unwrap();
    fs::write(project.path().join("proto/rows.proto"), PROTO).unwrap();
    let text = PIPELINE
        .replace("COLUMNS", columns)
        .replace("IGNORE", ignore);
    fs::write(project.path().join("pipeline.yaml"), text).unwrap();
    let (model, _) = event_grpc_codegen::load(project.path());
    let mistakes = model.err().unwrap_or_default();
    let mut codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
    codes.dedup();
    codes
}

#[test]
fn a_list_of_texts_is_kept_with_the_whole_message_or_ignored() {
    let ignored = "ignore: [body.tags]";
    let whole = "\"*\": body, data: body | json";
    let nothing: [&str; 0] = [];
    assert_eq!(codes(whole, ""), nothing);
    assert_eq!(codes(whole, ignored), nothing);
    assert_eq!(codes("\"*\": body", ignored), nothing);
    assert_eq!(codes("id: body.id, name: body.name", ignored), nothing);
    assert_eq!(
        codes("id: body.id, name: body.name, data: body | json", ""),
        nothing
    );

    assert_eq!(codes("\"*\": body", ""), ["EG048"]);
    assert_eq!(codes("\"*\": body, tags: body.tags", ""), ["EG048"]);
    assert_eq!(codes("id: body.id, name: body.name", ""), ["EG070"]);
}

#[test]
fn what_a_wildcard_would_store_beside_the_whole_message_may_be_ignored() {
    let columns = "id: body.id, \"*\": body, name: body.name, data: body | json";
    let nothing: [&str; 0] = [];
    assert_eq!(codes(columns, "ignore: [body.tags]"), nothing);
    assert_eq!(codes(columns, "ignore: [body.name]"), ["EG071"]);
    assert_eq!(codes(columns, "ignore: [body.tags, body.tags]"), ["EG071"]);
    let columns = "id: body.id, name: body.name, data: body | json";
    assert_eq!(codes(columns, "ignore: [body.tags]"), ["EG071"]);
}
