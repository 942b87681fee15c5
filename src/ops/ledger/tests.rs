//! Tests of the ledger: from readings to lines.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

use super::queues::line;
use super::*;

const QUEUE: &str = "q";
const PREFETCH: u64 = 10;

fn instance(started: f64, counts: QueueCounts) -> Instance {
    let counts = Counts {
        started,
        queues: [(QUEUE.to_owned(), counts)].into(),
        ..Counts::default()
    };
    Instance {
        first: counts.clone(),
        second: counts,
    }
}

fn reading(instances: &[(&str, Instance)], ready: u64) -> Reading {
    let depth = Depth {
        ready,
        consumers: instances.len() as u64,
    };
    let depths: std::collections::BTreeMap<_, _> = [(QUEUE.to_owned(), depth)].into();
    let named = instances.iter().cloned();
    Reading {
        at_ms: 50_000,
        instances: named.map(|(name, i)| (name.to_owned(), i)).collect(),
        silent: Vec::new(),
        broker: Some(Broker {
            first: depths.clone(),
            second: depths,
        }),
    }
}

fn judged(opening: Option<&Reading>, now: &Reading) -> QueueLine {
    line(
        QUEUE,
        PREFETCH,
        opening,
        now,
        &reading::doubts(opening, now),
    )
}

/// Twelve published, seven of them settled, two held, and a copy of a retried one among them.
const SOME: QueueCounts = QueueCounts {
    confirmed: 12,
    unanswered: 0,
    unconfirmed: 0,
    delivered: 9,
    redelivered: 0,
    acknowledged: 6,
    retried: 1,
    returned: 0,
    lost: 0,
    held: 2,
    ready: None,
};

fn exactly(n: i64) -> Span {
    Span { low: n, high: n }
}

#[test]
fn what_was_published_is_settled_held_or_ready() {
    let now = reading(&[("a", instance(9.0, SOME))], 3);
    let line = judged(None, &now);
    assert_eq!(
        (line.remainder, line.verdict),
        (exactly(0), BalanceVerdict::Balanced)
    );
    assert_eq!(line.sentence(), None);
    // Two instances: one publishes, the other settles.
    let publishes = QueueCounts {
        confirmed: 100,
        ..QueueCounts::default()
    };
    let settles = QueueCounts {
        delivered: 100,
        acknowledged: 97,
        held: 3,
        ..QueueCounts::default()
    };
    let both = [
        ("a", instance(9.0, publishes)),
        ("b", instance(8.0, settles)),
    ];
    assert_eq!(
        judged(None, &reading(&both, 0)).verdict,
        BalanceVerdict::Balanced
    );
}

#[test]
fn one_that_is_gone_is_missing_and_one_of_others_is_a_surplus() {
    let instances = [("a", instance(9.0, SOME))];
    let line = judged(None, &reading(&instances, 2));
    assert_eq!(
        (line.remainder, line.verdict),
        (exactly(1), BalanceVerdict::Missing)
    );
    let sentence = line.sentence().unwrap();
    assert!(sentence.starts_with("q: 1 missing"), "{sentence}");
    let line = judged(None, &reading(&instances, 7));
    assert_eq!(
        (line.remainder, line.verdict),
        (exactly(-4), BalanceVerdict::Surplus)
    );
    let sentence = line.sentence().unwrap();
    assert!(
        sentence.starts_with("q: 4 more") && sentence.contains("before"),
        "{sentence}"
    );
}

#[test]
fn an_opening_is_what_was_there_and_what_was_counted_by_then() {
    let opening = reading(&[("a", instance(9.0, SOME))], 40);
    let more = QueueCounts {
        confirmed: 20,
        unanswered: 1,
        delivered: 30,
        acknowledged: 25,
        held: 4,
        ..SOME
    };
    // 42 and 8 went in, 19 were settled: 31 are left.
    let line = judged(Some(&opening), &reading(&[("a", instance(9.0, more))], 27));
    assert_eq!(line.opening, Some(exactly(42)));
    assert_eq!(
        (line.published, line.unanswered, line.acknowledged),
        (8, 1, 19)
    );
    assert_eq!(
        (line.remainder, line.verdict),
        (exactly(0), BalanceVerdict::Balanced)
    );
    let line = judged(Some(&opening), &reading(&[("a", instance(9.0, more))], 26));
    assert_eq!(line.verdict, BalanceVerdict::Missing);
    let line = judged(Some(&opening), &reading(&[("a", instance(9.0, more))], 28));
    let sentence = line.sentence().unwrap();
    assert!(
        sentence.contains("the 1 without an answer") && !sentence.contains("before"),
        "{sentence}"
    );
}

