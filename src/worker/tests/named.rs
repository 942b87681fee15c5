//! Bisection with a destination that names the row that it refuses.

use std::time::Duration;

use super::pipeline::{Settings, pipeline, to_queue};
use super::{calm, simulate, store};
use crate::broker::testing::{Confirm, Simulated};
use crate::worker::start;

#[test]
fn it_is_asked_little_more_than_once_for_each() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 10_000,
            delay_ms: 10,
        });
        let store = store::Simulated::new(1, Vec::new(), 0.0);
        let broker = Simulated::new(10, || Confirm::Yes, |_, _, _| {});
        let setup = calm(pipeline, &broker, &store);
        // Two next to each other, and the first and the last.
        let is_bad = |n: usize| n % 500 == 77 || [0, 1234, 1235, 9999].contains(&n);
        let id = |n: usize| match is_bad(n) {
            true => format!("named-{n}"),
            false => format!("good-{n}"),
        };
        let units: Vec<String> = (0..10_000).map(id).collect();
        broker.push(to_queue(&units));
        let mut tasks = start(&setup, &[&pipeline.queues[0]]).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(broker.left(), (0, 0));
        let (bad, good): (Vec<&String>, Vec<&String>) =
            units.iter().partition(|unit| unit.starts_with("named"));
        assert!(good.iter().all(|unit| store.is_stored(unit)));
        assert!(bad.iter().all(|unit| !store.is_stored(unit)));
        assert_eq!(broker.seen().dead.len(), bad.len());
        // Found, tried alone, and the good ones between them in a few blocks; not one after the other, and no row
        // often.
        let tried = store.tried();
        assert!(tried.len() < 3 * bad.len(), "{tried:?}");
        assert!(tried.iter().sum::<usize>() < 6 * units.len(), "{tried:?}");
        assert!(store.blocks().len() < bad.len() / 2, "{:?}", store.blocks());
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}
