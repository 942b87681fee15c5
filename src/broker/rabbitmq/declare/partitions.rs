//! Partitions of a queue at the broker.
//!
//! The exchanges that the queue is bound to are bound to a headers exchange, `Q.partitions`, which brings a message to the
//! partition that its header names. What names none, or one that isn't bound, goes by the alternate exchange, `Q.rest`, to
//! the queue itself: messages of other publishers, and of instances that count other slots.

use lapin::options::{ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Error, ExchangeKind};

use super::{Declaring, name};
use crate::broker::api::topology::{QueueSpec, Topology};
use crate::contract::headers::PARTITION;
use crate::contract::{partitions_exchange, rest_exchange};

/// A binding of a queue.
pub(in crate::broker::rabbitmq) struct Binding {
    /// The exchange.
    pub(in crate::broker::rabbitmq) exchange: String,
    /// The binding key.
    pub(in crate::broker::rabbitmq) key: &'static str,
    /// What a headers exchange looks for.
    pub(in crate::broker::rabbitmq) arguments: FieldTable,
}

/// The value of the header that names a partition: a slot, and how many there are.
pub(in crate::broker::rabbitmq) fn slot_text(slot: u64, slots: u64) -> String {
    format!("{slot}/{slots}")
}

/// All that a queue is bound to.
pub(in crate::broker::rabbitmq) fn bindings(
    topology: &Topology,
    queue: &QueueSpec,
) -> Vec<Binding> {
    let partition = queue.partition.filter(|_| !topology.is_whole(queue));
    let Some(partition) = partition else {
        let routes = queue.bindings.iter().map(|route| Binding {
            exchange: route.exchange.to_owned(),
            key: route.routing_key,
            arguments: FieldTable::default(),
        });
        return routes.collect();
    };
    let Some(index) = partition.index else {
        return vec![Binding {
            exchange: rest_exchange(queue.name),
            key: "",
            arguments: FieldTable::default(),
        }];
    };
    let mut bindings = Vec::new();
    for slots in slots_of(topology, queue) {
        let count = usize::from(partition.count.max(1));
        for slot in (u64::from(index)..slots).step_by(count) {
            let mut arguments = FieldTable::default();
            arguments.insert("x-match".into(), AMQPValue::LongString("all".into()));
            let text = AMQPValue::LongString(slot_text(slot, slots).into());
            arguments.insert(PARTITION.into(), text);
            bindings.push(Binding {
                exchange: partitions_exchange(partition.of),
                key: "",
                arguments,
            });
        }
    }
    bindings
}

impl Declaring<'_> {
    /// Declares what is between the exchanges of a queue and its partitions.
    pub(super) async fn exchanges(&mut self, queue: &QueueSpec) -> Result<(), Error> {
        let rest = rest_exchange(queue.name);
        let fanout = (ExchangeKind::Fanout, FieldTable::default());
        self.internal_exchange(&rest, fanout).await?;
        let mut alternate = FieldTable::default();
        let text = AMQPValue::LongString(rest.into());
        alternate.insert("alternate-exchange".into(), text);
        let headers = (ExchangeKind::Headers, alternate);
        self.internal_exchange(&partitions_exchange(queue.name), headers)
            .await
    }

    /// Binds the partitions of a queue, which are there and bound, to its exchanges. The queue loses its own bindings only
    /// after that, so that a message always gets to one of them.
    pub(super) async fn split(&mut self, queue: &QueueSpec) -> Result<(), Error> {
        let partitions = partitions_exchange(queue.name);
        let known = self.problems.len();
        for route in queue.bindings {
            let channel = self.channel().await?;
            let question = channel.exchange_bind(
                name(&partitions)?,
                name(route.exchange)?,
                name(route.routing_key)?,
                ExchangeBindOptions::default(),
                FieldTable::default(),
            );
            let bound = self.session.ask(question).await;
            let what = format!("binding of exchange `{partitions}`");
            let (exchange, key) = (route.exchange, route.routing_key);
            let as_what = format!("exchange `{exchange}` with key `{key}`");
            self.note(bound, what, as_what)?;
        }
        let is_part = |what: &str| what.contains(&format!("`{}.", queue.name));
        let is_bound = self.problems.len() == known
            && !self.problems.iter().any(|problem| is_part(&problem.what));
        match is_bound {
            true => self.unbind(queue.name, queue.bindings).await,
            false => Ok(()),
        }
    }

    async fn internal_exchange(
        &mut self,
        exchange: &str,
        (kind, arguments): (ExchangeKind, FieldTable),
    ) -> Result<(), Error> {
        let as_what = match kind {
            ExchangeKind::Headers => "a durable, internal headers exchange with an alternate one",
            _ => "a durable, internal fanout exchange",
        };
        let channel = self.channel().await?;
        let options = ExchangeDeclareOptions {
            durable: true,
            internal: true,
            ..Default::default()
        };
        let question = channel.exchange_declare(name(exchange)?, kind, options, arguments);
        let declared = self.session.ask(question).await;
        self.note(
            declared,
            format!("exchange `{exchange}`"),
            as_what.to_owned(),
        )
    }

    /// Binds a queue to an exchange.
    pub(super) async fn bind(&mut self, queue: &str, binding: Binding) -> Result<(), Error> {
        let channel = self.channel().await?;
        let question = channel.queue_bind(
            name(queue)?,
            name(&binding.exchange)?,
            name(binding.key)?,
            QueueBindOptions::default(),
            binding.arguments,
        );
        let bound = self.session.ask(question).await;
        let what = format!("binding of queue `{queue}`");
        let as_what = format!("exchange `{}` with key `{}`", binding.exchange, binding.key);
        self.note(bound, what, as_what)
    }
}

/// The numbers of slots that the exchanges of a queue have, each once.
fn slots_of(topology: &Topology, queue: &QueueSpec) -> Vec<u64> {
    let exchanges = queue.bindings.iter().map(|route| route.exchange);
    let mut slots: Vec<u64> = exchanges.map(|exchange| topology.slots(exchange)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}
