//! Heavy messages, whose rows exceed a block.

use std::sync::Arc;
use std::time::Duration;

use super::pipeline::{Settings, pipeline, to_queue};
use super::{calm, simulate, store};
use crate::broker::testing::{Confirm, Simulated};
use crate::worker::start;

#[test]
fn it_is_stored_in_several_and_acknowledged_when_all_are() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 1000,
            delay_ms: 10,
        });
        let store = store::Simulated::new(1, Vec::new(), 0.0);
        let (seen, early) = (store.clone(), Arc::new(std::sync::Mutex::new(0)));
        let noted = Arc::clone(&early);
        let broker = Simulated::new(
            10,
            || Confirm::Yes,
            move |_, _, _| {
                // Whatever is acknowledged, the last unit of the heavy message is stored by then, or it is another
                // message.
                *noted.lock().unwrap() += usize::from(!seen.is_stored(&heavy(99)));
            },
        );
        let setup = calm(pipeline, &broker, &store);
        // Five times the megabyte that a batch may have.
        let units: Vec<String> = (0..100).map(heavy).collect();
        broker.push(to_queue(&units));
        let mut tasks = start(&setup, &[&pipeline.queues[0]]).unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(broker.left(), (0, 0));
        assert!(units.iter().all(|unit| store.is_stored(unit)));
        let blocks = store.blocks();
        assert!(blocks.len() >= 3, "{blocks:?}");
        assert!(blocks.iter().all(|rows| *rows <= 32), "{blocks:?}");
        assert_eq!(*early.lock().unwrap(), 0, "acknowledged too early");
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}

/// Id of fifty kilobytes.
fn heavy(n: usize) -> String {
    format!("good-{n:050000}")
}
