//! Protobuf over HTTP: the request of a call without gRPC's frame.

use std::io::Write as _;

use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::{RejectCode, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use super::*;
use crate::ingest::server::POOL;
use crate::scan::soup::delimited;

const EVENTS: &str = "/event/dispatch";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// Status, media type and bytes of an answer.
async fn sent(server: &Server, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, String, Vec<u8>) {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let url = format!("http://127.0.0.1:{}{EVENTS}", server.http);
    let mut request = http::Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client
        .request(request.body(Full::from(body)).unwrap())
        .await;
    let (parts, body) = answer.unwrap().into_parts();
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status.as_u16(), kind, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_taken_without_grpc() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for kind in ["application/x-protobuf", "application/protobuf"] {
        let headers = [("content-type", kind)];
        let (code, answered, body) = sent(&server, &headers, crate::ingest::request(3)).await;
        assert_eq!((code, answered.as_str()), (200, kind));
        let response = Response::decode(&body[..]).unwrap();
        assert_eq!(
            (response.status.as_str(), response.accepted),
            ("SUCCESS", 3)
        );
    }
    // Whoever wants JSON gets it, and the other way round.
    let json = [PROTOBUF, ("accept", "application/json")];
    let (code, kind, body) = sent(&server, &json, crate::ingest::request(2)).await;
    assert_eq!((code, kind.as_str()), (200, "application/json"));
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap()["accepted"],
        2
    );
    let protobuf = [JSON, ("accept", "application/x-protobuf")];
    let (code, _, body) = sent(&server, &protobuf, one_event().into()).await;
    assert_eq!(
        (code, Response::decode(&body[..]).unwrap().accepted),
        (200, 1)
    );
    // Compressed.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&crate::ingest::request(5)).unwrap();
    let headers = [PROTOBUF, ("content-encoding", "gzip")];
    let (code, _, body) = sent(&server, &headers, gzip.finish().unwrap()).await;
    assert_eq!(
        (code, Response::decode(&body[..]).unwrap().accepted),
        (200, 5)
    );
    assert_eq!(server.count("all_q"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_costs_itself_and_a_refusal_can_be_read() {
    let pool = Pool {
        max_request: 1_000,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    let mut mixed = crate::ingest::request(1);
    delimited(&mut mixed, 5, b"\xff");
    let (code, _, body) = sent(&server, &[PROTOBUF], mixed).await;
    let response = Response::decode(&body[..]).unwrap();
    assert_eq!(
        (code, response.accepted, response.rejected_count),
        (200, 1, 1)
    );
    assert_eq!(response.rejected[0].code(), RejectCode::Malformed);
    for (headers, bytes, status, said) in [
        (vec![PROTOBUF], b"\xff".to_vec(), 400, ""),
        (vec![PROTOBUF], vec![0; 2_000], 413, "1000 bytes"),
        (
            vec![PROTOBUF, ("content-encoding", "lzma")],
            vec![0],
            415,
            "lzma",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "gzip")],
            vec![0],
            400,
            "gzip",
        ),
    ] {
        let (code, kind, body) = sent(&server, &headers, bytes.clone()).await;
        let response = Response::decode(&body[..]).unwrap();
        assert_eq!(
            (code, kind.as_str(), response.status.as_str()),
            (status, PROTOBUF.1, "ERROR")
        );
        assert!(response.message.contains(said), "{}", response.message);
        let headers = [headers, vec![("accept", "application/json")]].concat();
        let (code, kind, body) = sent(&server, &headers, bytes).await;
        assert_eq!((code, kind.as_str()), (status, "application/json"));
        assert!(String::from_utf8_lossy(&body).contains(said));
    }
    // A webhook's message is JSON.
    let answer = post(&server, "/hook/", &[PROTOBUF], crate::ingest::request(1)).await;
    assert_eq!(answer.status, 415, "{answer:?}");
}
