//! A server on loopback with the embedded broker, a consumer that acknowledges when it is told to, and clients.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_grpc::access::Access;
use event_grpc::broker::{Broker, Delivery, Embedded, QueueSpec, Settled, Topology};
use event_grpc::contract::{Pipeline, Pool, QueueKind, Route};
use event_grpc::health::Health;
use event_grpc::ingest::response::Response;
use event_grpc::ingest::sources::Off;
use event_grpc::ingest::{Limits, Publisher, Sources};
use event_grpc::listen;
use event_grpc::tls::ServerTls;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::transport::Channel;

use super::pipeline::{self, REJECTS};

/// A running server.
pub(crate) struct Server {
    pub(crate) broker: Arc<Embedded>,
    pub(crate) health: Health,
    pub(crate) channel: Channel,
    pub(crate) http: u16,
    pub(crate) grpc: u16,
    pub(crate) off: Vec<Off>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    acks: watch::Sender<bool>,
}

/// A message that arrived in a queue.
pub(crate) struct Seen {
    pub(crate) queue: &'static str,
    pub(crate) delivery: Seeable,
}

/// A delivery without the duty to settle it.
pub(crate) struct Seeable {
    pub(crate) body: bytes::Bytes,
    pub(crate) routing_key: String,
    pub(crate) properties: event_grpc::broker::Properties,
}

pub(crate) const POOL: Pool = Pool {
    workers: 4,
    buffer: 100,
    bytes: 64 << 20,
    timeout_ms: 200,
    max_request: 1 << 20,
};

impl Server {
    /// Starts a server whose consumer acknowledges at once.
    pub(crate) async fn start(limits: Limits, pool: Pool) -> Self {
        Self::start_with(limits, pool, |broker| broker).await
    }

    /// Starts a server with a wrapper around its broker.
    pub(crate) async fn start_with<B: Broker>(
        limits: Limits,
        pool: Pool,
        wrap: impl Fn(Arc<Embedded>) -> Arc<B>,
    ) -> Self {
        Self::start_behind(listen::Limits::default(), limits, pool, wrap).await
    }

    /// Starts a server with connection limits.
    pub(crate) async fn start_behind<B: Broker>(
        doors: listen::Limits,
        limits: Limits,
        pool: Pool,
        wrap: impl Fn(Arc<Embedded>) -> Arc<B>,
    ) -> Self {
        Self::start_for(doors, None, limits, pool, wrap, Access::local).await
    }

