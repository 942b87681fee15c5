//! Messages of several sizes through RabbitMQ by our own client: a quorum queue, each message persistent, mandatory
//! and confirmed, then consumed and acknowledged.

use std::time::{Duration, Instant};

use bytes::Bytes;
use event_grpc::broker::{
    Address, Broker, Link, Outgoing, QueueSpec, Rabbit, RabbitOptions, Settled, Topology,
};
use event_grpc::contract::{Exchange, ExchangeKind, QueueKind, Route};
use event_grpc_loadgen::process;
use futures_util::{StreamExt as _, stream};
use lapin::options::QueueDeleteOptions;
use tokio::time::timeout;

use crate::Server;
use crate::round::{Line, ROUNDS, table};

/// KiB of a message, and how many there are in a round: enough for CPU times that come in hundredths of a second.
const SIZES: [(usize, usize); 4] = [(1, 20_000), (16, 5000), (128, 1000), (256, 500)];
/// Maximum number of unconfirmed messages.
const IN_FLIGHT: usize = 64;
/// Prefetch of the pipeline's queues.
const PREFETCH: u16 = 20_000;
/// Longer than anything here takes.
const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(crate) const EXCHANGE: &str = "bench";
const UNROUTED: &str = "bench-unrouted";

const HEADINGS: [&str; 7] = [
    "confirmed/s",
    "confirmed MB/s",
    "our CPU µs to publish",
    "RabbitMQ's",
    "acknowledged/s",
    "our CPU µs to consume",
    "RabbitMQ's",
];

/// Measures all sizes in turn, and gives the table.
pub(crate) async fn measure(server: &Server) -> String {
    let mut lines = SIZES.map(|(kib, _)| Line {
        name: format!("{kib} KiB"),
        rounds: Vec::new(),
    });
    for round in 0..ROUNDS {
        for ((kib, count), line) in SIZES.into_iter().zip(&mut lines) {
            // A queue of its own, so that none has to tidy up after another.
            let queue: &'static str = format!("bench-{kib}-{round}").leak();
            line.rounds.push(run(server, queue, kib, count).await);
            delete(server, queue).await;
        }
    }
    let what = format!("{IN_FLIGHT} in flight, then a prefetch of {PREFETCH}");
    table(&what, &HEADINGS, &lines)
}

async fn run(server: &Server, queue: &'static str, kib: usize, count: usize) -> Vec<f64> {
    let address = Address::parse(&server.url).unwrap();
    let broker = Rabbit::connect(address, topology(queue), RabbitOptions::default());
    let mut status = broker.status();
    let up = status.wait_for(|status| status.link == Link::Up);
    drop(timeout(TIME_LIMIT, up).await.unwrap().unwrap());

    let body = Bytes::from(vec![b'x'; kib * 1024]);
    let start = Taking::start(server);
    let published = stream::iter(0..count)
        .map(|_| broker.publish(Outgoing::new(EXCHANGE, queue, body.clone())))
        .buffer_unordered(IN_FLIGHT)
        .for_each(|outcome| async move { outcome.unwrap() });
    timeout(TIME_LIMIT, published).await.unwrap();
    let publish = start.end(server, count);

    let start = Taking::start(server);
    let deliveries = broker.consume(queue).unwrap();
    for _ in 0..count {
        let delivery = timeout(TIME_LIMIT, deliveries.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(delivery.body.len(), body.len());
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    let consume = start.end(server, count);
    broker.close(TIME_LIMIT).await;
    vec![
        publish.a_second,
        publish.a_second * body.len() as f64 / 1e6,
        publish.ours,
        publish.theirs,
        consume.a_second,
        consume.ours,
        consume.theirs,
    ]
}

/// A stretch of time, and the CPU seconds of both processes at its start.
struct Taking {
    at: Instant,
    ours: f64,
    theirs: f64,
}

/// Cost of messages.
struct Took {
    a_second: f64,
    /// CPU microseconds a message.
    ours: f64,
    theirs: f64,
}

impl Taking {
    fn start(server: &Server) -> Self {
        Taking {
            at: Instant::now(),
            ours: process::cpu(std::process::id()).unwrap(),
            theirs: process::cpu(server.pid).unwrap(),
        }
    }

    fn end(self, server: &Server, count: usize) -> Took {
        let now = Taking::start(server);
        let count = count as f64;
        Took {
            a_second: count / (now.at - self.at).as_secs_f64(),
            ours: (now.ours - self.ours) * 1e6 / count,
            theirs: (now.theirs - self.theirs) * 1e6 / count,
        }
    }
}

/// The topology of one queue, by its name on the exchange.
pub(crate) fn topology(queue: &'static str) -> Topology {
    let exchange = |name, kind| Exchange {
        name,
        kind,
        derived: false,
    };
    let binding = Route {
        exchange: EXCHANGE,
        routing_key: queue,
    };
    Topology {
        exchanges: vec![
            exchange(EXCHANGE, ExchangeKind::Direct),
            exchange(UNROUTED, ExchangeKind::Fanout),
        ],
        queues: vec![QueueSpec {
            topic: None,
            foreign: None,
            name: queue,
            kind: QueueKind::Quorum,
            bindings: vec![binding].leak(),
            prefetch: PREFETCH,
            prefetch_bytes: 64 << 20,
            awaited: true,
            partition: None,
            keyed: false,
        }],
        unrouted: UNROUTED,
        renamed: &[],
    }
}

/// Deletes a queue, which gives its place in memory back.
async fn delete(server: &Server, queue: &str) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&server.url, properties)
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
    deleted.await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}
