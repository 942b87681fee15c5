//! Client certificates as a proof of who sends, in real handshakes, over HTTP and gRPC.

use std::path::PathBuf;
use std::sync::Arc;

use event_grpc::access::{Access, Config, Listener, Moment, Unverified, edit};
use event_grpc::contract::CLIENT_FIELD;
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::Response;
use event_grpc::listen;
use event_grpc::tls::{ClientCertificates, ServerTls};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::{client, json};
use crate::ingest::request;
use crate::ingest::server::{POOL, Raw, Server, until};
use crate::tls::certificates::{Authority, Files, Pair};
use crate::tls::clients::Trust;

/// A server with TLS that asks for certificates, and a key file.
struct Secured {
    server: Server,
    access: Arc<Access>,
    authority: Authority,
    file: PathBuf,
    _tls: Files,
    _folder: TempDir,
}

/// A client of a key file with one certificate.
fn certified(name: &str, settings: &str, certificate: &str) -> String {
    let settings = settings.replace('\n', "\n    ");
    format!("  {name}:\n    {settings}\n    certificates:\n      - {certificate}\n")
}

/// Fields of a certificate in a key file.
fn fingerprint(pair: &Pair, more: &str) -> String {
    format!("{{ sha256: \"{}\"{more} }}", pair.fingerprint())
}

