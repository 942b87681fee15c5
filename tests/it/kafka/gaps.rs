//! A topic of another service whose offsets have gaps, as transactions leave them, and an instance that is killed between its
//! inserts and its commits: each record is in the table once, even without `FINAL`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use event_grpc::app::App;
use event_grpc::contract::Format;
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::foreign::{post, reading};
use super::kills::named;
use super::support::{brokers, on_kafka, on_kafka_at};
use super::topics::{client, make, name};
use crate::app::support::{eventually, everybody};
use crate::clickhouse::support::{address, in_database, number};
use crate::support::topology::Vhost;

const PARTITIONS: i32 = 2;

/// Time limit of a call to Kafka.
const CALL: Duration = Duration::from_secs(30);

/// What the killed process is told: the topic, the virtual host and the database.
const TOLD: &str = "EVENT_GRPC_TEST_KILLED_AT_GAPS";

/// A producer of another service, which writes in transactions: where one ends, the topic has an offset without a record.
struct Transactions {
    producer: FutureProducer,
    topic: &'static str,
    begun: usize,
    /// Partition and offset of each record that was committed.
    written: Vec<(i32, i64)>,
}

impl Transactions {
    fn new(brokers: &str, topic: &'static str) -> Self {
        let mut config = client(brokers);
        let producer: FutureProducer = config.set("transactional.id", topic).create().unwrap();
        block_in_place(|| producer.init_transactions(CALL)).unwrap();
        Transactions {
            producer,
            topic,
            begun: 0,
            written: Vec::new(),
        }
    }

    /// Writes one with a few records; every fourth is given up, and its records with it.
    async fn write(&mut self) {
        self.producer.begin_transaction().unwrap();
        let mut answers = Vec::new();
        for k in 0..5 {
            let number = 10 * self.begun + k;
            let (key, body) = (format!("k-{}", number % 7), post(number));
            let record = FutureRecord::to(self.topic).key(&key).payload(&body);
            answers.push(
                self.producer
                    .send_result(record)
                    .map_err(|(error, _)| error)
                    .unwrap(),
            );
        }
        let mut places = Vec::new();
        for answer in answers {
            let written = answer.await.unwrap().map_err(|(error, _)| error).unwrap();
            places.push((written.partition, written.offset));
        }
        self.begun += 1;
        if self.begun.is_multiple_of(4) {
            block_in_place(|| self.producer.abort_transaction(CALL)).unwrap();
        } else {
            block_in_place(|| self.producer.commit_transaction(CALL)).unwrap();
            self.written.extend(places);
        }
    }

    /// Records that the group has committed.
    fn settled(&self, brokers: &str) -> u64 {
        let mut config = client(brokers);
        let group = format!("{}.group", self.topic);
        let consumer: BaseConsumer = config.set("group.id", group).create().unwrap();
        let mut all = TopicPartitionList::new();
        all.add_partition_range(self.topic, 0, PARTITIONS - 1);
        let committed = block_in_place(|| consumer.committed_offsets(all, CALL)).unwrap();
        let below = |(partition, offset): &&(i32, i64)| {
            let found = committed.find_partition(self.topic, *partition);
            matches!(found.unwrap().offset(), Offset::Offset(end) if *offset < end)
        };
        self.written.iter().filter(below).count() as u64
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_between_gaps_are_stored_once_though_the_process_is_killed_before_it_commits() {
    let Some(brokers) = brokers() else { return };
    let (topic, vhost) = (name("gaps"), Vhost::create());
    make(&brokers, topic, PARTITIONS, &[]).await;
    in_database("kafka_gaps", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let told = format!("{topic} {} {}", vhost.url(), store.address().database());
        let mut others = Transactions::new(&brokers, topic);
        let rows = "SELECT count() FROM DB.post_log_event";
        let unique = "SELECT uniqExact(event_id) FROM DB.post_log_event";
        let mut uncommitted = 0;
        for _ in 0..4 {
            let mut child = child(&told);
            let before = number(&store, rows).await;
            let begun = Instant::now();
            while number(&store, rows).await == before {
                assert!(
                    begun.elapsed() < Duration::from_secs(90),
                    "it stores nothing"
                );
                others.write().await;
                sleep(Duration::from_millis(10)).await;
            }
            // Offsets are committed half a second later, at most.
            child.kill().unwrap();
            child.wait().unwrap();
            let stored = number(&store, unique).await;
            if stored > others.settled(&brokers) {
                uncommitted += 1;
            }
        }
        assert!(
            uncommitted > 0,
            "no kill was between an insert and its commit"
        );
        let config = on_kafka(&store, &vhost, &brokers);
        let pipeline = reading(topic, Format::Json);
        let app = App::start(named(config, &brokers), pipeline).await.unwrap();
        for _ in 0..4 {
            others.write().await;
        }
        let all = others.written.len() as u64;
        eventually(&store, unique, all).await;
        assert_eq!(number(&store, rows).await, all, "without FINAL");
        let letters = "SELECT count() FROM DB.error_event";
        assert_eq!(number(&store, letters).await, 0);
        app.stop().await;
        assert_eq!(others.settled(&brokers), all);
    })
    .await;
    vhost.delete();
}

fn child(told: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kafka::gaps::the_process_that_is_killed_at_gaps"])
        .env(TOLD, told)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test of its own: the process that the test above kills.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_killed_at_gaps() {
    let (Ok(told), Some(brokers)) = (std::env::var(TOLD), brokers()) else {
        return;
    };
    let [topic, vhost, database] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let store = ClickHouse::new(address().with_database(database.to_owned())).unwrap();
    let config = event_grpc::app::Config {
        unverified: everybody(&PIPELINE),
        ..named(on_kafka_at(&store, vhost, &brokers), &brokers)
    };
    let pipeline = reading(topic.to_owned().leak(), Format::Json);
    let app = App::start(config, pipeline).await.unwrap();
    std::future::pending::<()>().await;
    app.stop().await;
}
