//! A pipeline with one queue into one request, on a broker in memory that tells when a message is settled.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use event_grpc::broker::{
    Broker, Deliveries, Embedded, HeaderValue, KafkaAddress, Outgoing, Properties, QueueSpec,
    Settled, Topology,
};
use event_grpc::contract::headers as h;
use event_grpc::contract::{
    Batch, Destination, Exchange, ExchangeKind, Field, IdFrom, Input, Kind, Label, Make, Message,
    Piece, Pipeline, Queue, QueueKind, Rate, Request, Route, RowError, Shape, Target, To, function,
};
use event_grpc::sink::Stores;
use event_grpc::sink::requests::Requests;
use event_grpc::tap::Taps;
use event_grpc::trace::Tracer;
use event_grpc::worker::{self, HoldLimits, Pace, Setup, States};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Options of a test.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) workers: u16,
    pub(crate) retries: u8,
    pub(crate) timeout_ms: u32,
    pub(crate) concurrency: u16,
    pub(crate) rate: Option<Rate>,
    pub(crate) awaited: bool,
    pub(crate) budget: usize,
    pub(crate) id: IdFrom,
    pub(crate) tracer: Tracer,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            workers: 1,
            retries: 2,
            timeout_ms: 1000,
            concurrency: 8,
            rate: None,
            awaited: true,
            budget: 64 << 20,
            id: IdFrom::MessageId,
            tracer: Tracer::default(),
        }
    }
}

/// A queue at work.
pub(crate) struct Running {
    pub(crate) broker: Arc<Embedded>,
    pub(crate) states: States,
    pub(crate) dead: Deliveries,
    queue: &'static Queue,
    setup: Setup,
    tasks: JoinSet<()>,
}

/// A dead letter as its headers tell it.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) class: String,
    pub(crate) reason: String,
    pub(crate) attempts: i64,
    pub(crate) body: Value,
}

/// The secret that the target's headers hold.
pub(crate) const KEY: &str = "s3cret-Key";

static SHAPE: Shape = Shape {
    name: "test.Message",
    fields: &[Field {
        number: 1,
        name: "n",
        json_name: "n",
        kind: Kind::Int64,
        label: Label::Implicit,
    }],
    dense: &[0, 1],
    any_of: &[],
    retired: &[],
};

fn choose(message: &Message<'_>) -> Result<usize, RowError> {
    let to = event_grpc::contract::json::optional_text(message.body, &["to"])?;
    if to.as_deref() == Some("panic") {
        let all = function::json_text(message.body.clone());
        panic!("a defect at {all:?}");
    }
    function::one_of("to", to.as_deref().unwrap_or("A"), &["A"])
}

/// Starts the queue's workers, with a target at `url`.
pub(crate) fn run(url: &str, options: Options) -> Running {
    let to = To::Url {
        method: "POST",
        url: &[Piece::Variable("URL")],
    };
    run_to(to, url, None, options)
}

/// Starts the queue's workers, with a target there.
pub(crate) fn run_to(to: To, url: &str, kafka: Option<&KafkaAddress>, options: Options) -> Running {
    let request = Request {
        name: "api",
        targets: Box::leak(Box::new([Target {
            name: "api.A",
            to,
            headers: &[(
                "Authorization",
                &[Piece::Text("Bearer "), Piece::Variable("KEY")],
            )],
        }])),
        make: Make::Messages {
            choose,
            body: |message, _| Ok(function::json_text(message.body.clone())),
        },
        idempotency_key: Some("Idempotency-Key"),
        timeout_ms: options.timeout_ms,
        concurrency: options.concurrency,
        rate: options.rate,
        retried: &[408..=408, 429..=429, 500..=599],
        refused: &[400..=400],
    };
    run_request(request, Input::Json(&SHAPE), url, kafka, options)
}

