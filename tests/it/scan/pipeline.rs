//! Scan of the pipeline's events: every type, against the prost code that is generated with it.

use event_grpc::events::{Verdict, scan};
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::generated::proto::event as theirs;
use event_grpc::ingest::group::RequestBatch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use prost::Message;

use super::soup::{self, Tape, delimited};

/// The request, as far as its framing and its header go: events stay bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Framing {
    #[prost(message, optional, tag = "4")]
    header: Option<theirs::Header>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    events: Vec<Vec<u8>>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_prost(tape in proptest::collection::vec(any::<u8>(), 0..600)) {
        agree(&soup::request(&mut Tape(&tape), &ENVELOPE));
    }
}

#[test]
fn every_type_is_seen_and_agreed_on() {
    // Payloads made of tapes of their own, so that no type depends on being hit by chance.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let tapes = proptest::collection::vec(any::<u8>(), 40..400);
    for kind in ENVELOPE.types {
        let mut good = 0;
        for _ in 0..100 {
            let tape = tapes.new_tree(&mut runner).unwrap().current();
            let payload = soup::payload(&mut Tape(&tape), kind.shape);
            let mut event = Vec::new();
            delimited(&mut event, kind.number, &payload);
            let mut request = Vec::new();
            delimited(&mut request, ENVELOPE.events, &event);
            good += agree(&request);
        }
        assert!(good >= 10, "{}: {good}", kind.name);
    }
}

/// Checks the scan of a request against prost, and what is written of it. Returns how many events are good.
fn agree(request: &[u8]) -> usize {
    let (ours, theirs) = match (scan(request, &ENVELOPE), Framing::decode(request)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return 0,
        (ours, theirs) => panic!("{ours:?}\n{theirs:?}\n{request:02x?}"),
    };
    let header = ours
        .header
        .clone()
        .map(|bytes| theirs::Header::decode(&*bytes).unwrap());
    assert_eq!(header, theirs.header);
    let mut expected = Vec::new();
    for (ours, bytes) in ours.events.iter().zip(&theirs.events) {
        let Ok(theirs) = theirs::Event::decode(bytes.as_slice()) else {
            assert!(matches!(ours.verdict, Verdict::Malformed(_)), "{ours:?}");
            continue;
        };
        assert_eq!(
            (ours.id, ours.timestamp),
            (theirs.id.as_bytes(), theirs.timestamp.as_bytes())
        );
        let number = variant(&theirs);
        match &ours.verdict {
            Verdict::Malformed(bad) => panic!("prost takes it: {bad} {bytes:02x?}"),
            Verdict::Good(kind) => {
                assert_eq!(Some(kind.number), number);
                expected.push((kind.number, theirs));
            }
            Verdict::BadTimestamp(_) => assert!(number.is_some()),
            Verdict::NotAllowed { .. } | Verdict::SwitchedOff(_) => {
                panic!("a scan asks nobody who sends")
            }
            Verdict::UnknownType(_) | Verdict::UnknownName(_) | Verdict::NoType => {
                assert_eq!(number, None)
            }
        }
    }
    expected.sort_by_key(|(number, _)| *number);
    let header = ours.header.unwrap_or_default();
    let batch = RequestBatch::new(&ENVELOPE, &header, "shop-web");
    let mut written = Vec::new();
    for group in batch.groups(&ours.events, 1 << 20, 1000) {
        batch.write(&group, &mut written);
    }
    let batch = theirs::EventBatch::decode(written.as_slice()).unwrap();
    let mut good = 0;
    let got: Vec<_> = batch
        .batches
        .into_iter()
        .flat_map(|events| events.events)
        .collect();
    assert_eq!(got.len(), expected.len());
    for (got, (_, mut expected)) in got.into_iter().zip(expected) {
        assert!(!got.id.is_empty());
        if expected.id.is_empty() {
            expected.id.clone_from(&got.id);
        }
        // NaN differs from itself: then they are compared as text, and by length, because maps have no order.
        if got != expected {
            assert_eq!(format!("{got:?}").len(), format!("{expected:?}").len());
        }
        good += 1;
    }
    good
}

/// The number of the variant that an event has.
fn variant(event: &theirs::Event) -> Option<u32> {
    let bytes = event.encode_to_vec();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (number, wire_type) = prost::encoding::decode_key(&mut rest).unwrap();
        if ENVELOPE.event_type(number).is_some() {
            return Some(number);
        }
        prost::encoding::skip_field(wire_type, number, &mut rest, Default::default()).unwrap();
    }
    None
}
