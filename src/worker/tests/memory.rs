//! Settlement with the in-memory broker, where a client waits for each message.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::pipeline::{Settings, message, pipeline};
use super::simulate;
use super::store::{self, Weather};
use crate::broker::{Broker, Embedded, Outgoing, PublishError, Topology};
use crate::sink::requests::Requests;
use crate::sink::{Store, Stores};
use crate::worker::{HoldLimits, Pace, Setup, States, start};

const SETTINGS: Settings = Settings {
    workers: 2,
    prefetch: 8,
    retries: 2,
    rows: 4,
    delay_ms: 100,
};

fn setup(store: &store::Simulated) -> Setup {
    let pipeline = pipeline(SETTINGS);
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Setup {
        pipeline,
        broker: Arc::new(Embedded::new(&Topology::of(pipeline, |_| true), 1 << 20)),
        stores: Stores::new(pipeline.tables, |_| Some(Arc::clone(&store))),
        requests: Requests::default(),
        pace: Pace::Eager,
        hold_limits: HoldLimits {
            jitter: || 0.5,
            ..HoldLimits::default()
        },
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    }
}

type Answers = JoinSet<Result<(), PublishError>>;

fn publish(broker: &Arc<dyn Broker>, answers: &mut Answers, id: &str) {
    let (body, properties) = message(&[id.to_owned()], Some(id.to_owned()));
    let broker = Arc::clone(broker);
    let outgoing = Outgoing::new("in.dx", "unit", body).with(properties);
    answers.spawn(async move { broker.publish(outgoing).await });
}

#[test]
fn who_waits_is_answered_after_an_outage_and_retries() {
    simulate(async {
        let minutes = 60_000;
        let store = store::Simulated::new(7, vec![(0, 5 * minutes, Weather::Gone)], 0.0);
        let setup = setup(&store);
        let mut tasks = start(&setup, &[&setup.pipeline.queues[0]]).unwrap();
        let mut answers = JoinSet::new();
        for n in 0..50 {
            publish(&setup.broker, &mut answers, &format!("good-{n}"));
        }
        tokio::time::sleep(Duration::from_secs(240)).await;
        assert!(answers.try_join_next().is_none(), "nothing is stored yet");
        assert!(setup.states.paused().contains_key("units"));
        for _ in 0..50 {
            answers.join_next().await.unwrap().unwrap().unwrap();
        }
        assert!(setup.states.paused().is_empty());
        // A unit that goes back keeps its publisher waiting for its replacement.
        publish(&setup.broker, &mut answers, "sick-1");
        for n in 50..300 {
            publish(&setup.broker, &mut answers, &format!("good-{n}"));
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        // The dead letter has no queue here, so the publisher of the sick one isn't told that it is safe.
        setup.broker.close(Duration::from_secs(60)).await;
        setup.give_up.cancel();
        let mut refused = 0;
        while let Some(answer) = answers.join_next().await {
            refused += u32::from(answer.unwrap().is_err());
        }
        assert_eq!(refused, 1);
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}

#[test]
fn who_waits_is_answered_when_it_ends_in_an_outage() {
    simulate(async {
        let store = store::Simulated::new(7, vec![(0, u64::MAX, Weather::Gone)], 0.0);
        let setup = setup(&store);
        let mut tasks = start(&setup, &[&setup.pipeline.queues[0]]).unwrap();
        let mut answers = JoinSet::new();
        for n in 0..50 {
            publish(&setup.broker, &mut answers, &format!("good-{n}"));
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        setup.broker.close(Duration::from_secs(5)).await;
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
        for _ in 0..50 {
            let answer = answers.join_next().await.unwrap().unwrap();
            assert!(
                matches!(answer, Err(PublishError::Unknown { .. })),
                "{answer:?}"
            );
        }
    });
}
