//! Circuit breaker tests: a bad deployment, in which nearly everything becomes a dead letter, until it is fixed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::pipeline::{Settings, pipeline, to_queue};
use super::{calm, simulate, store};
use crate::broker::testing::{Confirm, Simulated};
use crate::worker::breaker::{Breakers, Least, Phase};
use crate::worker::{States, start};

static OLD: AtomicBool = AtomicBool::new(true);

/// True while this build fails at new units.
pub(super) fn is_old() -> bool {
    OLD.load(Ordering::SeqCst)
}

#[test]
fn a_queue_that_fills_the_dead_letters_stops() {
    simulate(async {
        let settings = Settings {
            workers: 2,
            prefetch: 200,
            retries: 2,
            rows: 100,
            delay_ms: 100,
        };
        let pipeline = pipeline(settings);
        let store = store::Simulated::new(1, Vec::new(), 0.0);
        let broker = Simulated::new(200, || Confirm::Yes, |_, _, _| {});
        let setup = calm(pipeline, &broker, &store);
        for n in 0..5000 {
            broker.push(to_queue(&[format!("new-{n}")]));
        }
        let mut tasks = start(&setup, &[&pipeline.queues[0]]).unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
        let stopped = setup.states.stopped_queues();
        let reason = &stopped.get("unit_q").expect("it is stopped").reason;
        assert!(reason.contains("50 %"), "{reason}");
        let dead = broker.seen().dead.len();
        assert!(dead < 1000, "{dead} dead letters");
        assert_eq!(broker.left(), (5000 - dead, 0), "nothing is held");

        // Half-open states cost a few; they get rarer.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let after = broker.seen().dead.len();
        assert!(
            (dead + 10..=dead + 100).contains(&after),
            "{after} of {dead}"
        );

        OLD.store(false, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1200)).await;
        assert_eq!(broker.left(), (0, 0));
        assert_eq!(broker.seen().dead.len(), after);
        assert!(setup.states.stopped_queues().is_empty());
        assert!(store.is_stored("new-4999"));
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}

#[test]
fn what_senders_are_to_blame_for_stops_nobody_who_sends_good_units() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 1,
            delay_ms: 1,
        });
        let queue = &pipeline.queues[0];
        let states = States::default();
        let breakers = Breakers::new(&[queue], Least::TABLE, &states);
        let breaker = breakers.of(queue).unwrap();
        // A sender that sends nothing good in the first minutes doesn't prove that the build can't read.
        (0..9).for_each(|_| assert!(!breaker.record(0, 0, 1_002)));
        assert!(!breaker.record(1, 0, 0));
        (0..100).for_each(|_| assert!(!breaker.record(0, 0, 1_002)));
        assert_eq!(breaker.turn().await, Phase::Closed);
        // Failures of the build count by themselves.
        assert!(!breaker.record(600, 400, 100_000));
        assert!(breaker.record(0, 400, 0));
        assert_eq!(*breaker.phases().borrow(), Phase::Open);
    });
}

#[test]
fn a_build_to_which_nothing_was_ever_good_stops_all_the_same() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 1,
            delay_ms: 1,
        });
        let queue = &pipeline.queues[0];
        let states = States::default();
        let breakers = Breakers::new(&[queue], Least::TABLE, &states);
        let breaker = breakers.of(queue).unwrap();
        (0..9).for_each(|_| assert!(!breaker.record(0, 0, 1_000)));
        assert!(breaker.record(0, 0, 1_000));
        for stopped in [60, 120] {
            let began = tokio::time::Instant::now();
            assert_eq!(breaker.turn().await, Phase::HalfOpen);
            assert_eq!(began.elapsed().as_secs(), stopped);
            assert!(!breaker.record(0, 0, 10), "a few of a trial are letters");
            assert_eq!(*breaker.phases().borrow(), Phase::Open);
        }
        assert_eq!(breaker.turn().await, Phase::HalfOpen);
        assert!(!breaker.record(1, 0, 9));
        assert_eq!(breaker.turn().await, Phase::Closed);
    });
}

#[test]
fn a_trial_of_single_messages_takes_as_many_as_say_something() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 1,
            delay_ms: 1,
        });
        let queue = &pipeline.queues[0];
        let states = States::default();
        let breakers = Breakers::new(&[queue], Least::REQUEST, &states);
        let breaker = breakers.of(queue).unwrap();
        assert_eq!(breaker.turn().await, Phase::Closed);
        // As long as half of them are good the breaker stays closed.
        (0..200).for_each(|n| assert!(!breaker.record((n + 1) % 2, n % 2, 0)));
        tokio::time::sleep(Duration::from_secs(61)).await;
        (0..99).for_each(|_| assert!(!breaker.record(0, 1, 0)));
        assert!(breaker.record(0, 1, 0), "this one must not become a letter");
        for stopped in [60, 120, 240] {
            let began = tokio::time::Instant::now();
            assert_eq!(breaker.turn().await, Phase::HalfOpen);
            assert_eq!(began.elapsed().as_secs(), stopped);
            // One good message doesn't close it.
            assert!(!breaker.record(1, 0, 0));
            (0..9).for_each(|_| assert!(!breaker.record(0, 1, 0)));
            assert_eq!(*breaker.phases().borrow(), Phase::Open);
        }
        assert_eq!(breaker.turn().await, Phase::HalfOpen);
        (0..10).for_each(|_| assert!(!breaker.record(1, 0, 0)));
        assert_eq!(breaker.turn().await, Phase::Closed);
        assert!(states.stopped_queues().is_empty());
    });
}
