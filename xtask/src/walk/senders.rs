//! Changes that senders notice.

use anyhow::{Result, ensure};

use super::Kind;
use super::messages::{self, REQUESTS};
use super::stage::{Build, Stage};
use crate::bench::setting::SECRET;

pub(super) const KINDS: [Kind; 7] = [
    Kind {
        name: "required",
        forced: required,
        in_order: required_in_order,
    },
    Kind {
        name: "path",
        forced: path,
        in_order: path_in_order,
    },
    Kind {
        name: "source",
        forced: source,
        in_order: source_in_order,
    },
    Kind {
        name: "proof",
        forced: proof,
        in_order: proof_in_order,
    },
    Kind {
        name: "any_of",
        forced: any_of,
        in_order: any_of_in_order,
    },
    Kind {
        name: "reserved",
        forced: reserved,
        in_order: reserved_in_order,
    },
    Kind {
        name: "limit",
        forced: limit,
        in_order: limit_in_order,
    },
];

const VIDOOLY: &str = "/vidooly/event/";
const WEBENGAGE: &str = "/webengage/event/";
const EVENTS: &str = "/event/dispatch";

/// Exchange and key by which a webhook's message gets to its queue.
const VIDOOLY_ROUTE: (&str, &str) = ("vidooly_event.dx", "VIEWED");

fn required(stage: &Stage<'_>) -> Result<String> {
    stage.declare()?;
    stage.publish(VIDOOLY_ROUTE, &[messages::vidooly("waits", None)])?;
    stage.migrate(Build::New, &[])?;
    let seen = stage.ends(Build::New, &["plan", "--against-live"], 2)?;
    ensure!(
        seen.contains("letters   rabbitmq: queue vidooly_event_q: 1 of 1"),
        "plan --against-live doesn't show what waits: {seen}"
    );
    let new = stage.start(Build::New)?;
    stage.letters("vidooly_event_q", 1)?;
    let status = new.hook(VIDOOLY, &messages::vidooly("sent", None))?;
    ensure!(status == 202, "it was answered with {status}");
    stage.stored("error_event", "class = 'bad_field'", 2)?;
    Ok("what waits is a dead letter, which plan --against-live foretold; so is what is sent, with 202".into())
}

fn required_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes(VIDOOLY, &messages::vidooly("before", None))?;
    stage.stored("vidooly_event", "1", 1)?;
    old.takes(VIDOOLY, &messages::vidooly("changed", Some("c")))?;
    stage.stored("vidooly_event", "1", 2)?;
    stage.ends(Build::New, &["plan", "--against-live"], 2)?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    new.takes(VIDOOLY, &messages::vidooly("after", Some("c")))?;
    stage.stored("vidooly_event", "1", 3)?;
    stage.no_letters()?;
    Ok("senders send the field before it is required: all is stored".into())
}

fn path(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes("/branch/event/", &messages::branch("before"))?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    let status = new.hook("/branch/event/", &messages::branch("sent"))?;
    ensure!(status == 404, "it was answered with {status}");
    Ok("who posts as before gets 404".into())
}

fn path_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes("/branch/event/", &messages::branch("before"))?;
    // The sender has changed and repeats what isn't taken.
    let status = old.hook("/branch/events/", &messages::branch("changed"))?;
    ensure!(
        status == 404,
        "the former build answers {status} at the new path"
    );
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    new.takes("/branch/events/", &messages::branch("changed"))?;
    stage.stored("branch_event", "1", 2)?;
    stage.no_letters()?;
    Ok("nobody posts to the former path any more: all is stored".into())
}

const SHOPIFY: &str = "/shopify/event/";
const SHOPIFY_ROUTE: (&str, &str) = ("shopify_event.dx", "shopify_events");

fn source(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    let status = old.send(SHOPIFY, &[], &messages::shopify("before"))?;
    ensure!(status == 401, "the former build asks for a proof: {status}");
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    let status = new.send(SHOPIFY, &[], &messages::shopify("sent"))?;
    ensure!(status == 410, "it was answered with {status}");
    Ok("who posts as before gets 410".into())
}

fn source_in_order(stage: &Stage<'_>) -> Result<String> {
    stage.declare()?;
    stage.publish(SHOPIFY_ROUTE, &[messages::shopify("waits")])?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    stage.stored("shopify_event", "1", 1)?;
    stage.no_letters()?;
    Ok("nobody posts there any more: what was sent before is stored".into())
}

