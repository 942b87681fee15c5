//! Answers to senders when the broker doesn't accept everything.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Broker, ConsumeError, Deliveries, Embedded, Outgoing, PublishError, Status,
};
use event_grpc::ingest::Limits;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use prost::Message;
use tokio::sync::watch;
use tonic::Code;

use super::server::{POOL, Raw, Server};
use super::{event, header, request};
use crate::scan::fixture::{Empty, EventOf, Events, Tree};

/// The embedded broker, but messages with the routing key `Tree` fail.
struct Picky {
    broker: Arc<Embedded>,
    error: PublishError,
}

impl Broker for Picky {
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        if message.routing_key == "Tree" {
            return std::future::ready(Err(self.error.clone())).boxed();
        }
        self.broker.publish(message)
    }

    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError> {
        self.broker.consume(queue)
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.broker.status()
    }

    fn close(&self, time_limit: Duration) -> BoxFuture<'_, ()> {
        self.broker.close(time_limit)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_taken_in_part_is_to_be_repeated() {
    let body = Events {
        header: Some(header()),
        events: vec![
            event("a", EventOf::Empty(Empty {})),
            event("b", EventOf::Tree(Tree::default())),
        ],
    }
    .encode_to_vec();
    let full = PublishError::Refused;
    let wrong = PublishError::NoExchange {
        exchange: "test.tx".to_owned(),
    };
    for (error, code) in [(full, Code::Unavailable), (wrong, Code::Internal)] {
        let server = Server::start_with(Limits::embedded(), POOL, |broker| {
            let error = error.clone();
            Arc::new(Picky { broker, error })
        })
        .await;
        let status = server.call(body.clone()).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}");
        // A client that understands details is told when to repeat it, if that helps.
        assert_eq!(status.details().is_empty(), code == Code::Internal);
        assert_eq!(server.count("all_q"), 1);
        server.call(request(1)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_is_unavailable() {
    let server = Server::start(Limits::embedded(), POOL).await;
    server.acknowledge(false);
    let mut request = tonic::Request::new(Raw(request(1)));
    request.set_timeout(Duration::from_millis(1000));
    let status = server.request(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(
        status.message().contains("repeat the whole request"),
        "{status:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_gone_is_unavailable() {
    let server = Server::start(Limits::embedded(), POOL).await;
    server.broker.close(Duration::ZERO).await;
    let status = server.call(request(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.details().is_empty());
}
