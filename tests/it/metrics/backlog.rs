//! What an instance says of its queues at the broker: of each one by itself, and nothing of one that is gone.

use std::time::Duration;

use event_grpc::contract::{Destination, Storage};
use event_grpc::generated::PIPELINE;
use http::Method;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};

use crate::http::request;
use crate::support::server::Server;
use crate::support::topology::Vhost;

/// Waits until `/metrics` says that a queue has so many ready messages.
async fn until(server: &Server, queue: &str, ready: u64) {
    let line = format!("event_grpc_queue_ready_messages{{queue=\"{queue}\"}} {ready}");
    let mut page = String::new();
    for _ in 0..450 {
        let url = format!("{}/metrics", server.ops);
        page = request(Method::GET, &url, &[], "").await.text;
        if page.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("event_grpc_queue_ready_messages{"))
        .collect();
    panic!("{line} doesn't come: {lines:#?}\n{}", server.log());
}

/// A queue of a table of PostgreSQL, which nobody consumes without one.
fn unconsumed() -> &'static str {
    let mut queues = PIPELINE.queues.iter();
    let found = queues.find(|queue| match queue.into {
        Destination::Table(table) => matches!(table.storage, Storage::Postgres(_)),
        Destination::Request(_) => false,
    });
    found.unwrap().name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_tells_nothing_hides_no_other_and_one_that_is_gone_has_no_messages() {
    let vhost = Vhost::create();
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&vhost.url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    // The first that is asked about belongs to this connection alone: others are told nothing of it.
    let exclusive = QueueDeclareOptions {
        exclusive: true,
        ..Default::default()
    };
    let first = PIPELINE.queues[0].name;
    let declared = channel.queue_declare(first.into(), exclusive, FieldTable::default());
    declared.await.unwrap();

    let place = tempfile::tempdir().unwrap();
    let (url, nowhere) = (vhost.url(), "http://127.0.0.1:9/nowhere");
    let server = Server::start(
        place.path(),
        &["--amqp-url", &url, "--clickhouse-url", nowhere],
    )
    .await;
    let queue = unconsumed();
    assert_ne!(queue, first);
    until(&server, queue, 0).await;
    for _ in 0..3 {
        let (to, how) = (queue.into(), BasicPublishOptions::default());
        let sent = channel.basic_publish("".into(), to, how, b"{}", BasicProperties::default());
        sent.await.unwrap();
    }
    until(&server, queue, 3).await;
    let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
    deleted.await.unwrap();
    until(&server, queue, 0).await;
    assert!(
        server.log().contains("depths of all queues"),
        "{}",
        server.log()
    );
    server.stop_with_complaints().await;
    drop(connection);
    vhost.delete();
}
