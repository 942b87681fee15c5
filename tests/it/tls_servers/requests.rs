//! HTTP APIs whose certificate an authority of one's own has signed.

use bytes::Bytes;
use event_grpc::contract::{Make, Message, Piece, Request, RowError, Target, To, function};
use event_grpc::sink::Fault;
use event_grpc::sink::requests::Requests;
use tokio::net::TcpListener;

use super::front::{Front, shows};
use crate::support::certificates::Certificates;

fn only(_: &Message<'_>) -> Result<usize, RowError> {
    Ok(0)
}

static REQUEST: Request = Request {
    name: "api",
    targets: &[Target {
        name: "api.A",
        to: To::Url {
            method: "POST",
            url: &[Piece::Variable("URL")],
        },
        headers: &[],
    }],
    make: Make::Messages {
        choose: only,
        body: |message, _| Ok(function::json_text(message.body.clone())),
    },
    idempotency_key: None,
    timeout_ms: 5000,
    concurrency: 1,
    rate: None,
    retried: &[],
    refused: &[],
};

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_trusted_beside_this_machines() {
    let (own, other) = (Certificates::new("own"), Certificates::new("other"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap().to_string();
    let router = axum::Router::new().fallback(|| async { "taken" });
    let api = tokio::spawn(async move { axum::serve(listener, router).await });
    let front = Front::before(&upstream, shows(&own.server(), None)).await;
    let url = format!("https://localhost:{}/", front.port());
    let send = async |ca: Option<String>| {
        let variable = |name: &str| match name {
            "URL" => Some(url.clone()),
            "EVENT_GRPC_REQUESTS_CA" => ca.clone(),
            _ => None,
        };
        let requests = Requests::new(&[&REQUEST], variable).unwrap();
        let targets = requests.targets(&REQUEST).unwrap();
        let turn = targets[0].turn().await;
        targets[0]
            .send(turn, Bytes::from("{}"), "key", None, None)
            .await
    };
    let ca = Some(own.ca().display().to_string());
    send(ca.clone()).await.unwrap();
    let error = send(None).await.unwrap_err();
    assert_eq!(error.fault, Fault::Destination);
    assert!(error.message.contains("EVENT_GRPC_REQUESTS_CA"), "{error}");
    front.set(shows(&other.server(), None));
    let error = send(ca.clone()).await.unwrap_err();
    assert!(error.message.contains("unknown authority"), "{error}");
    front.set(shows(&own.expired(), None));
    let error = send(ca).await.unwrap_err();
    assert!(error.message.contains("expired on 2020-01-01"), "{error}");
    let missing = |name: &str| match name {
        "URL" => Some(url.clone()),
        _ => Some("/no/such.pem".to_owned()),
    };
    let error = Requests::new(&[&REQUEST], missing).unwrap_err();
    assert!(error.to_string().contains("/no/such.pem"), "{error}");
    api.abort();
}
