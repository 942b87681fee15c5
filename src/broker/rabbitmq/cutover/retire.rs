//! Takes away what is retired: bindings, queues that are empty and unused, exchanges that are unused.

use lapin::options::{
    BasicGetOptions, BasicNackOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueDeleteOptions,
};
use lapin::types::FieldTable;

use super::{Cutover, CutoverError, refused};
use crate::broker::api::lock::Lock;
use crate::broker::api::topology::{Topology, TopologyError};
use crate::broker::rabbitmq::declare::{declare, name};
use crate::broker::rabbitmq::lock::HeldLock;
use crate::contract::{QueueKind, Route};

/// Outcome of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is gone.
    Done,
    /// It wasn't there.
    Missing,
    /// It is still there, because of this.
    Left(String),
}

impl Cutover {
    /// Takes a lock among all that are connected to this virtual host; none if somebody else has it.
    pub async fn lock(&self, name: &str) -> Option<Lock> {
        let held = HeldLock::take(self.session.clone(), name).await?;
        Some(Lock::until(held.release()))
    }

    /// Number of ready messages and of consumers of a queue; none if it doesn't exist. Nothing is changed.
    pub async fn depth(&self, queue: &str) -> Result<Option<(u32, u32)>, CutoverError> {
        self.counts(queue).await
    }

    /// True if there is an exchange with this name. Nothing is changed.
    pub async fn has_exchange(&self, exchange: &str) -> Result<bool, CutoverError> {
        let channel = self.channel().await?;
        let options = ExchangeDeclareOptions {
            passive: true,
            ..Default::default()
        };
        // The type of what is only looked for doesn't matter.
        let kind = lapin::ExchangeKind::Direct;
        let found = channel.exchange_declare(name(exchange)?, kind, options, FieldTable::default());
        Ok(refused(self.session.ask(found).await)?.is_none())
    }

    /// Declares what isn't there, and says what is there in another form.
    pub async fn declare(&self, topology: &Topology) -> Result<Vec<TopologyError>, CutoverError> {
        Ok(declare(&self.session, topology).await?)
    }

    /// Removes a binding. One that isn't there is none. If the broker refuses, the reason.
    pub async fn unbind_route(
        &self,
        queue: &str,
        route: Route,
    ) -> Result<Option<String>, CutoverError> {
        let channel = self.channel().await?;
        let unbound = channel.queue_unbind(
            name(queue)?,
            name(route.exchange)?,
            name(route.routing_key)?,
            FieldTable::default(),
        );
        let refusal = refused(self.session.ask(unbound).await)?;
        Ok(refusal.filter(|why| !why.starts_with("NOT_FOUND")))
    }

    /// Deletes a queue if it has no messages and no consumers.
    pub async fn delete_queue(&self, queue: &str) -> Result<Deleted, CutoverError> {
        match self.counts(queue).await? {
            None => return Ok(Deleted::Missing),
            Some((0, 0)) => {}
            Some((messages, consumers)) => {
                let why = format!("it has {messages} messages and {consumers} consumers");
                return Ok(Deleted::Left(why));
            }
        }
        // Declaring it again in its own form changes nothing, and in another one is refused.
        let is = async |kind| {
            let declared = self.declare_queue(queue, kind).await;
            Ok::<_, CutoverError>(refused(declared)?.is_none())
        };
        // Where quorum queues are the default of a virtual host, one fits the classic form, too.
        let conditions = match (is(QueueKind::Quorum).await?, is(QueueKind::Classic).await?) {
            // The broker knows no conditions for these, and ends a connection that sets any.
            (true, _) => false,
            (_, true) => true,
            _ => {
                let why = "it was declared with arguments of its own; delete it by hand";
                return Ok(Deleted::Left(why.to_owned()));
            }
        };
        if !self.proved_empty(queue).await? {
            let why = "it has messages, which its counts did not tell".to_owned();
            return Ok(Deleted::Left(why));
        }
        let options = QueueDeleteOptions {
            if_unused: conditions,
            if_empty: conditions,
            ..Default::default()
        };
        let channel = self.channel().await?;
        let deleted = channel.queue_delete(name(queue)?, options);
        let refusal = refused(self.session.ask(deleted).await.map(drop))?;
        Ok(refusal.map_or(Deleted::Done, Deleted::Left))
    }

    /// Moves what waits in a queue's former name to the queue and deletes the former one, if nobody consumes it. Says how many
    /// messages were moved.
    pub async fn move_former(
        &self,
        former: &str,
        queue: &str,
    ) -> Result<(u64, Deleted), CutoverError> {
        let Some((messages, consumers)) = self.counts(former).await? else {
            return Ok((0, Deleted::Missing));
        };
        if consumers > 0 {
            let why = format!(
                "instances of the former build still consume it ({messages} messages ready, {consumers} consumers)"
            );
            return Ok((0, Deleted::Left(why)));
        }
        if self.counts(queue).await?.is_none() {
            let why = format!("there is no queue {queue} to move its messages to");
            return Ok((0, Deleted::Left(why)));
        }
        let quorum = self.is_quorum(former).await?;
        let moved = self.empty_and_delete(former, quorum, queue).await?;
        Ok((moved, Deleted::Done))
    }

    /// True if a queue gave no message when it was asked for one. Its counts say zero, too, while a quorum queue has no
    /// leader or doesn't answer in time; asking for a message fails then. A message that comes goes back to its place.
    pub(super) async fn proved_empty(&self, queue: &str) -> Result<bool, CutoverError> {
        let channel = self.channel().await?;
        let got = channel.basic_get(name(queue)?, BasicGetOptions { no_ack: false });
        let Some(message) = self.session.ask(got).await? else {
            return Ok(true);
        };
        let back = BasicNackOptions {
            requeue: true,
            ..Default::default()
        };
        self.session.ask(message.nack(back)).await?;
        Ok(false)
    }

    /// Deletes an exchange if nothing is bound to it.
    pub async fn delete_exchange(&self, exchange: &str) -> Result<Deleted, CutoverError> {
        if !self.has_exchange(exchange).await? {
            return Ok(Deleted::Missing);
        }
        let channel = self.channel().await?;
        let options = ExchangeDeleteOptions {
            if_unused: true,
            ..Default::default()
        };
        let deleted = channel.exchange_delete(name(exchange)?, options);
        let refusal = refused(self.session.ask(deleted).await)?;
        Ok(refusal.map_or(Deleted::Done, Deleted::Left))
    }
}
