//! The scan of a request agrees with prost about what is well formed, and groups hold what came.

pub(crate) mod fixture;
mod pipeline;
pub(crate) mod soup;

use event_grpc::contract::Envelope;
use event_grpc::events::{Refused, Verdict, scan};
use event_grpc::ingest::group::RequestBatch;
use fixture::{ENVELOPE, Event, EventBatch, EventOf, Framing};
use proptest::prelude::*;
use prost::Message;
use soup::{Tape, deep, delimited};

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_prost(tape in proptest::collection::vec(any::<u8>(), 0..400)) {
        agree(&soup::request(&mut Tape(&tape), &ENVELOPE));
    }

    #[test]
    fn agrees_with_prost_on_noise(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        agree(&bytes);
        let mut framed = Vec::new();
        delimited(&mut framed, 5, &bytes);
        agree(&framed);
    }

    #[test]
    fn groups_hold_what_came(
        tape in proptest::collection::vec(any::<u8>(), 0..400),
        bytes in 1usize..300,
        count in 1usize..5,
    ) {
        group(&soup::request(&mut Tape(&tape), &ENVELOPE), &ENVELOPE, bytes, count);
    }
}

/// Checks the scan of a request against prost.
fn agree(request: &[u8]) {
    let ours = scan(request, &ENVELOPE);
    let theirs = Framing::decode(request);
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return,
        (ours, theirs) => panic!("{ours:?}\n{theirs:?}\n{request:02x?}"),
    };
    let header = ours
        .header
        .map(|bytes| fixture::Header::decode(&*bytes).expect("a header"));
    assert_eq!(header, theirs.header);
    assert_eq!(ours.events.len(), theirs.events.len());
    for (ours, bytes) in ours.events.iter().zip(&theirs.events) {
        assert_eq!(ours.bytes, bytes);
        let theirs = Event::decode(bytes.as_slice());
        let Ok(theirs) = theirs else {
            assert!(
                matches!(ours.verdict, Verdict::Malformed(_)),
                "{ours:?} {theirs:?}"
            );
            continue;
        };
        let number = match &theirs.event_of {
            Some(EventOf::All(_)) => 9,
            Some(EventOf::Tree(_)) => 10,
            Some(EventOf::Empty(_)) => 11,
            None => 0,
        };
        match &ours.verdict {
            Verdict::Malformed(bad) => panic!("prost takes it: {bad} {bytes:02x?}"),
            Verdict::Good(kind) => assert_eq!(kind.number, number),
            Verdict::BadTimestamp(_) => {
                assert_ne!(number, 0);
                assert!(
                    [&b"soon"[..], b"99999999999999"].contains(&ours.timestamp)
                        || theirs.timestamp.parse::<u32>().is_err()
                );
            }
            Verdict::NotAllowed { .. } | Verdict::SwitchedOff(_) => {
                panic!("a scan asks nobody who sends")
            }
            Verdict::UnknownType(_) | Verdict::UnknownName(_) | Verdict::NoType => {
                assert_eq!(number, 0)
            }
        }
        assert_eq!(ours.id, theirs.id.as_bytes());
        assert_eq!(ours.timestamp, theirs.timestamp.as_bytes());
    }
}

/// Checks that groups decode to the good events, in order, each with an id.
fn group(request: &[u8], envelope: &'static Envelope, bytes: usize, count: usize) {
    let Ok(request) = scan(request, envelope) else {
        return;
    };
    let header = request.header.clone().unwrap_or_default();
    let batch = RequestBatch::new(envelope, &header, "shop-web");
    let groups = batch.groups(&request.events, bytes, count);
    let mut got = Vec::new();
    for group in &groups {
        let mut out = Vec::new();
        batch.write(group, &mut out);
        assert!(out.len() <= batch.len(group));
        let decoded = EventBatch::decode(out.as_slice()).expect("a batch");
        let [events] = decoded.batches.as_slice() else {
            panic!("one batch");
        };
        assert_eq!(
            events.header,
            Some(fixture::Header::decode(&*header).expect("a header"))
        );
        assert_eq!(events.events.len(), group.events.len());
        assert!(events.events.len() <= count);
        for event in &events.events {
            got.push((group.kind.number, event.clone()));
        }
        // The output needs no rewriting: scanning it again finds the same type and an id.
        let body = events.encode_to_vec();
        for event in scan(&body, envelope).expect("a request").events {
            assert!(
                matches!(event.verdict, Verdict::Good(kind) if kind.number == group.kind.number)
            );
            assert!(event.plain && !event.id.is_empty());
        }
    }
    let mut want = Vec::new();
    for event in &request.events {
        if let Verdict::Good(kind) = event.verdict {
            want.push((kind.number, Event::decode(event.bytes).expect("an event")));
        }
    }
    want.sort_by_key(|(number, _)| *number);
    assert_eq!(got.len(), want.len());
    for ((got_number, got), (want_number, mut want)) in got.into_iter().zip(want) {
        assert_eq!(got_number, want_number);
        if want.id.is_empty() {
            uuid::Uuid::parse_str(&got.id).expect("a made id");
            want.id.clone_from(&got.id);
        }
        // NaN differs from itself, so bytes are compared; maps of more than one entry have no order.
        if got != want {
            assert_eq!(format!("{got:?}").len(), format!("{want:?}").len());
        }
    }
}

#[test]
fn nesting_ends_where_it_does_for_prost() {
    for levels in 90..110 {
        for groups in [false, true] {
            for number in [1, 10] {
                let chain = deep(1, levels, groups);
                let mut event = Vec::new();
                delimited(&mut event, number, &chain);
                for body in [chain, event] {
                    let mut request = Vec::new();
                    delimited(&mut request, 5, &body);
                    agree(&request);
                    let mut request = Vec::new();
                    delimited(&mut request, 4, &body);
                    agree(&request);
                    let mut header = Vec::new();
                    delimited(&mut header, 7, &body);
                    let mut request = Vec::new();
                    delimited(&mut request, 4, &header);
                    agree(&request);
                    agree(&body);
                }
            }
        }
    }
}

