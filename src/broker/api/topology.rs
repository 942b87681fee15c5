//! The exchanges, queues and bindings that a broker serves.

use crate::contract::{
    Destination, Exchange, ExchangeKind, Foreign, Partition, Pipeline, Queue, QueueKind,
    RenamedQueue, Route, Topic,
};

/// The exchanges, queues and bindings that a broker serves.
#[derive(Debug, Clone)]
pub struct Topology {
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
    /// The queues in use.
    pub queues: Vec<QueueSpec>,
    /// The exchange that gets what no binding matches.
    pub unrouted: &'static str,
    /// Queues that had another name. The former ones lose their bindings as soon as those of today are bound.
    pub renamed: &'static [RenamedQueue],
}

/// A queue, as far as a broker needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct QueueSpec {
    /// Its name.
    pub name: &'static str,
    /// Replicated or not.
    pub kind: QueueKind,
    /// Kafka topic that carries its messages, if it isn't RabbitMQ that does.
    pub topic: Option<Topic>,
    /// Kafka topic of other services that its messages come from.
    pub foreign: Option<Foreign>,
    /// Bindings.
    pub bindings: &'static [Route],
    /// Maximum number of unacknowledged messages of one consumer; 0 counts as 1.
    pub prefetch: u16,
    /// About how many bytes they may have together.
    pub prefetch_bytes: u64,
    /// True if a publisher's answer waits, in memory, until its messages here are settled. Without that they are best
    /// effort there: bounded, and lost with the process.
    pub awaited: bool,
    /// Its place among partitions.
    pub partition: Option<Partition>,
    /// True if its messages have a partition key.
    pub keyed: bool,
}

/// Something that the broker has declared otherwise than this pipeline would.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "{what} differs from the pipeline, which declares {declared}; the broker says: {broker}. It is used as it is; \
     docs/cutover.md tells how to replace it"
)]
pub struct TopologyError {
    /// Exchange, queue or binding, as in "queue `post_log_events_q`".
    pub what: String,
    /// Declaration of this pipeline.
    pub declared: String,
    /// Answer of the broker.
    pub broker: String,
}

impl Topology {
    /// The topology of a pipeline, with those of its queues that are in use. RabbitMQ needs all of them; in memory
    /// a queue that nobody consumes would keep its messages' senders waiting.
    pub fn of(pipeline: &'static Pipeline, in_use: impl Fn(&Queue) -> bool) -> Self {
        Self {
            exchanges: pipeline.exchanges.to_vec(),
            queues: pipeline
                .queues
                .iter()
                .filter(|queue| in_use(queue))
                .map(QueueSpec::of)
                .collect(),
            unrouted: pipeline.unrouted,
            renamed: pipeline.retired.renamed,
        }
    }

    /// The part of it that RabbitMQ has: without the queues that only Kafka carries.
    pub fn in_rabbitmq(&self) -> Topology {
        self.split().1
    }

    /// Splits it into the queues that Kafka topics carry, and those that are in RabbitMQ, which queues behind a bridge are
    /// as well. Those have no bindings in Kafka. Both keep the exchanges.
    pub(in crate::broker) fn split(&self) -> (Topology, Topology) {
        let bridged = |queue: &QueueSpec| queue.topic.is_some_and(|topic| topic.bridged);
        let in_kafka = self.queues.iter().filter(|queue| queue.topic.is_some());
        let in_kafka = in_kafka.map(|queue| QueueSpec {
            bindings: if bridged(queue) { &[] } else { queue.bindings },
            ..*queue
        });
        let rest = self
            .queues
            .iter()
            .filter(|q| q.topic.is_none() || bridged(q));
        let of = |queues: Vec<QueueSpec>| Topology {
            queues,
            ..self.clone()
        };
        (of(in_kafka.collect()), of(rest.copied().collect()))
    }

    /// The queue with this name.
    pub(in crate::broker) fn queue(&self, name: &str) -> Option<&QueueSpec> {
        self.queues.iter().find(|queue| queue.name == name)
    }

