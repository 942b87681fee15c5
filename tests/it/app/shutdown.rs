//! The end of an instance, and its beginning: what it says of itself, what it answers, and where its messages are.

use std::time::{Duration, Instant};

use event_grpc::app::{App, Config};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::migrate;
use http::Method;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::support::{Instance, config, eventually, started};
use super::{cart, header};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::http::request;
use crate::support::topology::Vhost;

const QUEUE: &str = "grpc_clickhouse_event_q";

fn one(id: &str) -> Events {
    Events {
        header: header(),
        events: vec![cart(id, "1760000000000")],
    }
}

async fn heartbeat(seen: &Instance) -> (u16, String) {
    let answer = request(Method::GET, &seen.url("/heartbeat/"), &[], "").await;
    (answer.status, answer.text)
}

/// Checks the gRPC health service, which follows the heartbeat in a moment.
async fn serves(seen: &Instance, expected: ServingStatus) {
    let mut client = HealthClient::new(seen.channel());
    let began = Instant::now();
    loop {
        let answer = client.check(HealthCheckRequest::default()).await.unwrap();
        let status = answer.into_inner().status();
        if status == expected {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{status:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_it_first_and_what_is_under_way_is_answered() {
    in_database("shutdown", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let notice = Duration::from_secs(2);
        let config = Config {
            notice,
            ..config(&store)
        };
        let (app, seen) = started(config).await;
        assert_eq!(heartbeat(&seen).await, (200, "beating".into()));
        // The first step alone: it says that it wants nothing, and takes what comes.
        let url = seen.ops_url("/heartbeat/?beat=false");
        let told = request(Method::PUT, &url, &[], "").await;
        assert_eq!((told.status, told.text.as_str()), (410, "not beating"));
        serves(&seen, ServingStatus::NotServing).await;
        assert_eq!(seen.dispatch(one("resting")).await.unwrap().accepted, 1);
        let url = seen.ops_url("/heartbeat/?beat=true");
        assert_eq!(request(Method::PUT, &url, &[], "").await.status, 200);
        serves(&seen, ServingStatus::Serving).await;

        let mut client = HealthClient::new(seen.channel());
        let watched = client.watch(HealthCheckRequest::default()).await;
        let mut watched = watched.unwrap().into_inner();
        let began = Instant::now();
        let ending = tokio::spawn(app.stop());
        serves(&seen, ServingStatus::NotServing).await;
        assert_eq!(heartbeat(&seen).await.0, 410);
        // No operator changes that.
        assert_eq!(request(Method::PUT, &url, &[], "").await.status, 410);
        assert_eq!(heartbeat(&seen).await.0, 410);
        assert_eq!(seen.dispatch(one("noticed")).await.unwrap().accepted, 1);
        // Without RabbitMQ it is answered when it is stored: that is after it stopped to listen.
        run_there(&store, "RENAME TABLE event TO away").await;
        let late = seen.dispatch(one("late"));
        let meanwhile = async {
            tokio::time::sleep(notice + Duration::from_secs(1)).await;
            assert!(!ending.is_finished());
            run_there(&store, "RENAME TABLE away TO event").await;
        };
        let (late, ()) = tokio::join!(late, meanwhile);
        assert_eq!(late.unwrap().accepted, 1);
        ending.await.unwrap();
        // Watchers are notified, and don't delay the end.
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{:?}",
            began.elapsed()
        );
        let mut told = Vec::new();
        while let Ok(Some(answer)) = watched.message().await {
            told.push(answer.status());
        }
        told.dedup();
        assert_eq!(told, [ServingStatus::Serving, ServingStatus::NotServing]);
        let refused = seen.dispatch(one("refused")).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        let stored =
            "SELECT count() FROM DB.event FINAL WHERE event_id IN ('resting', 'noticed', 'late')";
        assert_eq!(number(&store, stored).await, 3);
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_stored_at_the_deadline_is_in_its_queue() {
    let vhost = Vhost::create();
    in_database("deadline", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let drain = Duration::from_secs(3);
        let config = || Config {
            amqp_url: Some(vhost.url()),
            drain,
            ..config(&store)
        };
        let (app, seen) = started(config()).await;
        // It holds what it has consumed, and tries again and again to store it.
        run_there(&store, "RENAME TABLE event TO away").await;
        for n in 0..20 {
            assert_eq!(
                seen.dispatch(one(&format!("e-{n}")))
                    .await
                    .unwrap()
                    .accepted,
                1
            );
        }
        drop(seen);
        while messages(&vhost, "messages_unacknowledged") == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let began = Instant::now();
        app.stop().await;
        let took = began.elapsed();
        assert!(took < drain + Duration::from_secs(8), "{took:?}");
        // The broker hears of it in a moment.
        while messages(&vhost, "messages_unacknowledged") > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(messages(&vhost, "messages_ready") > 0);

        run_there(&store, "RENAME TABLE away TO event").await;
        let (app, _) = started(config()).await;
        eventually(&store, "SELECT count() FROM DB.event FINAL", 20).await;
        app.stop().await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.error_event").await,
            0
        );
    })
    .await;
    vhost.delete();
}

/// Number of messages in the queue of app events, from the broker.
fn messages(vhost: &Vhost, what: &str) -> u64 {
    let queues = vhost.list("list_queues", &format!("name {what}"));
    let queue = queues.iter().find(|queue| queue["name"] == QUEUE).unwrap();
    queue[what].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_wants_nothing_before_it_is_connected() {
    in_database("unconnected", async |store| {
        // Accepted by the system, and never answered.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let config = Config {
            amqp_url: Some(format!("amqp://{}", silent.local_addr().unwrap())),
            strict: false,
            drain: Duration::from_secs(1),
            ..config(&store)
        };
        let (app, seen): (App, Instance) = started(config).await;
        assert_eq!(heartbeat(&seen).await, (503, "starting".into()));
        serves(&seen, ServingStatus::NotServing).await;
        let refused = seen.dispatch(one("refused")).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        // No operator changes that.
        let url = seen.ops_url("/heartbeat/?beat=true");
        assert_eq!(request(Method::PUT, &url, &[], "").await.status, 503);
        serves(&seen, ServingStatus::NotServing).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}
