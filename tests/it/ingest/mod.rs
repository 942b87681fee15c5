//! Requests over loopback, through pools and publisher to the embedded broker, and what their senders are told.

mod bounds;
mod browsers;
mod failures;
mod health;
mod http;
mod keys;
pub(crate) mod pipeline;
mod proofs;
pub(crate) mod server;
mod signatures;

use event_grpc::broker::HeaderValue;
use event_grpc::contract::Pool;
use event_grpc::contract::headers;
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::RejectCode;
use prost::Message;
use server::{POOL, Server};
use tonic::Code;

use crate::scan::fixture::{Empty, Event, EventBatch, EventOf, Events, Header, Tree};
use crate::scan::soup::delimited;

fn header() -> Header {
    Header {
        session: "s".into(),
        ..Default::default()
    }
}

fn event(id: &str, event_of: EventOf) -> Event {
    Event {
        id: id.into(),
        timestamp: "1700000000000".into(),
        event_of: Some(event_of),
        ..Default::default()
    }
}

/// A request of so many events of one type.
pub(crate) fn request(count: usize) -> Vec<u8> {
    Events {
        header: Some(header()),
        events: (0..count)
            .map(|i| event(&format!("id {i}"), EventOf::Empty(Empty {})))
            .collect(),
    }
    .encode_to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_request_is_taken_in_part_and_the_rest_is_kept() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let tree = EventOf::Tree(Tree::default());
    let mut body = Events {
        header: Some(header()),
        events: vec![
            event("a", EventOf::Empty(Empty {})),
            event("b", tree.clone()),
            Event {
                timestamp: "soon".into(),
                ..event("c", tree.clone())
            },
            Event {
                event_of: None,
                ..event("d", tree.clone())
            },
            event("e", tree),
        ],
    }
    .encode_to_vec();
    delimited(&mut body, 5, b"\xff");
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, b"who knows");
    delimited(&mut body, 5, &unknown);

    let response = server.call(body).await.unwrap();
    assert_eq!(
        (response.status.as_str(), response.accepted),
        ("SUCCESS", 3)
    );
    let rejected: Vec<_> = response
        .rejected
        .iter()
        .map(|event| {
            (
                event.index,
                event.id.as_str(),
                event.code(),
                event.retryable,
            )
        })
        .collect();
    assert_eq!(
        rejected,
        [
            (2, "c", RejectCode::BadTimestamp, false),
            (3, "d", RejectCode::NoType, false),
            (5, "", RejectCode::Malformed, false),
            (6, "", RejectCode::UnknownType, false),
        ]
    );

    let seen = server.seen.lock().unwrap();
    let mut good = Vec::new();
    let mut kept = Vec::new();
    for message in seen.iter() {
        let delivery = &message.delivery;
        let properties = &delivery.properties;
        assert_eq!(
            properties.content_type.as_deref(),
            Some("application/x-protobuf")
        );
        assert_eq!(properties.kind.as_deref(), Some("event.EventBatch"));
        assert!(properties.message_id.is_some() && properties.timestamp.is_some());
        match message.queue {
            "all_q" => {
                let batch = EventBatch::decode(delivery.body.clone()).unwrap();
                let [events] = batch.batches.as_slice() else {
                    panic!("one batch")
                };
                assert_eq!(events.header, Some(header()));
                let ids: Vec<_> = events.events.iter().map(|event| event.id.clone()).collect();
                good.push((delivery.routing_key.clone(), ids));
            }
            "rejects_q" => {
                let text = |name| match properties.header(name) {
                    Some(HeaderValue::Text(text)) => text.clone(),
                    other => panic!("{name}: {other:?}"),
                };
                assert_eq!(text(headers::DEAD_QUEUE), "app");
                assert_eq!(text(headers::DEAD_EXCHANGE), "test.tx");
                assert!(!text(headers::DEAD_REASON).is_empty());
                if text(headers::DEAD_CLASS) == "unknown_type" {
                    // It got an id, with which a later build will replay it.
                    let batch = EventBatch::decode(delivery.body.clone()).unwrap();
                    assert_eq!(batch.batches[0].events[0].id.len(), 36);
                    assert!(
                        delivery
                            .body
                            .windows(9)
                            .any(|window| window == b"who knows")
                    );
                }
                kept.push((text(headers::DEAD_CLASS), text(headers::DEAD_EVENT_TYPE)));
            }
            other => panic!("{other}"),
        }
    }
    good.sort();
    kept.sort();
    let expected = [("Empty", vec!["a"]), ("Tree", vec!["b", "e"])];
    assert_eq!(
        good,
        expected.map(|(key, ids)| (key.to_owned(), ids.into_iter().map(str::to_owned).collect()))
    );
    let expected = [
        ("bad_timestamp", ""),
        ("malformed", ""),
        ("no_type", ""),
        ("unknown_type", "99"),
    ];
    assert_eq!(
        kept,
        expected.map(|(class, kind)| (class.to_owned(), kind.to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_taken_is_an_invalid_argument() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let only_header = Events {
        header: Some(header()),
        events: Vec::new(),
    };
    let no_header = Events {
        header: None,
        events: vec![event("a", EventOf::Empty(Empty {}))],
    };
    let mut bad_header = request(1);
    delimited(&mut bad_header, 4, b"\xff");
    let mut no_good_event = only_header.encode_to_vec();
    delimited(&mut no_good_event, 5, b"\xff");
    delimited(&mut no_good_event, 5, b"");
    for (body, says) in [
        (only_header.encode_to_vec(), "no events"),
        (Vec::new(), "no header"),
        (no_header.encode_to_vec(), "no header"),
        (vec![0xff], "the request is"),
        (bad_header, "the header is"),
        (no_good_event, "event 0"),
    ] {
        let status = server.call(body).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(says), "{status:?}");
    }
    assert_eq!(server.count("all_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_rejected_events_is_kept_in_part() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let mut body = Events {
        header: Some(header()),
        events: Vec::new(),
    }
    .encode_to_vec();
    for _ in 0..3000 {
        delimited(&mut body, 5, b"");
    }
    let status = server.call(body).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("2997 more"), "{status:?}");
    // The first ten are kept, and what is said of the others is the same.
    assert_eq!(server.count("rejects_q"), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_unknown_types_alone_are_taken() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let mut body = Events {
        header: Some(header()),
        events: Vec::new(),
    }
    .encode_to_vec();
    let mut unknown = Vec::new();
    delimited(&mut unknown, 65, b"");
    delimited(&mut body, 5, &unknown);
    let response = server.call(body).await.unwrap();
    assert_eq!(
        (response.status.as_str(), response.accepted),
        ("SUCCESS", 0)
    );
    assert_eq!(response.rejected[0].code(), RejectCode::UnknownType);
    assert_eq!(server.count("rejects_q"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_the_limit_is_out_of_range() {
    let server = Server::start(
        Limits::embedded(),
        Pool {
            max_request: 10_000,
            ..POOL
        },
    )
    .await;
    for compressed in [true, false] {
        let of = |count| {
            let mut body = request(count);
            if body.len().is_multiple_of(2) != compressed {
                // An unknown field that makes it one longer.
                body.extend([0x80 | 8, 1, 1]);
            }
            body
        };
        server.call(of(100)).await.unwrap();
        let status = server.call(of(1000)).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        assert!(
            status.message().contains("larger than 10000 bytes"),
            "{status:?}"
        );
    }
}