impl Secured {
    async fn start(authority: Authority, clients: &[String], opened: &[&str]) -> Self {
        let files = Files::new(&authority.server(), Some(&authority.pem));
        let tls = ServerTls::open(files.asking(ClientCertificates::Optional)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.yaml");
        std::fs::write(&file, format!("clients:\n{}", clients.concat())).unwrap();
        let listener = |name| Listener {
            name,
            address: ([127, 0, 0, 1], 1).into(),
            tls: true,
            asks: true,
        };
        let mut access = None;
        let server = Server::start_for(
            listen::Limits::default(),
            Some(tls),
            Limits::embedded(),
            POOL,
            |broker| broker,
            |pipeline| {
                let config = Config {
                    keys: Some(file.clone()),
                    unverified: Unverified::new(opened.iter().copied(), pipeline).unwrap(),
                    ..Config::default()
                };
                let listeners = vec![listener("grpc"), listener("http")];
                let started = Access::start(config, pipeline, listeners).unwrap();
                Arc::clone(access.insert(started))
            },
        )
        .await;
        Secured {
            server,
            access: access.unwrap(),
            authority,
            file,
            _tls: files,
            _folder: folder,
        }
    }

    fn trust(&self, shown: Option<&Pair>) -> Trust {
        let trust = Trust::of(&self.authority);
        match shown {
            Some(pair) => trust.showing(pair.clone()),
            None => trust,
        }
    }

    /// Sends an event over HTTP; the status and the answer.
    async fn http(&self, trust: &Trust, headers: &[(&str, &str)]) -> (u16, String) {
        let mut stream = trust.connect(self.server.http).await.unwrap();
        let body = json(1);
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!(
            "POST /event/dispatch HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    async fn channel(&self, trust: &Trust) -> Channel {
        trust.channel(self.server.grpc).await.unwrap()
    }

    async fn grpc(&self, trust: &Trust, headers: &[(&str, &str)]) -> Result<Response, Status> {
        call(self.channel(trust).await, headers).await
    }

    /// Clients of the events that were taken, in order.
    fn clients(&self) -> Vec<String> {
        let seen = self.server.seen.lock().unwrap();
        let client = |body: &[u8]| -> String {
            let batches = Raw::fields(body).into_iter();
            let mut fields = batches.flat_map(|(_, batch)| Raw::fields(&batch));
            let found = fields.find(|(number, _)| *number == CLIENT_FIELD);
            found.map_or("unknown".to_owned(), |(_, name)| {
                String::from_utf8(name).unwrap()
            })
        };
        let mut all: Vec<String> = seen
            .iter()
            .map(|seen| client(&seen.delivery.body))
            .collect();
        all.sort();
        all
    }
}

async fn call(channel: Channel, headers: &[(&str, &str)]) -> Result<Response, Status> {
    let mut request = tonic::Request::new(Raw(request(1)));
    for (name, value) in headers {
        let name: tonic::metadata::AsciiMetadataKey = name.parse().unwrap();
        request.metadata_mut().append(name, value.parse().unwrap());
    }
    Server::request_on(channel, request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_proves_who_sends() {
    let authority = Authority::new();
    let shop = authority.client("anything");
    let (named, of_uri) = (
        authority.client("partner"),
        authority.client_of_uri("spiffe://shop/app"),
    );
    let clients = [
        certified("shop", "", &fingerprint(&shop, "")),
        certified("partner", "", "name: partner"),
        certified("app", "", "name: \"spiffe://shop/app\""),
    ];
    let secured = Secured::start(authority, &clients, &[]).await;
    for (pair, requests) in [(&shop, 4), (&named, 4), (&of_uri, 4)] {
        let before = secured.server.count("all_q");
        for version in [&TLS12, &TLS13] {
            let trust = secured.trust(Some(pair)).version(version);
            let (status, answer) = secured.http(&trust, &[]).await;
            assert_eq!(status, 200, "{answer}");
            assert_eq!(secured.grpc(&trust, &[]).await.unwrap().accepted, 1);
        }
        until(|| secured.server.count("all_q") == before + requests).await;
    }
    let mut expected = [["app"; 4], ["partner"; 4], ["shop"; 4]].concat();
    expected.sort_unstable();
    assert_eq!(secured.clients(), expected);
    let keys = &secured.access.report(&[])["keys"];
    assert_eq!(keys["live_certificates"], 3, "{keys}");
    assert_eq!(keys["no_effect"], serde_json::Value::Null, "{keys}");
    // A name proves nothing if another authority signed it.
    let foreign = Authority::new().client("partner");
    let trust = secured.trust(Some(&foreign));
    assert!(trust.get(secured.server.http, "/heartbeat/").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_refused_with_the_reason() {
    let authority = Authority::new();
    let pairs: Vec<Pair> = (0..5).map(|_| authority.client("partner")).collect();
    let stranger = authority.client("stranger");
    let clients = [
        certified("partner", "", "name: partner"),
        certified(
            "revoked",
            "",
            &fingerprint(&pairs[1], ", revoked: 2026-01-01"),
        ),
        certified(
            "expired",
            "",
            &fingerprint(&pairs[2], ", expires: 2020-01-01"),
        ),
        certified("gone", "expires: 2020-01-01", &fingerprint(&pairs[3], "")),
        certified("elsewhere", "sources: [hook]", &fingerprint(&pairs[4], "")),
    ];
    let secured = Secured::start(authority, &clients, &[]).await;
    let refused = [
        (None, 401, Code::Unauthenticated, "a key is missing"),
        (
            Some(&stranger),
            401,
            Code::Unauthenticated,
            "no client with the certificate",
        ),
        // One certificate of a name that is taken.
        (
            Some(&pairs[1]),
            401,
            Code::Unauthenticated,
            "certificate of revoked was revoked",
        ),
        (
            Some(&pairs[2]),
            401,
            Code::Unauthenticated,
            "certificate of expired expired",
        ),
        (
            Some(&pairs[3]),
            401,
            Code::Unauthenticated,
            "client gone expired",
        ),
        (Some(&pairs[4]), 403, Code::PermissionDenied, "source app"),
    ];
    for (shown, status, code, told) in refused {
        let trust = secured.trust(shown);
        let (got, answer) = secured.http(&trust, &[]).await;
        assert_eq!(got, status, "{answer}");
        assert!(answer.contains(told), "{told}: {answer}");
        let refused = secured.grpc(&trust, &[]).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused:?}");
        assert!(refused.message().contains(told), "{told}: {refused:?}");
    }
    let trust = secured.trust(Some(&pairs[0]));
    assert_eq!(secured.http(&trust, &[]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_the_request_decides_and_a_wrong_one_refuses() {
    let authority = Authority::new();
    let (shop, bad) = (authority.client("shop"), authority.client("bad"));
    let stranger = authority.client("stranger");
    let (keyed, wrong) = (client("keyed", ""), client("wrong", ""));
    let clients = [
        certified("shop", "", &fingerprint(&shop, "")),
        certified("bad", "", &fingerprint(&bad, ", revoked: 2026-01-01")),
        keyed.yaml,
    ];
    let secured = Secured::start(authority, &clients, &["app"]).await;
    let key = |key| [("x-api-key", key)];
    let mut expected = Vec::new();
    for (shown, headers, client) in [
        (Some(&shop), vec![], Ok("shop")),
        (Some(&shop), key(keyed.key.as_str()).to_vec(), Ok("keyed")),
        (
            Some(&stranger),
            key(keyed.key.as_str()).to_vec(),
            Ok("keyed"),
        ),
        (Some(&bad), key(keyed.key.as_str()).to_vec(), Ok("keyed")),
        (
            Some(&shop),
            key(wrong.key.as_str()).to_vec(),
            Err("not known"),
        ),
        (Some(&shop), key("no key").to_vec(), Err("no key")),
        (
            Some(&shop),
            vec![("authorization", "Bearer a.b.c")],
            Err("no tokens"),
        ),
        // The source is opened: whoever proves nothing is unknown, and whoever proves it badly is refused.
        (None, vec![], Ok("unknown")),
        (Some(&stranger), vec![], Ok("unknown")),
        (Some(&bad), vec![], Err("was revoked")),
    ] {
        let trust = secured.trust(shown);
        let (status, answer) = secured.http(&trust, &headers).await;
        let called = secured.grpc(&trust, &headers).await;
        match client {
            Ok(client) => {
                assert_eq!(status, 200, "{answer}");
                assert_eq!(called.unwrap().accepted, 1);
                expected.extend([client, client]);
            }
            Err(told) => {
                assert_eq!(status, 401, "{answer}");
                assert!(answer.contains(told), "{told}: {answer}");
                let refused = called.unwrap_err();
                assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
            }
        }
    }
    until(|| secured.server.count("all_q") == expected.len()).await;
    expected.sort_unstable();
    assert_eq!(secured.clients(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_revoked_on_connections_that_are_open() {
    let authority = Authority::new();
    let shop = authority.client("shop");
    let clients = [certified("shop", "", &fingerprint(&shop, ""))];
    let secured = Secured::start(authority, &clients, &[]).await;
    let channel = secured.channel(&secured.trust(Some(&shop))).await;
    assert_eq!(call(channel.clone(), &[]).await.unwrap().accepted, 1);
    let beginning: String = shop.fingerprint().chars().take(17).collect();
    edit::change(&secured.file, |text| {
        edit::revoke(text, &beginning, Moment::now())
    })
    .unwrap();
    secured.access.look();
    let refused = call(channel, &[]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert!(refused.message().contains("was revoked"), "{refused:?}");
    assert_eq!(secured.access.report(&[])["keys"]["live_certificates"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_use_the_certificate_of_its_visitor_only_where_it_is_named() {
    let authority = Authority::new();
    let (plain, public) = (authority.client("plain"), authority.client("public"));
    let pages = authority.client("pages");
    let of_page = "origins: [\"https://shop.example\"]";
    let clients = [
        certified("plain", "", "name: plain"),
        certified("public", "use: public", "name: public"),
        certified("pages", of_page, "name: pages"),
    ];
    let secured = Secured::start(authority, &clients, &[]).await;
    for (pair, origin, status) in [
        (&plain, None, 200),
        (&plain, Some("https://evil.example"), 403),
        (&plain, Some("null"), 403),
        (&public, Some("https://evil.example"), 403),
        (&pages, Some("https://shop.example"), 200),
        (&pages, Some("https://evil.example"), 403),
        (&pages, None, 403),
    ] {
        let headers: Vec<_> = origin
            .map(|origin| ("origin", origin))
            .into_iter()
            .collect();
        let (got, answer) = secured.http(&secured.trust(Some(pair)), &headers).await;
        assert_eq!(got, status, "{origin:?} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_certificates_of_a_client_share_its_rate() {
    let authority = Authority::new();
    let pair = authority.client("slow");
    let slow = client("slow", "rate: { events: 1, events_at_once: 2 }");
    let clients = [format!(
        "{}    certificates:\n      - name: slow\n",
        slow.yaml
    )];
    let secured = Secured::start(authority, &clients, &[]).await;
    let trust = secured.trust(Some(&pair));
    let key = [("x-api-key", slow.key.as_str())];
    assert_eq!(secured.http(&trust, &[]).await.0, 200);
    assert_eq!(secured.http(&trust, &key).await.0, 200);
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(secured.http(&trust, &[]).await.0);
    }
    assert!(told.contains(&429), "{told:?}");
}
