//! An API that refuses nearly everything: its queue stops before all its messages are dead letters.

use std::time::Duration;

use event_grpc::broker::Broker as _;

use super::server::{Server, status};
use super::support::{Options, message, run};

#[tokio::test]
async fn a_queue_that_an_api_refuses_stops() {
    let server = Server::start().await;
    let options = Options {
        workers: 4,
        awaited: false,
        ..Options::default()
    };
    let mut running = run(&server.url("/events"), options);
    server.answer(|_| Some(status(400)));
    for n in 0..300 {
        running.broker.publish(message(n)).await.unwrap();
    }
    let mut reason = None;
    for _ in 0..1000 {
        let stopped = running.states.stopped_queues();
        reason = stopped.get("api_q").map(|stopped| stopped.reason.clone());
        if reason.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        reason.unwrap(),
        "100 of 100 would be dead letters, which is more than 50 %"
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tried = server.seen().len();
    // Messages that the other workers had under way were refused, too, and are in the queue.
    assert!((100..=104).contains(&tried), "{tried}");
    for _ in 0..99 {
        assert_eq!(running.dead_letter().await.class, "refused");
    }
    let more = tokio::time::timeout(Duration::from_millis(300), running.dead.next()).await;
    assert!(more.is_err(), "the rest is no dead letter: {more:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_queue_of_which_an_api_refuses_little_goes_on() {
    let server = Server::start().await;
    let options = Options {
        workers: 4,
        awaited: false,
        ..Options::default()
    };
    let running = run(&server.url("/events"), options);
    server.answer(|seen| (seen.body["n"].as_i64()? % 3 == 0).then(|| status(400)));
    for n in 0..300 {
        running.broker.publish(message(n)).await.unwrap();
    }
    server.has_seen(300).await;
    for _ in 0..100 {
        assert_eq!(running.dead_letter().await.class, "refused");
    }
    assert!(running.states.stopped_queues().is_empty());
}
