//! Changes of what is stored.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Kind;
use super::messages::{self, ACTIVITY, ORDERS, TRACES};
use super::stage::{Build, Stage};

pub(super) const KINDS: [Kind; 3] = [
    Kind {
        name: "expression",
        forced: expression,
        in_order: expression_in_order,
    },
    Kind {
        name: "column",
        forced: column,
        in_order: column_in_order,
    },
    Kind {
        name: "dropped",
        forced: dropped,
        in_order: dropped_in_order,
    },
];

/// Time in which something would have been stored.
const WHILE: Duration = Duration::from_secs(4);

/// Number of messages that two instances certainly share.
const MANY: usize = 200;

fn traces(of: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| messages::trace(&format!("{of}{number}")))
        .collect()
}

fn expression(stage: &Stage<'_>) -> Result<String> {
    let _old = stage.start(Build::Old)?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    crate::ask::until("both store", || {
        stage.publish(TRACES, &traces("side", MANY))?;
        Ok(stage.rows("trace_log", "method = 'get'")? > 0
            && stage.rows("trace_log", "method = 'GET'")? > 0)
    })?;
    Ok("of the same messages both builds make different values, side by side".into())
}

fn expression_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(TRACES, &traces("before", MANY))?;
    stage.stored("trace_log", "method = 'get'", MANY as u64)?;
    stage.migrate(Build::New, &[])?;
    drop(old);
    stage.publish(TRACES, &traces("waits", MANY))?;
    let _new = stage.start(Build::New)?;
    stage.publish(TRACES, &traces("after", MANY))?;
    stage.stored(
        "trace_log",
        "method = 'GET' AND NOT startsWith(uri, 'before')",
        2 * MANY as u64,
    )?;
    stage.stored("trace_log", "1", 3 * MANY as u64)?;
    stage.no_letters()?;
    Ok("every row behind the change has the new value, none before it".into())
}

fn column(stage: &Stage<'_>) -> Result<String> {
    stage.declare()?;
    let _new = stage.start(Build::New)?;
    stage.publish(ORDERS, &[messages::order("1", Some("half"))])?;
    thread::sleep(WHILE);
    ensure!(
        stage.rows("affiliate_order", "1")? == 0,
        "it is stored before the migration"
    );
    stage.waits("affiliate_orders_event_q", 1)?;
    stage.migrate(Build::New, &[])?;
    let _old = stage.start(Build::Old)?;
    crate::ask::until("it is stored", || {
        Ok(stage.rows("affiliate_order", "order_id = '1'")? == 1)
    })?;
    crate::ask::until("the former build stores one, too", || {
        stage.publish(ORDERS, &[messages::order("2", None)])?;
        Ok(stage.rows("affiliate_order", "order_id = '2' AND coupon IS NULL")? == 1)
    })?;
    stage.no_letters()?;
    Ok("an instance that is earlier than the migration holds its rows back until then; nothing is lost".into())
}

fn column_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(ORDERS, &[messages::order("before", None)])?;
    stage.stored("affiliate_order", "1", 1)?;
    stage.migrate(Build::New, &[])?;
    stage.publish(ORDERS, &[messages::order("early", Some("half"))])?;
    stage.stored("affiliate_order", "1", 2)?;
    stage.stored(
        "affiliate_order",
        "coupon IS NULL AND unknown_fields LIKE '%half%'",
        1,
    )?;
    let _new = stage.start(Build::New)?;
    drop(old);
    stage.publish(ORDERS, &[messages::order("after", Some("half"))])?;
    stage.stored("affiliate_order", "coupon = 'half'", 1)?;
    stage.no_letters()?;
    Ok("both builds store at every moment, and what is early is kept as unknown".into())
}

/// The name of the migration that drops, in what `migrate` says.
pub(super) fn dropping(text: &str) -> Result<String> {
    let mut words = text.split(|c: char| c.is_whitespace() || ",;:`".contains(c));
    let name = words.find(|word| word.contains("_drop_"));
    let name = name.with_context(|| format!("migrate names no migration that drops: {text}"))?;
    Ok(name.to_owned())
}

/// Drops the column.
fn drop_it(stage: &Stage<'_>) -> Result<()> {
    let (_, text) = stage.run(Build::New, &["migrate"])?;
    stage.migrate(Build::New, &["--drop", &dropping(&text)?])?;
    let found = stage.sql(
        "SELECT count() FROM system.columns WHERE database = '{db}' AND table = 'post_activity_log' AND name = 'publish_time'",
    )?;
    ensure!(found == "0", "the column is still there");
    Ok(())
}

fn dropped(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(ACTIVITY, &[messages::activity("before")])?;
    stage.stored("post_activity_log", "1", 1)?;
    drop_it(stage)?;
    stage.publish(ACTIVITY, &[messages::activity("held")])?;
    thread::sleep(WHILE);
    ensure!(
        stage.rows("post_activity_log", "1")? == 1,
        "the former build stores without the column"
    );
    drop(old);
    let _new = stage.start(Build::New)?;
    stage.stored("post_activity_log", "1", 2)?;
    stage.no_letters()?;
    Ok("an instance of the former build can't store; its rows wait for the new one".into())
}

fn dropped_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(ACTIVITY, &[messages::activity("before")])?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    stage.publish(ACTIVITY, &[messages::activity("both")])?;
    stage.stored("post_activity_log", "1", 2)?;
    drop(old);
    drop_it(stage)?;
    stage.publish(ACTIVITY, &[messages::activity("after")])?;
    stage.stored("post_activity_log", "1", 3)?;
    stage.no_letters()?;
    Ok("none of the former build runs any more: all is stored".into())
}
