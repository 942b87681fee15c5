//! Forwarding through RabbitMQ: a message that one instance can't send is sent by the next one, under the same key.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::contract::Queue;
use event_grpc::generated::PIPELINE;
use event_grpc::sink::Stores;
use event_grpc::sink::requests::Requests;
use event_grpc::worker::{self, HoldLimits, Pace, Setup, States};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::server::{Reply, Server, status};
use crate::support::topology::Vhost;

async fn connected(vhost: &Vhost) -> Arc<Rabbit> {
    let address = Address::parse(&vhost.url()).unwrap();
    let topology = Topology::of(&PIPELINE, |_| true);
    let broker = Rabbit::connect(address, topology, RabbitOptions::default());
    let up = broker
        .status()
        .wait_for(|s| s.link == Link::Up)
        .await
        .is_ok();
    assert!(up);
    Arc::new(broker)
}

/// An instance that works on the users of WebEngage only.
fn instance(broker: &Arc<Rabbit>, url: &str) -> (Setup, JoinSet<()>) {
    let variable = |name: &str| Some(if name.ends_with("URL") { url } else { "key" }.to_owned());
    let setup = Setup {
        pipeline: &PIPELINE,
        broker: Arc::clone(broker) as Arc<dyn Broker>,
        stores: Stores::default(),
        requests: Requests::new(PIPELINE.requests, variable).unwrap(),
        pace: Pace::Full,
        hold_limits: HoldLimits::default(),
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    };
    let users = |queue: &&Queue| queue.name == "webengage_user_event_q";
    let queues: Vec<&Queue> = PIPELINE.queues.iter().filter(users).collect();
    let tasks = worker::start(&setup, &queues).unwrap();
    (setup, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_can_not_send_the_next_one_does() {
    let vhost = Vhost::create();
    let server = Server::start().await;
    let broker = connected(&vhost).await;
    // Without `message_id` the id is made of the body.
    for n in 0..20 {
        let user = json!({"userId": format!("u-{n}"), "attributes": {}}).to_string();
        let message = Outgoing::new("webengage_event.dx", "USER_EVENT", user.into_bytes());
        broker
            .publish(message.with(Properties::default()))
            .await
            .unwrap();
    }
    server.answer(|_| Some(status(403)));
    let (setup, mut tasks) = instance(&broker, &server.url("/users"));
    let before = server.has_seen(5).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(setup.states.paused().len(), 1);
    setup.stop.cancel();
    while tasks.join_next().await.is_some() {}
    broker.close(Duration::from_secs(5)).await;

    server.answer(|seen| {
        let refused = seen.body["userId"] == "u-7";
        refused.then(|| Reply::Status(422, Vec::new(), "unknown".into()))
    });
    let sent = server.seen().len();
    let broker = connected(&vhost).await;
    let (setup, mut tasks) = instance(&broker, &server.url("/users"));
    let after = server.has_seen(sent + 20).await.split_off(sent);
    for seen in &before {
        let again = after.iter().find(|later| later.body == seen.body).unwrap();
        let key = |of: &super::server::Seen| of.headers["idempotency-key"].clone();
        assert_eq!(key(again), key(seen));
    }
    let dead = broker.consume("event_grpc.errors").unwrap();
    let letter = tokio::time::timeout(Duration::from_secs(10), dead.next());
    let letter = letter.await.unwrap().unwrap();
    assert_eq!(letter.routing_key, "error.webengage_user_event_q");
    assert_eq!(
        letter.body,
        json!({"userId": "u-7", "attributes": {}}).to_string()
    );
    drop(letter);
    drop(dead);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        server.seen().len(),
        sent + 20,
        "each is sent once more, and none again"
    );
    setup.stop.cancel();
    while tasks.join_next().await.is_some() {}
    broker.close(Duration::from_secs(5)).await;
    vhost.delete();
}
