//! App events as JSON: what is wrong with one costs that one, and what is not is stored as it was meant.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::ingest::Limits;
use http::Method;
use prost::Message as _;
use serde_json::{Value, json};

use crate::app::support::{eventually, instance, text};
use crate::clickhouse::support::number;
use crate::http::request;
use crate::ingest::server::{POOL, Server};
use crate::scan::fixture::EventBatch;
use crate::scan::soup::delimited;

const JSON: &str = "application/json";

/// Answer to a request with these events.
async fn post(server: &Server, events: &str) -> (u16, Value) {
    let body = format!(r#"{{"header": {{"session": "s"}}, "events": [{events}]}}"#);
    let (code, _, answer) = server
        .http("POST", "/event/dispatch", JSON, body.as_bytes())
        .await;
    (code, serde_json::from_str(&answer).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_is_rejected_alone_and_kept_as_it_was_written() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let good = r#"{"id": "g", "timestamp": "1700000000000", "empty": {}}"#;
    let bad = [
        (
            r#"{"id":"b","all":{"int32":"a lot"}}"#,
            "MALFORMED",
            "`all.int32`: should be a whole number of 32 bits, is \"a lot\"",
        ),
        (
            r#"{"all":{"int32":1.5},"id":"b"}"#,
            "MALFORMED",
            "`all.int32`: should be a whole number of 32 bits, is 1.5",
        ),
        (
            r#"{"id":"b","all":{"bool":"true"}}"#,
            "MALFORMED",
            "`all.bool`: should be true or false",
        ),
        (
            r#"{"id":"b","all":{"texts":{"k":null}}}"#,
            "MALFORMED",
            "`all.texts.k`: should be a text, is null",
        ),
        (
            r#"{"id":"b","tree":{"children":[{},{"name":[]}]}}"#,
            "MALFORMED",
            "`tree.children[1].name`: should be a text",
        ),
        (
            r#"{"id":"b","tree":{},"empty":{}}"#,
            "MALFORMED",
            "has both `tree` and `empty`",
        ),
        (
            r#"{"id":"b","empty":{},"timestamp":"1","timestamp":"2"}"#,
            "MALFORMED",
            "has `timestamp` twice",
        ),
        (
            r#"{"id":"b","empty":{},"timestamp":"soon"}"#,
            "BAD_TIMESTAMP",
            "timestamp",
        ),
        (
            r#"{"id":"b","empty":{},"timestamp":17e30}"#,
            "BAD_TIMESTAMP",
            "timestamp",
        ),
        (r#"{"id":"b"}"#, "NO_TYPE", "it has no type"),
        (
            r#"{"id":"b","empti":{}}"#,
            "UNKNOWN_TYPE",
            "called `empti` (did you mean `empty`?); it is kept until one knows it",
        ),
        (
            r#"{"id":"b","url":"a\u12"}"#,
            "MALFORMED",
            "is not JSON: four hexadecimal digits",
        ),
    ];
    for (letters, (bad, code, reason)) in bad.into_iter().enumerate() {
        let (status, answer) = post(&server, &format!("{good},{bad},{good}")).await;
        assert_eq!(
            (status, &answer["accepted"]),
            (200, &json!(2)),
            "{bad}: {answer}"
        );
        let rejected = &answer["rejected"][0];
        assert_eq!(rejected["index"], 1, "{answer}");
        assert_eq!(rejected["id"], "b", "{answer}");
        assert_eq!(rejected["code"], format!("REJECT_CODE_{code}"), "{answer}");
        assert!(
            rejected["reason"].as_str().unwrap().contains(reason),
            "{reason}: {answer}"
        );
        let seen = server.seen.lock().unwrap();
        let letter = seen
            .iter()
            .filter(|seen| seen.queue == "rejects_q")
            .nth(letters);
        let letter = &letter.unwrap().delivery;
        assert_eq!(letter.properties.content_type.as_deref(), Some(JSON));
        assert_eq!(letter.properties.kind.as_deref(), Some("test.Events"));
        let expected = format!(r#"{{"header":{{"session": "s"}},"events":[{bad}]}}"#);
        assert_eq!(String::from_utf8_lossy(&letter.body), expected);
    }
    for (bad, shown) in [
        ("null", "null"),
        ("7", "7"),
        (r#""x""#, r#""x""#),
        ("[]", "[]"),
        ("NaN", "NaN"),
    ] {
        let (status, answer) = post(&server, &format!("{bad},{good}")).await;
        assert_eq!(
            (status, &answer["accepted"]),
            (200, &json!(1)),
            "{bad}: {answer}"
        );
        let reason = answer["rejected"][0]["reason"].as_str().unwrap();
        assert!(
            reason.contains(&format!("should be an object, is {shown}")),
            "{answer}"
        );
    }
    // Over gRPC other things can be wrong.
    let mut body = Vec::new();
    delimited(&mut body, 4, b"");
    for payload in [&[][..], &[0xff], &[]] {
        let mut event = Vec::new();
        delimited(&mut event, 11, payload);
        delimited(&mut body, 5, &event);
    }
    let answer = server.call(body).await.unwrap();
    assert_eq!((answer.accepted, answer.rejected[0].index), (2, 1));
    // With nothing good in it a request is refused, and says the same.
    let (status, answer) = post(&server, "null,{}").await;
    assert_eq!((status, &answer["rejectedCount"]), (400, &json!(2)));
}

/// The ids and times of the events that were published.
fn told(server: &Server) -> Vec<String> {
    let seen = server.seen.lock().unwrap();
    let batches = seen.iter().filter(|seen| seen.queue == "all_q");
    let batches = batches.map(|seen| EventBatch::decode(seen.delivery.body.clone()).unwrap());
    let events = batches.flat_map(|b| b.batches).flat_map(|b| b.events);
    events
        .map(|e| format!("{} {}", e.id, e.timestamp))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_meant_is_taken_and_what_is_unknown_is_told() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let events = r#"
        {"id": "a", "timestamp": 1700000000000, "empty": {}},
        {"id": 5, "timestamp": "1700000000000", "empty": {"x": 1}, "ur": "u"},
        {"id": "\ud83d", "all": {"int32": "7", "strings": [1.50], "packed": [1e3, "2.0"]}},
        {"id": "d", "empty": {}, "news": {"a": [1, {}]}}"#;
    let (status, answer) = post(&server, events).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(4)), "{answer}");
    assert_eq!(answer.get("rejected"), None);
    assert_eq!(
        answer["warnings"],
        json!([
            "event 1: unknown member `x` of empty is kept in unknown_fields",
            "event 1: unknown member `ur` is kept in unknown_fields; did you mean `url`?",
            "event 3: unknown member `news` is kept in unknown_fields",
        ])
    );
    assert_eq!(answer["warningCount"], 3);
    let mut told = told(&server);
    told.sort();
    assert_eq!(
        told,
        ["5 1700000000000", "a 1700000000000", "d ", "\u{fffd} "]
    );
    let many: Vec<String> = (0..30)
        .map(|at| format!(r#"{{"empty":{{"x{at}":1}}}}"#))
        .collect();
    let (_, answer) = post(&server, &many.join(",")).await;
    assert_eq!(answer["warnings"].as_array().unwrap().len(), 20);
    assert_eq!(answer["warningCount"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_no_request_is_refused_with_its_place() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for (body, reason) in [
        (
            "{\"header\":{},\n\"events\":[{\"empty\":{}}",
            "line 2, column 23: a comma or ]",
        ),
        (
            r#"{"header":{},"events":{}}"#,
            "line 1, column 23: `events` should be a list of events",
        ),
        (
            r#"{"header":{"device":"x"},"events":[{"empty":{}}]}"#,
            "the header is wrong: field `header.device`: should be a whole number of 64 bits, is \"x\"",
        ),
        (
            r#"{"header":{"tree":{"name":1,"name":2}},"events":[{"empty":{}}]}"#,
            "`header.tree`: has `name` twice",
        ),
        (r#"{"events":[{"empty":{}}]}"#, "the request has no header"),
        (
            r#"{"header":{},"events":null}"#,
            "the request has no events",
        ),
        (r#"{"header":{}} {"#, "nothing should follow"),
        (
            r#"{"header":{},"events":[{"empty":{}}],"\u12g4":1}"#,
            "four hexadecimal digits should follow",
        ),
        ("7", "a request should be an object"),
    ] {
        let (status, _, answer) = server
            .http("POST", "/event/dispatch", JSON, body.as_bytes())
            .await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, &answer["status"]),
            (400, &json!("ERROR")),
            "{body}"
        );
        assert!(
            answer["message"].as_str().unwrap().contains(reason),
            "{body}: {answer}"
        );
    }
    assert!(server.seen.lock().unwrap().is_empty());
    // Unknown members of the request or its header cost nothing.
    let body = r#"{"header":{"tenant":7},"events":[{"empty":{}}],"version":[2]}"#;
    let (status, _, answer) = server
        .http("POST", "/event/dispatch", JSON, body.as_bytes())
        .await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (status, &answer["warningCount"]),
        (200, &json!(2)),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_many_bad_events_are_few_and_unknown_ones_share_one() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let unknown = r#"{"timestamp":"1700000000000","later":{}}"#;
    let events = [
        vec!["1"; 300],
        vec![unknown; 300],
        vec![r#"{"id":"i","later":{}}"#],
    ]
    .concat();
    let (status, answer) = post(&server, &events.join(",")).await;
    assert_eq!((status, &answer["rejectedCount"]), (200, &json!(601)));
    let bodies: Vec<Value> = server
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| serde_json::from_slice(&seen.delivery.body).unwrap())
        .collect();
    assert_eq!(bodies.len(), 11);
    let shared = bodies
        .iter()
        .find(|body| body["events"].as_array().unwrap().len() > 1);
    let shared = shared.unwrap()["events"].as_array().unwrap();
    assert_eq!(shared.len(), 301);
    // A later build stores them under the ids that they have from here on.
    let ids: Vec<&str> = shared
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!((ids[0].len(), ids[0], ids[300]), (36, ids[299], "i"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_makes_the_same_rows_however_often_it_comes() {
    instance("trial_dispatch_rows", async |app, store| {
        let pairs: Vec<String> = (0..20).map(|at| format!(r#""k{at}":"v{at}""#)).collect();
        let body = format!(
            r#"{{"header":{{"userId":7,"tenant":"t"}},"events":[{{"timestamp":1760000000123,"currentURL":"\ud83d",
               "widgetViewEvent":{{"recoInfoKV":{{{}}},"colour":"red"}}}},null]}}"#,
            pairs.join(",")
        );
        for _ in 0..10 {
            let answer = request(Method::POST, &app.url("/event/dispatch"), &[], body.clone()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        assert_eq!(number(store, "SELECT count() FROM DB.event FINAL").await, 1);
        let row = "SELECT concat(event_name, ' ', toString(event_timestamp), ' ', toString(user_id), ' ', toString(length(event_id))) FROM DB.event FINAL";
        assert_eq!(text(store, row).await, "WidgetViewEvent 2025-10-09 08:53:20.123 7 36");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_of_a_message_is_a_dead_letter_alone() {
    instance("trial_dispatch_amqp", async |app, store| {
        let bad = [
            r#"{"id":"b","addToCartEvent":{"quantity":1.5}}"#,
            "null",
            r#"{"id":"n"}"#,
            r#"{"id":"u","laterEvent":{"a":1}}"#,
        ];
        let good = r#"{"id":"good","timestamp":1760000000000,"addToCartEvent":{"productId":"42","new":[1]}}"#;
        let late = r#"{"id":"late","timestamp":"never","addToCartEvent":{}}"#;
        let body = format!(r#"{{"header":{{"userId":7}},"events":[{},{good},{late}]}}"#, bad.join(","));
        let properties = Properties {
            content_type: Some(JSON.into()),
            ..Properties::default()
        };
        let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", body).with(properties);
        app.broker().publish(message).await.unwrap();
        eventually(store, "SELECT count() FROM DB.event WHERE event_id = 'good' AND user_id = 7 AND event_params.productId = 42", 1).await;
        eventually(store, "SELECT uniqExact(error_id) FROM DB.error_event", 5).await;
        let told = "SELECT arrayStringConcat(arraySort(groupArray(concat(class, ' ', event_type, ' ', content_type))), ', ') FROM DB.error_event FINAL";
        assert_eq!(
            text(store, told).await,
            "bad_field  application/json, bad_field  application/json, bad_value AddToCartEvent application/x-protobuf, \
             no_type  application/json, unknown_type laterEvent application/json"
        );
        for event in bad {
            let body = format!(r#"{{"header":{{"userId":7}},"events":[{event}]}}"#).replace('\'', "\\'");
            assert_eq!(number(store, &format!("SELECT count() FROM DB.error_event FINAL WHERE body = '{body}'")).await, 1, "{event}");
        }
        let reason = "SELECT count() FROM DB.error_event WHERE reason LIKE '%addToCartEvent.quantity%should be a whole number of 32 bits, is 1.5%'";
        assert_eq!(number(store, reason).await, 1);
    })
    .await;
}