    /// Starts a server that takes from certain senders only, over TLS if it is given.
    pub(crate) async fn start_for<B: Broker>(
        doors: listen::Limits,
        tls: Option<ServerTls>,
        limits: Limits,
        pool: Pool,
        wrap: impl Fn(Arc<Embedded>) -> Arc<B>,
        access: impl FnOnce(&'static Pipeline) -> Arc<Access>,
    ) -> Self {
        let pipeline = pipeline::pipeline(pool);
        let all = &[Route {
            exchange: "test.tx",
            routing_key: "*",
        }];
        let hooks = &[Route {
            exchange: "hook.tx",
            routing_key: "*",
        }];
        let queue = |name, bindings| QueueSpec {
            name,
            kind: QueueKind::Classic,
            topic: None,
            foreign: None,
            bindings,
            prefetch: 1000,
            prefetch_bytes: 16 << 20,
            awaited: true,
            partition: None,
            keyed: false,
        };
        let topology = Topology {
            exchanges: pipeline.exchanges.to_vec(),
            queues: vec![
                queue("all_q", all),
                queue("rejects_q", &[REJECTS]),
                queue("hooks_q", hooks),
            ],
            unrouted: pipeline.unrouted,
            renamed: &[],
        };
        let broker = Arc::new(Embedded::new(&topology, 64 << 20));
        let publisher = Publisher::new(wrap(broker.clone()), limits, None);
        let access = access(pipeline);
        let open = |source: &str| source == "opened";
        let variable = pipeline::variable;
        let sources = Sources::new(
            pipeline,
            &topology,
            &publisher,
            &access,
            &Arc::default(),
            variable,
            open,
        )
        .unwrap();
        let off = sources.off().to_vec();
        let health = Health::beating();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let reflection = event_grpc::grpc::reflection(pipeline.descriptors).unwrap();
        let routes = sources.grpc(&health, reflection);
        let grpc = listener.local_addr().unwrap().port();
        let forever = std::future::pending;
        tokio::spawn(listen::serve_tls(
            listener,
            "grpc",
            routes,
            doors.clone(),
            tls.clone(),
            forever(),
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = listener.local_addr().unwrap().port();
        let router = sources.http(health.clone());
        let serving = listen::serve_tls(listener, "http", router, doors, tls, forever());
        tokio::spawn(serving);
        let channel = Channel::from_shared(format!("http://{address}"))
            .unwrap()
            .connect_lazy();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let acks = watch::Sender::new(true);
        for queue in ["all_q", "rejects_q", "hooks_q"] {
            let deliveries = broker.consume(queue).unwrap();
            let (seen, acks) = (seen.clone(), acks.subscribe());
            tokio::spawn(async move {
                while let Some(delivery) = deliveries.next().await {
                    tokio::spawn(settle(queue, delivery, seen.clone(), acks.clone()));
                }
            });
        }
        Server {
            broker,
            health,
            channel,
            http,
            grpc,
            off,
            seen,
            acks,
        }
    }

    /// From now on messages are acknowledged, those that wait for it too, or kept waiting.
    pub(crate) fn acknowledge(&self, acks: bool) {
        self.acks.send_replace(acks);
    }

    /// Calls the source's method with these bytes; compressed, if their number is even.
    pub(crate) async fn call(&self, body: Vec<u8>) -> Result<Response, tonic::Status> {
        Self::call_on(self.channel.clone(), body).await
    }

    /// Calls the server from a task of its own.
    pub(crate) async fn call_on(
        channel: Channel,
        body: Vec<u8>,
    ) -> Result<Response, tonic::Status> {
        Self::request_on(channel, tonic::Request::new(Raw(body))).await
    }

    /// Sends a custom request.
    pub(crate) async fn request(
        &self,
        request: tonic::Request<Raw>,
    ) -> Result<Response, tonic::Status> {
        Self::request_on(self.channel.clone(), request).await
    }

    /// Sends a custom request on a channel.
    pub(crate) async fn request_on(
        channel: Channel,
        request: tonic::Request<Raw>,
    ) -> Result<Response, tonic::Status> {
        let mut client = tonic::client::Grpc::new(channel);
        if request.get_ref().0.len().is_multiple_of(2) {
            client = client.send_compressed(tonic::codec::CompressionEncoding::Gzip);
        }
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/test.Service/dispatch");
        let codec = tonic_prost::ProstCodec::<Raw, Response>::default();
        client
            .unary(request, path, codec)
            .await
            .map(tonic::Response::into_inner)
    }

    /// The messages that a queue got.
    pub(crate) fn count(&self, queue: &str) -> usize {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.queue == queue)
            .count()
    }

    /// Sends an HTTP request and returns the code, the head and the body of the answer.
    pub(crate) async fn http(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer before it has read everything.
        drop(stream.write_all(body).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        (code, head.to_lowercase(), body.to_owned())
    }
}

async fn settle(
    queue: &'static str,
    delivery: Delivery,
    seen: Arc<Mutex<Vec<Seen>>>,
    mut acks: watch::Receiver<bool>,
) {
    let Delivery {
        body,
        routing_key,
        properties,
        ack,
        ..
    } = delivery;
    let delivery = Seeable {
        body,
        routing_key: routing_key.into_owned(),
        properties,
    };
    seen.lock().unwrap().push(Seen { queue, delivery });
    drop(acks.wait_for(|acks| *acks).await);
    assert_eq!(ack.ack().await, Settled::Done);
}

/// Waits until something is so.
pub(crate) async fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be");
}

/// Bytes that pass as a message.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Raw(pub(crate) Vec<u8>);

impl Raw {
    /// The length-delimited fields of a message.
    pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let (number, kind) = prost::encoding::decode_key(&mut bytes).unwrap();
            if kind == prost::encoding::WireType::LengthDelimited {
                let len = prost::encoding::decode_varint(&mut bytes).unwrap() as usize;
                fields.push((number, bytes[..len].to_vec()));
                bytes = &bytes[len..];
            } else {
                prost::encoding::decode_varint(&mut bytes).unwrap();
            }
        }
        fields
    }
}

impl Message for Raw {
    fn encode_raw(&self, buf: &mut impl bytes::BufMut) {
        buf.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: prost::encoding::WireType,
        buf: &mut impl bytes::Buf,
        ctx: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buf, ctx)
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}
