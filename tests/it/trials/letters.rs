//! Messages of events that all fail, under a large header: their dead letters don't repeat it for each.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::proto::event::Events;
use prost::Message as _;
use serde_json::json;

use crate::app::header;
use crate::app::support::{eventually, instance};
use crate::clickhouse::support::number;

/// Length of the session's name that each event would repeat, in bytes.
const LONG: usize = 60_000;

/// Number of events.
const MANY: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn events_that_fail_alike_under_a_large_header_share_a_letter() {
    instance("trial_letters", async |app, store| {
        let events = vec![json!({ "zz": {} }); MANY];
        let request = json!({ "header": { "sessionId": "s".repeat(LONG) }, "events": events });
        let as_json = Outgoing::new("grpc_event.tx", "zz", request.to_string());
        let as_json = as_json.with(Properties {
            content_type: Some("application/json".into()),
            ..Properties::default()
        });
        let mut header = header().unwrap_or_default();
        header.session_id = "s".repeat(LONG);
        let header = Some(header);
        let mut bytes = Events { header, events: Vec::new() }.encode_to_vec();
        // Of an unknown type (200).
        bytes.extend([0x2a, 0x03, 0xc2, 0x0c, 0x00].repeat(MANY));
        let as_protobuf = Outgoing::new("grpc_event.tx", "200", bytes);
        for (message, kind) in [(as_json, "zz"), (as_protobuf, "200")] {
            app.broker().publish(message).await.unwrap();
            let of_kind = format!("FROM DB.error_event FINAL WHERE event_type = '{kind}' AND class = 'unknown_type'");
            eventually(store, &format!("SELECT count() {of_kind}"), 1).await;
            let bytes = number(store, &format!("SELECT sum(length(body)) {of_kind}")).await;
            assert!(bytes < 100_000, "{kind}: {bytes}");
        }
        let kept = "SELECT JSONLength(body, 'events') + 10000 * length(JSONExtractString(body, 'header', 'sessionId')) \
                    FROM DB.error_event FINAL WHERE event_type = 'zz'";
        assert_eq!(number(store, kept).await, (MANY + 10_000 * LONG) as u64);
        let bound = "SELECT count() FROM DB.error_event FINAL WHERE position(reason, '2000 events of one request') > 0";
        assert_eq!(number(store, bound).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_too_many_events_is_one_letter() {
    instance("trial_events", async |app, store| {
        let empty = Outgoing::new("grpc_event.tx", "x", [0x2a, 0x00].repeat(100_001));
        app.broker().publish(empty).await.unwrap();
        let letter = "SELECT count() FROM DB.error_event FINAL \
                      WHERE position(reason, 'more than 100000 events') > 0 AND length(body) = 200002";
        eventually(store, letter, 1).await;
    })
    .await;
}
