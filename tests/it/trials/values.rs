//! Values that changed, moved or vanished on their way into a row: each is stored as it was sent, or refused.

mod oracle;

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;
use serde_json::{Value, json};

use crate::app::support::{Instance, eventually, instance, text};
use crate::clickhouse::support::number;
use crate::http::request;

/// Publishes a message of another service, as it would come over AMQP.
async fn publish(app: &Instance, exchange: &'static str, id: &str, body: &str) {
    let properties = Properties {
        content_type: Some("application/json".into()),
        message_id: Some(id.to_owned()),
        ..Properties::default()
    };
    let message = Outgoing::new(exchange, "x", body.to_owned()).with(properties);
    app.broker().publish(message).await.unwrap();
}

/// Waits until all that was published is a row or a letter, and says what each is: the JSON that is stored, or why not.
async fn ends(store: &ClickHouse, sent: &[(&str, &str)]) -> Vec<Result<String, String>> {
    let all = "SELECT count() FROM (SELECT id FROM DB.graphy_event UNION DISTINCT \
               SELECT message_id FROM DB.error_event WHERE queue = 'graphy_event_q')";
    eventually(store, all, sent.len() as u64).await;
    let mut ends = Vec::new();
    for (id, _) in sent {
        let row = format!("FROM DB.graphy_event FINAL WHERE id = '{id}'");
        ends.push(
            match number(store, &format!("SELECT count() {row}")).await {
                0 => Err(text(
                    store,
                    &format!("SELECT reason FROM DB.error_event FINAL WHERE message_id = '{id}'"),
                )
                .await),
                _ => Ok(text(store, &format!("SELECT toJSONString(event_data) {row}")).await),
            },
        );
    }
    ends
}

