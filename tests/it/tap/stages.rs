//! What is seen at each stage, filtered, masked, and with its row.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::proto::event::{Events, Header};

use super::{Tapping, guarded, refused};
use crate::app::support::instance;
use crate::app::{cart, header};
use crate::log;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_seen_at_each_stage() {
    guarded("tap_stages", async |_, app| {
        let options = [
            "--source",
            "app",
            "--count",
            "3",
            "--stage",
            "received,published,stored",
        ];
        let tapping = Tapping::start(app, &options).await;
        let events = vec![cart("seen-1", "1760000000123")];
        let request = Events {
            header: header(),
            events,
        };
        app.dispatch(request).await.unwrap();
        let (events, last) = tapping.rest().await;
        assert_eq!(last["state"], "count", "{last}");
        let mut stages: Vec<&str> = events
            .iter()
            .map(|e| e["stage"].as_str().unwrap())
            .collect();
        stages.sort_unstable();
        assert_eq!(stages, ["published", "received", "stored"], "{events:#?}");
        for event in &events {
            assert_eq!(event["type"], "AddToCartEvent", "{event:#}");
            assert_eq!(event["id"], "seen-1", "{event:#}");
            assert_eq!(event["header"]["userId"], "7", "{event:#}");
            assert_eq!(event["event"]["addToCartEvent"]["quantity"], 2, "{event:#}");
            let place = match event["stage"].as_str().unwrap() {
                "received" => event["source"] == "app",
                "published" => event["exchange"] == "grpc_event.tx",
                _ => event["queue"] == "grpc_clickhouse_event_q" && event["into"] == "event",
            };
            assert!(place, "{event:#}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_and_what_becomes_a_dead_letter_is_seen_with_its_reason() {
    guarded("tap_bad", async |_, app| {
        let options = [
            "--stage",
            "refused",
            "--stage",
            "dead-lettered",
            "--count",
            "3",
        ];
        let tapping = Tapping::start(app, &options).await;
        let events = vec![cart("bad-time", "yesterday"), cart("good", "")];
        let request = Events {
            header: header(),
            events,
        };
        app.dispatch(request).await.unwrap();
        // Another service publishes what is no batch of events.
        let properties = Properties {
            kind: Some("event.EventBatch".into()),
            ..Properties::default()
        };
        let junk = Outgoing::new("grpc_event.tx", "AddToCartEvent", &b"\x0a\xffjunk"[..]);
        app.broker().publish(junk.with(properties)).await.unwrap();
        let (events, _) = tapping.rest().await;
        let told = |stage: &str, place: &str| {
            let is_it = |e: &&serde_json::Value| e["stage"] == stage && !e[place].is_null();
            events
                .iter()
                .find(is_it)
                .unwrap_or_else(|| panic!("{stage} {place}: {events:#?}"))
        };
        let refused = told("refused", "source");
        assert_eq!(
            (&refused["class"], &refused["id"]),
            (&"bad_timestamp".into(), &"bad-time".into())
        );
        assert!(
            refused["reason"].as_str().unwrap().contains("yesterday"),
            "{refused:#}"
        );
        let kept = told("dead_lettered", "source");
        assert_eq!(
            (&kept["class"], &kept["id"]),
            (&"bad_timestamp".into(), &"bad-time".into())
        );
        let of_queue = told("dead_lettered", "queue");
        assert_eq!(of_queue["queue"], "grpc_clickhouse_event_q", "{of_queue:#}");
        assert!(
            !of_queue["reason"].as_str().unwrap().is_empty(),
            "{of_queue:#}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_applied_by_the_instance_and_the_row_is_the_one_that_is_stored() {
    guarded("tap_filter", async |_, app| {
        let filter = "cartId == 'c-1' and quantity >= 2 and not id contains 'other'";
        let options = [
            "--stage", "stored", "--where", filter, "--row", "--count", "1",
        ];
        let tapping = Tapping::start(app, &options).await;
        let events = vec![
            cart("other-1", "1760000000123"),
            cart("wanted", "1760000000123"),
        ];
        let request = Events {
            header: header(),
            events,
        };
        app.dispatch(request).await.unwrap();
        let (events, last) = tapping.rest().await;
        assert_eq!(events.len(), 1, "{events:#?}");
        assert_eq!(last["looked_at"], 2, "{last}");
        let row = &events[0]["row"]["event"];
        assert_eq!(row["event_id"], "wanted", "{row:#}");
        assert_eq!(row["user_id"], 7, "{row:#}");
        assert_eq!(
            row["event_timestamp"], "2025-10-09T08:53:20.123Z",
            "{row:#}"
        );
        assert_eq!(row["event_params"]["cartId"], "c-1", "{row:#}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_fields_are_masked_unless_an_operator_asks() {
    guarded("tap_masked", async |_, app| {
        let masked = Tapping::start(app, &["--stage", "received", "--row", "--count", "1"]).await;
        let shown = ["--stage", "received", "--unmasked", "--count", "1"];
        let shown = Tapping::start(app, &shown).await;
        let header = Header {
            device_id: "device-of-somebody".into(),
            current_url: "https://shop.example/a?email=x@example.com".into(),
            ..header().unwrap()
        };
        let events = vec![cart("m-1", "1760000000123")];
        let request = Events {
            header: Some(header),
            events,
        };
        app.dispatch(request).await.unwrap();
        let (events, _) = masked.rest().await;
        let text = serde_json::to_string(&events).unwrap();
        assert!(
            !text.contains("device-of-somebody") && !text.contains("x@example"),
            "{text}"
        );
        assert_eq!(events[0]["header"]["deviceId"], "***");
        assert_eq!(events[0]["row"]["event"]["device_id"], "***");
        let (events, _) = shown.rest().await;
        assert_eq!(events[0]["header"]["deviceId"], "device-of-somebody");
        // What is masked can't be found out by comparing.
        let said = refused(app, &["--where", "deviceId == 'x'"], Some(super::TOKEN)).await;
        assert!(
            said.contains("deviceId") && said.contains("personal"),
            "{said}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_is_refused_with_the_reason() {
    instance("tap_refused", async |app, _| {
        for (options, part) in [
            (&["--unmasked"][..], "--ops-token-file"),
            (&["--source", "ap"], "is `app` meant?"),
            (&["--type", "AddToCartEvnt"], "is `AddToCartEvent` meant?"),
            (
                &["--queue", "nowhere_at_all"],
                "there is no `nowhere_at_all`",
            ),
            (&["--stage", "stord"], "dead_lettered"),
            (&["--where", "quantity = = 2"], "character 12"),
        ] {
            let said = refused(app, options, None).await;
            assert!(said.contains(part), "{options:?}: {said}");
        }
    })
    .await;
    guarded("tap_token", async |_, app| {
        let said = refused(app, &[], Some("not-the-token-at-all")).await;
        assert!(said.contains("bearer token is not one"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_seen_on_its_way_with_the_row_that_it_becomes() {
    guarded("tap_webhook", async |_, app| {
        let options = ["--source", "graphy", "--row", "--count", "3"];
        let tapping = Tapping::start(app, &options).await;
        let headers = [
            ("Spayee-Event", "bought"),
            ("content-type", "application/json"),
        ];
        let body = r#"{"course":"c-1","email":"x@example.com"}"#;
        let url = app.url("/graphy/event/");
        let answer = crate::http::request(http::Method::POST, &url, &headers, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (events, _) = tapping.rest().await;
        let stages: Vec<&str> = events
            .iter()
            .map(|e| e["stage"].as_str().unwrap())
            .collect();
        assert_eq!(stages.len(), 3, "{events:#?}");
        for event in &events {
            assert_eq!(event["event"]["course"], "c-1", "{event:#}");
            assert_eq!(event["event"]["email"], "***", "{event:#}");
            let text = event["row"]["graphy_event"].to_string();
            assert!(
                text.contains("c-1") && !text.contains("x@example"),
                "{event:#}"
            );
            assert!(!event["id"].as_str().unwrap().is_empty(), "{event:#}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_refused_before_it_is_read_is_seen() {
    guarded("tap_door", async |_, app| {
        let tapping = Tapping::start(app, &["--stage", "refused", "--count", "6"]).await;
        let json = ("content-type", "application/json");
        let csv = ("content-type", "text/csv");
        let large = "x".repeat(5 << 20);
        for (method, path, header, body, status) in [
            (http::Method::POST, "/event/dispatch", csv, "x", 415),
            (
                http::Method::POST,
                "/event/dispatch",
                json,
                large.as_str(),
                413,
            ),
            (http::Method::GET, "/event/dispatch", json, "", 405),
            (http::Method::POST, "/nowhere", json, "{}", 404),
            (http::Method::POST, "/graphy/event/", csv, "x", 415),
            // Read, and refused as a whole.
            (http::Method::POST, "/event/dispatch", json, "{", 400),
        ] {
            let url = app.url(path);
            let answer = crate::http::request(method, &url, &[header], body.to_owned()).await;
            assert_eq!(answer.status, status, "{path}");
        }
        let (events, _) = tapping.rest().await;
        let seen: Vec<[&str; 3]> = events
            .iter()
            .map(|event| {
                assert!(!event["reason"].as_str().unwrap().is_empty(), "{event:#}");
                ["source", "door", "class"].map(|name| event[name].as_str().unwrap_or_default())
            })
            .collect();
        assert_eq!(
            seen,
            [
                ["app", "", "media_type"],
                ["app", "", "too_large"],
                ["app", "", "method"],
                ["", "http", "path"],
                ["graphy", "", "media_type"],
                ["app", "", "invalid"],
            ],
            "{events:#?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_the_http_library_refuses_is_seen() {
    guarded("tap_head", async |_, app| {
        let tapping = Tapping::start(app, &["--stage", "refused", "--count", "2"]).await;
        let url = app.url("");
        for (bytes, status) in [
            (log::long_head().as_str(), "431"),
            ("NOT HTTP\r\n\r\n", "400"),
        ] {
            let answer = log::raw(&url, bytes.as_bytes()).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
        }
        let (events, _) = tapping.rest().await;
        let seen = events.iter().map(|event| {
            assert!(!event["reason"].as_str().unwrap().is_empty(), "{event:#}");
            ["door", "class"].map(|name| event[name].as_str().unwrap_or_default())
        });
        let seen: Vec<_> = seen.collect();
        assert_eq!(
            seen,
            [["http", "head_too_large"], ["http", "malformed"]],
            "{events:#?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_or_a_service_sends_is_masked_at_its_top_and_undecoded() {
    guarded("tap_raw", async |_, app| {
        let options = ["--stage", "received", "--source", "graphy", "--count", "1"];
        let received = Tapping::start(app, &options).await;
        let letters = Tapping::start(app, &["--stage", "dead_lettered", "--count", "1"]).await;
        let json = ("content-type", "application/json");
        let body = r#"{"course":"c-1","address":{"city":"Sometown"},"extras":[{"name":"phone","value":"4915112"}]}"#;
        let url = app.url("/graphy/event/");
        let answer = crate::http::request(http::Method::POST, &url, &[json], body.to_owned()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (events, _) = received.rest().await;
        let text = events[0]["event"].to_string();
        assert!(!text.contains("Sometown") && !text.contains("4915112"), "{text}");
        assert_eq!(events[0]["event"]["course"], "c-1");
        // Bytes that nobody can read, from another service.
        let properties = Properties {
            kind: Some("event.EventBatch".into()),
            ..Properties::default()
        };
        let junk = Outgoing::new("grpc_event.tx", "AddToCartEvent", &b"\x0a\xff phone 4915112"[..]);
        app.broker().publish(junk.with(properties)).await.unwrap();
        let (events, _) = letters.rest().await;
        assert_eq!((&events[0]["base64"], events[0]["bytes"].as_u64()), (&"***".into(), Some(16)), "{events:#?}");
    })
    .await;
}
