//! Reload: files change while connections are open.

use event_grpc::listen::Limits;
use event_grpc::tls::{self, ClientCertificates, ServerTls};
use tokio::task::JoinHandle;

use super::certificates::{Authority, Files};
use super::clients::{Trust, ask};
use super::{counted, serve, until};

fn reloads(outcome: &str) -> f64 {
    counted(&format!(
        "event_grpc_tls_reloads_total{{outcome=\"{outcome}\"}}"
    ))
}

/// TLS that follows its files.
fn watched(tls: &ServerTls) -> JoinHandle<()> {
    tokio::spawn(tls::watch(tls.clone()))
}

/// Waits until new connections see a certificate of this authority.
async fn until_seen(authority: &Authority, port: u16) {
    let trust = Trust::of(authority);
    until("the new certificate is seen", async || {
        trust.get(port, "/").await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_see_the_new_certificate_and_old_ones_live() {
    let (old, new) = (Authority::new(), Authority::new());
    let files = Files::new(&old.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let watching = watched(&tls);
    let port = serve(&tls, Limits::default()).await;
    let loaded = reloads("loaded");
    let mut before = Trust::of(&old).connect(port).await.unwrap();
    assert_eq!(ask(&mut before, "/", false).await.unwrap(), "hello nobody");
    files.swap(&new.server(), None);
    until_seen(&new, port).await;
    assert!(Trust::of(&old).get(port, "/").await.is_err());
    assert_eq!(ask(&mut before, "/", true).await.unwrap(), "hello nobody");
    assert!(reloads("loaded") > loaded);
    // In place, the certificate before its key.
    let third = Authority::new();
    let pair = third.server();
    files.overwrite("tls.crt", &pair.certificate);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    files.overwrite("tls.key", &pair.key);
    until_seen(&third, port).await;
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_pair_is_counted_once_and_the_old_one_stays() {
    let authority = Authority::new();
    let good = authority.server();
    let files = Files::new(&good, None);
    let tls = ServerTls::open(files.server()).unwrap();
    let watching = watched(&tls);
    let port = serve(&tls, Limits::default()).await;
    let trust = Trust::of(&authority);
    let other = authority.server();
    let half = &other.certificate[..other.certificate.len() / 2];
    let expired = authority.server_until(2020);
    for (certificate, key) in [
        (&*other.certificate, &*good.key),
        (half, &*good.key),
        ("", ""),
        (&*expired.certificate, &*expired.key),
    ] {
        let refused = reloads("refused");
        files.overwrite("tls.crt", certificate);
        files.overwrite("tls.key", key);
        until("it is counted", async || reloads("refused") > refused).await;
        assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
    }
    // A file that is gone.
    let refused = reloads("refused");
    std::fs::remove_file(files.path("tls.key")).unwrap();
    until("it is counted", async || reloads("refused") > refused).await;
    assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
    // And all is well again.
    let loaded = reloads("loaded");
    files.overwrite("tls.crt", &other.certificate);
    files.overwrite("tls.key", &other.key);
    until("it is loaded", async || reloads("loaded") > loaded).await;
    assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_clients_is_replaced_with_its_sessions() {
    let authority = Authority::new();
    let (first, second) = (Authority::new(), Authority::new());
    let pair = authority.server();
    let files = Files::new(&pair, Some(&first.pem));
    let tls = ServerTls::open(files.asking(ClientCertificates::Required)).unwrap();
    let watching = watched(&tls);
    let port = serve(&tls, Limits::default()).await;
    // One client, which would resume its session.
    let trust = Trust::of(&authority).showing(first.client("old"));
    let connector = tokio_rustls::TlsConnector::from(trust.config());
    let get = async || {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        let name = "localhost".try_into().unwrap();
        let mut stream = connector.connect(name, stream).await?;
        ask(&mut stream, "/", true).await
    };
    assert_eq!(get().await.unwrap(), "hello old");
    files.swap(&pair, Some(&second.pem));
    let newer = Trust::of(&authority).showing(second.client("new"));
    until("the new authority is known", async || {
        newer
            .get(port, "/")
            .await
            .is_ok_and(|name| name == "hello new")
    })
    .await;
    assert!(get().await.is_err());
    watching.abort();
}
