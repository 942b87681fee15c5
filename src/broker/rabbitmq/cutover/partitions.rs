//! Partitions that a queue had and has no more: what is in them goes to the queue, and they are deleted.

use lapin::options::{ExchangeDeleteOptions, ExchangeUnbindOptions};
use lapin::types::FieldTable;

use super::{Cutover, CutoverError, Deleted, refused};
use crate::broker::api::topology::QueueSpec;
use crate::broker::rabbitmq::declare::name;
use crate::contract::{MOST_PARTITIONS, partitions_exchange, rest_exchange};

impl Cutover {
    /// The names of partitions of a queue that are there and not among those that it has now. Nothing is changed.
    pub async fn former_partitions(&self, queue: &QueueSpec) -> Result<Vec<String>, CutoverError> {
        if !self.has_exchange(&partitions_exchange(queue.name)).await? {
            return Ok(Vec::new());
        }
        let now = queue.partition.map_or(0, |partition| partition.count);
        let mut former = Vec::new();
        for index in now..MOST_PARTITIONS {
            let name = format!("{}.{index}", queue.name);
            if self.depth(&name).await?.is_some() {
                former.push(name);
            }
        }
        Ok(former)
    }

    /// Deletes what was between a queue without partitions and those that it had. Messages that still name one come to the
    /// queue by its own bindings.
    pub async fn join(&self, queue: &QueueSpec) -> Result<Deleted, CutoverError> {
        let partitions = partitions_exchange(queue.name);
        if !self.has_exchange(&partitions).await? {
            return Ok(Deleted::Missing);
        }
        if let Some(why) = self.unbind_partitions(queue).await? {
            return Ok(Deleted::Left(why));
        }
        let deleted = self.delete_exchange(&partitions).await?;
        if deleted == Deleted::Done {
            let channel = self.channel().await?;
            let rest = rest_exchange(queue.name);
            let gone = channel.exchange_delete(name(&rest)?, ExchangeDeleteOptions::default());
            refused(self.session.ask(gone).await)?;
        }
        Ok(deleted)
    }

    /// Takes the bindings of a queue's partitions away, so that nothing more comes to them; why not, if that is refused.
    pub(super) async fn unbind_partitions(
        &self,
        queue: &QueueSpec,
    ) -> Result<Option<String>, CutoverError> {
        let partitions = partitions_exchange(queue.name);
        for route in queue.bindings {
            let channel = self.channel().await?;
            let unbound = channel.exchange_unbind(
                name(&partitions)?,
                name(route.exchange)?,
                name(route.routing_key)?,
                ExchangeUnbindOptions::default(),
                FieldTable::default(),
            );
            let refusal = refused(self.session.ask(unbound).await)?;
            if let Some(why) = refusal.filter(|why| !why.starts_with("NOT_FOUND")) {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }
}
