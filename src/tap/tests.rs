//! Tests of taps: that nobody waits for them, and that they cost nothing while nobody looks.
#![allow(clippy::unwrap_used)]

use super::*;

fn seen<'a>(place: Place<'a>, event_type: &'a str) -> Seen<'a> {
    Seen {
        place,
        into: "",
        event_type,
        client: "shop",
        id: "",
        class: "",
        reason: "",
    }
}

fn selection(stages: &[Stage]) -> Selection {
    Selection {
        stages: stages.to_vec(),
        per_second: 1_000_000,
        ..Selection::default()
    }
}

#[tokio::test]
async fn nobody_is_asked_while_nobody_looks() {
    let taps = Taps::default();
    for stage in Stage::ALL {
        assert!(taps.at(stage).is_none());
    }
    let mut tap = taps.open(selection(&[Stage::Stored])).unwrap();
    assert!(taps.at(Stage::Received).is_none());
    let look = taps.at(Stage::Stored).unwrap();
    look.offer(&seen(Place::Queue("q"), "Cart"), Shown::Text(b"{}"));
    let capture = tap.next().await.unwrap();
    assert_eq!(capture.place, ("queue", "q".to_owned()));
    assert_eq!(taps.looks(), 1);
    drop(look);
    drop(tap);
    assert!(!taps.any() && taps.at(Stage::Stored).is_none());
    assert_eq!((taps.count(), taps.looks()), (0, 1));
}

#[tokio::test]
async fn a_reader_that_is_slow_loses_events_and_is_told() {
    let taps = Taps::default();
    let mut tap = taps.open(selection(&[])).unwrap();
    let look = taps.at(Stage::Published).unwrap();
    let offered = WAITING as u64 + 500;
    for _ in 0..offered {
        look.offer(&seen(Place::Exchange("x"), "Cart"), Shown::Text(b"{}"));
    }
    let counts = tap.counts();
    assert_eq!(counts.taken + counts.dropped, offered);
    assert_eq!((counts.taken, counts.sampled), (WAITING as u64, 0));
    // What is read makes room.
    tap.next().await.unwrap();
    look.offer(&seen(Place::Exchange("x"), "Cart"), Shown::Text(b"{}"));
    assert_eq!(tap.counts().taken, WAITING as u64 + 1);
}

#[test]
fn large_events_are_bounded_by_their_bytes() {
    let taps = Taps::default();
    let tap = taps.open(selection(&[])).unwrap();
    let look = taps.at(Stage::Stored).unwrap();
    let large = vec![b'x'; 1 << 20];
    for _ in 0..10 {
        look.offer(&seen(Place::Queue("q"), "Cart"), Shown::Text(&large));
    }
    let counts = tap.counts();
    assert_eq!(counts.taken + counts.dropped, 10);
    assert!((1..=4).contains(&counts.taken), "{counts:?}");
}

#[test]
fn more_than_it_looks_at_in_a_second_is_counted() {
    let taps = Taps::default();
    let of_few = Selection {
        per_second: 10,
        ..Selection::default()
    };
    let tap = taps.open(of_few).unwrap();
    let look = taps.at(Stage::Stored).unwrap();
    for _ in 0..1_000 {
        look.offer(&seen(Place::Queue("q"), "Cart"), Shown::Nothing);
    }
    let counts = tap.counts();
    assert_eq!(counts.taken + counts.sampled, 1_000);
    assert!((10..500).contains(&counts.taken), "{counts:?}");
}

#[test]
fn it_selects_by_names_and_there_are_few() {
    let taps = Taps::default();
    let of_one = Selection {
        sources: vec!["app".into()],
        exchanges: vec!["app.x".into()],
        queues: vec!["app_q".into()],
        types: vec!["Cart".into()],
        per_second: 1_000,
        ..Selection::default()
    };
    let tap = taps.open(of_one).unwrap();
    let look = taps.at(Stage::Stored).unwrap();
    for (place, event_type) in [
        (Place::Source("app"), "Cart"),
        (Place::Exchange("app.x"), "Cart"),
        (Place::Queue("app_q"), "Cart"),
        (Place::Queue("app"), "Cart"),
        (Place::Source("app"), "View"),
    ] {
        look.offer(&seen(place, event_type), Shown::Nothing);
    }
    assert_eq!(tap.counts().taken, 3);
    let more: Vec<Tap> = (1..MOST)
        .map(|_| taps.open(Selection::default()).unwrap())
        .collect();
    assert!(taps.open(Selection::default()).is_none());
    drop(more);
    assert_eq!(taps.count(), 1);
    assert!(taps.open(Selection::default()).is_some());
}
