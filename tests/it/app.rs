//! A whole instance: broker in memory, real ClickHouse, real connections.

pub(crate) mod outages;
mod rabbit;
mod shutdown;
pub(crate) mod support;

use std::time::Duration;

use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{
    AddToCartEvent, CompletePurchaseEvent, Event, Events, Header, RejectCode,
};
use http::Method;
use prost::Message as _;
use tonic::Code;

use crate::clickhouse::support::{number, run_there};
use crate::http::request;
use support::{event, instance, text};

pub(crate) fn cart(id: &str, timestamp: &str) -> Event {
    let payload = AddToCartEvent {
        product_id: 42,
        quantity: 2,
        cart_id: "c-1".into(),
        ..Default::default()
    };
    event(id, timestamp, EventOf::AddToCartEvent(payload))
}

pub(crate) fn header() -> Option<Header> {
    Some(Header {
        user_id: 7,
        os: "android".into(),
        session_id: "s-1".into(),
        ..Default::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_a_row_when_its_answer_comes() {
    instance("row", async |app, store| {
        let request = Events { header: header(), events: vec![cart("e-1", "1760000000123")] };
        let answer = app.dispatch(request).await.unwrap();
        assert_eq!((answer.status.as_str(), answer.accepted), ("SUCCESS", 1));
        let row = text(
            store,
            "SELECT concat(event_name, ' ', toString(event_timestamp), ' ', os, ' ', toString(user_id), ' ', \
             toString(event_params.productId), ' ', event_params.cartId) FROM DB.event WHERE event_id = 'e-1'",
        )
        .await;
        assert_eq!(row, "AddToCartEvent 2025-10-09 08:53:20.123 android 7 42 c-1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_events_are_rejected_and_kept_and_the_rest_is_stored() {
    instance("partial", async |app, store| {
        let bad_time = cart("bad-time", "yesterday");
        let no_type = Event { id: "no-type".into(), timestamp: String::new(), ..Default::default() };
        let mut bytes = Events { header: header(), events: vec![cart("good", ""), bad_time, no_type] }.encode_to_vec();
        // An event whose addToCartEvent (23) holds a broken length, and one of a type (200) that nobody knows.
        bytes.extend([&[0x2a, 0x04, 0xba, 0x01, 0x01, 0xff][..], &[0x2a, 0x03, 0xc2, 0x0c, 0x00]].concat());
        let answer = app.dispatch_bytes(bytes).await.unwrap();
        assert_eq!((answer.status.as_str(), answer.accepted), ("SUCCESS", 1), "{answer:?}");
        let codes: Vec<(i32, RejectCode)> = answer.rejected.iter().map(|r| (r.index, r.code())).collect();
        let expected = [
            (1, RejectCode::BadTimestamp),
            (2, RejectCode::NoType),
            (3, RejectCode::Malformed),
            (4, RejectCode::UnknownType),
        ];
        assert_eq!(codes, expected, "{answer:?}");
        assert!(answer.rejected[0].reason.contains("yesterday"), "{answer:?}");
        assert_eq!(number(store, "SELECT count() FROM DB.event").await, 1);
        let kept = "SELECT count() FROM DB.error_event WHERE queue = 'app' AND user_id = 7 AND event_id = 'bad-time'";
        support::eventually(store, kept, 1).await;
        support::eventually(store, "SELECT uniqExact(class) FROM DB.error_event", 4).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_is_there_once_also_when_it_is_dated_in_the_future() {
    instance("twice", async |app, store| {
        let events = vec![cart("past", "1760000000000"), cart("future", "4000000000000"), cart("", "1760000000001")];
        for _ in 0..2 {
            let answer = app.dispatch(Events { header: header(), events: events.clone() }).await.unwrap();
            assert_eq!(answer.accepted, 3);
        }
        assert_eq!(number(store, "SELECT count() FROM DB.event FINAL").await, 3);
        let corrected = "SELECT count() FROM DB.event FINAL \
                         WHERE event_id = 'future' AND event_timestamp <= now64() AND toYear(sent_timestamp) = 2096";
        assert_eq!(number(store, corrected).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_headers_and_payloads_merge_as_protobuf_says() {
    instance("merge", async |app, store| {
        let first = Events { header: header(), events: Vec::new() }.encode_to_vec();
        let second = Header { os: "ios".into(), channel: "app".into(), ..Default::default() };
        let second = Events { header: Some(second), events: Vec::new() }.encode_to_vec();
        let cart_part = cart("merged", "1760000000000").encode_to_vec();
        let more = AddToCartEvent { cart_id: "c-2".into(), is_live: true, ..Default::default() };
        let more = Event { event_of: Some(EventOf::AddToCartEvent(more)), ..Default::default() }.encode_to_vec();
        let event = [cart_part, more].concat();
        let mut events = vec![0x2a];
        prost::encoding::encode_varint(event.len() as u64, &mut events);
        let answer = app.dispatch_bytes([first, events, event, second].concat()).await.unwrap();
        assert_eq!(answer.accepted, 1, "{answer:?}");
        let row = text(
            store,
            "SELECT concat(os, ' ', channel, ' ', session_id, ' ', toJSONString(event_params)) FROM DB.event",
        )
        .await;
        assert_eq!(
            row,
            r#"ios app s-1 {"cartId":"c-2","isLive":true,"productId":"42","quantity":"2"}"#.replace("\"42\"", "42").replace("\"2\"", "2")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_tables_get_their_types_and_no_others() {
    instance("typed", async |app, store| {
        let bought = CompletePurchaseEvent {
            product_id: 9,
            chargeable_amount: 499.99,
            product_ids: vec![9, 10],
            payment_method: "upi".into(),
            ..Default::default()
        };
        let bought = event("p-1", "1760000000000", EventOf::CompletePurchaseEvent(bought));
        app.dispatch(Events { header: header(), events: vec![bought, cart("c", "")] }).await.unwrap();
        let row = text(
            store,
            "SELECT concat(event_id, ' ', payment_method, ' ', toString(chargeable_amount), ' ', toString(product_ids), ' ', toString(user_id)) \
             FROM DB.purchase",
        )
        .await;
        assert_eq!(row, "p-1 upi 499.99 [9,10] 7");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_makes_no_sense_is_refused_as_a_whole() {
    instance("refused", async |app, _| {
        let empty = app
            .dispatch(Events {
                header: header(),
                events: vec![],
            })
            .await
            .unwrap_err();
        assert_eq!(empty.code(), Code::InvalidArgument);
        assert!(empty.message().contains("no events"), "{}", empty.message());
        let headless = app
            .dispatch(Events {
                header: None,
                events: vec![cart("e", "")],
            })
            .await
            .unwrap_err();
        assert_eq!(headless.code(), Code::InvalidArgument);
        assert!(
            headless.message().contains("header"),
            "{}",
            headless.message()
        );
        let garbage = app.dispatch_bytes(vec![0x22, 0xff]).await.unwrap_err();
        assert_eq!(garbage.code(), Code::InvalidArgument);
        let all_bad = app
            .dispatch(Events {
                header: header(),
                events: vec![cart("e", "soon")],
            })
            .await
            .unwrap_err();
        assert_eq!(all_bad.code(), Code::InvalidArgument);
        assert!(all_bad.message().contains("soon"), "{}", all_bad.message());
        let large = app.dispatch_bytes(vec![0; 32 << 20]).await.unwrap_err();
        assert!(
            [Code::OutOfRange, Code::ResourceExhausted].contains(&large.code()),
            "{large:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_delays_and_loses_nothing() {
    instance("missing", async |app, store| {
        run_there(store, "RENAME TABLE event TO away").await;
        let request = Events {
            header: header(),
            events: vec![cart("late", "1760000000000")],
        };
        let refused = app
            .dispatch_within(request.clone(), Duration::from_secs(2))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        let (ready, report) = app.readiness().await;
        assert!(ready, "one table's trouble is its own: {report}");
        assert!(
            report["tables"]["event"]["paused"]
                .as_str()
                .is_some_and(|r| r.contains("event")),
            "{report}"
        );
        run_there(store, "RENAME TABLE away TO event").await;
        let answer = app.dispatch(request).await.unwrap();
        assert_eq!(answer.accepted, 1);
        assert_eq!(number(store, "SELECT count() FROM DB.event FINAL").await, 1);
        assert_eq!(number(store, "SELECT count() FROM DB.error_event").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_table_refuses_costs_itself_alone() {
    instance("refuses", async |app, store| {
        run_there(store, "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')").await;
        let ids = (0..50).map(|n| if n % 20 == 7 { format!("poison-{n}") } else { format!("good-{n}") });
        let events = ids.map(|id| cart(&id, "1760000000000")).collect();
        let answer = app.dispatch(Events { header: header(), events }).await.unwrap();
        assert_eq!(answer.accepted, 50, "intake knows nothing of the table's constraints");
        assert_eq!(number(store, "SELECT count() FROM DB.event FINAL").await, 47);
        let refused = "SELECT uniqExact(event_id) FROM DB.error_event \
                       WHERE class = 'refused' AND event_id LIKE 'poison-%' AND queue = 'grpc_clickhouse_event_q'";
        assert_eq!(number(store, refused).await, 3, "each with its own dead letter");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_webhooks_come_in_over_http() {
    instance("http", async |app, store| {
        let json = [("content-type", "application/json")];
        let body = r#"{"header":{"userId":"7"},"events":[{"id":"j","addToCartEvent":{"productId":"42"}}]}"#;
        let answer = request(Method::POST, &app.url("/event/dispatch"), &json, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(number(store, "SELECT count() FROM DB.event WHERE event_params.productId = 42").await, 1);

        let body = r#"{"storeUrl":"s.example","eventName":"orders/create","eventTime":"1760000000123","eventData":{"a":{"b":[1,2.5]}}}"#;
        let answer = request(Method::POST, &app.url("/shopify/event/"), &json, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let row = text(
            store,
            "SELECT concat(event_name, ' ', toString(event_timestamp), ' ', toJSONString(data)) FROM DB.shopify_event",
        )
        .await;
        assert_eq!(row, r#"orders/create 2025-10-09 08:53:20.123 {"a":{"b":[1,2.5]}}"#);

        let wrong = r#"{"storeUrl":"s.example","eventName":"x","eventTime":"noon","eventData":{}}"#;
        let answer = request(Method::POST, &app.url("/shopify/event/"), &json, wrong).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert!(answer.text.contains("eventTime") && answer.text.contains("noon"), "{answer:?}");
        let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "").await;
        assert!(metrics.text.contains("event_grpc_rows_stored_total"), "{}", metrics.text);
        assert_eq!(metrics.headers.get("content-type").map(|t| t.starts_with("text/plain")), Some(true));
    })
    .await;
}