    /// The queues without those that are partitions of others.
    pub fn declared(&self) -> impl Iterator<Item = &QueueSpec> {
        let is_partition = |q: &&QueueSpec| q.partition.is_some_and(|p| p.index.is_some());
        self.queues.iter().filter(move |queue| !is_partition(queue))
    }

    /// The partitions of a queue.
    pub(in crate::broker) fn partitions(&self, of: &str) -> impl Iterator<Item = &QueueSpec> {
        let is_part = move |queue: &&QueueSpec| {
            let partition = queue.partition.filter(|p| p.index.is_some());
            partition.is_some_and(|p| p.of == of)
        };
        self.queues.iter().filter(is_part)
    }

    /// True if a queue gets all that its bindings match by itself.
    pub(in crate::broker) fn is_whole(&self, queue: &QueueSpec) -> bool {
        match queue.partition {
            None => true,
            Some(Partition { index: Some(_), .. }) => false,
            Some(_) => self.partitions(queue.name).next().is_none(),
        }
    }

    /// Number of slots by which messages of an exchange are kept apart: the least common multiple of the numbers of
    /// partitions of its queues and of their topics, so that a slot is in one partition of each. One if none has partitions.
    pub fn slots(&self, exchange: &str) -> u64 {
        let bound = |queue: &&QueueSpec| queue.bindings.iter().any(|b| b.exchange == exchange);
        let counts = self.queues.iter().filter(bound).filter_map(|queue| {
            let of_topic = queue.topic.filter(|_| queue.keyed);
            let of_queue = queue.partition.filter(|p| p.index.is_some());
            of_topic.map(|t| t.partitions).or(of_queue.map(|p| p.count))
        });
        counts.fold(1, |slots, count| lcm(slots, u64::from(count.max(1))))
    }

    /// True if there is an exchange with this name.
    pub(in crate::broker) fn has_exchange(&self, name: &str) -> bool {
        self.exchanges.iter().any(|exchange| exchange.name == name)
    }
}

// === impl QueueSpec ===

impl QueueSpec {
    /// Facts that a broker needs of a queue.
    pub fn of(queue: &Queue) -> Self {
        Self {
            name: queue.name,
            kind: queue.kind,
            topic: queue.topic,
            foreign: queue.foreign,
            bindings: queue.bindings,
            prefetch: queue.prefetch,
            prefetch_bytes: u64::from(queue.batch.bytes)
                / queue.partition.map_or(1, |p| u64::from(p.count.max(1))),
            awaited: match queue.into {
                Destination::Table(_) => true,
                // Others' servers are slow and far away, and what they lack can be asked for again.
                Destination::Request(_) => false,
            },
            partition: queue.partition,
            keyed: queue.partition_by.is_some(),
        }
    }

    /// Names of its Kafka topics, if it has any: that of its messages, and that of those that go back.
    pub(in crate::broker) fn topics(&self) -> Option<[String; 2]> {
        let topic = self.topic?;
        let messages = self.foreign.map_or(topic.name, |foreign| foreign.topic);
        Some([messages.to_owned(), topic.retry()])
    }

    /// True if its messages come from this topic.
    pub fn reads(&self, topic: &str) -> bool {
        self.topics()
            .is_some_and(|topics| topics.iter().any(|name| name == topic))
    }

    /// True if one consumer at a time gets its messages: of a partition whose messages are forwarded, so that those of a key
    /// keep their order.
    pub(in crate::broker) fn one_consumer(&self) -> bool {
        let is_partition = self.partition.is_some_and(|p| p.index.is_some());
        is_partition && !self.awaited
    }
}

/// AMQP's name for a kind of exchange.
pub(in crate::broker) fn kind_name(kind: ExchangeKind) -> &'static str {
    match kind {
        ExchangeKind::Direct => "direct",
        ExchangeKind::Topic => "topic",
        ExchangeKind::Fanout => "fanout",
    }
}

fn lcm(a: u64, b: u64) -> u64 {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor.max(1) * b
}
