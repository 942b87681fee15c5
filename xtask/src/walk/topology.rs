//! Changes of exchanges, queues and bindings.

use anyhow::{Result, ensure};

use super::Kind;
use super::messages::{self, ASSIGNED, BACKUP, CHOSEN, PARTNERS, VOTES};
use super::stage::{Build, Stage};

pub(super) const KINDS: [Kind; 5] = [
    Kind {
        name: "queue",
        forced: queue,
        in_order: queue_in_order,
    },
    Kind {
        name: "binding",
        forced: binding,
        in_order: binding_in_order,
    },
    Kind {
        name: "member",
        forced: member,
        in_order: member_in_order,
    },
    Kind {
        name: "exchange",
        forced: exchange,
        in_order: exchange_in_order,
    },
    Kind {
        name: "form",
        forced: form,
        in_order: form_in_order,
    },
];

/// What the order says before instances are replaced, and when none of the former build runs any more.
const UNBIND: [&str; 3] = ["apply", "--yes", "--unbind"];
const APPLY: [&str; 2] = ["apply", "--yes"];

/// Applies the release; true if something of this name is left.
fn leaves(stage: &Stage<'_>, args: &[&str], name: &str) -> Result<bool> {
    let (status, told) = stage.run(Build::New, args)?;
    ensure!(
        status == 0 || status == 2,
        "{} ended with {status}: {told}",
        args.join(" ")
    );
    let left = |line: &str| line.starts_with("left ") && line.contains(name);
    Ok(told.lines().any(left))
}

const BACKUP_QUEUE: &str = "post_log_events_q_bkp";

fn queue(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(BACKUP, &[messages::post("before")])?;
    stage.stored("post_log_event", "1", 1)?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    drop(old);
    stage.publish(BACKUP, &["1", "2", "3"].map(messages::post))?;
    stage.waits(BACKUP_QUEUE, 3)?;
    ensure!(
        leaves(stage, &APPLY, BACKUP_QUEUE)?,
        "apply does not leave it"
    );
    stage.waits(BACKUP_QUEUE, 3)?;
    ensure!(
        stage.rows("post_log_event", "1")? == 1,
        "somebody has stored what waits"
    );
    Ok("it fills, nobody reads it, and apply leaves it".into())
}

fn queue_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(BACKUP, &["1", "2", "3"].map(messages::post))?;
    stage.migrate(Build::New, &[])?;
    leaves(stage, &UNBIND, "")?;
    ensure!(
        !stage.is_bound("beat.dx", BACKUP_QUEUE, BACKUP.1)?,
        "it is still bound"
    );
    stage.waits(BACKUP_QUEUE, 0)?;
    let _new = stage.start(Build::New)?;
    drop(old);
    leaves(stage, &APPLY, "")?;
    ensure!(stage.queue(BACKUP_QUEUE)?.is_none(), "it is still there");
    stage.stored("post_log_event", "1", 3)?;
    stage.no_letters()?;
    Ok("it is unbound, emptied and deleted: all is stored".into())
}

const ASSIGNMENTS: &str = "ab_assignments";

fn binding(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    leaves(stage, &UNBIND, "")?;
    ensure!(
        !stage.is_bound("ab.dx", ASSIGNMENTS, ASSIGNED.1)?,
        "it is still bound"
    );
    drop(old);
    let _old = stage.start(Build::Old)?;
    crate::ask::until("the binding is back", || {
        stage.is_bound("ab.dx", ASSIGNMENTS, ASSIGNED.1)
    })?;
    Ok("an instance of the former build that starts binds the queue again".into())
}

fn binding_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(ASSIGNED, &[messages::assignment("before")])?;
    stage.migrate(Build::New, &[])?;
    leaves(stage, &UNBIND, "")?;
    stage.publish(CHOSEN, &[messages::assignment("chosen")])?;
    let new = stage.start(Build::New)?;
    drop(old);
    leaves(stage, &APPLY, "")?;
    drop(new);
    let _new = stage.start(Build::New)?;
    stage.publish(CHOSEN, &[messages::assignment("after")])?;
    stage.stored("ab_assignment", "1", 3)?;
    ensure!(
        !stage.is_bound("ab.dx", ASSIGNMENTS, ASSIGNED.1)?,
        "it is bound again"
    );
    stage.no_letters()?;
    Ok("the former binding is gone and stays away: all is stored".into())
}

