//! Small messages that become large blocks, and inserts that never end.

mod line;
mod poison;

use std::time::{Duration, Instant};

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::contract::headers;
use event_grpc::generated::proto::event::{Event, Events, Header};
use event_grpc::sink::clickhouse::ClickHouse;
use prost::Message as _;
use tokio::task::JoinSet;

use crate::app::support::{eventually, instance, text};
use crate::app::{cart, header};
use crate::clickhouse::support::number;

/// A month, about, in milliseconds.
const MONTH: u64 = 2_630_000_000;

fn request(events: Vec<Event>) -> Events {
    Events {
        header: header(),
        events,
    }
}

/// The request as another service publishes it.
fn published(header: Header, events: Vec<Event>) -> Outgoing {
    let request = Events {
        header: Some(header),
        events,
    };
    let properties = Properties {
        content_type: Some(headers::PROTOBUF.into()),
        ..Properties::default()
    };
    Outgoing::new("grpc_event.tx", "AddToCartEvent", request.encode_to_vec()).with(properties)
}

/// The parts that inserts made of a table: how many, and how many bytes the largest has.
async fn inserted(store: &ClickHouse, table: &str) -> (u64, u64) {
    let of = |what: &str| {
        format!(
            "SELECT {what} FROM system.parts WHERE database = '{}' AND table = '{table}' AND level = 0",
            store.address().database()
        )
    };
    let largest = "toUInt64(max(data_uncompressed_bytes))";
    (
        number(store, &of("count()")).await,
        number(store, &of(largest)).await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_months_apart_hold_nobody_up() {
    instance("months", async |app, store| {
        let far = (0..200).map(|n| cart(&format!("far-{n}"), &(n * MONTH).to_string()));
        let far = request(far.collect());
        let began = Instant::now();
        let others = async {
            // By now the others are on their way.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut slowest = Duration::ZERO;
            for n in 0..10 {
                let sent = Instant::now();
                let event = cart(&format!("near-{n}"), "1760000000000");
                app.dispatch(request(vec![event])).await.unwrap();
                slowest = slowest.max(sent.elapsed());
            }
            (slowest, began.elapsed())
        };
        let spread = async {
            app.dispatch_within(far, Duration::from_secs(60))
                .await
                .unwrap();
            began.elapsed()
        };
        let ((slowest, others), spread) = tokio::join!(others, spread);
        assert!(
            slowest < spread,
            "one waited {slowest:?} for all of {spread:?}"
        );
        assert!(
            others < spread + Duration::from_secs(5),
            "{others:?} {spread:?}"
        );
        let stored = "SELECT uniqExact(event_id) FROM DB.event";
        assert_eq!(number(store, stored).await, 210);
        let months =
            "SELECT uniqExact(toYYYYMM(event_timestamp)) FROM DB.event WHERE event_id LIKE 'far-%'";
        assert!(number(store, months).await > 150);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_many_days_come_to_an_end_in_a_table_of_days() {
    instance("days", async |app, store| {
        let mut sent = JoinSet::new();
        for n in 0..150_u64 {
            let broker = app.shared_broker();
            let (month, day) = (n / 28 + 1, n % 28 + 1);
            let body = format!(
                r#"{{"event_id":"d-{n}","flow":"f","platform":"P","status":"s","params":{{}},"scl_id":1,
                     "event_timestamp":"2025-{month:02}-{day:02} 10:00:00","picked_at":"2025-01-01 00:00:00",
                     "expires_at":"2025-01-01 00:00:00"}}"#
            );
            let message = Outgoing::new("beat.dx", "scrape_request_log_events", body);
            sent.spawn(async move { broker.publish(message).await });
        }
        while let Some(done) = sent.join_next().await {
            done.unwrap().unwrap();
        }
        let days = "SELECT uniqExact(toDate(event_timestamp)) FROM DB.scrape_request_log";
        eventually(store, days, 150).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_outweigh_a_block_are_stored_in_several() {
    instance("heavy", async |app, store| {
        let header = Header {
            session_id: "s".repeat(60_000),
            ..header().unwrap()
        };
        let events = (0..4000).map(|n| cart(&format!("heavy-{n}"), "1760000000000"));
        // 230 MB of rows, in 300 KB.
        let heavy = published(header, events.collect());
        app.broker().publish(heavy).await.unwrap();
        let stored = "SELECT uniqExact(event_id) FROM DB.event WHERE length(session_id) = 60000";
        assert_eq!(number(store, stored).await, 4000);
        let (parts, largest) = inserted(store, "event").await;
        assert!((3..=6).contains(&parts), "{parts} parts");
        assert!(largest < 120 << 20, "a part of {largest} bytes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_never_becomes_more_than_a_gigabyte() {
    instance("too_heavy", async |app, store| {
        let header = Header {
            session_id: "s".repeat(200_000),
            ..header().unwrap()
        };
        let events = (0..6000).map(|n| cart(&format!("heavy-{n}"), "1760000000000"));
        let heavy = published(header, events.collect());
        app.broker().publish(heavy).await.unwrap();
        let letters = "SELECT count() FROM DB.error_event WHERE queue = 'grpc_clickhouse_event_q'";
        eventually(store, letters, 1).await;
        let reason = text(store, "SELECT reason FROM DB.error_event").await;
        assert!(
            reason.contains("200") && reason.contains("at most 1073741824"),
            "{reason}"
        );
        assert_eq!(number(store, "SELECT count() FROM DB.event").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_webhooks_do_not_stop_the_queue_for_good_ones() {
    instance("bad_timestamps", async |app, store| {
        let good = |n: u64| {
            published(
                header().unwrap(),
                vec![cart(&format!("good-{n}"), "1760000000000")],
            )
        };
        let bad = (0..1002).map(|n| cart(&format!("bad-{n}"), "1000000000000000"));
        // All at once, before anything good was seen.
        app.broker()
            .publish(published(header().unwrap(), bad.collect()))
            .await
            .unwrap();
        let began = Instant::now();
        for n in 0..5 {
            app.broker().publish(good(n)).await.unwrap();
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
        eventually(store, "SELECT count() FROM DB.event", 5).await;
        let letters = "SELECT count() FROM DB.error_event WHERE class = 'bad_value'";
        eventually(store, letters, 1002).await;
    })
    .await;
}
