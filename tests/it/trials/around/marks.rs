//! The byte order mark that some editors and languages put before a text, in messages of other services.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::PIPELINE;

use crate::app::support::{eventually, instance};
use crate::clickhouse::support::number;

fn log(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","source":"crawler","platform":"X","profile_id":17,"shortcode":"abc",
            "event_timestamp":"2026-01-02 03:04:06","metrics":{{}},"dimensions":{{}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_before_a_message_is_skipped() {
    assert!(
        PIPELINE
            .queues
            .iter()
            .any(|queue| queue.name == "post_log_events_q")
    );
    instance("marks", async |instance, store| {
        let events = r#"{"header":{"userId":"7"},
                         "events":[{"id":"marked","timestamp":"1760000000000","addToCartEvent":{"productId":"42"}}]}"#;
        let unknown = r#"{"header":{"userId":"7"},"events":[{"id":"u","timestamp":"1","ofALaterBuild":{"a":1}}]}"#;
        for (exchange, key, text) in [
            ("beat.dx", "post_log_events", log("one")),
            ("beat.dx", "post_log_events", format!(" \n[{}, {}]", log("two"), log("three"))),
            ("grpc_event.tx", "AddToCartEvent", events.to_owned()),
            ("grpc_event.tx", "AddToCartEvent", unknown.to_owned()),
            ("beat.dx", "post_log_events", "not json".to_owned()),
        ] {
            let properties = Properties {
                content_type: Some("application/json".into()),
                ..Properties::default()
            };
            let message = Outgoing::new(exchange, key, format!("\u{feff}{text}"));
            instance.broker().publish(message.with(properties)).await.unwrap();
        }
        eventually(store, "SELECT uniqExact(event_id) FROM DB.post_log_event", 3).await;
        eventually(store, "SELECT count() FROM DB.event FINAL WHERE event_id = 'marked'", 1).await;
        let letters = "SELECT count() FROM DB.error_event FINAL WHERE ";
        eventually(store, &format!("{letters}class = 'unknown_type'"), 1).await;
        // The error is about the text, and not about the mark; the dead letter is as it came.
        let wrong = "reason LIKE '%not JSON: expected ident%' AND body = concat(unhex('efbbbf'), 'not json')";
        eventually(store, &format!("{letters}{wrong}"), 1).await;
        assert_eq!(number(store, "SELECT count() FROM DB.error_event FINAL").await, 2);
    })
    .await;
}
