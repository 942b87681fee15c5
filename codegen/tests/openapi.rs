//! `clients/openapi.json` of this project: whatever it refers to is there, and so is all that senders may send.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use event_grpc_codegen::generate;
use serde_json::Value;

const NOW: u64 = 1_800_000_000;

fn document() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = generate(&root, NOW).unwrap();
    serde_json::from_slice(tree.get("clients/openapi.json").unwrap()).unwrap()
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = 0;
    let mut open = vec![&document];
    while let Some(node) = open.pop() {
        match node {
            Value::Object(members) => {
                if let Some(to) = members.get("$ref") {
                    let pointer = to.as_str().unwrap().trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{to} is nowhere");
                    found += 1;
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(found > 100, "found only {found} references");
}

#[test]
fn every_source_has_a_path_and_every_event_type_a_member() {
    let document = document();
    let posts: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|item| item["post"]["operationId"].as_str())
        .collect();
    for source in [
        "app",
        "branch",
        "graphy",
        "shopify",
        "vidooly",
        "webengage",
        "webengage_users",
    ] {
        assert!(posts.contains(&source), "{source} has no path");
    }
    let members = document["components"]["schemas"]["event.Event"]["properties"]
        .as_object()
        .unwrap();
    for name in [
        "id",
        "timestamp",
        "currentURL",
        "launchEvent",
        "SessionIdChangeEvent",
        "hostActionEvent",
    ] {
        assert!(members.contains_key(name), "there is no member {name}");
    }
}

#[test]
fn what_a_message_of_json_can_not_do_without_is_required() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let names = |schema: &str| -> Vec<String> {
        let required = schemas[schema]["required"].as_array().unwrap();
        required
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("event.Events"), ["header", "events"]);
    assert_eq!(
        names("webhook.WebengageEvent"),
        ["eventName", "eventTime", "eventData"]
    );
    assert_eq!(
        schemas["webhook.WebengageEvent"]["anyOf"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
