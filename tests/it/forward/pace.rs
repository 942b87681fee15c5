//! Rate limit of a target.

use std::time::Duration;

use event_grpc::contract::Rate;
use tokio::time::Instant;

use super::server::{Reply, Server};
use super::support::{Options, message, run};

#[tokio::test]
async fn no_more_are_under_way_than_the_target_allows() {
    let server = Server::start().await;
    let options = Options {
        workers: 16,
        concurrency: 3,
        timeout_ms: 5000,
        ..Options::default()
    };
    let running = run(&server.url("/"), options);
    server.answer(|_| Some(Reply::Slow(Duration::from_millis(50))));
    let began = Instant::now();
    let waiting: Vec<_> = (0..30).map(|n| running.publish(message(n))).collect();
    for waiting in waiting {
        waiting.await.unwrap();
    }
    assert_eq!(server.most_at_once(), 3);
    assert!(
        began.elapsed() >= Duration::from_millis(450),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_rate_is_kept() {
    let server = Server::start().await;
    let options = Options {
        workers: 8,
        rate: Some(Rate {
            count: 40,
            per_ms: 1000,
        }),
        ..Options::default()
    };
    let running = run(&server.url("/"), options);
    let began = Instant::now();
    let waiting: Vec<_> = (0..41).map(|n| running.publish(message(n))).collect();
    for waiting in waiting {
        waiting.await.unwrap();
    }
    let took = began.elapsed();
    let expected = Duration::from_millis(900)..Duration::from_millis(4000);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_target_that_wants_to_be_left_alone_is() {
    let server = Server::start().await;
    let options = Options {
        workers: 4,
        ..Options::default()
    };
    let running = run(&server.url("/"), options);
    let busy = Reply::Status(429, vec![("retry-after", "1".into())], String::new());
    server.script([busy]);
    let first = running.publish(message(0));
    server.has_seen(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let others: Vec<_> = (1..4).map(|n| running.publish(message(n))).collect();
    first.await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 5);
    for later in &seen[1..] {
        let after = later.at - seen[0].at;
        assert!(after >= Duration::from_millis(950), "{after:?}");
    }
    assert_eq!(running.paused(), None);
}
