//! Carries out what is planned for RabbitMQ: declares what is missing, and takes away what is retired.

use crate::broker::{Cutover, CutoverError, Deleted, Topology};
use crate::contract::{Pipeline, Route, partitions_exchange};

/// A step that was carried out, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done: `declared`, `unbound`, `moved`, `deleted`, or `left` if it could not be done.
    pub done: &'static str,
    /// What it was done to, and why it was left.
    pub what: String,
}

/// Declares the topology, removes bindings that are retired, moves what waits in queues under former names and in former partitions, deletes these
/// and retired queues that are empty and unused, and then retired exchanges that nothing is bound to; without `delete` they
/// stay. Each step is told when it is done, and each may be repeated. True if nothing is left.
///
/// # Errors
///
/// If RabbitMQ doesn't answer.
pub async fn carry_out(
    server: &Cutover,
    pipeline: &'static Pipeline,
    delete: bool,
    mut tell: impl FnMut(Step),
) -> Result<bool, CutoverError> {
    let mut good = true;
    let mut step = |done, what: String| {
        good &= done != "left";
        tell(Step { done, what });
    };
    let topology = Topology::of(pipeline, |_| true).in_rabbitmq();
    for trouble in server.declare(&topology).await? {
        step("left", trouble.to_string());
    }
    let what = "exchanges, queues and bindings of this build";
    step("declared", what.to_owned());
    // From now on nothing new comes to the queues, so that they can run empty.
    for (queue, route) in pipeline.retired.bindings() {
        unbind(server, queue, route, &mut step).await?;
    }
    if !delete {
        return keep(server, pipeline, step).await.map(|kept| good && !kept);
    }
    partitions(server, &topology, &mut step).await?;
    for queue in pipeline.retired.renamed {
        let former = queue.former.name;
        let (moved, deleted) = server.move_former(former, queue.name).await?;
        // Its dead letters come until it is gone.
        if matches!(deleted, Deleted::Done | Deleted::Missing) {
            for (queue, route) in queue.letters() {
                unbind(server, queue, route, &mut step).await?;
            }
        }
        if deleted == Deleted::Done {
            step(
                "moved",
                format!("{moved} messages from queue {former} to {}", queue.name),
            );
        }
        tell_deleted(format!("queue {former}"), deleted, &mut step);
    }
    for queue in pipeline.retired.queues {
        let deleted = server.delete_queue(queue.name).await?;
        tell_deleted(format!("queue {}", queue.name), deleted, &mut step);
    }
    for exchange in pipeline.retired.exchanges {
        let deleted = server.delete_exchange(exchange).await?;
        tell_deleted(format!("exchange {exchange}"), deleted, &mut step);
    }
    Ok(good)
}

/// Moves what is left in partitions that are no more to their queues, and deletes them.
async fn partitions(
    server: &Cutover,
    topology: &Topology,
    step: &mut impl FnMut(&'static str, String),
) -> Result<(), CutoverError> {
    for queue in topology.declared() {
        for former in server.former_partitions(queue).await? {
            let (moved, deleted) = server.move_former(&former, queue.name).await?;
            if deleted == Deleted::Done {
                let to = queue.name;
                step(
                    "moved",
                    format!("{moved} messages from queue {former} to {to}"),
                );
            }
            tell_deleted(format!("queue {former}"), deleted, step);
        }
        if queue.partition.is_none() {
            let deleted = server.join(queue).await?;
            let exchange = partitions_exchange(queue.name);
            tell_deleted(format!("exchange {exchange}"), deleted, step);
        }
    }
    Ok(())
}

/// Tells what is retired or has another name and stays; true if there is anything.
async fn keep(
    server: &Cutover,
    pipeline: &'static Pipeline,
    mut step: impl FnMut(&'static str, String),
) -> Result<bool, CutoverError> {
    let mut kept = false;
    let retired = pipeline.retired.queues.iter().map(|queue| queue.name);
    let renamed = pipeline.retired.renamed.iter();
    for name in retired.chain(renamed.map(|queue| queue.former.name)) {
        if let Some((messages, consumers)) = server.depth(name).await? {
            step(
                "left",
                format!("queue {name}: {messages} messages ready, {consumers} consumers"),
            );
            kept = true;
        }
    }
    for exchange in pipeline.retired.exchanges {
        if server.has_exchange(exchange).await? {
            step("left", format!("exchange {exchange}"));
            kept = true;
        }
    }
    Ok(kept)
}

async fn unbind(
    server: &Cutover,
    queue: &str,
    route: Route,
    step: &mut impl FnMut(&'static str, String),
) -> Result<(), CutoverError> {
    let refusal = server.unbind_route(queue, route).await?;
    let (exchange, key) = (route.exchange, route.routing_key);
    let what = format!("queue {queue} from exchange {exchange} with key {key:?}");
    match refusal {
        None => step("unbound", what),
        Some(why) => step("left", format!("{what}: {why}")),
    }
    Ok(())
}

fn tell_deleted(what: String, deleted: Deleted, step: &mut impl FnMut(&'static str, String)) {
    match deleted {
        Deleted::Missing => {}
        Deleted::Done => step("deleted", what),
        Deleted::Left(why) => step(
            "left",
            format!("{what}: {why}; run event-grpc apply again when that has changed"),
        ),
    }
}
