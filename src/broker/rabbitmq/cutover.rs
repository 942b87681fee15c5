//! Replaces queues that the broker has in another form, while producers go on, without losing a message.
//!
//! A queue can't be declared again in another form; it has to be deleted, and what is published meanwhile must find
//! a queue. So a second queue stands in: it is bound as the first is, then the first is unbound, emptied into the
//! second, deleted while empty, and declared anew; then the same the other way round. At every moment one of the two
//! is bound, and a message is acknowledged in one only after the broker has confirmed it in the other. What comes
//! while both are bound is in both, and the same message has the same id.
//!
//! Each step may be repeated, so what was broken off is finished by doing it again.

mod enter;
mod leave;
mod partitions;
mod retire;
mod rights;
mod sample;
mod transfer;

use std::sync::Arc;

use lapin::options::{
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Error, ErrorKind};

pub use leave::Publish;
pub use retire::Deleted;
pub use rights::Right;
pub use sample::Sample;

use super::Address;
use super::declare::partitions::bindings;
use super::declare::{arguments_of, form_of, kind_of, name};
use super::dial::Session;
use crate::broker::api::error::PublishError;
use crate::broker::api::topology::{QueueSpec, Topology, kind_name};
use crate::contract::{Exchange, QueueKind};

/// Prefix of the name of a queue that stands in for another one.
const STAND_IN: &str = "event_grpc.cutover.";

/// A connection by which queues are looked at and replaced.
pub struct Cutover {
    session: Arc<Session>,
}

/// Comparison of an exchange or a queue with the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is as the pipeline declares it.
    Fits,
    /// It isn't there.
    Missing,
    /// In another form; what the pipeline declares, and what the broker says.
    Differs(String),
    /// A queue whose replacement was begun and not finished.
    Unfinished,
}

/// Reason why a queue could not be replaced. Its messages are still there, and the command can be run again.
#[derive(Debug, thiserror::Error)]
pub enum CutoverError {
    /// No connection.
    #[error("RabbitMQ can't be reached: {0}")]
    Dial(String),
    /// The queue has consumers.
    #[error(
        "queue `{queue}` is still consumed (consumers: {consumers}); whoever consumes it holds messages, so stop them first"
    )]
    Consumed {
        /// Name of the queue.
        queue: &'static str,
        /// Number of consumers.
        consumers: u32,
    },
    /// An exchange that the queue is bound to has another form.
    #[error("exchange `{exchange}` is no {kind} exchange without arguments: {broker}")]
    Exchange {
        /// The exchange.
        exchange: &'static str,
        /// Expected declaration.
        kind: &'static str,
        /// Answer of the broker.
        broker: String,
    },
    /// A message did not get to where it was moved.
    #[error("a message could not be moved from `{from}` to `{to}`; it stays where it was")]
    NotMoved {
        /// Source queue.
        from: String,
        /// Target queue.
        to: String,
    },
    /// Kafka didn't take a message.
    #[error(
        "a message could not be moved from `{queue}` to Kafka, and stays where it was: {reason}"
    )]
    NotTaken {
        /// Name of the queue.
        queue: &'static str,
        /// Why.
        reason: PublishError,
    },
    /// The broker refused something, or the connection broke.
    #[error("RabbitMQ says: {0}")]
    Broker(#[from] Error),
}

impl Cutover {
    /// Connects.
    pub async fn dial(address: &Address) -> Result<Self, CutoverError> {
        let dialled = Session::dial(address, "event-grpc cutover").await;
        let session = Arc::new(dialled.map_err(CutoverError::Dial)?);
        Ok(Cutover { session })
    }

    /// Says goodbye.
    pub async fn close(&self) {
        self.session.close().await;
    }

    /// Compares an exchange. Nothing is changed.
    pub async fn exchange(&self, exchange: &Exchange) -> Result<Found, CutoverError> {
        if refused(self.declare_exchange(exchange, true).await)?.is_some() {
            return Ok(Found::Missing);
        }
        let refusal = refused(self.declare_exchange(exchange, false).await)?;
        Ok(refusal.map_or(Found::Fits, |broker| {
            let kind = kind_name(exchange.kind);
            Found::Differs(format!(
                "it should be a durable {kind} exchange without arguments: {broker}"
            ))
        }))
    }

    /// Compares a queue. Nothing is changed.
    pub async fn queue(&self, queue: &QueueSpec) -> Result<Found, CutoverError> {
        if self.counts(&stand_in(queue)).await?.is_some() {
            return Ok(Found::Unfinished);
        }
        if self.counts(queue.name).await?.is_none() {
            return Ok(Found::Missing);
        }
        let refusal = refused(self.declare_as(queue).await)?;
        let (_, form) = form_of(queue);
        Ok(refusal.map_or(Found::Fits, |broker| {
            Found::Differs(format!("it should be {form}: {broker}"))
        }))
    }

    /// Replaces a queue that was found to differ, or finishes that. Says how many messages it has moved.
    pub async fn replace(
        &self,
        topology: &Topology,
        queue: &QueueSpec,
    ) -> Result<u64, CutoverError> {
        let stand_in = stand_in(queue);
        for exchange in &topology.exchanges {
            if queue.bindings.iter().any(|b| b.exchange == exchange.name) {
                self.ensure_exchange(exchange).await?;
            }
        }
        let mut moved = 0;
        if refused(self.declare_as(queue).await)?.is_some() {
            if let Some((_, consumers @ 1..)) = self.counts(queue.name).await? {
                let queue = queue.name;
                return Err(CutoverError::Consumed { queue, consumers });
            }
            let quorum = self.is_quorum(queue.name).await?;
            // It is there for a moment, and no safer than the queue that it stands in for.
            self.declare_queue(&stand_in, QueueKind::Classic).await?;
            self.bind(&stand_in, topology, queue).await?;
            self.unbind(queue.name, topology, queue).await?;
            moved += self.empty_and_delete(queue.name, quorum, &stand_in).await?;
            self.declare_as(queue).await?;
        }
        self.bind(queue.name, topology, queue).await?;
        if self.counts(&stand_in).await?.is_some() {
            self.unbind(&stand_in, topology, queue).await?;
            moved += self.empty_and_delete(&stand_in, false, queue.name).await?;
        }
        Ok(moved)
    }

