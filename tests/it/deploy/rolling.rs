//! `deploy/rolling.sh` where something goes wrong, with an instance that only tells and takes its heartbeat. What it does to
//! real ones is in `walk/rolling`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use http::StatusCode;
use tokio::process::Command;

use super::{ended, path};

/// What an instance answers: whether it wants traffic.
type Beating = Arc<AtomicBool>;

fn status(beating: &Beating) -> StatusCode {
    match beating.load(Ordering::SeqCst) {
        true => StatusCode::OK,
        false => StatusCode::GONE,
    }
}

async fn told(State(beating): State<Beating>) -> StatusCode {
    status(&beating)
}

async fn set(State(beating): State<Beating>, RawQuery(query): RawQuery) -> StatusCode {
    let wanted = query.as_deref() == Some("beat=true");
    beating.store(wanted, Ordering::SeqCst);
    status(&beating)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_instance_that_is_not_stopped_wants_traffic_again() {
    let beating = Beating::new(true.into());
    let routes = Router::new()
        .route("/heartbeat/", get(told).put(set))
        .route("/livez", get(|| async { "alive" }))
        .with_state(Arc::clone(&beating));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
    for (wrong, why) in [
        (["--down", "false"], "doesn't mark it down"),
        (["--stop", "false"], "can't be stopped"),
        (["--stop", "true"], "still answers after it was stopped"),
    ] {
        let mut script = Command::new("sh");
        script.arg(path("deploy/rolling.sh"));
        script.args(["--ops", "http://{}", "--settle", "0", "--limit", "1"]);
        script.args(["--stop", "exit 7", "--start", "exit 8"]);
        let (good, said) = ended(script.args(wrong).arg(&address)).await;
        assert!(!good && said.contains(why), "{wrong:?}: {said}");
        assert!(
            said.contains("wants traffic again: 200"),
            "{wrong:?}: {said}"
        );
        assert!(beating.load(Ordering::SeqCst), "{wrong:?}: {said}");
    }
    serving.abort();
}
