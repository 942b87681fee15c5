//! Prefetch of a consumer of RabbitMQ: limited by number and by bytes.

use std::collections::BTreeSet;

use event_grpc::broker::{Delivery, Outgoing, Settled};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::fixture::{Fixture, SILENCE, TIME_LIMIT};
use super::rabbit::{connected, remove, url};

/// A megabyte: four large messages, or two thousand small ones.
const BUDGET: u64 = 1 << 20;
const LARGE: usize = 256 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn small_messages_are_held_by_count_and_large_ones_by_bytes() {
    let mut names = Fixture::new();
    for queue in &mut names.topology.queues {
        (queue.prefetch, queue.prefetch_bytes) = (1000, BUDGET);
    }
    let broker = connected(&names, &url()).await;
    let publish = async |bodies: Vec<Vec<u8>>| {
        let sent = bodies
            .into_iter()
            .map(|body| broker.publish(Outgoing::new(names.direct, "one", body)));
        assert!(join_all(sent).await.iter().all(Result::is_ok));
    };
    let small = 1000;
    publish((0..small).map(|n| n.to_string().into_bytes()).collect()).await;
    let deliveries = broker.consume(names.one).unwrap();
    let take = async || -> Vec<Delivery> {
        let mut held = Vec::new();
        while let Ok(Some(delivery)) = timeout(SILENCE, deliveries.next()).await {
            held.push(delivery);
        }
        held
    };

    // It begins as if all were large, and gets all of them though none is settled; each comes once.
    let mut held = Vec::new();
    while held.len() < small {
        let delivery = timeout(TIME_LIMIT, deliveries.next()).await.unwrap();
        held.push(delivery.unwrap());
    }
    let bodies: BTreeSet<_> = held.iter().map(|d| d.body.clone()).collect();
    assert_eq!(bodies.len(), small);
    assert!(held.iter().all(|d| !d.redelivered));
    for delivery in held {
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }

    // The first large ones tell it; from then on it holds four of them and no more.
    let mut most = Vec::new();
    for large in [4, 20] {
        publish(vec![vec![b'x'; LARGE]; large]).await;
        let mut left = large;
        while left > 0 {
            let held = take().await;
            left -= held.len();
            most.push(held.len());
            for delivery in held {
                assert_eq!(delivery.ack.ack().await, Settled::Done);
            }
        }
    }
    assert!(most.iter().all(|held| *held <= 4), "{most:?}");
    remove(&names).await;
}