/// Sends a failed purchase.
fn fail(stage: &super::stage::Running, id: &str) -> Result<()> {
    let status = stage.send("/event/dispatch", &[], &messages::failed(id))?;
    ensure!(status == 200, "it was answered with {status}");
    Ok(())
}

fn member(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    fail(&old, "before")?;
    stage.stored("purchase", "1", 1)?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    fail(&new, "sent")?;
    stage.letters("clickhouse_purchase_q", 1)?;
    stage.stored("event", "1", 2)?;
    Ok("the queue still gets it, and it is a dead letter there".into())
}

fn member_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    fail(&old, "before")?;
    stage.migrate(Build::New, &[])?;
    leaves(stage, &UNBIND, "")?;
    fail(&old, "unbound")?;
    stage.waits("clickhouse_purchase_q", 0)?;
    let new = stage.start(Build::New)?;
    drop(old);
    fail(&new, "after")?;
    leaves(stage, &APPLY, "")?;
    stage.stored("event", "1", 3)?;
    stage.stored("purchase", "1", 1)?;
    stage.no_letters()?;
    Ok("the former build stores what waits, and nothing comes after it".into())
}

fn exchange(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(PARTNERS, &[messages::partner("before")])?;
    stage.stored("partner_activity_log", "1", 1)?;
    stage.migrate(Build::New, &[])?;
    leaves(stage, &UNBIND, "")?;
    let _new = stage.start(Build::New)?;
    drop(old);
    leaves(stage, &APPLY, "")?;
    let taken = stage.publishes(PARTNERS, &[messages::partner("sent")])?;
    ensure!(!taken, "RabbitMQ takes what is published to it");
    Ok("who publishes to it is refused".into())
}

fn exchange_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(PARTNERS, &["1", "2", "3"].map(messages::partner))?;
    stage.migrate(Build::New, &[])?;
    leaves(stage, &UNBIND, "")?;
    stage.waits("activity_tracker_q", 0)?;
    let _new = stage.start(Build::New)?;
    drop(old);
    leaves(stage, &APPLY, "")?;
    ensure!(
        stage.queue("activity_tracker_q")?.is_none(),
        "its queue is still there"
    );
    stage.stored("partner_activity_log", "1", 3)?;
    stage.no_letters()?;
    Ok("nobody publishes to it any more: all is stored".into())
}

fn form(stage: &Stage<'_>) -> Result<String> {
    stage.declare()?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    stage.publish(VOTES, &[messages::vote("sent")])?;
    stage.stored("bigboss_votes", "1", 1)?;
    let log = new.log();
    ensure!(
        log.contains("declared otherwise than the pipeline"),
        "its log does not say that it differs"
    );
    let seen = stage.ends(Build::New, &["plan", "--against-live"], 2)?;
    ensure!(
        seen.contains("differs   rabbitmq: queue bigboss_votes_log_q"),
        "the plan says {seen}"
    );
    Ok("it is used as it is, and what differs is told".into())
}

fn form_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(VOTES, &[messages::vote("before")])?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    stage.publish(VOTES, &[messages::vote("between")])?;
    stage.stored("bigboss_votes", "1", 2)?;
    drop(new);
    stage.publish(VOTES, &[messages::vote("waits")])?;
    stage.ends(
        Build::New,
        &["cutover", "--queue", "bigboss_votes_log_q"],
        0,
    )?;
    let _new = stage.start(Build::New)?;
    stage.publish(VOTES, &[messages::vote("after")])?;
    stage.stored("bigboss_votes", "1", 4)?;
    stage.ends(
        Build::New,
        &["cutover", "--check", "--queue", "bigboss_votes_log_q"],
        0,
    )?;
    stage.no_letters()?;
    Ok("it is replaced with what waits in it: all is stored".into())
}
