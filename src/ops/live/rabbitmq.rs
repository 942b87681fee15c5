//! Exchanges and queues of RabbitMQ against those that this build declares, and what is retired.

use super::definitions::Definitions;
use super::{Kind, Plan};
use crate::broker::{Cutover, CutoverError, Found, Topology};
use crate::contract::Pipeline;

/// What an instance does about what is missing.
const MADE: &str = "an instance of this build declares it when it starts";

/// Compares the topology. Without definitions, bindings can't be seen.
///
/// # Errors
///
/// If RabbitMQ doesn't answer.
pub async fn compare(
    server: &Cutover,
    pipeline: &'static Pipeline,
    definitions: Option<&Definitions>,
    plan: &mut Plan,
) -> Result<(), CutoverError> {
    let topology = Topology::of(pipeline, |_| true).in_rabbitmq();
    for exchange in &topology.exchanges {
        let found = server.exchange(exchange).await?;
        tell(plan, format!("exchange {}", exchange.name), found);
    }
    for queue in &topology.queues {
        let found = server.queue(queue).await?;
        tell(plan, format!("queue {}", queue.name), found);
    }
    for queue in topology.declared() {
        for former in server.former_partitions(queue).await? {
            let (messages, consumers) = server.depth(&former).await?.unwrap_or_default();
            let how = format!(
                "{messages} messages ready, {consumers} consumers; event-grpc apply moves what is left to {} when it has no \
                 consumers, and deletes it",
                queue.name
            );
            plan.add("rabbitmq", Kind::Retired, format!("queue {former}"), how);
        }
    }
    for queue in pipeline.retired.queues {
        if let Some((messages, consumers)) = server.depth(queue.name).await? {
            let becomes = match (messages, consumers) {
                (0, 0) => "event-grpc apply unbinds and deletes it",
                _ => "event-grpc apply unbinds it and leaves it while it has messages or consumers",
            };
            let how = format!("{messages} messages ready, {consumers} consumers; {becomes}");
            plan.add(
                "rabbitmq",
                Kind::Retired,
                format!("queue {}", queue.name),
                how,
            );
        }
    }
    for queue in pipeline.retired.renamed {
        if let Some((messages, consumers)) = server.depth(queue.former.name).await? {
            let how = format!(
                "called {} now; {messages} messages ready, {consumers} consumers; event-grpc apply moves what is left when it \
                 has no consumers, and deletes it",
                queue.name
            );
            plan.add(
                "rabbitmq",
                Kind::Retired,
                format!("queue {}", queue.former.name),
                how,
            );
        }
    }
    for exchange in pipeline.retired.exchanges {
        if server.has_exchange(exchange).await? {
            let how = "event-grpc apply deletes it if nothing is bound to it";
            plan.add(
                "rabbitmq",
                Kind::Retired,
                format!("exchange {exchange}"),
                how,
            );
        }
    }
    match definitions {
        Some(definitions) => definitions.compare(pipeline, plan),
        None => plan.add(
            "rabbitmq",
            Kind::Unseen,
            "bindings, and queues of others",
            "RabbitMQ doesn't list them over AMQP: give --definitions FILE, written by rabbitmqctl export_definitions FILE",
        ),
    }
    Ok(())
}

fn tell(plan: &mut Plan, what: String, found: Found) {
    match found {
        Found::Fits => {}
        Found::Missing => plan.add("rabbitmq", Kind::Missing, what, MADE),
        Found::Differs(how) => {
            let how = format!("{how}; it is used as it is, and event-grpc cutover replaces queues");
            plan.add("rabbitmq", Kind::Differs, what, how);
        }
        Found::Unfinished => {
            let how = "its replacement was begun and not finished; run event-grpc cutover again";
            plan.add("rabbitmq", Kind::Differs, what, how);
        }
    }
}
