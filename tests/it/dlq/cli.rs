//! The executable on RabbitMQ: what fails in a table becomes letters, and rows once the table takes them.

use event_grpc::broker::{
    Address, Broker, HeaderValue, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;

use super::{dlq, dlq_json};
use crate::app::support::{Instance, eventually, instance_on, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{number, run_there};
use crate::http::request;
use crate::support::topology::Vhost;

const TABLES: [(&str, &str); 3] = [
    ("event", "NOT startsWith(event_id, 'poison')"),
    ("graphy_event", "event_name != 'poison'"),
    ("post_log_event", "event_id != 'poison'"),
];

const LOG: &str = r#"{"event_id":"poison","source":"crawler","platform":"X","profile_id":"1","shortcode":"s",
    "publish_time":"2026-01-02 03:04:05","event_timestamp":"2026-01-02 03:04:06","metrics":{},"dimensions":{}}"#;

/// Sends an event, a webhook and two messages of another service, none of which can be stored.
async fn send(app: &Instance, url: &str) {
    let events = vec![cart("poison-1", "1760000000000")];
    let answer = app
        .dispatch(Events {
            header: header(),
            events,
        })
        .await
        .unwrap();
    assert_eq!(answer.accepted, 1);
    let headers = [("Spayee-Event", "poison"), ("X-Attempt", "2")];
    for _ in 0..2 {
        // The same request twice is two rows: each gets an id of its own.
        let answer = request(
            Method::POST,
            &app.url("/graphy/event/"),
            &headers,
            r#"{"a":1}"#,
        )
        .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let address = Address::parse(url).unwrap();
    let topology = Topology::of(&PIPELINE, |_| true);
    let producer = Rabbit::connect(address, topology, RabbitOptions::default());
    producer
        .status()
        .wait_for(|s| s.link == Link::Up)
        .await
        .unwrap();
    let properties = Properties {
        content_type: Some("application/json".into()),
        message_id: Some("m-1".to_owned()),
        timestamp: Some(1_760_000_000),
        headers: vec![("x-device".into(), HeaderValue::Text("d".to_owned()))],
        ..Properties::default()
    };
    let list = Properties {
        message_id: Some("list".to_owned()),
        headers: vec![(
            "spayee-event".into(),
            HeaderValue::Text("poison".to_owned()),
        )],
        ..properties.clone()
    };
    let list = Outgoing::new("graphy_event.tx", "x", r#"[{"n":0},{"n":1}]"#).with(list);
    producer.publish(list).await.unwrap();
    for body in [LOG, "not json"] {
        let message = Outgoing::new("beat.dx", "post_log_events", body).with(properties.clone());
        producer.publish(message).await.unwrap();
    }
    producer.close(std::time::Duration::from_secs(5)).await;
}

async fn letters(store: &ClickHouse, condition: &str) -> u64 {
    number(
        store,
        &format!("SELECT count() FROM DB.error_event FINAL WHERE {condition}"),
    )
    .await
}

async fn id(store: &ClickHouse, condition: &str) -> String {
    text(
        store,
        &format!("SELECT error_id FROM DB.error_event FINAL WHERE {condition}"),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_found_read_replayed_and_discarded() {
    let vhost = Vhost::create();
    let url = vhost.url();
    instance_on("dlq", Some(url.clone()), async |app, store| {
        for (table, check) in TABLES {
            run_there(
                store,
                &format!("ALTER TABLE {table} ADD CONSTRAINT c CHECK {check}"),
            )
            .await;
        }
        send(app, &url).await;
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 7).await;
        let kept = "class = 'refused' AND queue = 'post_log_events_q' AND message_id = 'm-1' \
                    AND toUnixTimestamp(sent) = 1760000000 AND headers = '{\"x-device\":\"d\"}'";
        assert_eq!(letters(store, kept).await, 1);
        found(store).await;
        read(store).await;
        not_yet(store).await;
        for (table, _) in TABLES {
            run_there(store, &format!("ALTER TABLE {table} DROP CONSTRAINT c")).await;
        }
        replayed(store, &url).await;
        discarded(store).await;
        gone(store, &url).await;
    })
    .await;
    vhost.delete();
}

async fn found(store: &ClickHouse) {
    let list = dlq_json(store, &["list"]).await;
    let counts = list["counts"].as_array().unwrap();
    let count = |queue: &str, class: &str| {
        let found = counts
            .iter()
            .find(|c| c["queue"] == queue && c["class"] == class);
        found.map_or(0, |c| c["letters"].as_u64().unwrap())
    };
    assert_eq!(count("grpc_clickhouse_event_q", "refused"), 1, "{list}");
    assert_eq!(count("graphy_event_q", "refused"), 4, "{list}");
    assert_eq!(count("post_log_events_q", "bad_field"), 1, "{list}");
    assert_eq!(list["letters"].as_array().unwrap().len(), 7);
    let few = [
        (vec!["--queue", "graphy_event_q", "--limit", "1"], 4, 1),
        (vec!["--class", "refused", "--class", "bad_field"], 7, 7),
        (vec!["--since", "1h", "--until", "0s"], 7, 7),
        (vec!["--until", "1h"], 0, 0),
        (vec!["--type", "NoSuchEvent"], 0, 0),
    ];
    for (args, all, shown) in few {
        let list = dlq_json(store, &[&["list"], args.as_slice()].concat()).await;
        let counts = list["counts"].as_array().unwrap();
        let sum: u64 = counts.iter().map(|c| c["letters"].as_u64().unwrap()).sum();
        assert_eq!(
            (sum, list["letters"].as_array().unwrap().len()),
            (all, shown),
            "{args:?}"
        );
    }
    let table = dlq(store, &["list"]).await;
    assert!(
        table.out.contains("graphy_event_q") && table.out.contains("7 of 7"),
        "{}",
        table.out
    );
    let wrong = dlq(store, &["list", "--since", "yesterday"]).await;
    assert!(
        !wrong.good && wrong.err.contains("2h or 7d"),
        "{}",
        wrong.err
    );
}

async fn read(store: &ClickHouse) {
    let event = id(store, "queue = 'grpc_clickhouse_event_q'").await;
    let shown = dlq(store, &["show", &event]).await;
    assert!(
        shown.out.contains("\"productId\": \"42\""),
        "{}{}",
        shown.out,
        shown.err
    );
    assert!(
        shown.out.contains("queue grpc_clickhouse_event_q"),
        "{}",
        shown.out
    );
    let broken = id(store, "class = 'bad_field'").await;
    let shown = dlq_json(store, &["show", &broken]).await;
    assert_eq!(shown["body_base64"], "bm90IGpzb24=", "{shown}");
    assert_eq!(shown["headers"]["x-device"], "d");
    assert_eq!(shown["sent"], "2025-10-09T08:53:20.000Z");
    let none = dlq(store, &["show", "nothing"]).await;
    assert!(
        !none.good && none.err.contains("no dead letter nothing"),
        "{}",
        none.err
    );
}

/// A replay that can't start changes nothing.
async fn not_yet(store: &ClickHouse) {
    let plan = dlq(store, &["replay", "--dry-run"]).await;
    assert!(plan.good, "{}", plan.err);
    assert_eq!(
        plan.out.matches(" goes to queue ").count(),
        7,
        "{}",
        plan.out
    );
    let nowhere = dlq(store, &["replay", "--yes"]).await;
    assert!(
        !nowhere.good && nowhere.err.contains("--amqp-url"),
        "{}",
        nowhere.err
    );
    let dry = dlq_json(store, &["discard", "--dry-run"]).await;
    assert_eq!(
        (&dry["selected"], &dry["discarded"]),
        (&7.into(), &0.into())
    );
    let unasked = dlq(store, &["discard"]).await;
    assert!(
        !unasked.good && unasked.err.contains("--yes"),
        "{}",
        unasked.err
    );
    assert_eq!(
        dlq_json(store, &["list"]).await["letters"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    let book = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'dead_letter_decisions'";
    assert_eq!(
        number(
            store,
            &book.replace(
                "currentDatabase()",
                &format!("'{}'", store.address().database())
            )
        )
        .await,
        0
    );
}

async fn replayed(store: &ClickHouse, url: &str) {
    let before = letters(store, "1").await;
    let replay = ["replay", "--yes", "--rate", "100", "--amqp-url", url];
    let done = dlq_json(store, &replay).await;
    assert_eq!((&done["replayed"], before), (&7.into(), 7), "{done}");
    eventually(
        store,
        "SELECT count() FROM DB.event FINAL WHERE event_id = 'poison-1'",
        1,
    )
    .await;
    eventually(
        store,
        "SELECT count() FROM DB.post_log_event FINAL WHERE event_id = 'poison'",
        1,
    )
    .await;
    let webhooks = "SELECT count() FROM DB.graphy_event AS g FINAL JOIN (SELECT * FROM DB.error_event FINAL) AS e \
                    ON g.id = e.message_id WHERE g.headers.`spayee-event`::String = 'poison' \
                    AND g.headers.`x-attempt`::String = '2' AND g.receive_timestamp = e.sent";
    eventually(store, webhooks, 2).await;
    let parts = "SELECT countIf(id = 'list-0' AND event_data.n = 0) + countIf(id = 'list-1' AND event_data.n = 1) \
                 FROM DB.graphy_event FINAL WHERE toUnixTimestamp(receive_timestamp) = 1760000000";
    eventually(store, parts, 2).await;
    assert_eq!(
        number(store, "SELECT count() FROM DB.graphy_event FINAL").await,
        4
    );
    // A replayed dead letter whose cause was not fixed fails again, and is undecided again.
    eventually(
        store,
        "SELECT count() FROM DB.error_event FINAL WHERE attempts = 2",
        1,
    )
    .await;
    let again = "attempts = 2 AND class = 'bad_field' AND last_failed > first_failed AND message_id = 'm-1'";
    assert_eq!(
        (letters(store, again).await, letters(store, "1").await),
        (1, 7)
    );
    let list = dlq_json(store, &["list"]).await;
    assert_eq!(list["letters"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["letters"][0]["class"], "bad_field");
    // Nothing is done twice.
    let done = dlq_json(
        store,
        &["replay", "--yes", "--class", "refused", "--amqp-url", url],
    )
    .await;
    assert_eq!(done["replayed"], 0, "{done}");
}

async fn discarded(store: &ClickHouse) {
    for (selected, discarded) in [(1, 1), (0, 0)] {
        let done = dlq_json(store, &["discard"]).await;
        assert_eq!(
            (&done["selected"], &done["discarded"]),
            (&selected.into(), &discarded.into())
        );
    }
    assert_eq!(
        dlq_json(store, &["list"]).await["letters"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let all = dlq_json(store, &["list", "--all"]).await;
    let decisions: Vec<&str> = all["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["decision"].as_str().unwrap())
        .collect();
    assert_eq!(
        decisions.iter().filter(|d| **d == "replayed").count(),
        6,
        "{all}"
    );
    assert_eq!(
        decisions.iter().filter(|d| **d == "discarded").count(),
        1,
        "{all}"
    );
    let empty = dlq(store, &["list"]).await;
    assert_eq!(empty.out, "no dead letters\n");
}

async fn gone(store: &ClickHouse, url: &str) {
    let letter = "INSERT INTO error_event (error_id, queue, body, headers, first_failed, last_failed) \
                  VALUES ('gone', 'no_such_q', '{}', '{}', now64(3), now64(3))";
    run_there(store, letter).await;
    let refused = dlq(store, &["replay", "--amqp-url", url]).await;
    let line = "gone stays: this pipeline has no queue or source no_such_q to send it to\n0 replayed, 1 refused\n";
    assert_eq!(
        (refused.good, refused.out.as_str()),
        (false, line),
        "{}",
        refused.err
    );
}
