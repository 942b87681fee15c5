//! The review of a change, to the letter.
//!
//! The shop of `words/contracts` is changed in several ways at once; `review/` holds the page as text, as Markdown and as
//! JSON. `UPDATE_EXPECT=1` rewrites them; look at the difference before committing it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc_codegen::report::sarif::sarif;
use event_grpc_codegen::review::{Review, Severity, page};
use event_grpc_codegen::{Failure, generate, review};

const NOW: u64 = 1_795_468_500;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The shop, generated, and then with these texts replaced.
fn reviewed(edits: &[(&str, &str, &str)]) -> Review {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    fs::create_dir(root.join("proto")).unwrap();
    let shop = tests().join("words/contracts");
    fs::copy(shop.join("shop.proto"), root.join("proto/shop.proto")).unwrap();
    fs::copy(shop.join("pipeline.yaml"), root.join("pipeline.yaml")).unwrap();
    generate(root, NOW).unwrap().write(root).unwrap();
    for (file, old, new) in edits {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(old), "no {old:?} in {file}");
        fs::write(root.join(file), text.replacen(old, new, 1)).unwrap();
    }
    match review(root) {
        Ok(review) => review,
        Err(failure) => panic!("{failure}"),
    }
}

const PROTO: &str = "proto/shop.proto";
const YAML: &str = "pipeline.yaml";

const NEW_EVENT: [(&str, &str, &str); 2] = [
    (
        PROTO,
        "    Bought bought = 4;\n",
        "    Bought bought = 4;\n    Sent sent = 5;\n",
    ),
    (
        PROTO,
        "message Viewed {",
        "message Sent {\n  string parcel = 1;\n}\n\nmessage Viewed {",
    ),
];

#[test]
fn a_page_says_what_changes_whom_it_hurts_and_in_which_order_to_deploy() {
    let mut edits = NEW_EVENT.to_vec();
    edits.extend([
        (PROTO, "  int64 placedAt = 4;", "  int64 placedAt = 4;\n  optional string country = 7;"),
        (PROTO, "  optional string note = 3;", "  reserved 3;\n  reserved \"note\";"),
        (YAML, "placed_at: body.placedAt | epoch_millis", "placed_at: body.placedAt | epoch_seconds"),
        (YAML, "  mail_q: {", "  parcel_q: {"),
        (
            YAML,
            "requests:\n",
            "accepts: [{ change: expression order placed_at b13a00, why: it is in seconds since 4.2 }]\n\
             retired:\n\
             \x20 - { queue: mail_q, since: 2026-11-26, why: it has another name }\n\
             \x20 - { column: order.note, since: 2026-11-26, why: nobody writes notes }\n\
             requests:\n",
        ),
    ]);
    let review = reviewed(&edits);
    assert_eq!(review.severity, Severity::Meant);
    let json = serde_json::to_string_pretty(&review).unwrap() + "\n";
    let pages = [
        ("page.txt", page::text(&review)),
        ("page.md", page::markdown(&review)),
        ("page.json", json),
    ];
    for (name, text) in pages {
        let path = tests().join("review").join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(text, expected, "UPDATE_EXPECT=1 writes {name} anew");
    }
}

#[test]
fn what_has_another_name_is_told_with_whom_that_hurts_and_when() {
    let review = reviewed(&[
        (YAML, "  mail_q: {", "  parcel_q: { renamed_from: mail_q,"),
        (
            YAML,
            "placed_at: body.placedAt | epoch_millis",
            "ordered_at: { from: body.placedAt | epoch_millis, renamed_from: placed_at }",
        ),
        (YAML, "  sold:\n", "  bought:\n    renamed_from: sold\n"),
    ]);
    assert_eq!(review.severity, Severity::Meant);
    let text = page::text(&review);
    let path = tests().join("review/renamed.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap());
}

#[test]
fn the_worst_of_a_change_is_its_severity() {
    assert_eq!(reviewed(&[]).severity, Severity::Safe);
    assert_eq!(
        page::text(&reviewed(&[])),
        "No change against migrations/schema.lock on disk.\n"
    );
    assert_eq!(reviewed(&NEW_EVENT).severity, Severity::Safe);
    let refused = reviewed(&[(YAML, "post: /orders/", "post: /order/")]);
    assert_eq!(refused.severity, Severity::Refused);
    assert_eq!(refused.order.len(), 1);
}

#[test]
fn a_mistake_is_shown_at_its_line_by_tools_of_code_review() {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    fs::create_dir(root.join("proto")).unwrap();
    let shop = tests().join("words/contracts");
    fs::copy(shop.join("shop.proto"), root.join("proto/shop.proto")).unwrap();
    let text = fs::read_to_string(shop.join("pipeline.yaml")).unwrap();
    let text = text.replace("message: shop.Order", "message: shop.Ordr");
    fs::write(root.join("pipeline.yaml"), text).unwrap();
    let Err(Failure::Mistakes(mistakes, sources)) = generate(root, NOW) else {
        panic!("it is a mistake");
    };
    let log: serde_json::Value = serde_json::from_str(&sarif(&mistakes, &sources)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), mistakes.len());
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "EG010");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "EG010");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], YAML);
    assert_eq!(place["region"]["startLine"], 5);
    assert_eq!(place["region"]["startColumn"], 14);
}
