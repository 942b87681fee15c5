//! The promise of 200, with random bodies: what it answers is stored, and what is a dead letter was said to be one.

use std::collections::BTreeSet;

use event_grpc::sink::clickhouse::quote;
use futures_util::{StreamExt as _, stream};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::{BRANCH, GRAPHY, SHOPIFY, VIDOOLY, WEBENGAGE, post};
use crate::app::support::instance;

/// Number of posted bodies.
const BODIES: u32 = 400;

/// The members that each sender's messages have, beside any others.
const SENDERS: [(&str, &[&str]); 5] = [
    (
        SHOPIFY,
        &["storeUrl", "eventName", "eventTime", "eventData"],
    ),
    (
        BRANCH,
        &[
            "id",
            "name",
            "timestamp",
            "event_timestamp",
            "datasource",
            "origin",
            "deep_linked",
            "attributed",
            "di_match_click_token",
            "seconds_from_install_to_event",
            "last_attributed_touch_timestamp",
            "event_data",
            "user_data",
            "last_attributed_touch_data",
            "content_items",
            "custom_data",
        ],
    ),
    (GRAPHY, &["course"]),
    (VIDOOLY, &["name"]),
    (
        WEBENGAGE,
        &[
            "appType",
            "userId",
            "anonymousId",
            "eventName",
            "eventTime",
            "eventData",
        ],
    ),
];

/// A value that a member may well have, or may well not.
fn value(random: &mut StdRng, name: &str, wild: f64, depth: u32) -> Value {
    let lower = name.to_lowercase();
    if random.random_bool(1.0 - wild) {
        if lower.contains("time") {
            let at = 1_760_000_000_000i64 + random.random_range(0..1000);
            return match random.random_range(0..6) {
                0 => json!(at.to_string()),
                1 if wild > 0.0 => json!(at * 1000),
                2 => json!(-at),
                3 => json!(at as f64),
                _ => json!(at),
            };
        }
        if lower.ends_with("data") || lower == "course" {
            return Value::Object(object(random, wild, depth));
        }
        if lower.ends_with("items") {
            return json!([object(random, wild, depth), object(random, wild, depth)]);
        }
        const TRUTHS: [&str; 2] = ["deep_linked", "attributed"];
        if TRUTHS.contains(&name) {
            return json!(random.random::<bool>());
        }
        const NUMBERS: [&str; 2] = ["di_match_click_token", "revenue"];
        if lower.contains("_to_event") || NUMBERS.contains(&name) {
            return json!(random.random::<u32>());
        }
        if lower == "apptype" {
            return json!(["USER", "BRAND", "OTHER", ""][random.random_range(0..4)]);
        }
        return json!(format!("{name}-{}", random.random::<u64>()));
    }
    match random.random_range(0..12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(random.random::<i64>()),
        3 => json!(u64::MAX),
        4 => json!(1.5),
        5 => json!(1e300),
        6 => json!(""),
        7 => json!("nul\0 and ₹"),
        8 => json!("x".repeat(2000)),
        9 => json!([1, "a", null, {"b": [[]]}]),
        10 => json!(["a", {}]),
        _ => Value::Object(object(random, wild, depth)),
    }
}

fn object(random: &mut StdRng, wild: f64, depth: u32) -> Map<String, Value> {
    let mut object = Map::new();
    if depth == 0 {
        return object;
    }
    for _ in 0..random.random_range(0..4) {
        const NAMES: [&str; 9] = [
            "a",
            "b.c",
            "",
            "b",
            "revenue",
            "platform",
            "~campaign",
            "+url",
            "time",
        ];
        let name = NAMES[random.random_range(0..NAMES.len())];
        object.insert(name.to_owned(), value(random, name, wild, depth - 1));
    }
    object
}

fn body(random: &mut StdRng, members: &[&str]) -> String {
    // Some senders are careful, some are not.
    let wild = [0.0, 0.02, 0.25][random.random_range(0..3)];
    let mut body = object(random, wild, 3);
    for name in members {
        if random.random_bool(1.0 - wild / 4.0) {
            body.insert((*name).to_owned(), value(random, name, wild, 3));
        }
    }
    let text = Value::Object(body).to_string();
    match random.random_range(0..40) {
        0 => text.chars().take(text.chars().count() / 2).collect(),
        1 => format!(" {text}\n"),
        _ => text,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_200_is_stored_and_what_is_not_was_told() {
    instance("trial_webhooks_promise", async |app, store| {
        let seed: u64 = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let (mut stored, mut attributed) = (BTreeSet::new(), BTreeSet::new());
        let mut promised = BTreeSet::new();
        let mut refused = 0;
        let bodies: Vec<(&str, String)> = (0..BODIES)
            .map(|_| {
                let (path, members) = SENDERS[random.random_range(0..SENDERS.len())];
                (path, body(&mut random, members))
            })
            .collect();
        let posts = bodies.iter().map(|(path, body)| async move {
            (*path, body, post(app, path, &[], body).await)
        });
        let mut posts = stream::iter(posts).buffer_unordered(32);
        while let Some((path, body, (status, told))) = posts.next().await {
            let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
            match status {
                // Its table has the sender's own id.
                200 if path == BRANCH => drop(attributed.insert(text("id"))),
                200 => drop(stored.insert(text("id"))),
                202 => drop(promised.insert(text("letter"))),
                400 => refused += 1,
                _ => panic!("seed {seed}: {status} {told} for {path} {body}"),
            }
        }
        // Here an answer comes when everything is stored.
        let known = async |sql: &str| -> BTreeSet<String> {
            let database = quote::identifier(store.address().database());
            let rows: Vec<String> = store.rows(&sql.replace("DB", &database)).await.unwrap();
            rows.into_iter().collect()
        };
        let rows = known(
            "SELECT id FROM DB.shopify_event UNION ALL SELECT id FROM DB.graphy_event UNION ALL SELECT id FROM DB.vidooly_event \
             UNION ALL SELECT id FROM DB.webengage_event",
        )
        .await;
        let lost: Vec<_> = stored.difference(&rows).collect();
        assert!(lost.is_empty(), "seed {seed}: answered 200 and not stored: {lost:?}");
        let doubted: Vec<_> = rows.difference(&stored).collect();
        assert!(doubted.is_empty(), "seed {seed}: stored, but not said to be: {doubted:?}");
        let letters = known("SELECT error_id FROM DB.error_event").await;
        let missing: Vec<_> = promised.difference(&letters).collect();
        assert!(missing.is_empty(), "seed {seed}: promised letters that are not there: {missing:?}");
        let kept = known("SELECT message_id FROM DB.error_event").await;
        let broken: Vec<_> = attributed.intersection(&kept).collect();
        assert!(broken.is_empty(), "seed {seed}: answered 200 and then dead letters: {broken:?}");
        assert!(letters.len() <= promised.len() + refused, "seed {seed}: letters that nobody was told of");
        let counts = (stored.len(), attributed.len(), promised.len());
        assert!(counts.0 > 50 && counts.1 > 5 && counts.2 > 20, "seed {seed}: a poor choice, {counts:?}");
    })
    .await;
}
