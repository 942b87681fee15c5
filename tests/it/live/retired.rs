//! What becomes of retired queues, bindings and exchanges.

use event_grpc::generated::PIPELINE;
use event_grpc::ops::live::definitions::Definitions;
use event_grpc::ops::live::{Kind, Plan, rabbitmq};
use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, ExchangeDeclareOptions,
    QueuePurgeOptions,
};
use lapin::types::FieldTable;

use super::{
    BEFORE, ELSEWHERE, connect, declare, declare_as, dial, lines, pipeline, publish, steps,
    unbound, until_ready,
};
use crate::support::topology::Vhost;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_retired_is_unbound_and_deleted_once_it_is_empty() {
    let vhost = Vhost::create();
    let server = dial(&vhost).await;
    let mut plan = Plan::default();
    rabbitmq::compare(&server, pipeline(), None, &mut plan)
        .await
        .unwrap();
    let missing = lines(&plan, Kind::Missing);
    assert_eq!(
        missing.len(),
        PIPELINE.exchanges.len() + PIPELINE.queues.len()
    );
    assert!(
        vhost.list("list_queues", "name").is_empty(),
        "a plan declares nothing"
    );

    let (good, _) = steps(&server, &PIPELINE).await;
    assert!(good);
    let (_connection, channel) = connect(&vhost).await;
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let (kind, none) = (lapin::ExchangeKind::Direct, FieldTable::default());
    let declared = channel.exchange_declare("before.dx".into(), kind, durable, none);
    declared.await.unwrap();
    declare(&channel, "before_q", &[BEFORE, ELSEWHERE]).await;
    declare(&channel, "stray_q", &[BEFORE]).await;
    publish(&channel, "beat.dx", "before", "1").await;
    publish(&channel, "before.dx", "before", "2").await;

    // The plan shows them, and changes nothing.
    let export = vhost.export();
    let definitions = Definitions::parse(&export, vhost.name()).unwrap();
    let mut plan = Plan::default();
    let compared = rabbitmq::compare(&server, pipeline(), Some(&definitions), &mut plan);
    compared.await.unwrap();
    assert_eq!(lines(&plan, Kind::Missing), [""; 0]);
    let retired = lines(&plan, Kind::Retired);
    for line in [
        "queue before_q: 2 messages ready, 0 consumers",
        "exchange before.dx: event-grpc apply",
        "binding of queue before_q to exchange beat.dx with key \"before\": event-grpc apply",
        "binding of queue before_q to exchange before.dx with key \"before\": event-grpc apply",
    ] {
        assert!(
            retired.iter().any(|found| found.starts_with(line)),
            "{line}\n{retired:#?}"
        );
    }
    let orphans = lines(&plan, Kind::Orphan);
    let [orphan] = &orphans[..] else {
        panic!("{orphans:#?}")
    };
    let line = "binding of queue stray_q to exchange beat.dx with key \"before\": pipeline.yaml declares no such queue";
    assert!(orphan.starts_with(line), "{orphan}");

    // As long as instances of the former build run, nothing is deleted.
    let (good, done) = unbound(&server, pipeline()).await;
    assert!(!good);
    for left in [
        "left queue before_q: 2 messages ready, 0 consumers",
        "left exchange before.dx",
    ] {
        assert!(done.contains(&left.to_owned()), "{done:#?}");
    }

    // With messages it is unbound and stays.
    let (good, done) = steps(&server, pipeline()).await;
    assert!(!good);
    let left = "left queue before_q: it has 2 messages and 0 consumers";
    assert!(done.iter().any(|step| step.starts_with(left)), "{done:#?}");
    assert!(
        done.contains(&"deleted exchange before.dx".to_owned()),
        "{done:#?}"
    );
    publish(&channel, "beat.dx", "before", "3").await;
    until_ready(&server, "before_q", 2).await;
    // Others keep their bindings.
    until_ready(&server, "stray_q", 2).await;

    // Once it is empty it goes, and then there is nothing left to do.
    let purged = channel.queue_purge("before_q".into(), QueuePurgeOptions::default());
    purged.await.unwrap();
    let (good, done) = steps(&server, pipeline()).await;
    assert!(good, "{done:#?}");
    assert!(
        done.contains(&"deleted queue before_q".to_owned()),
        "{done:#?}"
    );
    let mut plan = Plan::default();
    rabbitmq::compare(&server, pipeline(), None, &mut plan)
        .await
        .unwrap();
    assert!(!plan.differs(), "{:#?}", plan.findings);
    server.close().await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_or_has_messages_stays_whatever_its_type() {
    let vhost = Vhost::create();
    let server = dial(&vhost).await;
    let (_connection, channel) = connect(&vhost).await;
    steps(&server, &PIPELINE).await;
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let (kind, none) = (lapin::ExchangeKind::Direct, FieldTable::default());
    let declared = channel.exchange_declare("before.dx".into(), kind, durable, none);
    declared.await.unwrap();
    declare_as(&channel, "before_q", "quorum", &[BEFORE, ELSEWHERE]).await;
    // Somebody else is bound to the exchange.
    declare(&channel, "stray_q", &[ELSEWHERE]).await;
    publish(&channel, "beat.dx", "before", "1").await;
    until_ready(&server, "before_q", 1).await;

    let (good, done) = steps(&server, pipeline()).await;
    let is_left = |done: &[String], what: &str| done.iter().any(|step| step.starts_with(what));
    assert!(!good);
    assert!(
        is_left(&done, "left queue before_q: it has 1 messages"),
        "{done:#?}"
    );
    assert!(is_left(&done, "left exchange before.dx: "), "{done:#?}");

    // Counts don't tell of what a consumer has.
    let options = BasicConsumeOptions::default();
    let none = FieldTable::default();
    let consumer = channel.basic_consume("before_q".into(), "former".into(), options, none);
    let mut consumer = consumer.await.unwrap();
    let held = consumer.next().await.unwrap().unwrap();
    let (good, done) = steps(&server, pipeline()).await;
    assert!(!good);
    let used = "left queue before_q: it has 0 messages and 1 consumers";
    assert!(is_left(&done, used), "{done:#?}");

    held.acker.ack(BasicAckOptions::default()).await.unwrap();
    let cancel = BasicCancelOptions::default();
    channel.basic_cancel("former".into(), cancel).await.unwrap();
    until_ready(&server, "before_q", 0).await;
    let (_, done) = steps(&server, pipeline()).await;
    assert!(
        done.contains(&"deleted queue before_q".to_owned()),
        "{done:#?}"
    );
    assert!(is_left(&done, "left exchange before.dx: "), "{done:#?}");
    server.close().await;
    vhost.delete();
}
