//! Which port answers what.

use futures_util::stream;
use http::Method;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use super::{alone, ask};
use crate::http::request;
use crate::support::server::Server;

/// What a port answers to a request over HTTP.
struct Row {
    method: Method,
    path: &'static str,
    grpc: u16,
    http: u16,
    ops: u16,
    /// On the HTTP port with `--legacy-ops`.
    legacy: u16,
}

const fn row(method: Method, path: &'static str, [grpc, http, ops, legacy]: [u16; 4]) -> Row {
    Row {
        method,
        path,
        grpc,
        http,
        ops,
        legacy,
    }
}

const TABLE: [Row; 15] = [
    row(Method::GET, "/heartbeat/", [415, 200, 200, 200]),
    row(Method::GET, "/heartbeat", [415, 200, 200, 200]),
    row(Method::HEAD, "/heartbeat/", [415, 200, 200, 200]),
    row(Method::PUT, "/heartbeat/?beat=true", [415, 405, 200, 200]),
    row(Method::PUT, "/heartbeat?beat=true", [415, 405, 200, 200]),
    row(Method::PUT, "/heartbeat/?beat=maybe", [415, 405, 400, 400]),
    row(Method::DELETE, "/heartbeat/", [415, 405, 405, 405]),
    row(Method::GET, "/livez", [415, 404, 200, 404]),
    row(Method::GET, "/readyz", [415, 404, 200, 200]),
    row(Method::GET, "/metrics", [415, 404, 200, 200]),
    row(Method::GET, "/log", [415, 404, 200, 404]),
    row(Method::PUT, "/log?filter=", [415, 404, 400, 404]),
    row(Method::POST, "/metrics", [415, 405, 405, 405]),
    row(Method::GET, "/nowhere", [415, 404, 404, 404]),
    row(Method::POST, "/event/dispatch", [415, 400, 404, 400]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_port_answers_its_own_paths() {
    let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let server = alone(places[0].path(), &[]).await;
    let legacy = alone(places[1].path(), &["--legacy-ops"]).await;
    let grpc = format!("http://{}", server.grpc);
    let legacy_grpc = format!("http://{}", legacy.grpc);
    for row in TABLE {
        for (port, url, expected) in [
            ("gRPC", &grpc, row.grpc),
            ("HTTP", &server.http, row.http),
            ("operations", &server.ops, row.ops),
            ("gRPC, legacy", &legacy_grpc, row.grpc),
            ("HTTP, legacy", &legacy.http, row.legacy),
            ("operations, legacy", &legacy.ops, row.ops),
        ] {
            let url = format!("{url}{}", row.path);
            let answer = request(row.method.clone(), &url, &[], "").await;
            let told = (port, row.path, answer.status);
            assert_eq!(
                told,
                (port, row.path, expected),
                "{} {answer:?}",
                row.method
            );
        }
    }
    // Strangers aren't told where operations are.
    let (_, ops) = server.ops.rsplit_once(':').unwrap();
    for (method, path) in [
        (Method::GET, "/metrics"),
        (Method::PUT, "/heartbeat/?beat=false"),
    ] {
        let answer = request(method, &format!("{}{path}", server.http), &[], "").await;
        assert!(
            answer.text.contains("not served on this port"),
            "{answer:?}"
        );
        assert!(!answer.text.contains(ops), "{answer:?}");
    }
    assert!(!server.log().contains("--legacy-ops"), "{}", server.log());
    assert!(legacy.log().contains("--legacy-ops"), "{}", legacy.log());
    legacy.kill().await;
    server.stop_with_complaints().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_served_over_both_versions_of_http() {
    let directory = tempfile::tempdir().unwrap();
    let server = alone(directory.path(), &[]).await;
    let client: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http();
    for path in ["/metrics", "/readyz", "/livez", "/heartbeat/"] {
        let old = ask(&server, Method::GET, path, &[]).await;
        assert_eq!(old.status, 200, "{old:?}");
        let url = format!("{}{path}", server.ops).parse().unwrap();
        let new = client.get(url).await.unwrap();
        assert_eq!(
            (new.status().as_u16(), new.version()),
            (200, http::Version::HTTP_2)
        );
    }
    server.stop_with_complaints().await;
}

async fn channel(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    endpoint.unwrap().connect().await.unwrap()
}

/// Names of the services that reflection tells in both versions, or the codes of its refusals.
async fn reflected(channel: &Channel) -> [Result<Vec<String>, (Code, String)>; 2] {
    let said = |status: tonic::Status| (status.code(), status.message().to_owned());
    let asks = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let new = match client.server_reflection_info(stream::iter([asks])).await {
        Ok(answers) => {
            let answer = answers.into_inner().message().await.unwrap().unwrap();
            let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
                answer.message_response
            else {
                panic!("{answer:?}");
            };
            Ok(list
                .service
                .into_iter()
                .map(|service| service.name)
                .collect())
        }
        Err(status) => Err(said(status)),
    };
    let asks = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let old = match client.server_reflection_info(stream::iter([asks])).await {
        Ok(answers) => {
            let answer = answers.into_inner().message().await.unwrap().unwrap();
            let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(
                list,
            )) = answer.message_response
            else {
                panic!("{answer:?}");
            };
            Ok(list
                .service
                .into_iter()
                .map(|service| service.name)
                .collect())
        }
        Err(status) => Err(said(status)),
    };
    [new, old]
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_is_with_operations_and_health_on_both_grpc_ports() {
    let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let server: Server = alone(places[0].path(), &[]).await;
    let legacy = alone(places[1].path(), &["--legacy-ops"]).await;
    let events = channel(&server.grpc).await;
    let ops = channel(server.ops.trim_start_matches("http://")).await;
    for told in reflected(&events).await {
        let unserved = (Code::Unimplemented, "not served on this port".to_owned());
        assert_eq!(told, Err(unserved));
    }
    for channel in [&ops, &channel(&legacy.grpc).await] {
        for told in reflected(channel).await {
            let names = told.unwrap();
            let name = "event.EventService".to_owned();
            assert!(names.contains(&name), "{names:?}");
        }
    }
    for channel in [&events, &ops] {
        for service in ["", "event.EventService"] {
            let service = service.to_owned();
            let mut client = HealthClient::new(channel.clone());
            let answer = client.check(HealthCheckRequest { service }).await.unwrap();
            assert_eq!(answer.into_inner().status, 1);
        }
    }
    // A method that nobody has is refused as gRPC says it, on both.
    for channel in [&events, &ops] {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let path = "/nobody.Service/call".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let status = client.unary(tonic::Request::new(()), path, codec).await;
        assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
    }
    legacy.kill().await;
    server.stop_with_complaints().await;
}
