//! ClickHouse behind a TLS proxy, since the embedded engine serves none: certificates of both sides, and an instance
//! while the server's has expired.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::app::Config;
use event_grpc::contract::Table;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{Address, ClickHouse, Files, migrate};
use event_grpc::sink::{Fault, Store as _, StoreError};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::front::{Front, shows};
use crate::app::support::{config, eventually, started};
use crate::app::{cart, header};
use crate::clickhouse::support::{PLAIN, in_database, number, plain, run_there};
use crate::support::certificates::{Certificates, Pair};
use crate::support::server::command;
use crate::support::topology::Vhost;

/// `HOST:PORT` of the tests' server.
fn upstream() -> String {
    let url = env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
    let url = Url::parse(&url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// The URL of a test's database through the proxy.
fn url(front: &Front, store: &ClickHouse) -> String {
    let database = store.address().database();
    format!("https://localhost:{}/?database={database}", front.port())
}

/// A store at a URL, which trusts an authority and shows a client certificate, if one is given.
fn through(url: &str, ca: Option<PathBuf>, client: Option<Pair>) -> ClickHouse {
    let files = Files {
        ca,
        certificate: client.as_ref().map(|pair| pair.certificate.clone()),
        key: client.map(|pair| pair.key),
    };
    let address = Address::parse(url).unwrap().with_files(files).unwrap();
    ClickHouse::new(address).unwrap()
}

async fn put(store: &ClickHouse, id: u64) -> Result<(), StoreError> {
    let block = plain(&[(id, "a")]);
    store
        .store_block(&PLAIN, 1, block, &format!("t-{id}"))
        .await
}

/// Why a server can't be used, by which its tables are paused. Both what stores and what probes hear it.
async fn refused(store: &ClickHouse) -> String {
    let error = put(store, 0).await.unwrap_err();
    assert_eq!(error.fault, Fault::Destination, "{error}");
    let table: &'static Table = &PLAIN;
    let probed = store.probe(table).await.unwrap_err();
    assert_eq!(probed.fault, Fault::Destination, "{probed}");
    error.message
}

/// Port of a server that speaks HTTP and no TLS. It isn't the tests' ClickHouse, which some greetings of TLS end: it reads them
/// as HTTP and aborts.
async fn without_tls() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            // What is unread when it is closed would reset the connection, and the answer with it.
            if client.read(&mut [0; 1 << 16]).await.is_ok_and(|n| n > 0) {
                let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
                client.write_all(answer).await.ok();
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_at_https_is_verified_and_shown_a_client_certificate() {
    in_database("tls", async |store: ClickHouse| {
        run_there(&store, PLAIN.ddl).await;
        let (own, other) = (Certificates::new("own"), Certificates::new("other"));
        let front = Front::before(&upstream(), shows(&own.server(), None)).await;
        let url = url(&front, &store);
        // A new one each time: what went over a connection when it ended may be stored, which is another error.
        let trusting = || through(&url, Some(own.ca()), None);
        put(&trusting(), 1).await.unwrap();
        trusting().probe(&PLAIN).await.unwrap();
        let machine = refused(&through(&url, None, None)).await;
        assert!(
            machine.contains("those of this machine")
                && machine.contains("EVENT_GRPC_CLICKHOUSE_CA"),
            "{machine}"
        );

        front.set(shows(&own.wrong_name(), None));
        let wrong = refused(&trusting()).await;
        assert!(
            wrong.contains(
                "the certificate of localhost is for elsewhere.example, and not for localhost"
            ),
            "{wrong}"
        );
        front.set(shows(&own.expired(), None));
        let expired = refused(&trusting()).await;
        assert!(expired.contains("expired on 2020-01-01"), "{expired}");
        front.set(shows(&other.server(), None));
        let unknown = refused(&trusting()).await;
        assert!(
            unknown.contains("unknown authority") && unknown.contains("ca.pem"),
            "{unknown}"
        );
        let no_tls = without_tls().await;
        let no_tls = through(&format!("https://localhost:{no_tls}"), Some(own.ca()), None);
        let no_tls = refused(&no_tls).await;
        assert!(no_tls.contains("doesn't answer in TLS"), "{no_tls}");

        // One that wants client certificates.
        front.set(shows(&own.server(), Some(&own.ca())));
        let missing = refused(&trusting()).await;
        assert!(missing.contains("EVENT_GRPC_CLICKHOUSE_CERT"), "{missing}");
        let foreign = through(&url, Some(own.ca()), Some(other.client("ingest")));
        let foreign = refused(&foreign).await;
        assert!(foreign.contains("EVENT_GRPC_CLICKHOUSE_CERT"), "{foreign}");
        let known = through(&url, Some(own.ca()), Some(own.client("ingest")));
        put(&known, 2).await.unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_clickhouse_are_options_of_every_command() {
    in_database("tls_cli", async |store: ClickHouse| {
        let own = Certificates::new("own");
        let front = Front::before(&upstream(), shows(&own.server(), Some(&own.ca()))).await;
        let client = own.client("ingest");
        let run = async |ca: PathBuf| {
            let mut command = command("migrate");
            command.args(["--clickhouse-url", &url(&front, &store)]);
            command.env("EVENT_GRPC_CLICKHOUSE_CA", ca);
            command.arg("--clickhouse-cert").arg(&client.certificate);
            command.arg("--clickhouse-key").arg(&client.key);
            let output = command.output().await.unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.success(), said)
        };
        let (done, said) = run(own.ca()).await;
        assert!(done, "{said}");
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 0);
        let (done, said) = run(own.path("no.pem")).await;
        assert!(!done && said.contains("no.pem"), "{said}");
    })
    .await;
}

/// An instance on RabbitMQ takes events while its ClickHouse can't be trusted, or doesn't trust it, and stores them
/// afterwards.
async fn events_wait(name: &str, trouble: impl Fn(&Certificates) -> Arc<ServerConfig>, said: &str) {
    let vhost = Vhost::create();
    in_database(name, async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let own = Certificates::new("own");
        let good = shows(&own.server(), None);
        let front = Front::before(&upstream(), Arc::clone(&good)).await;
        let trusting = through(&url(&front, &store), Some(own.ca()), None);
        let config = Config {
            amqp_url: Some(vhost.url()),
            ..config(&trusting)
        };
        let (app, instance) = started(config).await;
        let send = async |id: &str| {
            let events = vec![cart(id, "1760000000123")];
            let header = header();
            instance.dispatch(Events { header, events }).await.unwrap();
        };
        send("before").await;
        let stored = "SELECT uniqExact(event_id) FROM DB.event";
        eventually(&store, stored, 1).await;
        front.set(trouble(&own));
        for n in 0..20 {
            send(&format!("while-{n}")).await;
        }
        let mut report = serde_json::Value::Null;
        for _ in 0..200 {
            report = instance.readiness().await.1;
            let down = report["clickhouse"].to_string();
            if down.contains(said) && report["tables"]["event"]["paused"].is_string() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(
            report["clickhouse"].to_string().contains(said),
            "{report:#}"
        );
        let paused = report["tables"]["event"]["paused"].as_str();
        assert!(paused.is_some_and(|why| why.contains(said)), "{report:#}");
        assert_eq!(number(&store, stored).await, 1);
        front.set(good);
        eventually(&store, stored, 21).await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.error_event").await,
            0
        );
        drop(instance);
        app.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_while_the_certificate_of_clickhouse_has_expired() {
    let expired = |own: &Certificates| shows(&own.expired(), None);
    events_wait("tls_expired", expired, "expired on 2020-01-01").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_while_clickhouse_wants_another_client_certificate() {
    let strict = |own: &Certificates| shows(&own.server(), Some(&own.ca()));
    events_wait("tls_client", strict, "EVENT_GRPC_CLICKHOUSE_CERT").await;
}
