//! Operations over TLS, for whom a client certificate names.

use std::path::Path;

use bytes::Bytes;
use event_grpc::tls::client::Tls;
use event_grpc::tls::https::Https;
use event_grpc::tls::{Names, Options};
use http::Request;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::token::ends;
use super::{TOKEN, alone, token_file};
use crate::support::certificates::{Certificates, Pair};

const NAMES: Names = Names {
    ca: "the authority",
    certificate: "the certificate",
    server_name: "the name",
};

/// Status of a path for who shows this certificate and this token.
async fn asked(url: &str, ca: &Path, client: Option<&Pair>, token: Option<&str>) -> u16 {
    let options = Options {
        ca: Some(ca.to_owned()),
        certificate: client.map(|pair| pair.certificate.clone()),
        key: client.map(|pair| pair.key.clone()),
        ..Options::new(&NAMES)
    };
    let connector = Https::new(HttpConnector::new(), Tls::new(options));
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let mut request = Request::get(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Empty::new()).unwrap();
    client.request(request).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_a_listed_name_is_as_good_as_a_token() {
    let certificates = Certificates::new("operations");
    let (server, ca) = (certificates.server(), certificates.ca());
    let (operator, sender) = (
        certificates.client("operator"),
        certificates.client("sender"),
    );
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let tls = [
        "--tls-cert".to_owned(),
        text(&server.certificate),
        "--tls-key".to_owned(),
        text(&server.key),
        "--tls-client-ca".to_owned(),
        text(&ca),
    ];
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    let certificate = ["--ops-certificate", "someone,operator"];
    for with_token in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = token_file(directory.path(), TOKEN);
        let token: &[&str] = match with_token {
            true => &["--ops-token-file", &file],
            false => &[],
        };
        let options = [&tls, &certificate[..], token].concat();
        let instance = alone(directory.path(), &options).await;
        let ops = instance
            .ops
            .replace("http://127.0.0.1", "https://localhost");
        let status = async |path: &str, client: Option<&Pair>, token| {
            asked(&format!("{ops}{path}"), &ca, client, token).await
        };
        let denied = if with_token { 401 } else { 403 };
        assert_eq!(status("/metrics", Some(&operator), None).await, 200);
        assert_eq!(status("/metrics", Some(&sender), None).await, denied);
        assert_eq!(status("/metrics", None, None).await, denied);
        let expected = if with_token { 200 } else { 403 };
        assert_eq!(status("/metrics", None, Some(TOKEN)).await, expected);
        for path in ["/livez", "/heartbeat/"] {
            assert_eq!(status(path, None, None).await, 200);
        }

        let (ca, cert) = (text(&ca), text(&operator.certificate));
        let key = text(&operator.key);
        let asks = ["--instance", ops.as_str(), "--all", "--ops-ca", &ca];
        let (good, said) = ends("ledger", &asks, None).await;
        assert!(!good && said.contains(&denied.to_string()), "{said}");
        let shows = [&asks[..], &["--ops-cert", &cert, "--ops-key", &key]].concat();
        let (good, said) = ends("ledger", &shows, None).await;
        assert!(good && said.contains("grpc_clickhouse_event_q"), "{said}");
        // A server that nobody vouches for doesn't get the token.
        let strangers = ["--instance", ops.as_str()];
        let (good, said) = ends("ledger", &strangers, Some(TOKEN)).await;
        assert!(!good && said.contains("--ops-ca"), "{said}");
        instance.stop_with_complaints().await;
    }
}