#[test]
fn an_instance_that_restarted_takes_along_what_it_had_counted() {
    let opening = reading(&[("a", instance(9.0, SOME))], 3);
    let anew = QueueCounts {
        confirmed: 1,
        ..QueueCounts::default()
    };
    // Five were there and one came, and four are there: the process before it may have settled two, and nobody knows.
    let now = reading(&[("a", instance(60.0, anew))], 4);
    let line = judged(Some(&opening), &now);
    assert_eq!(
        (line.remainder, line.verdict),
        (exactly(2), BalanceVerdict::Unknown)
    );
    let sentence = line.sentence().unwrap();
    assert!(
        sentence.contains("2 missing, not explained (instance a restarted"),
        "{sentence}"
    );
    // A new instance and one that doesn't answer.
    let mut gone = reading(&[("b", instance(60.0, anew))], 4);
    gone.silent.push("a".to_owned());
    let line = judged(Some(&opening), &gone);
    assert_eq!(line.verdict, BalanceVerdict::Unknown);
    assert_eq!(
        line.reasons.len(),
        1,
        "what is new has counted everything: {:?}",
        line.reasons
    );
    gone.silent.clear();
    assert!(judged(Some(&opening), &gone).reasons[0].contains("not asked now"));
    let forgotten = reading(
        &[("a", instance(9.0, SOME)), ("b", instance(40.0, anew))],
        3,
    );
    assert!(reading::doubts(Some(&opening), &forgotten)[0].contains("not part of it"));
}

#[test]
fn a_consumer_that_nobody_asked_explains_what_is_missing() {
    let mut now = reading(&[("a", instance(9.0, SOME))], 0);
    let broker = now.broker.as_mut().unwrap();
    for depths in [&mut broker.first, &mut broker.second] {
        depths.get_mut(QUEUE).unwrap().consumers = 2;
    }
    let line = judged(None, &now);
    assert_eq!(line.verdict, BalanceVerdict::Unknown);
    assert!(
        line.reasons[0].contains("2 consumers"),
        "{:?}",
        line.reasons
    );
}

#[test]
fn what_moves_is_a_band_that_allows_for_what_is_on_the_wire() {
    let mut now = reading(&[("a", instance(9.0, SOME))], 2);
    let moved = now.instances.get_mut("a").unwrap();
    let counts = moved.second.queues.get_mut(QUEUE).unwrap();
    counts.confirmed += 5;
    counts.acknowledged += 1;
    let line = judged(None, &now);
    // Between 12 and 17 less 7 to 8, 4 to 14 in it.
    assert_eq!(line.remainder, Span { low: -10, high: 6 });
    assert_eq!(line.verdict, BalanceVerdict::WithinBand);
    assert_eq!(line.remainder.to_string(), "-10 to 6");
    // A remainder outside of the range is missing all the same.
    let counts = now.instances.get_mut("a").unwrap();
    for counts in [&mut counts.first, &mut counts.second] {
        counts.queues.get_mut(QUEUE).unwrap().confirmed += 100;
    }
    assert_eq!(judged(None, &now).verdict, BalanceVerdict::Missing);
}

