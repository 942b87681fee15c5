//! `event-grpc top`: rates and problems of running instances.

use std::time::Duration;

use event_grpc::generated::proto::event::Events;
use serde_json::Value;
use tokio::time::timeout;

use crate::app::support::{Instance, instance};
use crate::app::{cart, header};
use crate::support::server::command;

/// Output of the command, and whether it succeeded.
async fn top(options: &[&str]) -> (bool, String) {
    let mut command = command("top");
    command.args(["--once", "--interval", "1"]).args(options);
    let output = timeout(Duration::from_secs(30), command.output()).await;
    let output = output.expect("it ends").unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Sends events for as long as something else goes on.
async fn meanwhile<T>(app: &Instance, other: impl Future<Output = T>) -> T {
    let sends = async {
        for at in 0.. {
            let events = vec![
                cart(&format!("top-{at}"), "1760000000123"),
                cart("bad", "yesterday"),
            ];
            let request = Events {
                header: header(),
                events,
            };
            app.dispatch(request).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = sends => unreachable!("it goes on"),
        done = other => done,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_rates_and_problems_of_several_instances() {
    instance("top", async |app, _| {
        // What has happened once is known from then on.
        let request = Events {
            header: header(),
            events: vec![cart("first", "1760000000123")],
        };
        app.dispatch(request).await.unwrap();
        let url = app.ops_url("");
        let asks = ["--instance", url.as_str()];
        let json = [&asks[..], &["--json"]].concat();
        let (good, said) = meanwhile(app, top(&json)).await;
        assert!(good, "{said}");
        let board: Value = serde_json::from_str(&said).unwrap();
        let rate = |pointer: &str| {
            board
                .pointer(pointer)
                .and_then(Value::as_f64)
                .unwrap_or(-1.0)
        };
        for pointer in [
            "/sources/app/requests",
            "/sources/app/received",
            "/types/AddToCartEvent/received",
            "/types/AddToCartEvent/stored",
            "/queues/grpc_clickhouse_event_q/published",
            "/queues/grpc_clickhouse_event_q/settled",
            "/tables/event/stored",
            "/tables/event/flush_p99_ms",
            "/publish_p99_ms",
        ] {
            assert!(rate(pointer) > 0.0, "{pointer}: {board:#}");
        }
        assert_eq!(board["instances"], 1);

        // An instance that isn't there is a problem, and the others are shown all the same.
        let both = [&asks[..], &["--ops-url", "http://127.0.0.1:9"]].concat();
        let (good, said) = meanwhile(app, top(&both)).await;
        assert!(!good, "{said}");
        for part in [
            "! http://127.0.0.1:9",
            "AddToCartEvent",
            "grpc_clickhouse_event_q",
            "event",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    })
    .await;
}