#[test]
fn a_repeated_header_merges() {
    let mut request = Vec::new();
    delimited(
        &mut request,
        4,
        &fixture::Header {
            session: "a".into(),
            device: 1,
            tree: None,
        }
        .encode_to_vec(),
    );
    delimited(&mut request, 5, b"");
    delimited(
        &mut request,
        4,
        &fixture::Header {
            session: "b".into(),
            ..Default::default()
        }
        .encode_to_vec(),
    );
    let scanned = scan(&request, &ENVELOPE).unwrap();
    let header = fixture::Header::decode(&*scanned.header.unwrap()).unwrap();
    assert_eq!((header.session.as_str(), header.device), ("b", 1));
    assert_eq!(scanned.events.len(), 1);
}

#[test]
fn the_last_variant_counts_and_its_repetitions_merge() {
    let tree = |name: &str, child: bool| fixture::Tree {
        name: name.into(),
        children: if child {
            vec![fixture::Tree::default()]
        } else {
            Vec::new()
        },
    };
    let mut event = Vec::new();
    delimited(&mut event, 10, &tree("lost", true).encode_to_vec());
    delimited(&mut event, 11, b"");
    delimited(&mut event, 10, &tree("", true).encode_to_vec());
    delimited(&mut event, 10, &tree("kept", true).encode_to_vec());
    delimited(&mut event, 4, b"");
    let mut request = Vec::new();
    delimited(&mut request, 5, &event);
    agree(&request);
    group(&request, &ENVELOPE, 1000, 10);
    let scanned = scan(&request, &ENVELOPE).unwrap();
    let batch = RequestBatch::new(&ENVELOPE, &[], "");
    let groups = batch.groups(&scanned.events, 1000, 10);
    let mut out = Vec::new();
    batch.write(&groups[0], &mut out);
    let written = EventBatch::decode(out.as_slice())
        .unwrap()
        .batches
        .remove(0)
        .events
        .remove(0);
    let Some(EventOf::Tree(written)) = written.event_of else {
        panic!("a tree");
    };
    assert_eq!((written.name.as_str(), written.children.len()), ("kept", 2));
}

#[test]
fn an_id_is_the_same_for_the_same_event_and_another_without_a_timestamp() {
    let made = |session: &str, timestamp: &str| {
        let header = fixture::Header {
            session: session.into(),
            ..Default::default()
        }
        .encode_to_vec();
        let mut event = Vec::new();
        delimited(&mut event, 5, timestamp.as_bytes());
        delimited(&mut event, 11, b"");
        let mut request = Vec::new();
        delimited(&mut request, 5, &event);
        let scanned = scan(&request, &ENVELOPE).unwrap();
        let batch = RequestBatch::new(&ENVELOPE, &header, "shop-web");
        let groups = batch.groups(&scanned.events, 1000, 10);
        let mut out = Vec::new();
        batch.write(&groups[0], &mut out);
        EventBatch::decode(out.as_slice())
            .unwrap()
            .batches
            .remove(0)
            .events
            .remove(0)
            .id
    };
    assert_eq!(made("a", "1700000000000"), made("a", "1700000000000"));
    assert_ne!(made("a", "1700000000000"), made("b", "1700000000000"));
    assert_ne!(made("a", "1700000000000"), made("a", "1700000000001"));
    assert_ne!(made("a", ""), made("a", ""));
}

#[test]
fn verdicts() {
    let verdict = |fields: &[(u32, &[u8])]| {
        let mut event = Vec::new();
        for (number, body) in fields {
            delimited(&mut event, *number, body);
        }
        let mut request = Vec::new();
        delimited(&mut request, 5, &event);
        scan(&request, &ENVELOPE).unwrap().events.remove(0).verdict
    };
    assert!(matches!(verdict(&[]), Verdict::NoType));
    assert!(matches!(
        verdict(&[(4, b"id"), (6, b"url")]),
        Verdict::NoType
    ));
    assert!(matches!(
        verdict(&[(65, b""), (200, b"x"), (12, b"")]),
        Verdict::UnknownType(200)
    ));
    assert!(
        matches!(verdict(&[(65, b""), (11, b"")]), Verdict::Good(kind) if kind.name == "Empty")
    );
    assert!(matches!(
        verdict(&[(11, b""), (5, b"12a")]),
        Verdict::BadTimestamp(_)
    ));
    assert!(matches!(
        verdict(&[(11, b""), (5, b"-2208988800000")]),
        Verdict::Good(_)
    ));
    assert!(matches!(
        verdict(&[(11, b""), (5, b"-2208988800001")]),
        Verdict::BadTimestamp(_)
    ));
    assert!(matches!(
        verdict(&[(11, b""), (5, b"10413791999999")]),
        Verdict::Good(_)
    ));
    assert!(matches!(
        verdict(&[(11, b""), (5, b"10413792000000")]),
        Verdict::BadTimestamp(_)
    ));
    assert!(matches!(
        verdict(&[(11, b""), (6, b"\xff")]),
        Verdict::Malformed(_)
    ));
}

#[test]
fn a_request_of_too_many_events_is_refused() {
    let request = [0x2a, 0].repeat(event_grpc::events::MAX_EVENTS + 1);
    assert_eq!(scan(&request, &ENVELOPE).unwrap_err(), Refused::TooMany);
    assert!(scan(&request[2..], &ENVELOPE).is_ok());
}