fn proof(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes("/graphy/event/", r#"{"before":1}"#)?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    let status = new.hook("/graphy/event/", r#"{"sent":1}"#)?;
    let without = new.send("/graphy/event/", &[], r#"{"sent":1}"#)?;
    ensure!(
        [401, 404].contains(&status) && without == 401,
        "answered with {status}, {without}"
    );
    Ok(format!("who proves it as before gets {status}"))
}

fn proof_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes("/graphy/event/", r#"{"before":1}"#)?;
    let bearer = format!("Authorization: Bearer {SECRET}");
    // The sender has changed and repeats what isn't taken.
    let status = old.send("/graphy/event/", &[&bearer], r#"{"changed":1}"#)?;
    ensure!(
        status == 401,
        "the former build answers the new proof with {status}"
    );
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    let status = new.send("/graphy/event/", &[&bearer], r#"{"changed":1}"#)?;
    ensure!(status == 200, "it was answered with {status}");
    stage.stored("graphy_event", "1", 2)?;
    stage.no_letters()?;
    Ok("nobody proves it as before any more: all is stored".into())
}

fn any_of(stage: &Stage<'_>) -> Result<String> {
    stage.declare()?;
    let route = ("webengage_event.dx", "EVENT");
    stage.publish(route, &[messages::webengage("waits", "anonymousId")])?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    stage.letters("webengage_ch_event_q", 1)?;
    let status = new.hook(WEBENGAGE, &messages::webengage("sent", "anonymousId"))?;
    ensure!(status == 202, "it was answered with {status}");
    stage.letters("webengage_ch_event_q", 2)?;
    Ok("what waits is a dead letter; so is what is sent, with 202".into())
}

fn any_of_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    old.takes(WEBENGAGE, &messages::webengage("before", "anonymousId"))?;
    stage.stored("webengage_event", "1", 1)?;
    old.takes(WEBENGAGE, &messages::webengage("changed", "userId"))?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    new.takes(WEBENGAGE, &messages::webengage("after", "userId"))?;
    stage.stored("webengage_event", "1", 3)?;
    stage.no_letters()?;
    Ok("senders name users before they have to: all is stored".into())
}

const LINKED: &str = r#"{"dynamicLink":"walked","appLaunchCount":"1"}"#;

fn reserved(stage: &Stage<'_>) -> Result<String> {
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    let status = new.send(EVENTS, &[], &messages::event("sent", "launchEvent", LINKED))?;
    ensure!(status == 200, "it was answered with {status}");
    stage.stored("event", "unknown_fields LIKE '%dynamicLink%walked%'", 1)?;
    Ok("what apps still send of it is among the unknown fields".into())
}

fn reserved_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    let status = old.send(
        EVENTS,
        &[],
        &messages::event("before", "launchEvent", LINKED),
    )?;
    ensure!(status == 200, "it was answered with {status}");
    stage.stored("event", "toString(event_params) LIKE '%walked%'", 1)?;
    stage.migrate(Build::New, &[])?;
    let new = stage.start(Build::New)?;
    drop(old);
    let body = messages::event("after", "launchEvent", r#"{"appLaunchCount":"2"}"#);
    let status = new.send(EVENTS, &[], &body)?;
    ensure!(status == 200, "it was answered with {status}");
    stage.stored("event", "unknown_fields = ''", 2)?;
    stage.no_letters()?;
    Ok("apps send it no more, and what is stored has it".into())
}

fn limit(stage: &Stage<'_>) -> Result<String> {
    let long = "f".repeat(2000);
    let old = stage.start(Build::Old)?;
    stage.publish(REQUESTS, &[messages::request("before", &long)])?;
    stage.stored("scrape_request_log", "1", 1)?;
    drop(old);
    stage.publish(REQUESTS, &[messages::request("waits", &long)])?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    stage.letters("scrape_request_log_events_q", 1)?;
    stage.publish(
        REQUESTS,
        &[
            messages::request("sent", &long),
            messages::request("short", "f"),
        ],
    )?;
    stage.letters("scrape_request_log_events_q", 2)?;
    stage.stored("scrape_request_log", "1", 2)?;
    Ok("longer texts that wait and that are sent are dead letters".into())
}

fn limit_in_order(stage: &Stage<'_>) -> Result<String> {
    let old = stage.start(Build::Old)?;
    stage.publish(REQUESTS, &[messages::request("before", &"f".repeat(2000))])?;
    stage.stored("scrape_request_log", "1", 1)?;
    stage.publish(REQUESTS, &[messages::request("changed", "f")])?;
    stage.migrate(Build::New, &[])?;
    let _new = stage.start(Build::New)?;
    drop(old);
    stage.publish(REQUESTS, &[messages::request("after", "f")])?;
    stage.stored("scrape_request_log", "1", 3)?;
    stage.no_letters()?;
    Ok("senders shorten texts before they have to: all is stored".into())
}