/// Starts the workers of a queue of such messages, which go into a request.
pub(crate) fn run_request(
    request: Request,
    input: Input,
    url: &str,
    kafka: Option<&KafkaAddress>,
    options: Options,
) -> Running {
    let request: &'static Request = Box::leak(Box::new(request));
    const DEAD: Route = Route {
        exchange: "in.dx",
        routing_key: "error.api_q",
    };
    let queue = |name, routing_key: &'static str, dead_letter| Queue {
        name,
        kind: QueueKind::Classic,
        topic: None,
        foreign: None,
        bindings: Box::leak(Box::new([Route {
            exchange: "in.dx",
            routing_key,
        }])),
        workers: options.workers,
        prefetch: 100,
        retries: options.retries,
        breaker: 50,
        batch: Batch {
            rows: 1,
            bytes: 1,
            delay_ms: 1,
        },
        dead_letter,
        input,
        id: options.id,
        into: Destination::Request(request),
        derived: false,
        partition: None,
        partition_by: None,
    };
    let queues: &'static [Queue] = Box::leak(Box::new([
        queue("api_q", "in", Some(DEAD)),
        queue("dead_q", DEAD.routing_key, None),
    ]));
    let pipeline: &'static Pipeline = Box::leak(Box::new(Pipeline {
        fingerprint: "test",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: &[
            Exchange {
                name: "in.dx",
                kind: ExchangeKind::Direct,
                derived: false,
            },
            Exchange {
                name: "unrouted",
                kind: ExchangeKind::Fanout,
                derived: true,
            },
        ],
        queues,
        tables: &[],
        requests: Box::leak(Box::new([request])),
        databases: &[],
        migrations: &[],
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "unrouted",
        retired: event_grpc::contract::Retired::NONE,
    }));
    let topology = Topology {
        exchanges: pipeline.exchanges.to_vec(),
        queues: queues
            .iter()
            .map(|queue| QueueSpec {
                awaited: options.awaited,
                partition: None,
                ..QueueSpec::of(queue)
            })
            .collect(),
        unrouted: "unrouted",
        renamed: &[],
    };
    let broker = Arc::new(Embedded::new(&topology, options.budget));
    let variable = |name: &str| match name {
        "URL" => Some(url.to_owned()),
        "KEY" => Some(KEY.to_owned()),
        _ => None,
    };
    let setup = Setup {
        pipeline,
        broker: Arc::clone(&broker) as Arc<dyn Broker>,
        stores: Stores::default(),
        requests: Requests::with_kafka(pipeline.requests, kafka, variable).unwrap(),
        pace: Pace::Full,
        hold_limits: HoldLimits::default(),
        states: States::seen_by(&Taps::default(), &options.tracer),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    };
    let queue = &queues[0];
    Running {
        dead: broker.consume("dead_q").unwrap(),
        states: setup.states.clone(),
        tasks: worker::start(&setup, &[queue]).unwrap(),
        broker,
        queue,
        setup,
    }
}

/// A message with this number.
pub(crate) fn message(n: i64) -> Outgoing {
    with_body(n, json!({ "n": n }))
}

/// A message with this number and body.
pub(crate) fn with_body(n: i64, body: Value) -> Outgoing {
    let properties = Properties {
        message_id: Some(format!("id-{n}")),
        ..Properties::default()
    };
    Outgoing::new("in.dx", "in", Bytes::from(body.to_string())).with(properties)
}

impl Running {
    /// Publishes a message and waits, for ten seconds, until it is acknowledged.
    pub(crate) async fn settled(&self, message: Outgoing) {
        let settled = tokio::time::timeout(Duration::from_secs(10), self.broker.publish(message));
        settled.await.expect("settled in time").unwrap();
    }

    /// Publishes a message, and leaves the waiting to a task.
    pub(crate) fn publish(&self, message: Outgoing) -> tokio::task::JoinHandle<()> {
        let broker = Arc::clone(&self.broker);
        tokio::spawn(async move { broker.publish(message).await.unwrap() })
    }

    /// The next dead letter, acknowledged.
    pub(crate) async fn dead_letter(&self) -> Dead {
        let next = tokio::time::timeout(Duration::from_secs(10), self.dead.next());
        let delivery = next.await.expect("a dead letter").unwrap();
        let text = |name: &str| match delivery.properties.header(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let dead = Dead {
            class: text(h::DEAD_CLASS),
            reason: text(h::DEAD_REASON),
            attempts: match delivery.properties.header(h::DEAD_ATTEMPTS) {
                Some(HeaderValue::Integer(attempts)) => *attempts,
                _ => 0,
            },
            body: serde_json::from_slice(&delivery.body).unwrap(),
        };
        assert_eq!(delivery.ack.ack().await, Settled::Done);
        dead
    }

    /// Reason of the pause, if the target is paused.
    pub(crate) fn paused(&self) -> Option<String> {
        let paused = self.states.paused();
        paused.get("api.A").map(|paused| paused.reason.clone())
    }

    /// Waits until the target is paused.
    pub(crate) async fn is_paused(&self) -> String {
        for _ in 0..500 {
            if let Some(reason) = self.paused() {
                return reason;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the target is not paused");
    }

    /// Ends the workers as a server that stops does.
    pub(crate) async fn stop(&mut self) {
        self.setup.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(2), ended)
            .await
            .expect("workers end when they only wait");
    }

    /// Starts workers again, as another instance would.
    pub(crate) fn start_again(&mut self) {
        self.setup.stop = CancellationToken::new();
        self.tasks = worker::start(&self.setup, &[self.queue]).unwrap();
    }
}
