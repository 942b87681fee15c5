//! A queue gets another name while messages are published and an instance of the former build still runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use event_grpc::broker::{Cutover, Sample, Topology};
use event_grpc::contract::{Pipeline, RenamedQueue, Retired, RetiredQueue, Route};
use event_grpc::generated::PIPELINE;
use event_grpc::ops::live::definitions::Definitions;
use event_grpc::ops::live::{Kind, Plan, rabbitmq};
use futures_util::StreamExt as _;
use lapin::Channel;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use super::{connect, declare_as, dial, lines, publish, steps, until_ready};
use crate::support::topology::Vhost;

const ROUTE: Route = Route {
    exchange: "beat.dx",
    routing_key: "post_log_events",
};
/// That of dead letters of the former queue.
const LETTERS: Route = Route {
    exchange: "beat.dx",
    routing_key: "error.posts_q",
};
const FORMER: &str = "posts_q";
const TODAY: &str = "post_log_events_q";

/// The pipeline, after a queue got another name.
fn pipeline() -> &'static Pipeline {
    static RETIRED: Retired = Retired {
        renamed: &[RenamedQueue {
            name: TODAY,
            former: RetiredQueue {
                name: FORMER,
                bindings: &[ROUTE],
            },
            letters: &[RetiredQueue {
                name: "letters_of_others_q",
                bindings: &[LETTERS],
            }],
        }],
        ..Retired::NONE
    };
    Box::leak(Box::new(Pipeline {
        retired: RETIRED,
        ..PIPELINE
    }))
}

/// Publishes one message after the other until it is stopped, and says how many.
async fn publisher(channel: &Channel, stop: &AtomicBool) -> usize {
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        publish(channel, "beat.dx", "post_log_events", &sent.to_string()).await;
        sent += 1;
    }
    sent
}

/// How often each message is in a queue.
async fn bodies(server: &Cutover, queue: &str) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    let all = Sample {
        messages: 100_000,
        bytes: 64 << 20,
    };
    let seen = server.sample(queue, all, |delivery| {
        *found
            .entry(
                std::str::from_utf8(&delivery.body)
                    .unwrap()
                    .parse()
                    .unwrap(),
            )
            .or_default() += 1;
    });
    seen.await.unwrap();
    found
}

async fn moves(kind: &str) {
    let vhost = Vhost::create();
    let server = dial(&vhost).await;
    let (_connection, channel) = connect(&vhost).await;
    // A build of before: its queue, and an instance that has taken some messages and stores none.
    let before = Topology {
        queues: Vec::new(),
        ..Topology::of(&PIPELINE, |_| true)
    };
    assert!(server.declare(&before).await.unwrap().is_empty());
    declare_as(&channel, FORMER, kind, &[ROUTE]).await;
    declare_as(&channel, "letters_of_others_q", "classic", &[LETTERS]).await;
    let (former, former_channel) = connect(&vhost).await;
    let few = BasicQosOptions::default();
    former_channel.basic_qos(5, few).await.unwrap();
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let consumer = former_channel.basic_consume(FORMER.into(), "former".into(), options, none);
    let mut consumer = consumer.await.unwrap();

    // An instance of this build starts while messages come.
    let stop = AtomicBool::new(false);
    let start = async {
        let held = consumer.next().await.unwrap().unwrap();
        let topology = Topology::of(pipeline(), |_| true);
        let troubles = server.declare(&topology).await.unwrap();
        assert!(troubles.is_empty(), "{troubles:?}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        stop.store(true, Ordering::Relaxed);
        held
    };
    let (sent, held) = tokio::join!(publisher(&channel, &stop), start);
    let at_start = server.depth(FORMER).await.unwrap().unwrap();
    publish(&channel, "beat.dx", "post_log_events", &sent.to_string()).await;
    assert_eq!(
        server.depth(FORMER).await.unwrap(),
        Some(at_start),
        "it gets nothing any more"
    );

    // What is there is shown, and stays as long as the former instance runs.
    let mut plan = Plan::default();
    let definitions = Definitions::parse(&vhost.export(), vhost.name()).unwrap();
    let compared = rabbitmq::compare(&server, pipeline(), Some(&definitions), &mut plan);
    compared.await.unwrap();
    let shown = lines(&plan, Kind::Retired);
    let line = format!("queue {FORMER}: called {TODAY} now; ");
    assert!(
        shown.iter().any(|found| found.starts_with(&line)),
        "{shown:#?}"
    );
    assert!(lines(&plan, Kind::Orphan).is_empty());
    let (good, done) = steps(&server, pipeline()).await;
    assert!(!good);
    let left = format!("left queue {FORMER}: instances of the former build still consume it");
    assert!(done.iter().any(|step| step.starts_with(&left)), "{done:#?}");
    publish(&channel, "beat.dx", "error.posts_q", "letter").await;
    until_ready(&server, "letters_of_others_q", 1).await;

    // It stops, with a message that it didn't store.
    drop(held);
    former.close(200, "OK".into()).await.unwrap();
    let mut good = false;
    for _ in 0..50 {
        let done;
        (good, done) = steps(&server, pipeline()).await;
        if good {
            assert!(
                done.contains(&format!("deleted queue {FORMER}")),
                "{done:#?}"
            );
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(good);
    assert_eq!(server.depth(FORMER).await.unwrap(), None);
    publish(&channel, "beat.dx", "error.posts_q", "stray").await;
    until_ready(&server, "letters_of_others_q", 1).await;
    // Nothing is lost. What came while both were bound, for a few milliseconds, is there twice, with the same id.
    let found = bodies(&server, TODAY).await;
    let all: Vec<usize> = (0..=sent).collect();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), all);
    let twice = found.values().filter(|times| **times > 1).count();
    assert!(
        twice <= 50 && found.values().all(|times| *times <= 2),
        "{twice} of {sent}"
    );

    // After that there is nothing to do, also for an instance that starts.
    let troubles = server
        .declare(&Topology::of(pipeline(), |_| true))
        .await
        .unwrap();
    assert!(troubles.is_empty(), "{troubles:?}");
    let total = u32::try_from(found.values().sum::<usize>()).unwrap();
    until_ready(&server, TODAY, total).await;
    let (good, _) = steps(&server, pipeline()).await;
    assert!(good);
    let mut plan = Plan::default();
    rabbitmq::compare(&server, pipeline(), None, &mut plan)
        .await
        .unwrap();
    assert!(!plan.differs(), "{:#?}", plan.findings);
    server.close().await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classic_queue_is_taken_over_and_what_waits_is_moved() {
    moves("classic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quorum_queue_is_taken_over_and_what_waits_is_moved() {
    moves("quorum").await;
}
