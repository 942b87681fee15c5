//! `event-grpc find`: where an event is and has been, in real stores.

use std::time::Duration;

use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use event_grpc::sink::postgres;
use serde_json::Value;
use tokio::time::timeout;

use crate::app::support::{eventually, instance};
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::support::server::{clickhouse_url, command};

/// Status and output of the command.
async fn find(options: &[&str]) -> (i32, String) {
    let mut command = command("find");
    command.args(options);
    let output = timeout(Duration::from_secs(60), command.output()).await;
    let output = output.expect("it ends").unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap(), text)
}

/// What is found, of this kind.
async fn found(store: &ClickHouse, options: &[&str], what: &str) -> Vec<Value> {
    let url = clickhouse_url(store);
    let options = [options, &["--json", "--clickhouse-url", &url]].concat();
    let (code, text) = find(&options).await;
    assert_eq!(code, 0, "{text}");
    let mut story: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(story["unasked"], serde_json::json!([]), "{text}");
    let places = story["found"].as_array_mut().unwrap();
    places.retain(|place| place["what"] == what);
    std::mem::take(places)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_dead_letters_of_an_event_are_found_with_what_was_decided() {
    instance("find", async |app, store| {
        let send = async |events| {
            let request = Events {
                header: header(),
                events,
            };
            app.dispatch(request).await.unwrap();
        };
        // One that is sent twice, and one that comes a year late.
        send(vec![cart("twice", "1760000000123")]).await;
        send(vec![cart("twice", "1760000000123")]).await;
        send(vec![
            cart("late", "1700000000000"),
            cart("bad-time", "yesterday"),
        ])
        .await;
        eventually(store, "SELECT count() FROM DB.error_event", 1).await;

        let rows = found(store, &["twice"], "row").await;
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!(
            (&rows[0]["type"], &rows[0]["id"]),
            (&"AddToCartEvent".into(), &"twice".into())
        );
        assert_eq!(rows[0]["facts"]["rows"], 1, "{rows:#?}");
        let copies = rows[0]["facts"]["copies"].as_u64().unwrap();
        assert!((1..=2).contains(&copies), "{rows:#?}");
        assert!(
            rows[0]["closer"]
                .as_str()
                .unwrap()
                .contains("`event` FINAL WHERE `event_id` = 'twice'")
        );
        // Late is what its own time says; it is looked for by when it was stored.
        let rows = found(store, &["late", "--since", "1h"], "row").await;
        assert_eq!(rows.len(), 1, "{rows:#?}");
        let rows = found(store, &["--user", "7", "--key", "session_id=s-1"], "row").await;
        let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&"twice") && ids.contains(&"late"), "{ids:?}");

        let letters = found(store, &["bad-time"], "dead_letter").await;
        assert_eq!(letters.len(), 1, "{letters:#?}");
        assert_eq!(
            letters[0]["facts"]["class"], "bad_timestamp",
            "{letters:#?}"
        );
        let id = letters[0]["id"].as_str().unwrap();
        let url = clickhouse_url(store);
        let mut discard = command("dlq");
        discard.args(["discard", "--yes", "--id", id, "--clickhouse-url", &url]);
        assert!(discard.output().await.unwrap().status.success());
        // By its own id, too.
        let letters = found(store, &[id], "dead_letter").await;
        assert_eq!(letters[0]["facts"]["decision"], "discarded", "{letters:#?}");

        let (code, text) = find(&["bad-time", "--clickhouse-url", &url]).await;
        assert_eq!(code, 0, "{text}");
        for part in [
            "dead letter",
            "bad_timestamp",
            "yesterday",
            "discarded",
            "event-grpc dlq show ",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let (code, text) = find(&["nowhere", "--clickhouse-url", &url, "--since", "1h"]).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("Nothing was found"), "{text}");
        // Personal values are masked unless an operator wants them: ids, and what a reason quotes.
        send(vec![cart("jo@example.com", "1760000000123")]).await;
        eventually(
            store,
            "SELECT count() FROM DB.event WHERE event_id = 'jo@example.com'",
            1,
        )
        .await;
        let of_session = ["--key", "session_id=s-1", "--clickhouse-url", &url];
        let (_, text) = find(&of_session).await;
        assert!(!text.contains("jo@") && text.contains("= '***'"), "{text}");
        assert!(text.contains(" twice "), "{text}");
        let (_, text) = find(&[&of_session[..], &["--unmasked"]].concat()).await;
        assert!(text.contains("AddToCartEvent jo@example.com"), "{text}");
        let (_, text) = find(&[&of_session[..], &["--personal", "eventId"]].concat()).await;
        assert!(!text.contains("twice"), "{text}");
        let (_, text) = find(&["jo@example.com", "--clickhouse-url", &url]).await;
        assert!(text.contains("'jo@example.com'"), "{text}");
        let of_letter = [
            "bad-time",
            "--clickhouse-url",
            &url,
            "--personal",
            "timestamp",
        ];
        let (_, text) = find(&of_letter).await;
        assert!(
            !text.contains("yesterday") && text.contains("***"),
            "{text}"
        );
        let (_, text) = find(&[&of_letter[..], &["--unmasked"]].concat()).await;
        assert!(text.contains("yesterday"), "{text}");
        // What runs shows what it holds.
        let instance = app.ops_url("");
        let (code, text) =
            find(&["twice", "--clickhouse-url", &url, "--instance", &instance]).await;
        assert_eq!(code, 0, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_is_named_and_has_a_status_of_its_own() {
    let url = "http://127.0.0.1:9/nowhere";
    let (code, text) = find(&["x", "--clickhouse-url", url]).await;
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("Not asked: ") && text.contains("nowhere.event"),
        "{text}"
    );
    // Where none is named, that nothing is found says nothing.
    let (code, text) = find(&["x"]).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("Not asked: any store"), "{text}");
    let (code, text) = find(&["--key", "nowhere=1", "--clickhouse-url", url]).await;
    assert!(code != 0 && text.contains("no table has all"), "{text}");
    let (code, text) = find(&["--key", "nowhere"]).await;
    assert!(
        code != 0 && text.contains("a column, `=` and a value"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_in_postgresql_are_found() {
    crate::postgres::support::in_database("find", async |database| {
        let store = database.store(event_grpc::hooks::all());
        postgres::migrate::apply(&store, &PIPELINE).await.unwrap();
        let client = database.client().await;
        let table = PIPELINE.tables.iter().find(|table| table.name == "launch_referral");
        let id = table.unwrap().columns.iter().find(|c| c.holds == event_grpc::contract::Holds::Id);
        let id = id.expect("it has a column of ids").name;
        let columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'launch_referral' \
                       AND is_nullable = 'NO' AND column_default IS NULL";
        assert!(crate::postgres::support::number(&client, columns).await > 0);
        let insert = crate::postgres::support::text(
            &client,
            &format!(
                "SELECT format('INSERT INTO launch_referral (%s) VALUES (%s)', string_agg(quote_ident(column_name), ', '), \
                 string_agg(CASE WHEN column_name = '{id}' THEN quote_literal('pg-1') WHEN data_type = 'text' THEN quote_literal('x') \
                 WHEN data_type LIKE 'timestamp%' THEN 'now()' WHEN data_type = 'boolean' THEN 'true' ELSE '1' END, ', ')) \
                 FROM information_schema.columns WHERE table_name = 'launch_referral' AND is_nullable = 'NO' \
                 AND column_default IS NULL"
            ),
        )
        .await;
        client.batch_execute(&insert).await.unwrap();
        let url = database.url();
        let (code, text) = find(&["pg-1", "--postgres-url", &url, "--json"]).await;
        assert_eq!(code, 0, "{text}");
        let story: Value = serde_json::from_str(&text).unwrap();
        let found = &story["found"][0];
        assert_eq!((&found["place"], &found["id"]), (&"PostgreSQL launch_referral".into(), &"pg-1".into()));
        let (code, text) = find(&["pg-2", "--postgres-url", &url]).await;
        assert_eq!(code, 1, "{text}");
        database
    })
    .await;
}

/// Granules that a query reads of all, by the last index that is used.
async fn granules(store: &ClickHouse, sql: &str) -> (u64, u64) {
    let database = store.address().database();
    let sql = format!(
        "SELECT explain FROM (EXPLAIN indexes = 1 {})",
        sql.replace("DB", &format!("`{database}`"))
    );
    let lines: Vec<String> = store.rows(&sql).await.unwrap();
    let last = lines
        .iter()
        .rev()
        .find_map(|line| line.trim().strip_prefix("Granules: "));
    let (read, all) = last
        .unwrap_or_else(|| panic!("{lines:#?}"))
        .split_once('/')
        .unwrap();
    (read.parse().unwrap(), all.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_indexes_few_granules_are_read() {
    in_database("find_indexes", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let fill = "INSERT INTO event (event_id, event_name, sent_timestamp, event_timestamp, insert_timestamp, user_id) \
                    SELECT concat('e-', toString(cityHash64(number))), 'AddToCartEvent', \
                    toDateTime64(1760000000 + number, 3), toDateTime64(1760000000, 3), now64(3), number FROM numbers(400000)";
        run_there(&store, fill).await;
        run_there(&store, "OPTIMIZE TABLE event FINAL").await;
        let wanted = "SELECT * FROM DB.event WHERE event_id = concat('e-', toString(cityHash64(123456)))";
        let wanted = wanted.replace("concat('e-', toString(cityHash64(123456)))", "'e-X'");
        let database = store.address().database().to_owned();
        let ids: Vec<String> = store
            .rows(&format!("SELECT event_id FROM `{database}`.event WHERE user_id = 123456"))
            .await
            .unwrap();
        let wanted = wanted.replace("e-X", &ids[0]);
        let (before, all) = granules(&store, &wanted).await;
        assert!(all >= 40 && before == all, "{before} of {all}");
        let url = clickhouse_url(&store);
        let (code, statements) = find(&["--indexes", "--user", "7", "--clickhouse-url", &url]).await;
        assert_eq!(code, 0, "{statements}");
        let of_event = format!("`{database}`.`event` ");
        let of_event: Vec<&str> = statements.lines().filter(|line| line.contains(&of_event)).collect();
        assert_eq!(of_event.len(), 4, "{statements}");
        for statement in of_event {
            let statement = statement.trim_end_matches(';');
            run_there(&store, &format!("{statement} SETTINGS mutations_sync = 2")).await;
        }
        for wanted in [wanted.as_str(), "SELECT * FROM DB.event WHERE user_id = 123456"] {
            let (read, all) = granules(&store, wanted).await;
            assert!(read <= 4 && all >= 40, "{read} of {all}: {wanted}");
        }
        let (code, text) = find(&[&ids[0], "--json", "--clickhouse-url", &url]).await;
        assert_eq!(code, 0, "{text}");
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 400_000);
        // The server takes such a table as its own.
        let report = migrate::check(&store, &PIPELINE).await.unwrap();
        assert!(report.differences.is_empty(), "{:?}", report.differences);
    })
    .await;
}
