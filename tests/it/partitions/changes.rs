//! One queue becomes four, then eight, then one again, under a load of events.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event_grpc::app::Config;
use event_grpc::broker::{Address, Broker as _, Cutover};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::{Events, Header};
use event_grpc::ops::live::retire;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};

use super::{QUEUE, connected, left_behind, pipeline};
use crate::app::cart;
use crate::app::support::{Instance, config, eventually, started_of};
use crate::clickhouse::support::{in_database, number};
use crate::support::topology::Vhost;

const COUNT: &str = "SELECT count() FROM DB.event FINAL";

/// Sends events of many users until it is stopped; counts those that were acknowledged.
async fn load(app: &Instance, name: &str, stop: &AtomicBool, sent: &AtomicU64) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let events = (0..3).map(|event| cart(&format!("{name}-{number}-{event}"), "1760000000000"));
        let header = Header {
            user_id: number % 50 + 1,
            os: "android".into(),
            ..Default::default()
        };
        let request = Events {
            header: Some(header),
            events: events.collect(),
        };
        let answer = app.dispatch(request).await.unwrap();
        assert_eq!(answer.accepted, 3, "{answer:?}");
        sent.fetch_add(3, Ordering::Relaxed);
        number += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs an instance of this build beside what runs already, under its own load, as long as `during` takes.
async fn beside(
    store: &ClickHouse,
    vhost: &Vhost,
    partitions: u16,
    sent: &AtomicU64,
    during: impl AsyncFnOnce(&Instance),
) {
    let config = Config {
        amqp_url: Some(vhost.url()),
        ..config(store)
    };
    let (app, seen) = started_of(config, pipeline(partitions)).await;
    let (stop, name) = (AtomicBool::new(false), format!("of-{partitions}"));
    let name = format!("{name}-{}", sent.load(Ordering::Relaxed));
    let work = async {
        during(&seen).await;
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(load(&seen, &name, &stop, sent), work);
    drop(seen);
    app.stop().await;
}

async fn moment(_: &Instance) {
    tokio::time::sleep(Duration::from_millis(700)).await;
}

/// Carries out what `event-grpc apply --yes` does at the broker; the steps.
async fn applied(vhost: &Vhost, partitions: u16) -> Vec<String> {
    let address = Address::parse(&vhost.url()).unwrap();
    let server = Cutover::dial(&address).await.unwrap();
    let mut steps = Vec::new();
    let tell = |step: retire::Step| steps.push(format!("{} {}", step.done, step.what));
    let good = retire::carry_out(&server, pipeline(partitions), true, tell).await;
    assert!(good.unwrap(), "{steps:?}");
    server.close().await;
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn one_queue_becomes_four_then_eight_then_one_again_under_a_load() {
    let vhost = Vhost::create();
    in_database("partitions", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let sent = AtomicU64::new(0);
        // Each build's instance starts beside one of the build before, and goes on when that has stopped.
        beside(&store, &vhost, 0, &sent, async |_| {
            moment_of(&store, &vhost, 4, &sent).await;
        })
        .await;
        beside(&store, &vhost, 4, &sent, async |_| {
            moment_of(&store, &vhost, 8, &sent).await;
        })
        .await;
        beside(&store, &vhost, 8, &sent, async |_| {
            moment_of(&store, &vhost, 4, &sent).await;
        })
        .await;
        // What an instance left behind in a partition that is no more.
        let former = connected(&vhost, pipeline(8)).await;
        let left = left_behind(&former).await;
        former.close(Duration::from_secs(5)).await;
        let steps = applied(&vhost, 4).await;
        let moved = format!("moved 1 messages from queue {left} to {QUEUE}");
        assert!(steps.contains(&moved), "{steps:?}");
        assert!(
            steps.contains(&format!("deleted queue {QUEUE}.7")),
            "{steps:?}"
        );
        beside(&store, &vhost, 4, &sent, async |_| {
            moment_of(&store, &vhost, 0, &sent).await;
        })
        .await;
        let steps = applied(&vhost, 0).await;
        assert!(
            steps.contains(&format!("deleted queue {QUEUE}.0")),
            "{steps:?}"
        );
        assert!(
            steps.contains(&format!("deleted exchange {QUEUE}.partitions")),
            "{steps:?}"
        );
        beside(&store, &vhost, 0, &sent, moment).await;
        let all = sent.load(Ordering::Relaxed) + 1;
        eventually(&store, COUNT, all).await;
        let ids = "SELECT uniqExact(event_id) FROM DB.event";
        assert_eq!(number(&store, ids).await, all);
        let dead = number(&store, "SELECT count() FROM DB.error_event").await;
        assert_eq!(dead, 0);
    })
    .await;
    vhost.delete();
}

async fn moment_of(store: &ClickHouse, vhost: &Vhost, partitions: u16, sent: &AtomicU64) {
    beside(store, vhost, partitions, sent, moment).await;
}