    /// Moves everything and deletes the queue. What comes after the last message was moved keeps it from being
    /// deleted, and is moved, too.
    async fn empty_and_delete(
        &self,
        from: &str,
        quorum: bool,
        to: &str,
    ) -> Result<u64, CutoverError> {
        let mut moved = 0;
        loop {
            moved += transfer::all(&self.session, from, to).await?;
            if self.delete_emptied(from, quorum).await? {
                return Ok(moved);
            }
        }
    }

    /// Deletes a queue, whatever it was declared with, if it has no messages and no consumers; true if it is gone.
    async fn delete_emptied(&self, queue: &str, quorum: bool) -> Result<bool, CutoverError> {
        // The broker looks itself before it deletes, but not at a quorum queue; that one nobody can reach any more but by
        // its name.
        if quorum {
            let counts = self.counts(queue).await?;
            if counts.is_some_and(|counts| counts != (0, 0)) || !self.proved_empty(queue).await? {
                return Ok(false);
            }
        }
        let options = QueueDeleteOptions {
            if_unused: !quorum,
            if_empty: !quorum,
            ..Default::default()
        };
        let channel = self.channel().await?;
        let deleted = channel.queue_delete(name(queue)?, options);
        Ok(refused(self.session.ask(deleted).await.map(drop))?.is_none())
    }

    async fn ensure_exchange(&self, exchange: &Exchange) -> Result<(), CutoverError> {
        match refused(self.declare_exchange(exchange, false).await)? {
            None => Ok(()),
            Some(broker) => Err(CutoverError::Exchange {
                exchange: exchange.name,
                kind: kind_name(exchange.kind),
                broker,
            }),
        }
    }

    async fn declare_exchange(&self, exchange: &Exchange, passive: bool) -> Result<(), Error> {
        let channel = self.channel().await?;
        let options = ExchangeDeclareOptions {
            durable: true,
            passive,
            ..Default::default()
        };
        let (name, kind) = (name(exchange.name)?, kind_of(exchange.kind));
        let declared = channel.exchange_declare(name, kind, options, FieldTable::default());
        self.session.ask(declared).await
    }

    async fn declare_as(&self, queue: &QueueSpec) -> Result<(), Error> {
        self.declare_with(queue.name, form_of(queue).0).await
    }

    /// True if a queue that is there is a quorum queue, with a single active consumer or without.
    async fn is_quorum(&self, queue: &str) -> Result<bool, CutoverError> {
        let mut one = arguments_of(QueueKind::Quorum);
        one.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
        for arguments in [arguments_of(QueueKind::Quorum), one] {
            if refused(self.declare_with(queue, arguments).await)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn declare_queue(&self, queue: &str, kind: QueueKind) -> Result<(), Error> {
        self.declare_with(queue, arguments_of(kind)).await
    }

    async fn declare_with(&self, queue: &str, arguments: FieldTable) -> Result<(), Error> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let declared = channel.queue_declare(name(queue)?, options, arguments);
        self.session.ask(declared).await.map(drop)
    }

    /// Number of messages and consumers of a queue; none if it doesn't exist.
    async fn counts(&self, queue: &str) -> Result<Option<(u32, u32)>, CutoverError> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let found = channel.queue_declare(name(queue)?, options, FieldTable::default());
        match self.session.ask(found).await {
            Ok(queue) => Ok(Some((queue.message_count(), queue.consumer_count()))),
            Err(error) => refused(Err(error)).map(|_| None),
        }
    }

    /// Binds a queue to what `like` is bound to.
    async fn bind(&self, queue: &str, topology: &Topology, like: &QueueSpec) -> Result<(), Error> {
        let channel = self.channel().await?;
        for binding in bindings(topology, like) {
            let bound = channel.queue_bind(
                name(queue)?,
                name(&binding.exchange)?,
                name(binding.key)?,
                QueueBindOptions::default(),
                binding.arguments,
            );
            self.session.ask(bound).await?;
        }
        Ok(())
    }

    /// Takes the same bindings away.
    async fn unbind(
        &self,
        queue: &str,
        topology: &Topology,
        like: &QueueSpec,
    ) -> Result<(), Error> {
        let channel = self.channel().await?;
        for binding in bindings(topology, like) {
            let unbound = channel.queue_unbind(
                name(queue)?,
                name(&binding.exchange)?,
                name(binding.key)?,
                binding.arguments,
            );
            self.session.ask(unbound).await?;
        }
        Ok(())
    }

    /// A new channel for each question, because a refusal closes it.
    async fn channel(&self) -> Result<Channel, Error> {
        let channel = self.session.connection.create_channel();
        self.session.ask(channel).await
    }
}

fn stand_in(queue: &QueueSpec) -> String {
    format!("{STAND_IN}{}", queue.name)
}

/// Refusal of the broker; an error is a broken connection.
fn refused(outcome: Result<(), Error>) -> Result<Option<String>, CutoverError> {
    let Err(error) = outcome else {
        return Ok(None);
    };
    match error.kind() {
        ErrorKind::ProtocolError(refusal) if error.is_amqp_soft_error() => {
            Ok(Some(refusal.get_message().to_string()))
        }
        _ => Err(error.into()),
    }
}
