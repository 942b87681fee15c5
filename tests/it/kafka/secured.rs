//! Kafka with accounts and certificates: what proves itself gets through, and what doesn't is told why.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Broker, Embedded, KafkaAccount, KafkaAddress, KafkaClientError, KafkaFiles, KafkaMechanism,
    KafkaOptions, Link, Outgoing, QueueSpec, Router, Settled, Topology,
};
use event_grpc::contract::Topic;
use event_grpc::generated::PIPELINE;

use super::server::{PASSWORD, Server, USER};
use super::topics::name;
use crate::support::certificates::Certificates;

const SCRAM: [KafkaMechanism; 2] = [KafkaMechanism::ScramSha256, KafkaMechanism::ScramSha512];

fn account(password: &str, mechanism: KafkaMechanism) -> Option<KafkaAccount> {
    Some(KafkaAccount {
        user: USER.to_owned(),
        password: password.to_owned(),
        mechanism,
    })
}

/// A broker at an address that carries one queue, whose name it is.
fn connect(address: &KafkaAddress) -> (Router, &'static str) {
    let queue = name("secured");
    let mut topology = Topology::of(&PIPELINE, |_| true);
    let first = *topology.queues.first().unwrap();
    topology.queues = vec![QueueSpec {
        name: queue,
        topic: Some(Topic {
            name: queue,
            partitions: 1,
            replicas: 1,
            retention_ms: 3_600_000,
            bridged: false,
        }),
        ..first
    }];
    let memory = |topology: &Topology| -> Result<Arc<dyn Broker>, KafkaClientError> {
        Ok(Arc::new(Embedded::new(topology, 8 << 20)))
    };
    let router = Router::connect(address, topology, KafkaOptions::default(), memory).unwrap();
    (router, queue)
}

/// Publishes a message and takes it.
async fn gets_through(address: &KafkaAddress) {
    let (broker, queue) = connect(address);
    let mut status = broker.status();
    let up = status.wait_for(|status| status.link == Link::Up);
    let up = tokio::time::timeout(Duration::from_secs(60), up)
        .await
        .is_ok();
    let link = broker.status().borrow().link.clone();
    assert!(up, "{link:?}");
    broker
        .publish(Outgoing::to_queue(queue, "body"))
        .await
        .unwrap();
    let deliveries = broker.consume(queue).unwrap();
    let next = tokio::time::timeout(Duration::from_secs(60), deliveries.next());
    let delivery = next.await.expect("a message in time").unwrap();
    assert_eq!(delivery.body, "body");
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    broker.close(Duration::from_secs(5)).await;
}

/// Waits until it is told why there is no connection, which one of these words says.
async fn is_told(address: &KafkaAddress, words: &[&str]) {
    let (broker, _) = connect(address);
    let mut status = broker.status();
    let told = status.wait_for(|status| match &status.link {
        Link::Down { reason, .. } => words.iter().any(|words| reason.contains(words)),
        _ => false,
    });
    let told = tokio::time::timeout(Duration::from_secs(30), told)
        .await
        .is_ok();
    let link = broker.status().borrow().link.clone();
    assert!(told, "{link:?}");
    assert!(!format!("{link:?}").contains("c4nary"), "{link:?}");
    broker.close(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_proved_on_this_machine_and_a_wrong_password_is_told() {
    let certificates = Certificates::new("own");
    let Some(server) = Server::secured(&certificates.server()) else {
        return;
    };
    let address = KafkaAddress::parse(&server.without_tls()).unwrap();
    let with = |password: &str| {
        let account = account(password, KafkaMechanism::Plain);
        address.clone().with_account(account).unwrap()
    };
    gets_through(&with(PASSWORD)).await;
    is_told(
        &with("c4nary-that-is-wrong"),
        &["Authentication failed", "uthentication"],
    )
    .await;
}

/// Only builds with `--features kafka-tls` can do this.
#[tokio::test(flavor = "multi_thread")]
async fn brokers_are_verified_and_passwords_proved_by_scram() {
    if !cfg!(feature = "kafka-tls") {
        return;
    }
    let (own, other) = (Certificates::new("own"), Certificates::new("other"));
    let Some(server) = Server::secured(&own.server()) else {
        return;
    };
    let address = |ca: &Certificates, account| {
        let files = KafkaFiles {
            ca: Some(ca.ca()),
            ..KafkaFiles::default()
        };
        let address = KafkaAddress::parse(&server.over_tls()).unwrap();
        address
            .with_files(files)
            .unwrap()
            .with_account(account)
            .unwrap()
    };
    for mechanism in SCRAM {
        gets_through(&address(&own, account(PASSWORD, mechanism))).await;
    }
    gets_through(&address(&own, account(PASSWORD, KafkaMechanism::Plain))).await;
    let wrong = address(
        &own,
        account("c4nary-that-is-wrong", KafkaMechanism::ScramSha512),
    );
    is_told(&wrong, &["uthentication"]).await;
    let foreign = address(&other, account(PASSWORD, KafkaMechanism::ScramSha512));
    is_told(&foreign, &["certificate"]).await;
}
