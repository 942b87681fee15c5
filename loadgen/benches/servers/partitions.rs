//! One quorum queue beside two and four partitions of it, for one instance and for two: messages that are confirmed, then
//! consumed and acknowledged, as ratios to one queue and one instance of the same round.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use event_grpc::broker::{
    Address, Broker, Link, Outgoing, QueueSpec, Rabbit, RabbitOptions, Settled, Topology,
};
use event_grpc::contract::{Partition, partitions_exchange, rest_exchange};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use tokio::time::timeout;

use super::messages::{EXCHANGE, topology};
use crate::Server;
use crate::round::{Line, ROUNDS, table};

/// Numbers of partitions, none for the first, and of instances.
const SETTINGS: [(u16, usize); 6] = [(0, 1), (2, 1), (4, 1), (0, 2), (2, 2), (4, 2)];
/// Size of a message in KiB, and messages of a round unless another number is asked for.
const KIB: usize = 16;
const COUNT: usize = 4000;
/// Maximum number of unconfirmed messages of an instance.
const IN_FLIGHT: usize = 64;
/// Longer than anything here takes.
const TIME_LIMIT: Duration = Duration::from_secs(120);

const HEADINGS: [&str; 4] = ["confirmed/s", "as a ratio", "acknowledged/s", "as a ratio"];

/// Measures all settings in turn, and gives the table.
pub(crate) async fn measure(server: &Server, count: Option<usize>) -> String {
    let count = count.unwrap_or(COUNT);
    let mut lines = SETTINGS.map(|(partitions, instances)| Line {
        name: match partitions {
            0 => format!("one queue, {instances} of us"),
            _ => format!("{partitions} partitions, {instances} of us"),
        },
        rounds: Vec::new(),
    });
    for round in 0..ROUNDS {
        let mut first = None;
        for ((partitions, instances), line) in SETTINGS.into_iter().zip(&mut lines) {
            let queue: &'static str = format!("parts-{partitions}-{instances}-{round}").leak();
            let (confirmed, acknowledged) =
                run(server, queue, (partitions, instances), count).await;
            let (of, taken) = *first.get_or_insert((confirmed, acknowledged));
            let ratios = [
                confirmed,
                confirmed / of,
                acknowledged,
                acknowledged / taken,
            ];
            line.rounds.push(ratios.to_vec());
        }
    }
    let what = format!("partitions, {KIB} KiB a message");
    table(&what, &HEADINGS, &lines)
}

/// Messages a second that are confirmed, and that are acknowledged.
async fn run(
    server: &Server,
    queue: &'static str,
    (partitions, instances): (u16, usize),
    count: usize,
) -> (f64, f64) {
    let topology = partitioned(queue, partitions);
    let brokers = (0..instances).map(|_| connected(server, &topology));
    let brokers: Vec<Arc<Rabbit>> = join_all(brokers).await;
    let body = Bytes::from(vec![b'x'; KIB * 1024]);
    let each = count / instances;

    let begun = Instant::now();
    let published = brokers.iter().map(|broker| {
        let numbers = stream::iter(0..each as u64);
        let publishing = numbers.map(|number| {
            let message = Outgoing::new(EXCHANGE, queue, body.clone());
            broker.publish(message.in_partition(Some(number)))
        });
        let unordered = publishing.buffer_unordered(IN_FLIGHT);
        unordered.for_each(|outcome| async move { outcome.unwrap() })
    });
    timeout(TIME_LIMIT, join_all(published)).await.unwrap();
    let confirmed = count as f64 / begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let names: Vec<&str> = topology.queues.iter().map(|queue| queue.name).collect();
    let streams = brokers
        .iter()
        .flat_map(|broker| names.iter().map(|name| broker.consume(name).unwrap()));
    let streams = streams.map(|deliveries| {
        Box::pin(stream::unfold(deliveries, |deliveries| async move {
            Some((deliveries.next().await?, deliveries))
        }))
    });
    let mut all = stream::select_all(streams);
    for _ in 0..each * instances {
        let delivery = timeout(TIME_LIMIT, all.next()).await.unwrap().unwrap();
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    let acknowledged = count as f64 / begun.elapsed().as_secs_f64();
    drop(all);
    for broker in &brokers {
        broker.close(TIME_LIMIT).await;
    }
    delete(server, queue, &names).await;
    (confirmed, acknowledged)
}

async fn connected(server: &Server, topology: &Topology) -> Arc<Rabbit> {
    let address = Address::parse(&server.url).unwrap();
    let broker = Rabbit::connect(address, topology.clone(), RabbitOptions::default());
    let mut status = broker.status();
    let up = status.wait_for(|status| status.link == Link::Up);
    drop(timeout(TIME_LIMIT, up).await.unwrap().unwrap());
    Arc::new(broker)
}

/// The topology of one queue, with so many partitions.
fn partitioned(queue: &'static str, count: u16) -> Topology {
    let mut topology = topology(queue);
    let place = |index| Partition {
        of: queue,
        count,
        index,
    };
    let whole = topology.queues.first().copied();
    let Some(whole) = whole.filter(|_| count > 0) else {
        return topology;
    };
    let parts = (0..count).map(|index| QueueSpec {
        name: format!("{queue}.{index}").leak(),
        partition: Some(place(Some(index))),
        ..whole
    });
    topology.queues = vec![QueueSpec {
        partition: Some(place(None)),
        ..whole
    }];
    topology.queues.extend(parts);
    topology
}

/// Deletes the queues and what is between them and the exchange.
async fn delete(server: &Server, queue: &str, names: &[&str]) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&server.url, properties);
    let connection = connection.await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for name in names {
        let deleted = channel.queue_delete((*name).into(), QueueDeleteOptions::default());
        deleted.await.unwrap();
    }
    for exchange in [partitions_exchange(queue), rest_exchange(queue)] {
        let options = ExchangeDeleteOptions::default();
        channel
            .exchange_delete(exchange.into(), options)
            .await
            .unwrap();
    }
    connection.close(200, "done".into()).await.unwrap();
}
