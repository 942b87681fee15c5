//! Two instances behind a load balancer are replaced by a build that knows one event type more, while clients send it
//! already: no request fails, and every event is stored once.

mod balancer;
mod instance;
mod load;
pub(super) mod script;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::clickhouse::dead_letters::Selection;
use http::Method;
use tonic::Code;

use crate::clickhouse::support::{in_database, number};
use crate::dlq::letters;
use crate::http::request;
use crate::support::topology::Vhost;
use balancer::Balancer;
use instance::{Ports, Shared};
use load::{Load, Sent};

/// Time between two steps, with nothing but load.
const CALM: Duration = Duration::from_secs(2);
/// Time limit for the last rows.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// Replaces instances of the old build by those of the new one, which stores the type with this number.
pub(super) async fn restart(old: &Path, new: &Path, new_type: u32) {
    let vhost = Vhost::create();
    let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rolling");
    fs::create_dir_all(&logs).unwrap();
    let place = tempfile::tempdir().unwrap();
    in_database("rolling", async |store| {
        let shared = Shared {
            amqp: vhost.url(),
            clickhouse: url(&store),
            logs,
        };
        shared.migrate(old);
        let (one, two) = (Ports::free(), Ports::free());
        let balancer = Balancer::start(place.path(), [one, two]);
        let one = shared.start("one-old", old, one);
        let two = shared.start("two-old", old, two);
        balancer.has_up("one").await;
        balancer.has_up("two").await;
        let load = Load::start(balancer.front(), new_type).await;
        tokio::time::sleep(CALM).await;

        shared.migrate(new);
        // Step by step, as an operator does it who wants to see what happens.
        one.rest().await;
        balancer.has_down("one").await;
        let ports = one.ports();
        one.end().await;
        let one = shared.start("one-new", new, ports);
        balancer.has_up("one").await;
        tokio::time::sleep(CALM).await;
        // With SIGTERM alone.
        let ports = two.ports();
        two.end().await;
        let two = shared.start("two-new", new, ports);
        balancer.has_up("two").await;
        tokio::time::sleep(CALM).await;

        let sent = load.end().await;
        assert_eq!(sent.failures, [""; 0], "of {} requests", sent.requests);
        is_stored_once(&store, &sent).await;
        kept_and_replayed(&store).await;
        one.end().await;
        two.end().await;
        balancer.has_down("one").await;
        balancer.has_down("two").await;
        let refused = load::refused(balancer.front()).await;
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    })
    .await;
    vhost.delete();
}

/// Lets the documented load balancer follow the heartbeats of two instances of a build, and asks it for operations.
pub(super) async fn follows_the_heartbeat(build: &Path) {
    let vhost = Vhost::create();
    let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("heartbeat");
    fs::create_dir_all(&logs).unwrap();
    let place = tempfile::tempdir().unwrap();
    in_database("heartbeat", async |store| {
        let shared = Shared {
            amqp: vhost.url(),
            clickhouse: url(&store),
            logs,
        };
        shared.migrate(build);
        let (one, two) = (Ports::free(), Ports::free());
        let balancer = Balancer::start(place.path(), [one, two]);
        let one = shared.start("one", build, one);
        let two = shared.start("two", build, two);
        balancer.has_up("one").await;
        balancer.has_up("two").await;
        let front = format!("http://127.0.0.1:{}", balancer.front().http);
        let event = r#"{"header": {"userId": "7"}, "events": [{"id": "e", "addToCartEvent": {}}]}"#;
        let dispatch = async || {
            let json = [("content-type", "application/json")];
            let url = format!("{front}/event/dispatch");
            for _ in 0..10 {
                let answer = request(Method::POST, &url, &json, event).await;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        };
        for rests in [&one, &two] {
            let name = if std::ptr::eq(rests, &one) {
                "one"
            } else {
                "two"
            };
            rests.rest().await;
            balancer.has_down(name).await;
            dispatch().await;
            rests.beat().await;
            balancer.has_up(name).await;
        }
        // What is behind it for senders has no operations.
        for (method, path, status) in [
            (Method::PUT, "/heartbeat/?beat=false", 405),
            (Method::GET, "/metrics", 404),
            (Method::GET, "/readyz", 404),
        ] {
            let answer = request(method, &format!("{front}{path}"), &[], "").await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
        }
        dispatch().await;
        one.end().await;
        two.end().await;
    })
    .await;
    vhost.delete();
}

/// Checks that every event is in its tables, each once.
async fn is_stored_once(store: &ClickHouse, sent: &Sent) {
    assert!(
        sent.known > 100 && sent.new > 50 && sent.hooks > 20,
        "{sent:?}"
    );
    let all = sent.known + sent.new;
    for (rows, wanted) in [
        ("event FINAL", all),
        (
            "event FINAL WHERE event_params.productId = 42 AND event_name = 'WishlistAddedEvent'",
            sent.new,
        ),
        ("wishlist FINAL", sent.new),
        ("wishlist FINAL WHERE product_id = 42", sent.new),
        ("shopify_event FINAL", sent.hooks),
    ] {
        eventually(store, &format!("SELECT count() FROM DB.{rows}"), wanted).await;
    }
    for (table, wanted) in [("event", all), ("wishlist", sent.new)] {
        let ids = format!("SELECT uniqExact(event_id) FROM DB.{table}");
        assert_eq!(number(store, &ids).await, wanted, "{table}");
    }
}

/// Checks that events unknown to the old build were kept, at intake and in the queue that both builds share, and that
/// the new one has replayed them. Nothing else became a dead letter.
async fn kept_and_replayed(store: &ClickHouse) {
    let unknown = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type'";
    for queue in ["app", "grpc_clickhouse_event_q"] {
        let kept = number(store, &format!("{unknown} AND queue = '{queue}'")).await;
        assert!(kept > 0, "{queue}: that case did not occur");
    }
    let others = "SELECT count() FROM DB.error_event FINAL WHERE class != 'unknown_type'";
    assert_eq!(number(store, others).await, 0);
    // Each is written down as decided after it was sent.
    let (letters, all) = (letters(store), Selection::default());
    let began = Instant::now();
    loop {
        let undecided = letters.counts(&all).await.unwrap();
        if undecided.is_empty() {
            return;
        }
        assert!(began.elapsed() < TIME_LIMIT, "{undecided:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn eventually(store: &ClickHouse, sql: &str, wanted: u64) {
    let began = Instant::now();
    loop {
        let got = number(store, sql).await;
        if got == wanted {
            return;
        }
        assert!(
            began.elapsed() < TIME_LIMIT,
            "{sql}\n  answers {got} and not {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// The address of the test's database.
fn url(store: &ClickHouse) -> String {
    let url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
    let mut url = url::Url::parse(&url).unwrap();
    url.set_path(store.address().database());
    url.into()
}
