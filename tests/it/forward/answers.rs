//! Effect of each kind of answer on a message.

use std::time::Duration;

use serde_json::json;

use super::server::{Reply, Server, status};
use super::support::{KEY, Options, message, run, with_body};

#[tokio::test]
async fn a_message_that_is_taken_is_acknowledged() {
    let server = Server::start().await;
    let running = run(&server.url("/events?license=abcdef"), Options::default());
    running.settled(message(1)).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /events?license=abcdef HTTP/1.1");
    assert_eq!(seen[0].body, json!({"n": 1}));
    let headers = &seen[0].headers;
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotency-key"], "id-1");
    assert!(headers["user-agent"].starts_with("event-grpc/"));
}

#[tokio::test]
async fn a_message_at_fault_is_a_dead_letter_with_the_answer_but_no_secret() {
    let server = Server::start().await;
    let running = run(&server.url("/events?license=abcdef"), Options::default());
    let said = format!(
        "no such event;\n key was {KEY} of abcdef. {}",
        "x".repeat(5000)
    );
    server.script([Reply::Status(400, Vec::new(), said)]);
    let waiting = running.publish(message(1));
    let dead = running.dead_letter().await;
    waiting.await.unwrap();
    assert_eq!(dead.class, "refused");
    assert_eq!(dead.attempts, 1);
    assert_eq!(dead.body, json!({"n": 1}));
    let url = server.url("/events");
    let beginning =
        format!("{url} answered 400 Bad Request: no such event; key was *** of ***. xxx");
    assert!(dead.reason.starts_with(&beginning), "{}", dead.reason);
    assert!(dead.reason.len() < 500, "{}", dead.reason.len());
    running.settled(message(2)).await;
    assert_eq!(server.seen().len(), 2, "nothing is sent again");
}

#[tokio::test]
async fn a_failure_that_passes_is_repeated_with_the_same_key() {
    let server = Server::start().await;
    let running = run(&server.url("/"), Options::default());
    server.script([
        status(500),
        status(503),
        Reply::Reset,
        Reply::ResetInHead,
        Reply::Slow(Duration::from_millis(1500)),
    ]);
    running.settled(message(1)).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    assert!(
        seen.iter()
            .all(|seen| seen.headers["idempotency-key"] == "id-1")
    );
    assert!(seen.iter().all(|seen| seen.body == json!({"n": 1})));
    let pauses: Vec<Duration> = seen.windows(2).map(|two| two[1].at - two[0].at).collect();
    assert!(pauses[0] >= Duration::from_millis(100), "{pauses:?}");
    assert!(pauses[2] > pauses[0], "{pauses:?}");
}

#[tokio::test]
async fn what_was_taken_is_taken_however_the_answer_ends() {
    let server = Server::start().await;
    let running = run(&server.url("/"), Options::default());
    server.script([Reply::ResetInBody]);
    running.settled(message(1)).await;
    running.settled(message(2)).await;
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn failures_count_only_while_others_get_through() {
    let server = Server::start().await;
    let options = Options {
        workers: 2,
        ..Options::default()
    };
    let running = run(&server.url("/"), options);
    server.answer(|seen| (seen.body["n"] == 13).then(|| status(500)));
    let bad = running.publish(message(13));
    // Alone it is tried for as long as it takes.
    server.has_seen(5).await;
    assert!(!bad.is_finished());
    for n in 100.. {
        running.settled(message(n)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if server
            .seen()
            .iter()
            .filter(|seen| seen.body["n"] == 13)
            .count()
            >= 8
        {
            break;
        }
    }
    let dead = running.dead_letter().await;
    bad.await.unwrap();
    assert_eq!(dead.class, "retries");
    assert_eq!(dead.body, json!({"n": 13}));
    assert!(dead.attempts >= 7, "{dead:?}");
    assert!(dead.reason.contains("answered 500"), "{}", dead.reason);
}

#[tokio::test]
async fn a_message_that_goes_nowhere_is_a_dead_letter_that_names_the_known_places() {
    let server = Server::start().await;
    let running = run(&server.url("/"), Options::default());
    for (body, class, reason) in [
        (
            json!({"n": 1, "to": "B"}),
            "bad_field",
            r#"field `to`: is "B", which is none of: A"#,
        ),
        (json!({}), "bad_field", "field `n`: is missing"),
        (
            json!([{"n": 1}, 2]),
            "bad_field",
            "field `body`: should be a list of JSON objects",
        ),
    ] {
        let waiting = running.publish(with_body(1, body));
        let dead = running.dead_letter().await;
        waiting.await.unwrap();
        assert_eq!(dead.class, class);
        assert_eq!(dead.reason, reason);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn of_a_list_each_object_is_sent_and_only_the_bad_ones_fail() {
    let server = Server::start().await;
    let running = run(&server.url("/"), Options::default());
    server.answer(|seen| (seen.body["n"] == 2).then(|| status(400)));
    let list = json!([{"n": 1}, {"n": 2}, {"n": "x"}, {"n": 4}]);
    let waiting = running.publish(with_body(7, list));
    let (one, two) = (running.dead_letter().await, running.dead_letter().await);
    waiting.await.unwrap();
    assert_eq!((one.body, one.class.as_str()), (json!({"n": 2}), "refused"));
    assert_eq!(
        (two.body, two.class.as_str()),
        (json!({"n": "x"}), "bad_field")
    );
    let keys: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys, ["id-7-0", "id-7-1", "id-7-3"]);
}
