//! The catalogue through webhooks, as their senders post it: the rows are the same as through the broker.

use http::Method;
use serde_json::{Map, Value, json};

use super::{differences, fixture, rows};
use crate::app::support::{eventually, instance};
use crate::http::request;

/// The file of each message that is posted, its path, and its table.
const POSTED: [(&str, &str, &str); 5] = [
    ("branch_event", "/branch/event/", "branch_event"),
    ("graphy_event", "/graphy/event/", "graphy_event"),
    ("vidooly_event", "/vidooly/event/", "vidooly_event"),
    ("webengage_event", "/webengage/event/", "webengage_event"),
    ("shopify_event", "/shopify/event/", "shopify_event"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_webhooks_post_comes_to_the_same_rows() {
    instance("webhooks", async |app, store| {
        let mut wrong = Vec::new();
        for (file, path, table) in POSTED {
            let mut expected = Vec::new();
            for line in fixture(file) {
                let sent = http_headers(&line);
                let mut headers: Vec<(&str, &str)> = Vec::new();
                headers.extend(sent.iter().map(|(n, v)| (n.as_str(), v.as_str())));
                let body = line["message"].to_string();
                let answer = request(Method::POST, &app.url(path), &headers, body).await;
                match line.get("row") {
                    Some(row) => {
                        assert_eq!(answer.status, 200, "{file}: {answer:?}");
                        expected.push(comparable(row));
                    }
                    None => assert_eq!(answer.status, 202, "{file}: {answer:?}"),
                }
            }
            let stored = rows(store, table).await;
            let stored = stored.iter().map(comparable);
            wrong.extend(differences(table, expected, stored.collect()));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_keeps_names_the_field() {
    instance("webhooks_refuse", async |app, store| {
        for (path, body, field) in [
            (
                "/branch/event/",
                r#"{"id": "a", "name": "OPEN"}"#,
                "timestamp",
            ),
            (
                "/branch/event/",
                r#"{"id": "a", "name": "OPEN", "timestamp": "soon"}"#,
                "timestamp",
            ),
            (
                "/branch/event/",
                r#"{"id": "a", "name": "OPEN", "timestamp": 1, "user_data": []}"#,
                "user_data",
            ),
            ("/vidooly/event/", "{}", "name"),
            (
                "/webengage/event/",
                r#"{"eventName": "a", "eventTime": "1", "eventData": {}}"#,
                "userId, anonymousId",
            ),
            ("/shopify/event/", r#"{"storeUrl": "s"}"#, "eventName"),
        ] {
            let answer = request(Method::POST, &app.url(path), &[], body).await;
            let told: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(
                (answer.status, &told["field"], &told["stored"]),
                (202, &json!(field), &json!(false)),
                "{path} {told}"
            );
        }
        // A body that is not a message is refused, and kept too.
        for body in ["[]", "{", "7", ""] {
            let answer = request(Method::POST, &app.url("/graphy/event/"), &[], body).await;
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
        }
        eventually(store, "SELECT uniqExact(error_id) FROM DB.error_event", 10).await;
    })
    .await;
}

/// The HTTP headers that a message is posted with.
fn http_headers(line: &Map<String, Value>) -> Vec<(String, String)> {
    let sent = line.get("http").or(line.get("headers"));
    let Some(Value::Object(sent)) = sent else {
        return Vec::new();
    };
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let pairs = sent.iter().flat_map(|(name, value)| match value {
        Value::Array(values) => values.iter().map(|v| (name.clone(), text(v))).collect(),
        value => vec![(name.clone(), text(value))],
    });
    pairs.collect()
}

/// A row without what differs by the way that its message came: its id, its time, and how headers are written.
fn comparable(row: &Value) -> Value {
    let mut row = row.clone();
    if let Value::Object(columns) = &mut row {
        columns.remove("id");
        columns.remove("receive_timestamp");
        columns.remove("headers");
    }
    row
}
