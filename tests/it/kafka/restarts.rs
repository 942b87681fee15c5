//! A Kafka broker that is killed and started again under a load: nothing acknowledged is lost, nothing is stored twice.

use std::time::Duration;

use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use tokio::time::{Instant, sleep};

use super::server::Server;
use super::support::{in_kafka, on_kafka};
use crate::app::support::{eventually, started_of};
use crate::app::{cart, header};
use crate::clickhouse::support::in_database;
use crate::support::topology::Vhost;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_costs_no_event() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let pipeline = in_kafka(4, &[("grpc_clickhouse_event_q", false)]);
    let vhost = Vhost::create();
    in_database("kafka_killed", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let config = on_kafka(&store, &vhost, &server.address());
        let (app, seen) = started_of(config, pipeline).await;
        let mut accepted = 0;
        // A client sends again what wasn't answered, under the same ids.
        let mut send = async |n: usize| {
            let events = || (0..20).map(|k| cart(&format!("e-{n}-{k}"), "1760000000123"));
            let end = Instant::now() + Duration::from_secs(120);
            loop {
                let request = Events {
                    header: header(),
                    events: events().collect(),
                };
                match seen.dispatch(request).await {
                    Ok(answer) => {
                        accepted += answer.accepted;
                        return;
                    }
                    Err(error) => assert!(Instant::now() < end, "{error}"),
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        for n in 0..30 {
            send(n).await;
        }
        server.kill();
        // Nobody takes events now, and nobody claims to.
        let request = Events {
            header: header(),
            events: vec![cart("refused", "1760000000123")],
        };
        assert!(
            seen.dispatch_within(request, Duration::from_secs(5))
                .await
                .is_err()
        );
        server.go_on();
        for n in 30..60 {
            send(n).await;
        }
        assert_eq!(accepted, 1200);
        let those = "SELECT uniqExact(event_id) FROM DB.event WHERE event_id LIKE 'e-%'";
        eventually(&store, those, 1200).await;
        let stored = "SELECT count() FROM DB.event FINAL WHERE event_id LIKE 'e-%'";
        eventually(&store, stored, 1200).await;
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}
