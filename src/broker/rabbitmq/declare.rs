//! Declares the topology: every exchange, queue and binding, as often as one likes.

pub(super) mod partitions;

use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Error, ErrorKind};

use super::dial::Session;

use crate::broker::api::topology::{QueueSpec, Topology, TopologyError, kind_name};
use crate::contract::{ExchangeKind, QueueKind, RenamedQueue, Route};

/// Declares what is not there yet. What the broker refuses, because it is there in another form or because we may
/// not, is reported and left as it is; an error is a broken connection.
pub(super) async fn declare(
    session: &Session,
    topology: &Topology,
) -> Result<Vec<TopologyError>, Error> {
    let mut declaring = Declaring {
        session,
        channel: None,
        problems: Vec::new(),
    };
    for exchange in &topology.exchanges {
        let kind = kind_name(exchange.kind);
        let what = format!("exchange `{}`", exchange.name);
        let as_what = format!("a durable {kind} exchange without arguments");
        let channel = declaring.channel().await?;
        let question = channel.exchange_declare(
            name(exchange.name)?,
            kind_of(exchange.kind),
            ExchangeDeclareOptions {
                durable: true,
                ..Default::default()
            },
            FieldTable::default(),
        );
        let declared = session.ask(question).await;
        declaring.note(declared, what, as_what)?;
    }
    let has_partitions = |queue: &&QueueSpec| topology.partitions(queue.name).next().is_some();
    let split: Vec<&QueueSpec> = topology.queues.iter().filter(has_partitions).collect();
    for queue in &split {
        declaring.exchanges(queue).await?;
    }
    for queue in &topology.queues {
        let (arguments, as_what) = form_of(queue);
        let what = format!("queue `{}`", queue.name);
        let channel = declaring.channel().await?;
        let question = channel.queue_declare(
            name(queue.name)?,
            QueueDeclareOptions {
                durable: true,
                ..Default::default()
            },
            arguments,
        );
        let declared = session.ask(question).await;
        declaring.note(declared.map(drop), what, as_what.to_owned())?;
        for binding in partitions::bindings(topology, queue) {
            declaring.bind(queue.name, binding).await?;
        }
        let is_here = |renamed: &&RenamedQueue| renamed.name == queue.name;
        for renamed in topology.renamed.iter().filter(is_here) {
            declaring.take_over(renamed).await?;
        }
    }
    for queue in &split {
        declaring.split(queue).await?;
    }
    Ok(declaring.problems)
}

/// A queue's arguments, and what they make it.
pub(super) fn form_of(queue: &QueueSpec) -> (FieldTable, &'static str) {
    let mut arguments = arguments_of(queue.kind);
    if queue.one_consumer() {
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    }
    let form = match (queue.kind, queue.one_consumer()) {
        (QueueKind::Quorum, false) => "a durable quorum queue (x-queue-type = quorum)",
        (QueueKind::Classic, false) => "a durable classic queue without arguments",
        (QueueKind::Quorum, true) => {
            "a durable quorum queue with a single active consumer (x-queue-type = quorum, x-single-active-consumer = true)"
        }
        (QueueKind::Classic, true) => {
            "a durable classic queue with a single active consumer (x-single-active-consumer = true)"
        }
    };
    (arguments, form)
}

/// The arguments of a queue of this kind.
pub(super) fn arguments_of(kind: QueueKind) -> FieldTable {
    let mut arguments = FieldTable::default();
    if kind == QueueKind::Quorum {
        let quorum = AMQPValue::LongString("quorum".into());
        arguments.insert("x-queue-type".into(), quorum);
    }
    arguments
}

/// The channel to declare on. A refusal closes it, so the next declaration gets a new one.
struct Declaring<'a> {
    session: &'a Session,
    channel: Option<Channel>,
    problems: Vec<TopologyError>,
}

impl Declaring<'_> {
    async fn channel(&mut self) -> Result<Channel, Error> {
        if let Some(channel) = &self.channel {
            return Ok(channel.clone());
        }
        let channel = self
            .session
            .ask(self.session.connection.create_channel())
            .await?;
        Ok(self.channel.insert(channel).clone())
    }

    /// Removes the bindings of a queue's former name, now that those of today are there: what is published from now on comes
    /// once. A queue or a binding that isn't there any more is none.
    async fn take_over(&mut self, renamed: &RenamedQueue) -> Result<(), Error> {
        self.unbind(renamed.former.name, renamed.former.bindings)
            .await
    }

    /// Removes bindings of a queue.
    async fn unbind(&mut self, queue: &str, bindings: &[Route]) -> Result<(), Error> {
        for route in bindings {
            let channel = self.channel().await?;
            let question = channel.queue_unbind(
                name(queue)?,
                name(route.exchange)?,
                name(route.routing_key)?,
                FieldTable::default(),
            );
            let Err(error) = self.session.ask(question).await else {
                continue;
            };
            let what = format!("former binding of queue `{queue}`");
            let known = self.problems.len();
            self.note(Err(error), what, "none any more".to_owned())?;
            let is_none = |problem: &TopologyError| problem.broker.starts_with("NOT_FOUND");
            if self.problems.get(known).is_some_and(is_none) {
                self.problems.truncate(known);
            }
        }
        Ok(())
    }

    fn note(
        &mut self,
        declared: Result<(), Error>,
        what: String,
        as_what: String,
    ) -> Result<(), Error> {
        let Err(error) = declared else {
            return Ok(());
        };
        self.channel = None;
        match error.kind() {
            ErrorKind::ProtocolError(refusal) if error.is_amqp_soft_error() => {
                self.problems.push(TopologyError {
                    what,
                    declared: as_what,
                    broker: refusal.get_message().to_string(),
                });
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// A name as AMQP writes it; longer than 255 bytes is an error and not a panic.
pub(super) fn name(text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text).map_err(|error| std::io::Error::other(error).into())
}

pub(super) fn kind_of(kind: ExchangeKind) -> lapin::ExchangeKind {
    match kind {
        ExchangeKind::Direct => lapin::ExchangeKind::Direct,
        ExchangeKind::Topic => lapin::ExchangeKind::Topic,
        ExchangeKind::Fanout => lapin::ExchangeKind::Fanout,
    }
}
