//! Clients that keep their connections, send steadily and never send anything twice.

use std::time::Duration;

use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::{Event, Events, RejectCode, Response};
use event_grpc::ingest::raw::RawCodec;
use event_grpc::traffic::proof::prove;
use http::Method;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::instance::{Ports, SECRET};
use crate::app::{cart, header};
use crate::http::request;

/// Connections that are kept, and senders on each.
const CONNECTIONS: usize = 2;
const SENDERS: usize = 2;

/// Clients at work.
pub(super) struct Load {
    stop: CancellationToken,
    clients: JoinSet<Sent>,
}

/// Sent events, and errors.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Requests over gRPC.
    pub(super) requests: u64,
    /// Events of a type that both builds know.
    pub(super) known: u64,
    /// Events of the new type.
    pub(super) new: u64,
    /// Webhooks.
    pub(super) hooks: u64,
    pub(super) failures: Vec<String>,
}

impl Load {
    /// Starts the clients. `number` is the new type's.
    pub(super) async fn start(to: Ports, number: u32) -> Load {
        let stop = CancellationToken::new();
        let mut clients = JoinSet::new();
        for connection in 0..CONNECTIONS {
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", to.grpc)).unwrap();
            let channel = endpoint.connect().await.unwrap();
            for sender in 0..SENDERS {
                let name = format!("g{connection}{sender}");
                clients.spawn(dispatch(name, channel.clone(), number, stop.clone()));
            }
        }
        clients.spawn(post(to.http, stop.clone()));
        Load { stop, clients }
    }

    /// Ends the clients.
    pub(super) async fn end(mut self) -> Sent {
        self.stop.cancel();
        let mut sum = Sent::default();
        while let Some(sent) = self.clients.join_next().await {
            let sent = sent.unwrap();
            sum.requests += sent.requests;
            sum.known += sent.known;
            sum.new += sent.new;
            sum.hooks += sent.hooks;
            sum.failures.extend(sent.failures);
        }
        sum
    }
}

/// True if there is time for another request, after a pause.
async fn goes_on(stop: &CancellationToken, pause: u64) -> bool {
    let pause = tokio::time::sleep(Duration::from_millis(pause));
    stop.run_until_cancelled(pause).await.is_some()
}

/// Sends requests over gRPC: three events of an old type and one of the new one; every fourth has new ones alone.
async fn dispatch(name: String, channel: Channel, number: u32, stop: CancellationToken) -> Sent {
    let mut client = Grpc::new(channel);
    let mut sent = Sent::default();
    while goes_on(&stop, 40).await {
        let n = sent.requests;
        let id = |at: &str| format!("{name}-{n}-{at}");
        let known = if n % 4 == 3 { 0 } else { 3 };
        let events = (0..known).map(|at| cart(&id(&at.to_string()), "1760000000123"));
        let mut bytes = Events {
            header: header(),
            events: events.collect(),
        }
        .encode_to_vec();
        add_new(&mut bytes, &id("new"), number);
        sent.requests += 1;
        sent.known += known;
        sent.new += 1;
        match call(&mut client, bytes).await {
            Ok(answer) if is_good(&answer, known) => {}
            Ok(answer) => sent.failures.push(format!("{answer:?}")),
            Err(status) => sent.failures.push(format!("{status:?}")),
        }
    }
    sent
}

/// Status of a refused request.
pub(super) async fn refused(to: Ports) -> Status {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", to.grpc)).unwrap();
    let mut client = Grpc::new(endpoint.connect().await.unwrap());
    call(&mut client, Vec::new()).await.unwrap_err()
}

/// Adds an event that has only its number in common with what the test knows.
fn add_new(request: &mut Vec<u8>, id: &str, number: u32) {
    let event = Event {
        id: id.to_owned(),
        timestamp: "1760000000456".to_owned(),
        ..Default::default()
    };
    let mut event = event.encode_to_vec();
    // productId = 42
    add_bytes(&mut event, number, &[0x08, 42]);
    add_bytes(request, 5, &event);
}

fn add_bytes(message: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(bytes.len() as u64, message);
    message.extend(bytes);
}

async fn call(client: &mut Grpc<Channel>, bytes: Vec<u8>) -> Result<Response, Status> {
    let ready = client.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = "/event.EventService/dispatch".parse().unwrap();
    let answer = client
        .unary(Request::new(bytes.into()), path, RawCodec)
        .await?;
    Ok(Response::decode(answer.into_inner()).unwrap())
}

/// Everything was taken; an instance that doesn't know the new type says that it has kept the event.
fn is_good(answer: &Response, known: u64) -> bool {
    let all = answer.accepted as u64 == known + 1 && answer.rejected.is_empty();
    let kept = answer.accepted as u64 == known
        && answer.rejected.len() == 1
        && answer.rejected[0].code() == RejectCode::UnknownType
        && !answer.rejected[0].retryable;
    answer.status == "SUCCESS" && (all || kept)
}

/// Sends JSON and webhooks, each over a connection of its own.
async fn post(port: u16, stop: CancellationToken) -> Sent {
    let mut sent = Sent::default();
    while goes_on(&stop, 50).await {
        let n = sent.hooks;
        let events = json!({"header": {"userId": "7"}, "events": [
            {"id": format!("j-{n}"), "timestamp": "1760000000123", "addToCartEvent": {"productId": "42"}}]});
        let hook = json!({"storeUrl": "s.example", "eventName": "orders/create",
            "eventTime": "1760000000123", "eventData": {"n": n}});
        sent.known += 1;
        sent.hooks += 1;
        for (path, body) in [("/event/dispatch", events), ("/shopify/event/", hook)] {
            let url = format!("http://127.0.0.1:{port}{path}");
            let body = body.to_string();
            let proved = prove(&PIPELINE, path, body.as_bytes(), |_| {
                Some(SECRET.to_owned())
            });
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(proved.headers.iter().map(|(n, v)| (*n, v.as_str())));
            let answer = request(Method::POST, &url, &headers, body).await;
            if answer.status != 200 {
                sent.failures.push(format!("{answer:?}"));
            }
        }
    }
    sent
}