#[test]
fn what_has_no_answer_yet_may_be_there_or_not() {
    let waits = QueueCounts {
        unconfirmed: 2,
        ..SOME
    };
    for (ready, verdict) in [
        (2, BalanceVerdict::Missing),
        (3, BalanceVerdict::WithinBand),
        (5, BalanceVerdict::WithinBand),
        (6, BalanceVerdict::Surplus),
    ] {
        let now = reading(&[("a", instance(9.0, waits))], ready);
        assert_eq!(judged(None, &now).verdict, verdict, "{ready} ready");
    }
    // It was in the queue at the opening, and its answer came later.
    let opening = reading(&[("a", instance(9.0, waits))], 5);
    let answered = QueueCounts {
        confirmed: 14,
        ..SOME
    };
    let now = reading(&[("a", instance(9.0, answered))], 5);
    let line = judged(Some(&opening), &now);
    assert_eq!(
        (line.remainder, line.verdict),
        (Span { low: 0, high: 2 }, BalanceVerdict::WithinBand)
    );
}

#[test]
fn an_acknowledgement_that_may_have_arrived_explains_one_that_is_missing() {
    let lost = QueueCounts { lost: 1, ..SOME };
    for (ready, verdict) in [
        (3, BalanceVerdict::Balanced),
        (2, BalanceVerdict::Unknown),
        (1, BalanceVerdict::Missing),
    ] {
        let now = reading(&[("a", instance(9.0, lost))], ready);
        assert_eq!(judged(None, &now).verdict, verdict, "{ready} ready");
    }
}

#[test]
fn a_text_of_metrics_is_read() {
    let text = r#"# HELP whatever
# TYPE event_grpc_settled_total counter
event_grpc_settled_total{queue="q",outcome="acknowledged"} 6
event_grpc_settled_total{queue="q",outcome="retried"} 1
event_grpc_settled_total{outcome="returned",queue="a \"q\\"} 2
event_grpc_queue_published_total{queue="q",outcome="confirmed"} 12
event_grpc_queue_messages{queue="q",state="held"} 2
event_grpc_queue_messages{queue="q",state="ready"} 0
event_grpc_broker_delivered_total{queue="q"} 9
event_grpc_events_total{source="app",type="Cart",outcome="accepted"} 5
event_grpc_events_total{source="other",type="Cart",outcome="accepted"} 1
event_grpc_events_total{source="app",type="",outcome="no_type"} 1
event_grpc_events_received_total{source="app",type="Cart"} 7
event_grpc_settled_units_total{queue="q",into="event",type="Cart",outcome="stored"} 4
event_grpc_settled_units_total{queue="r",into="event",type="Cart",outcome="stored"} 1
event_grpc_flush_seconds_bucket{table="event",le="+Inf"} 3
process_start_time_seconds 1764030000.25

"#;
    let counts = counts(text).unwrap();
    let queue = QueueCounts {
        ready: Some(0),
        ..SOME
    };
    assert_eq!(counts.started, 1_764_030_000.25);
    assert_eq!(counts.queues["q"], queue);
    assert_eq!(counts.queues[r#"a "q\"#].returned, 2);
    let cart = EventCounts {
        received: 7,
        accepted: 6,
    };
    assert_eq!(counts.events, [("Cart".to_owned(), cart)].into());
    assert_eq!(counts.units["Cart"]["event"].stored, 5);
    assert_eq!(super::counts("<html>hello</html>"), None);
}

#[test]
fn events_are_laid_out_by_type_and_destination() {
    let counted = |received, stored| {
        let mut instance = instance(9.0, SOME);
        for counts in [&mut instance.first, &mut instance.second] {
            let cart = EventCounts {
                received,
                accepted: received,
            };
            let units = UnitCounts {
                stored,
                ..UnitCounts::default()
            };
            counts.events = [
                ("Cart".to_owned(), cart),
                ("None".to_owned(), EventCounts::default()),
            ]
            .into();
            counts.units = [("Cart".to_owned(), [("event".to_owned(), units)].into())].into();
        }
        instance
    };
    let opening = reading(&[("a", counted(5, 4))], 0);
    let now = reading(&[("a", counted(8, 8))], 0);
    let lines = events::lines(Some(&opening), &now);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!((line.kind.as_str(), line.into.as_str()), ("Cart", "event"));
    assert_eq!((line.events.received, line.units.stored), (3, 4));
    // A file holds everything that was written to it.
    let text = serde_json::to_string(&now).unwrap();
    assert_eq!(serde_json::from_str::<Reading>(&text).unwrap(), now);
}
