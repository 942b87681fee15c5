//! The order of a deployment.

use super::{Area, Cost, Item, Severity, Statement, What};
use crate::schema::contract::topology::{FROM_KAFKA, OTHER_FORM, PUBLISHED, TO_KAFKA};
use crate::schema::contract::transforms::SIDE_BY_SIDE;

/// Steps that do no harm that the review doesn't name, in order.
pub(super) fn of(items: &[Item], statements: &[Statement]) -> Vec<String> {
    if items.is_empty() && statements.is_empty() {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if items.iter().any(|item| item.severity == Severity::Refused) {
        steps.push("Mend what is refused; until then nothing is generated.".to_owned());
        return steps;
    }
    steps.push(
        "`event-grpc plan --against-live`: see what differs on the servers, and what of what waits would become a dead letter."
            .to_owned(),
    );
    let any = |is: &dyn Fn(&Item) -> bool| items.iter().any(is);
    // What only this build takes can't be sent before it is there.
    if any(&|item| item.area == Area::Wire && item.code.is_some() && !item.senders.is_empty()) {
        steps.push(
            "Let senders change first where old senders are named: what this build refuses then is sent no more. What only this \
             build takes they hold until it runs."
                .to_owned(),
        );
    }
    let (destroying, making): (Vec<&Statement>, Vec<&Statement>) = statements
        .iter()
        .partition(|statement| statement.cost == Cost::Destructive);
    if let Some(worst) = making.iter().map(|statement| statement.cost).max() {
        steps.push(format!(
            "`event-grpc migrate`: {}, at most {}. {} Instances of this build that are earlier hold their rows back.",
            super::counted(making.len(), "statement"),
            worst.told(),
            match any(&|item| item.instances == super::renames::HELD) {
                true =>
                    "Do it right before the next step: instances of the former build hold back rows of tables whose columns have \
                     another name. Nothing of them is lost.",
                false => "Instances of the former build go on: they name their columns.",
            }
        ));
    }
    let retired = |item: &Item| item.area == Area::Topology && item.what == What::Retired;
    if any(&|item| retired(item) && item.senders != PUBLISHED) {
        steps.push(
            "`event-grpc apply --yes --unbind`, which unbinds what is retired and deletes nothing; then wait until instances of \
             the former build have stored what waits in these queues. If one of them starts or reconnects meanwhile, repeat it."
                .to_owned(),
        );
    }
    steps.push(match any(&|item| item.instances == SIDE_BY_SIDE) {
        true => "Stop all instances of the former build, then start those of this one: side by side they store different \
                 values of the same messages. Senders repeat meanwhile what they can't send, and queues keep what waits."
            .to_owned(),
        false => "Replace the instances, one after the other.".to_owned(),
    });
    if any(&|item| item.instances == OTHER_FORM) {
        steps.push(
            "Queues of another type: stop the instances, `event-grpc cutover`, start them."
                .to_owned(),
        );
    }
    if any(&|item| item.messages == super::renames::MOVED) {
        steps.push(
            "The first of them takes the bindings of queues that have another name over. When the last instance of the former \
             build has stopped: `event-grpc apply --yes`, which moves what is left in former queues and deletes them."
                .to_owned(),
        );
    }
    if any(&|item| item.messages == super::items::STAY) {
        steps.push(
            "Other partitions: the first of them binds them. When the last instance of the former build has stopped: `event-grpc \
             apply --yes`, which moves what is left in partitions that are no more and deletes them."
                .to_owned(),
        );
    }
    if any(&|item| item.messages == TO_KAFKA) {
        steps.push(
            "Queues that go to Kafka: when the last instance of the former build has stopped, `event-grpc cutover`, which moves \
             what is left of them in RabbitMQ to their topics and deletes them there."
                .to_owned(),
        );
    }
    if any(&|item| item.messages == FROM_KAFKA) {
        steps.push(
            "Queues that come back from Kafka: when the last instance of the former build has stopped, `event-grpc cutover \
             --from-topic TOPIC --queue QUEUE` for each, which moves what is left in its topic to the queue."
                .to_owned(),
        );
    }
    let sent = |item: &&Item| item.area == Area::Wire && item.what == What::Added;
    if items.iter().any(|item| sent(&item)) {
        steps.push(
            "Release clients that send what is new; instances of the former build keep it as unknown, nothing is lost if \
             some are earlier."
                .to_owned(),
        );
    }
    if any(&|item| item.senders == PUBLISHED) {
        steps.push("Then let nobody publish to an exchange that is retired.".to_owned());
    }
    if any(&retired) {
        steps.push(
            "When the last instance of the former build has stopped: `event-grpc apply --yes`, which unbinds what is retired and deletes \
             queues that are empty."
                .to_owned(),
        );
    }
    if !destroying.is_empty() {
        steps.push(format!(
            "At last, and not to be undone, `event-grpc apply --yes --drop MIGRATION`: {}.",
            destroying
                .iter()
                .map(|statement| format!("`{}`", statement.sql))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    steps
}
