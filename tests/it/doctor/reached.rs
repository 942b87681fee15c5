//! What `event-grpc doctor` says of Kafka and of HTTP APIs: whether they can be reached.

use std::net::TcpListener;
use std::time::Duration;

use event_grpc::broker::{KafkaAddress, QueueSpec, Topology, inspect};
use event_grpc::contract::{Foreign, Format, Topic};
use event_grpc::generated::PIPELINE;

use super::doctor;
use crate::kafka::support::brokers;
use crate::kafka::topics::{Written, make, name, write};
use crate::support::topology::Vhost;

#[test]
fn targets_are_reached_and_nothing_is_sent_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let api = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let (open_port, closed_port) = (
        api.local_addr().unwrap().port(),
        closed.local_addr().unwrap().port(),
    );
    drop(closed);
    api.set_nonblocking(true).unwrap();
    let targets = PIPELINE.requests.iter().flat_map(|request| request.targets);
    let mut names: Vec<&str> = targets.flat_map(|target| target.variables()).collect();
    names.sort_unstable();
    names.dedup();
    let value = |name: &str, port: u16| match name.ends_with("URL") {
        true => format!("http://127.0.0.1:{port}/events"),
        false => "key".to_owned(),
    };
    let with = |port: u16| {
        let set: Vec<(&str, String)> = names
            .iter()
            .map(|name| (*name, value(name, port)))
            .collect();
        let set: Vec<(&str, &str)> = set
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        doctor(folder.path(), &["--data", "data"], &set)
    };
    let found = with(open_port);
    found.one("good", "requests", "targets can be reached");
    let mut connections = 0;
    while let Ok((mut stream, _)) = api.accept() {
        use std::io::Read as _;
        connections += 1;
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut sent = Vec::new();
        stream.read_to_end(&mut sent).ok();
        assert_eq!(sent, b"", "nothing is sent");
    }
    assert!(connections > 0);
    let found = with(closed_port);
    let problem = found.one("problem", "requests", "can't be reached");
    assert!(
        problem["fix"].as_str().unwrap().contains("firewall"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_looked_at_where_it_is_given() {
    let Some(brokers) = brokers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let vhost = Vhost::create();
    let amqp = vhost.url();
    let with = |brokers: &str| {
        let variables = [
            ("EVENT_GRPC_AMQP_URL", amqp.as_str()),
            ("EVENT_GRPC_KAFKA_BROKERS", brokers),
        ];
        doctor(folder.path(), &["--data", "data"], &variables)
    };
    with(&brokers).one("good", "kafka", "connected to kafka://127.0.0.1");
    let away = with("127.0.0.1:1");
    let away = away.one("problem", "kafka", "can't be asked");
    assert!(away["what"].as_str().unwrap().contains("refused"), "{away}");
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_looked_at_as_the_cluster_has_them() {
    let Some(brokers) = brokers() else { return };
    let (topic, theirs) = (name("ours"), name("theirs"));
    make(
        &brokers,
        topic,
        3,
        &[("min.insync.replicas", "1"), ("retention.ms", "60000")],
    )
    .await;
    let queue = |name, foreign| QueueSpec {
        topic: Some(Topic {
            name,
            partitions: 4,
            replicas: 3,
            retention_ms: 3_600_000,
            bridged: false,
        }),
        foreign,
        ..*Topology::of(&PIPELINE, |_| true).queues.first().unwrap()
    };
    let foreign = Foreign {
        topic: theirs,
        format: Format::Json,
    };
    let record = Written {
        key: "k",
        value: Some(&b"{}"[..]),
        headers: &[],
    };
    write(&brokers, topic, &[record]).await;
    let address = KafkaAddress::parse(&brokers).unwrap();
    let found = inspect(
        &address,
        &[queue(topic, None), queue("group", Some(foreign))],
    )
    .await;
    let found = found.unwrap();
    let of = |name: &str| found.iter().find(|one| one.name == name).unwrap();
    let ours = of(topic);
    assert_eq!((ours.partitions, ours.replicas, ours.in_sync), (3, 1, 1));
    let settings = ours.settings.unwrap();
    assert_eq!((settings.retention_ms, settings.in_sync), (Some(60_000), 1));
    assert_eq!(ours.unsettled, Ok((1, 0)));
    assert_eq!((of(theirs).partitions, of(theirs).foreign), (0, true));
    assert_eq!(of("group.retry").partitions, 0);
    let nowhere = KafkaAddress::parse("127.0.0.1:1").unwrap();
    let error = inspect(&nowhere, &[queue(topic, None)]).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}
