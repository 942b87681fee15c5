//! The order of a deployment.

use super::{Area, Cost, Item, Severity, Statement, What};

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
    let (destroying, making): (Vec<&Statement>, Vec<&Statement>) = statements
        .iter()
        .partition(|statement| statement.cost == Cost::Destructive);
    if let Some(worst) = making.iter().map(|statement| statement.cost).max() {
        steps.push(format!(
            "`event-grpc migrate`: {}, at most {}. {}",
            super::counted(making.len(), "statement"),
            worst.told(),
            match items.iter().any(|item| item.instances == super::renames::HELD) {
                true =>
                    "Do it right before the next step: instances of the former build hold back rows of tables whose columns have \
                     another name. Nothing of them is lost.",
                false => "Instances of the former build go on: they name their columns.",
            }
        ));
    }
    let emptied = |item: &&Item| item.messages == super::items::EMPTIED;
    if items.iter().any(|item| emptied(&item)) {
        steps.push(
            "Unbind each queue that is retired, and let the instances of the former build empty it."
                .to_owned(),
        );
    }
    steps.push("Replace the instances, one after the other.".to_owned());
    if items
        .iter()
        .any(|item| item.messages == super::renames::MOVED)
    {
        steps.push(
            "The first of them takes the bindings of queues that have another name over. When the last instance of the former \
             build has stopped: `event-grpc apply`, which moves what is left in former queues and deletes them."
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
    let retired = |item: &&Item| item.area == Area::Topology && item.what == What::Retired;
    if items.iter().any(|item| retired(&item)) {
        steps.push(
            "When the last instance of the former build has stopped: `event-grpc apply`, which unbinds what is retired and deletes \
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
