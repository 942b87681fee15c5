//! Who sent what: the client of a request is in the rows and dead letters of its events, whatever way they take.

mod letters;
mod rows;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use event_grpc::broker::{Broker, HeaderValue, Outgoing, Properties, Topology};
use event_grpc::client::Client;
use event_grpc::contract::headers::{CLIENT, EVENT_BATCH};
use event_grpc::contract::{CLIENT_FIELD, Pipeline};
use event_grpc::events::scan;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::generated::proto::event::{Events, Response};
use event_grpc::health::Health;
use event_grpc::ingest::group::RequestBatch;
use event_grpc::ingest::{Limits, Publisher, Sources};
use http::{Request, Version};
use http_body_util::BodyExt as _;
use prost::Message as _;
use serde_json::Value;
use tower::Service as _;

use crate::app::{cart, header};

/// Sources whose requests come from one client.
struct Doors {
    grpc: Router,
    http: Router,
}

impl Doors {
    /// Sources of a pipeline before a broker; an empty name is for an unknown sender. Nobody has to verify webhooks.
    fn new(pipeline: &'static Pipeline, broker: Arc<dyn Broker>, name: &str) -> Self {
        Self::with(pipeline, broker, name, |_| None, true)
    }

    /// The same with secrets of webhooks, which have to be verified unless they are `open`.
    fn with(
        pipeline: &'static Pipeline,
        broker: Arc<dyn Broker>,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
        open: bool,
    ) -> Self {
        let publisher = Publisher::new(broker, Limits::embedded(), pipeline.schema());
        let topology = Topology::of(pipeline, |_| true);
        let access = event_grpc::access::Access::local(pipeline);
        let sources = Sources::new(
            pipeline,
            &topology,
            &publisher,
            &access,
            &Arc::default(),
            variable,
            |_| open,
        )
        .unwrap();
        let health = Health::beating();
        let (grpc, http) = (sources.grpc(&health, Router::new()), sources.http(health));
        match Client::named(name) {
            None => Doors { grpc, http },
            Some(client) => Doors {
                grpc: grpc.layer(axum::Extension(client.clone())),
                http: http.layer(axum::Extension(client)),
            },
        }
    }

    /// Calls the source's method.
    async fn grpc(&self, bytes: Vec<u8>) -> Response {
        let mut body = vec![0];
        body.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        body.extend(bytes);
        let request = Request::post("/event.EventService/dispatch")
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc")
            .body(Body::from(body))
            .unwrap();
        let answer = self.grpc.clone().call(request).await.unwrap();
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        Response::decode(answer.get(5..).expect("a message")).unwrap()
    }

    /// Posts JSON; the status, and what is answered.
    async fn post(&self, path: &str, body: impl ToString) -> (u16, Value) {
        let request = Request::post(path)
            .header("content-type", "application/json")
            // A header of HTTP proves nothing.
            .header(CLIENT, "boss")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.http.clone().call(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

/// Request of these events.
fn request(ids: &[&str]) -> Vec<u8> {
    let events = ids.iter().map(|id| cart(id, "1760000000123")).collect();
    let header = header();
    Events { header, events }.encode_to_vec()
}

/// Message as intake makes it of requests of several clients, each with the ids of its events.
fn message(requests: &[(&str, &[&str])]) -> Outgoing {
    let mut body = Vec::new();
    for (client, ids) in requests {
        let bytes = request(ids);
        let request = scan(&bytes, &ENVELOPE).unwrap();
        let batch = RequestBatch::new(&ENVELOPE, request.header.as_deref().unwrap(), client);
        for group in batch.groups(&request.events, usize::MAX, usize::MAX) {
            let before = body.len();
            batch.write(&group, &mut body);
            assert!(body.len() - before <= batch.len(&group));
        }
    }
    let properties = Properties {
        content_type: Some("application/x-protobuf".into()),
        kind: Some(EVENT_BATCH.into()),
        ..Properties::default()
    };
    Outgoing::new("grpc_event.tx", "AddToCartEvent", body).with(properties)
}

/// The same message with a header that names a client.
fn of(client: &str, mut message: Outgoing) -> Outgoing {
    let client = HeaderValue::Text(client.to_owned());
    message.properties.set_header(CLIENT, client);
    message
}

/// Appends a field like the one in which intake names a client.
fn forge(bytes: &mut Vec<u8>, name: &str) {
    prost::encoding::string::encode(CLIENT_FIELD, &name.to_owned(), bytes);
}
