//! An instance in this process, with a database of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::access::Unverified;
use event_grpc::app::environment::Environment;
use event_grpc::app::{App, Config};
use event_grpc::broker::Broker;
use event_grpc::contract::Pipeline;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::event_service_client::EventServiceClient;
use event_grpc::generated::proto::event::{Event, Events, Response};
use event_grpc::ops::access::Options;
use event_grpc::sink::clickhouse::{ClickHouse, migrate, quote};
use prost::Message as _;
use prost::bytes::{Buf, BufMut};
use serde_json::Value;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::clickhouse::support::{in_database, number};

/// Instance of a test.
pub(crate) struct Instance {
    channel: Channel,
    http: String,
    ops: String,
    broker: Arc<dyn Broker>,
}

/// Runs a test against an instance of its own, with the broker in memory.
pub(crate) async fn instance(name: &str, test: impl AsyncFnOnce(&Instance, &ClickHouse)) {
    instance_on(name, None, test).await;
}

/// Runs a test against an instance of its own, on RabbitMQ if a URL is given.
pub(crate) async fn instance_on(
    name: &str,
    amqp_url: Option<String>,
    test: impl AsyncFnOnce(&Instance, &ClickHouse),
) {
    in_database(name, async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let config = Config {
            amqp_url,
            ..config(&store)
        };
        let (app, seen) = started(config).await;
        test(&seen, &store).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}

/// An instance with the broker in memory that stores in this database.
pub(crate) fn config(store: &ClickHouse) -> Config {
    Config {
        grpc_listen: ([127, 0, 0, 1], 0).into(),
        http_listen: ([127, 0, 0, 1], 0).into(),
        ops: Options::at(([127, 0, 0, 1], 0).into()),
        doors: event_grpc::listen::Limits::default(),
        senders: event_grpc::access::Config::default(),
        tls: None,
        amqp_url: None,
        kafka: None,
        clickhouse: Some(store.address().clone()),
        clickhouse_servers: BTreeMap::new(),
        postgres: None,
        data: PathBuf::new(),
        engine_path: None,
        engine_port: None,
        engine_drop: Vec::new(),
        executable: None,
        environment: Environment::default(),
        unverified: everybody(&PIPELINE),
        strict: true,
        notice: Duration::ZERO,
        drain: Duration::from_secs(10),
        switches: None,
        replay: Duration::from_secs(60),
        traces: None,
    }
}

/// Opens all sources: what is tested here is what becomes of messages.
pub(crate) fn everybody(pipeline: &'static Pipeline) -> Unverified {
    let names = pipeline.sources.iter().map(|source| source.name);
    Unverified::new(names, pipeline).unwrap()
}

/// Starts an instance.
pub(crate) async fn started(config: Config) -> (App, Instance) {
    started_of(config, &PIPELINE).await
}

/// Starts an instance of another build.
pub(crate) async fn started_of(config: Config, pipeline: &'static Pipeline) -> (App, Instance) {
    let config = Config {
        unverified: everybody(pipeline),
        ..config
    };
    let app = App::start(config, pipeline).await.unwrap();
    let channel = Channel::from_shared(format!("http://{}", app.grpc_address()))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let seen = Instance {
        channel,
        http: format!("http://{}", app.http_address()),
        ops: format!("http://{}", app.ops_address()),
        broker: app.broker(),
    };
    (app, seen)
}

impl Instance {
    /// Sends a request and gives it ten seconds.
    pub(crate) async fn dispatch(&self, request: Events) -> Result<Response, Status> {
        self.dispatch_within(request, Duration::from_secs(10)).await
    }

    /// Sends a request with a deadline.
    pub(crate) async fn dispatch_within(
        &self,
        request: Events,
        deadline: Duration,
    ) -> Result<Response, Status> {
        let mut request = Request::new(request);
        request.set_timeout(deadline);
        EventServiceClient::new(self.channel.clone())
            .dispatch(request)
            .await
            .map(|a| a.into_inner())
    }

    /// Sends bytes that need not be a message.
    pub(crate) async fn dispatch_bytes(&self, bytes: Vec<u8>) -> Result<Response, Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = "/event.EventService/dispatch".parse().unwrap();
        let answer = client.unary(Request::new(bytes), path, Raw).await?;
        Ok(Response::decode(answer.into_inner().as_slice()).unwrap())
    }

    /// The connection to it.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Broker of the instance.
    pub(crate) fn broker(&self) -> &dyn Broker {
        self.broker.as_ref()
    }

    /// Broker of the instance, for tasks.
    pub(crate) fn shared_broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.broker)
    }

    /// HTTP URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.http)
    }

    /// URL of a path of operations.
    pub(crate) fn ops_url(&self, path: &str) -> String {
        format!("{}{path}", self.ops)
    }

    /// Answer of `/readyz`.
    pub(crate) async fn readiness(&self) -> (bool, Value) {
        let answer =
            crate::http::request(http::Method::GET, &self.ops_url("/readyz"), &[], "").await;
        (
            answer.status == 200,
            serde_json::from_str(&answer.text).unwrap(),
        )
    }
}

/// An event.
pub(crate) fn event(id: &str, timestamp: &str, of: EventOf) -> Event {
    Event {
        id: id.into(),
        timestamp: timestamp.into(),
        event_of: Some(of),
        ..Default::default()
    }
}

/// The one text that a query answers with; `DB` stands for the database.
pub(crate) async fn text(store: &ClickHouse, sql: &str) -> String {
    let sql = sql.replace("DB", &quote::identifier(store.address().database()));
    // Values of a JSON column are Nullable; a query that answers NULL answers nothing useful here.
    let sql = format!(
        "SELECT assumeNotNull(*) FROM ({sql}) SETTINGS output_format_json_quote_64bit_integers = 0"
    );
    let rows: Vec<String> = store.rows(&sql).await.expect(&sql);
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0].clone()
}

/// Waits until a query answers with this number. It may take longer than the session of a group's member in Kafka, which
/// those who join wait for when the member has gone without a word.
pub(crate) async fn eventually(store: &ClickHouse, sql: &str, wanted: u64) {
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let got = number(store, sql).await;
        if got == wanted {
            return;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "{sql}\n  answers {got} and not {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; bytes.remaining()];
        bytes.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
