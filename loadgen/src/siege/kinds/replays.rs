//! Replays: what was taken once, sent again as it was or with something else changed.

use super::super::attack::{Attack, Talk};
use super::{Door, End, Kind, One, Series, kind};

const SHOPIFY: &str = "/shopify/event/";

pub(super) static KINDS: [Kind; 4] = [
    // As it was, its sender may have missed the answer: it is taken again, and there is one of it.
    kind(
        "a batch of events that is sent again",
        Door::Http,
        10,
        batch,
    )
    .named()
    .ends(End::Stored),
    kind("a delivery that is sent again", Door::Webhook, 10, delivery)
        .named()
        .ends(End::Stored),
    kind(
        "another body under a delivery's id",
        Door::Webhook,
        10,
        another_body,
    )
    .ends(End::Refused(&["409"]))
    .counted(&[Series::new(
        "event_grpc_requests_total",
        r#"outcome="replayed""#,
    )]),
    kind(
        "a delivery's signature under another body",
        Door::Webhook,
        10,
        another_signature,
    )
    .ends(End::Refused(&["401"]))
    .counted(&[Series::new(
        "event_grpc_requests_total",
        r#"outcome="unauthorized""#,
    )]),
];

fn batch(one: &mut One) -> Attack {
    let (name, now) = (&one.name, one.now);
    let body = format!(
        r#"{{"header":{{"userId":"7"}},"events":[{{"id":"{name}","timestamp":"{now}","launchEvent":{{}}}}]}}"#
    );
    let again = |_| Talk::json("/event/dispatch", &body);
    Attack::Row((0..one.within(2, 4)).map(again).collect())
}

fn body(one: &One, what: &str) -> String {
    let (name, now) = (&one.name, one.now);
    format!(r#"{{"storeUrl":"{name}","eventName":"{what}","eventTime":{now},"eventData":{{}}}}"#)
}

fn shopify(one: &One, body: &str) -> Talk {
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Shopify-Webhook-Id", one.name.as_str()),
    ];
    Talk::post(SHOPIFY, &headers, body.as_bytes())
}

fn delivery(one: &mut One) -> Attack {
    let body = body(one, "paid");
    let again = |_| shopify(one, &body);
    Attack::Row((0..3).map(again).collect())
}

fn another_body(one: &mut One) -> Attack {
    let (first, other) = (body(one, "paid"), body(one, "refunded"));
    Attack::Row(vec![shopify(one, &first), shopify(one, &other)])
}

fn another_signature(one: &mut One) -> Attack {
    let mut talk = shopify(one, &body(one, "paid"));
    // Of the same length, so that only the signature tells.
    let text = talk.parts.first().map(|(bytes, _)| bytes.clone());
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).replace("\"paid\"", "\"free\"");
    if let Some(first) = talk.parts.first_mut() {
        first.0 = text.into();
    }
    talk.into()
}
