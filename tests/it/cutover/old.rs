//! A topology as it was before: classic queues without arguments, and producers and consumers that know nothing of
//! what comes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use event_grpc::contract::ExchangeKind;
use event_grpc::generated::PIPELINE;
use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::topology::facts;

async fn connect(url: &str) -> (Connection, Channel) {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    (connection, channel)
}

async fn declare_queue(channel: &Channel, queue: &str, exchange: &str, key: &str) {
    let durable = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(queue.into(), durable, FieldTable::default())
        .await
        .unwrap();
    let options = QueueBindOptions::default();
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            options,
            FieldTable::default(),
        )
        .await
        .unwrap();
}

/// Declares the exchanges and the queues of the catalogue, as far as the pipeline knows them, and names the queues.
pub(super) async fn declare(url: &str) -> Vec<&'static str> {
    let (_connection, channel) = connect(url).await;
    for exchange in PIPELINE
        .exchanges
        .iter()
        .filter(|exchange| !exchange.derived)
    {
        let kind = match exchange.kind {
            ExchangeKind::Direct => lapin::ExchangeKind::Direct,
            ExchangeKind::Topic => lapin::ExchangeKind::Topic,
            ExchangeKind::Fanout => lapin::ExchangeKind::Fanout,
        };
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let declared =
            channel.exchange_declare(exchange.name.into(), kind, durable, FieldTable::default());
        declared.await.unwrap();
    }
    let mut names = Vec::new();
    for fact in facts() {
        if PIPELINE.queues.iter().any(|queue| queue.name == fact.queue) {
            declare_queue(&channel, fact.queue, fact.exchange, fact.key).await;
            names.push(fact.queue);
        }
    }
    names
}

/// Publishes one message, which some queue must take.
async fn send(channel: &Channel, exchange: &str, key: &str, body: &str) {
    let mandatory = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2);
    let sent = channel.basic_publish(
        exchange.into(),
        key.into(),
        mandatory,
        body.as_bytes(),
        properties,
    );
    let confirm = sent.await.unwrap().await.unwrap();
    assert!(
        matches!(confirm, Confirmation::Ack(None)),
        "{exchange} {key}: {confirm:?}"
    );
}

/// Publishes so many messages.
pub(super) async fn publish(url: &str, exchange: &str, key: &str, count: usize) {
    let (_connection, channel) = connect(url).await;
    for number in 0..count {
        send(&channel, exchange, key, &number.to_string()).await;
    }
}

/// Puts another queue into the place of one, as a replacement does that ends halfway.
pub(super) async fn rename(url: &str, from: &str, to: &str, exchange: &str, key: &str) {
    let (_connection, channel) = connect(url).await;
    declare_queue(&channel, to, exchange, key).await;
    while let Some(message) = channel
        .basic_get(from.into(), BasicGetOptions::default())
        .await
        .unwrap()
    {
        let body = String::from_utf8(message.delivery.data.clone()).unwrap();
        send(&channel, "", to, &body).await;
        message
            .delivery
            .acker
            .ack(BasicAckOptions::default())
            .await
            .unwrap();
    }
    channel
        .queue_delete(from.into(), QueueDeleteOptions::default())
        .await
        .unwrap();
}

/// Services that publish all the time.
pub(super) struct Producers {
    count: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    tasks: [JoinHandle<Vec<String>>; 2],
}

/// Published messages.
pub(super) struct Sent {
    pub(super) events: usize,
    /// The ids.
    pub(super) posts: BTreeSet<String>,
}

impl Producers {
    /// Starts one for each of two exchanges.
    pub(super) fn start(url: &str) -> Producers {
        let (count, stop) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let start = |to: (&'static str, &'static str), body| {
            let (url, count, stop) = (url.to_owned(), Arc::clone(&count), Arc::clone(&stop));
            tokio::spawn(produce(url, to, body, count, stop))
        };
        let tasks = [
            start(
                ("grpc_event.tx", "AddToCartEvent"),
                event as fn(&str) -> Value,
            ),
            start(("beat.dx", "post_log_events"), post),
        ];
        Producers { count, stop, tasks }
    }

    /// Number of published messages.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until they have published so many.
    pub(super) async fn reach(&self, count: usize) {
        while self.count() < count {
            let ended = self.tasks.iter().any(JoinHandle::is_finished);
            assert!(!ended, "a producer gave up after {} messages", self.count());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends them.
    pub(super) async fn stop(self) -> Sent {
        self.stop.store(true, Ordering::Relaxed);
        let [events, posts] = self.tasks;
        Sent {
            events: events.await.unwrap().len(),
            posts: posts.await.unwrap().into_iter().collect(),
        }
    }
}

/// Publishes until it is told to end, one message after the other, and says with which ids.
async fn produce(
    url: String,
    (exchange, key): (&'static str, &'static str),
    body: fn(&str) -> Value,
    count: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let (connection, channel) = connect(&url).await;
    let mut ids = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let id = format!("id-{}", ids.len());
        send(&channel, exchange, key, &body(&id).to_string()).await;
        ids.push(id);
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    connection.close(200, "OK".into()).await.unwrap();
    ids
}

fn event(id: &str) -> Value {
    json!({
        "header": { "userId": "7" },
        "events": [{ "id": id, "timestamp": "1760000000000", "addToCartEvent": { "productId": "42" } }],
    })
}

fn post(id: &str) -> Value {
    json!({
        "event_id": id, "source": "crawler", "platform": "INSTAGRAM", "profile_id": "17", "shortcode": "abc",
        "publish_time": null, "event_timestamp": "2026-01-02 03:04:06", "metrics": {}, "dimensions": {},
    })
}

/// A service that consumes a queue.
pub(super) struct Consumer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<BTreeSet<String>>,
}

impl Consumer {
    /// Starts it.
    pub(super) async fn start(url: &str, queue: &str) -> Consumer {
        let (connection, channel) = connect(url).await;
        channel
            .basic_qos(20, BasicQosOptions::default())
            .await
            .unwrap();
        let options = BasicConsumeOptions::default();
        let consumed =
            channel.basic_consume(queue.into(), "".into(), options, FieldTable::default());
        let mut messages = consumed.await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut done = BTreeSet::new();
            while !ending.load(Ordering::Relaxed) {
                let message = messages.next().await.unwrap().unwrap();
                let body: Value = serde_json::from_slice(&message.data).unwrap();
                message.acker.ack(BasicAckOptions::default()).await.unwrap();
                done.insert(body["event_id"].as_str().unwrap().to_owned());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // Messages that it holds go back to the queue.
            connection.close(200, "OK".into()).await.unwrap();
            done
        });
        Consumer { stop, task }
    }

    /// Ends it, and says which messages it has done.
    pub(super) async fn stop(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}