#[tokio::test(flavor = "multi_thread")]
async fn free_json_is_stored_as_it_came_or_refused_with_the_key() {
    const TWICE: &str = "is there twice, once as a key with a dot and once nested";
    let kept = |text: &str| Ok(text.to_owned());
    let refused = |reason: &str| Err(reason.to_owned());
    let cases = [
        (
            r#"{"order.id":"A1","order":{"id":"B2"}}"#,
            refused("field `order.id`: is there twice"),
        ),
        (r#"{"order":{"id":"B2"},"order.id":"B2"}"#, refused(TWICE)),
        (
            r#"{"order.id":"A1","order":{"x":1}}"#,
            kept(r#"{"order":{"id":"A1","x":1}}"#),
        ),
        (r#"{"":{"b":1},"b":2}"#, kept(r#"{"":{"b":1},"b":2}"#)),
        (r#"{"":{"q":1}}"#, kept(r#"{"":{"q":1}}"#)),
        (
            r#"{"":{"":1},"a":{"":2},"b":[{"":3}]}"#,
            kept(r#"{"":{"":1},"a":{"":2},"b":[{"":3}]}"#),
        ),
        (
            r#"{"a":{"":1},"a.":2}"#,
            refused("field `a.`: is there twice"),
        ),
        (
            r#"{"a":[{"b.c":1,"b":{"c":2}}]}"#,
            refused("field `a[].b.c`: is there twice"),
        ),
        (
            r#"{"a":[1,[{"b.c":1,"b":{"c":2}}]]}"#,
            refused("field `a[].b.c`: is there twice"),
        ),
        (
            r#"{"a":1,"a":2}"#,
            refused("the key \"a\" is in one object twice"),
        ),
        (
            r#"{"a":[{"b":1,"b":null}]}"#,
            refused("the key \"b\" is in one object twice"),
        ),
        (
            r#"{"a":1234567890123456789012}"#,
            kept(r#"{"a":1234567890123456789012}"#),
        ),
        (
            r#"{"a":[1,-1234567890123456789013]}"#,
            kept(r#"{"a":[1,-1234567890123456789013]}"#),
        ),
        (
            r#"{"a":18446744073709551615,"b":-0,"c":-0.0}"#,
            kept(r#"{"a":18446744073709551615,"b":0,"c":-0}"#),
        ),
        (
            r#"{"a":[9007199254740993,1.5],"b":[true,1]}"#,
            kept(r#"{"a":[9007199254740993,1.5],"b":[true,1]}"#),
        ),
        (
            r#"{"a":{"b":1e400}}"#,
            refused("field `a.b`: is 1e400, which is out of the range"),
        ),
        (
            r#"{"a":[{"b":[1e-400]}]}"#,
            refused("field `a[].b`: is 1e-400, which is out of the range"),
        ),
        (
            r#"{"a":"\ud83d","\ude00":["x\u0000y"]}"#,
            kept("{\"a\":\"\u{fffd}\",\"\u{fffd}\":[\"x\\u0000y\"]}"),
        ),
        (
            r#"{"a":[null,[1],[]],"b":[{"c":1},null]}"#,
            kept(r#"{"a":[null,[1],[]],"b":[{"c":1},null]}"#),
        ),
    ];
    instance("values_free", async |app, store| {
        let ids: Vec<String> = (0..cases.len()).map(|at| format!("case-{at}")).collect();
        let sent: Vec<(&str, &str)> = ids
            .iter()
            .zip(&cases)
            .map(|(id, case)| (id.as_str(), case.0))
            .collect();
        for (id, body) in &sent {
            publish(app, "graphy_event.tx", id, body).await;
        }
        for ((sent, wanted), end) in cases.iter().zip(ends(store, &sent).await) {
            match (wanted, &end) {
                (Err(reason), Err(told)) => assert!(told.contains(reason), "{sent}: {told}"),
                (wanted, end) => assert_eq!(end, wanted, "{sent}"),
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_sent_as_numbers_keep_their_digits() {
    let ids = [
        "1234567890123456789012",
        "1234567890123456789013",
        "10.50",
        "-0",
        "1E+2",
        "0.1000000000000000055",
        "18446744073709551615",
    ];
    instance("values_digits", async |app, store| {
        for id in ids {
            let body = format!(r#"{{"id":{id},"name":"digits","timestamp":1760000000000}}"#);
            let answer = request(Method::POST, &app.url("/branch/event/"), &[], body).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let sql = "SELECT uniqExact(id) FROM DB.branch_event FINAL";
        eventually(store, sql, ids.len() as u64).await;
        for id in ids {
            let sql = format!("SELECT count() FROM DB.branch_event FINAL WHERE id = '{id}'");
            assert_eq!(number(store, &sql).await, 1, "{id}");
        }
        // The whole message is kept beside it, as the number that it was.
        let whole =
            "SELECT toString(complete_event.id) FROM DB.branch_event FINAL WHERE id LIKE '%9013'";
        assert_eq!(text(store, whole).await, "1234567890123456789013");
        assert_eq!(number(store, "SELECT count() FROM DB.error_event").await, 0);
    })
    .await;
}

/// A body of an order with these values in place of others.
fn order(quantity: &str, price: &str) -> String {
    let order = json!({
        "id": "o", "event_timestamp": 1_760_000_000_000_i64, "name": "x", "timestamp": 1_760_000_000_000_i64,
    });
    let order = order.to_string();
    let open = order.trim_end_matches('}');
    format!(r#"{open},"di_match_click_token":{quantity},"event_data":{{"revenue":{price}}}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_taken_exactly_or_refused_with_their_field() {
    // Values of an integer column and of a column of floats.
    let integers = [
        ("9223372036854775807", Some("9223372036854775807")),
        ("\"+5\"", Some("5")),
        ("\" 007 \"", Some("7")),
        ("5.0", Some("5")),
        ("1e3", Some("1000")),
        ("9007199254740993.0", Some("9007199254740993")),
        ("-0", Some("0")),
        ("9223372036854775808.0", None),
        ("9223372036854775808", None),
        ("1e19", None),
        ("1.5", None),
        ("\"0x10\"", None),
        ("\"NaN\"", None),
        ("\"١\"", None),
        ("true", None),
    ];
    let floats = [
        ("10.50", Some("10.5")),
        ("\"1e308\"", Some("1e308")),
        ("9007199254740992", Some("9007199254740992")),
        ("9007199254740993", None),
        ("1234567890123456789012", None),
        ("1e400", None),
        ("\"1e-400\"", None),
        ("\"inf\"", None),
        ("\"NaN\"", None),
    ];
    instance("values_numbers", async |app, store| {
        let cases = integers
            .map(|(sent, wanted)| (order(sent, "1"), "di_match_click_token", wanted))
            .into_iter()
            .chain(floats.map(|(sent, wanted)| (order("1", sent), "event_data.revenue", wanted)));
        for (at, (body, field, wanted)) in cases.enumerate() {
            let body = body.replacen("\"id\":\"o\"", &format!("\"id\":\"o-{at}\""), 1);
            publish(app, "branch_event.tx", &format!("m-{at}"), &body).await;
            let row = format!("FROM DB.branch_event FINAL WHERE id = 'o-{at}'");
            let letter = format!("FROM DB.error_event FINAL WHERE message_id = 'm-{at}'");
            match wanted {
                Some(wanted) => {
                    eventually(store, &format!("SELECT count() {row}"), 1).await;
                    let column = field.rsplit('.').next().unwrap();
                    let sql = format!("SELECT toString({column}) {row}");
                    assert_eq!(text(store, &sql).await, wanted, "{body}");
                }
                None => {
                    eventually(store, &format!("SELECT count() {letter}"), 1).await;
                    let reason = text(store, &format!("SELECT reason {letter}")).await;
                    assert!(
                        reason.contains(&format!("field `{field}`: should be")),
                        "{reason}"
                    );
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_is_refused_with_its_place_and_a_mark_before_it_is_skipped() {
    instance("values_texts", async |app, store| {
        let post = async |body: &[u8]| {
            let answer =
                request(Method::POST, &app.url("/graphy/event/"), &[], body.to_vec()).await;
            (answer.status, answer.text)
        };
        let (status, told) = post(b"{\"a\":\"\xff\"}").await;
        assert_eq!(status, 400, "{told}");
        assert!(told.contains("not UTF-8 at line 1 column 7"), "{told}");
        // It is JSON, so that it is kept.
        let (status, told) = post(br#"{"a":1,"a":2}"#).await;
        assert_eq!(status, 202, "{told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert!(
            told.to_string().contains("is in one object twice"),
            "{told}"
        );
        let (status, told) = post(b"\xef\xbb\xbf{\"a\":\"\\ud83d\"}").await;
        assert_eq!(status, 200, "{told}");
        let sql = "SELECT count() FROM DB.graphy_event WHERE event_data.a = '\u{fffd}'";
        eventually(store, sql, 1).await;
    })
    .await;
}
