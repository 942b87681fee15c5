//! A delivery limit that somebody's policy sets: what comes back to its queue more often is dropped by the broker.

use std::time::Duration;

use event_grpc::broker::{Broker as _, Outgoing};
use event_grpc::sink::clickhouse::ClickHouse;
use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use tokio::time::timeout;

use crate::app::outages::{connected, ended, fragile, workers};
use crate::app::support::eventually;
use crate::broker::rabbit::rabbitmqctl;
use crate::clickhouse::support::{in_database, run_there};
use crate::support::topology::Vhost;

const QUEUE: &str = "fragile_q";
const MESSAGES: u64 = 20;
const LIMIT: u64 = 9;

/// Takes every message of the queue and ends without a word, as a process does that is killed.
async fn die_with_all(vhost: &Vhost) {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&vhost.url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let all = BasicQosOptions::default();
    channel.basic_qos(100, all).await.unwrap();
    let consuming = channel.basic_consume(
        QUEUE.into(),
        "".into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let mut consumer = consuming.await.unwrap();
    for _ in 0..MESSAGES {
        let next = timeout(Duration::from_secs(10), consumer.next()).await;
        next.unwrap().unwrap().unwrap();
    }
    connection.close(200, "".into()).await.unwrap();
}

/// Number of ready messages in the queue, from the broker.
async fn messages(vhost: &Vhost) -> u64 {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&vhost.url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let passive = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let asked = channel.queue_declare(QUEUE.into(), passive, FieldTable::default());
    let count = asked.await.unwrap().message_count();
    connection.close(200, "".into()).await.unwrap();
    u64::from(count)
}

/// Waits until so many messages are ready in the queue.
async fn until(vhost: &Vhost, wanted: u64) {
    let mut there = 0;
    for _ in 0..50 {
        there = messages(vhost).await;
        if there == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{there} messages are there, and not {wanted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_through_more_returns_than_a_policy_allows() {
    let vhost = Vhost::create();
    let name = vhost.url().rsplit('/').next().unwrap().to_owned();
    let limit = format!(r#"{{"delivery-limit":{LIMIT}}}"#);
    rabbitmqctl(&[
        "set_policy",
        "-p",
        &name,
        "limit",
        ".*",
        &limit,
        "--apply-to",
        "queues",
    ]);
    in_database("returns", async |store: ClickHouse| {
        let pipeline = fragile();
        let broker = connected(&vhost, pipeline).await;
        for n in 0..MESSAGES {
            let body = format!(r#"{{"id":"{n}"}}"#);
            broker
                .publish(Outgoing::new("fragile.dx", "unit", body))
                .await
                .unwrap();
        }
        broker.close(Duration::from_secs(5)).await;
        // The table isn't there: what the workers take goes back, and dies with others in between. All in all each is
        // returned about twice as often as the limit allows.
        for _ in 0..4 {
            for _ in 0..5 {
                die_with_all(&vhost).await;
            }
            let broker = connected(&vhost, pipeline).await;
            let (setup, tasks) = workers(&broker, &store, pipeline, &[QUEUE]);
            let paused = async {
                while !setup.states.paused().contains_key("fragile")
                    || setup.states.returned().is_empty()
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            timeout(Duration::from_secs(20), paused).await.unwrap();
            let told = setup.states.returned();
            assert!(told[QUEUE].contains("delivery limit"), "{told:?}");
            ended(setup, tasks, &broker).await;
            until(&vhost, MESSAGES).await;
        }
        run_there(
            &store,
            "CREATE TABLE fragile (id String) ENGINE = MergeTree ORDER BY id",
        )
        .await;
        let broker = connected(&vhost, pipeline).await;
        let (setup, tasks) = workers(&broker, &store, pipeline, &[QUEUE]);
        eventually(&store, "SELECT uniqExact(id) FROM DB.fragile", MESSAGES).await;
        ended(setup, tasks, &broker).await;
        until(&vhost, 0).await;
    })
    .await;
    vhost.delete();
}
