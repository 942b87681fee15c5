//! `event-grpc alive`, which containers check an instance with.

use std::path::Path;

use super::ended;
use crate::support::server::{Server, command};
use crate::tls::certificates::{Authority, Files};

/// Nothing is stored by these.
const NOWHERE: [&str; 2] = ["--clickhouse-url", "http://127.0.0.1:9/nowhere"];

/// Asks; whether it is alive, and what is said.
async fn alive(ops: &str, certificate: Option<&Path>) -> (bool, String) {
    let mut alive = command("alive");
    alive.args(["--ops-listen", ops]);
    if let Some(certificate) = certificate {
        alive.arg("--tls-cert").arg(certificate);
    }
    ended(&mut alive).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_alive_until_it_has_ended() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(place.path(), &NOWHERE).await;
    let ops = server.ops.trim_start_matches("http://").to_owned();
    assert_eq!(alive(&ops, None).await, (true, "alive\n".to_owned()));
    // One that drains is alive, too; whether it wants traffic is another question.
    let port = ops.rsplit(':').next().unwrap().to_owned();
    let everywhere = format!("0.0.0.0:{port}");
    assert!(alive(&everywhere, None).await.0);
    server.stop_with_complaints().await;
    let (is_alive, said) = alive(&ops, None).await;
    assert!(!is_alive && said.contains("is not alive"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_tls_has_to_show_its_own_certificate_whatever_its_name() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let (certificate, key) = (files.path("tls.crt"), files.path("tls.key"));
    let place = tempfile::tempdir().unwrap();
    let tls = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let server = Server::start(place.path(), &[&NOWHERE[..], &tls].concat()).await;
    let ops = server.ops.trim_start_matches("http://").to_owned();
    assert_eq!(
        alive(&ops, Some(&certificate)).await,
        (true, "alive\n".to_owned())
    );
    // Somebody else's, of the same authority and for the same name.
    let other = Files::new(&authority.server(), None);
    let (is_alive, said) = alive(&ops, Some(&other.path("tls.crt"))).await;
    assert!(!is_alive && said.contains("certificate"), "{said}");
    assert!(!alive(&ops, None).await.0, "it was asked without TLS");
    let (is_alive, said) = alive(&ops, Some(Path::new("nowhere.pem"))).await;
    assert!(!is_alive && said.contains("nowhere.pem"), "{said}");
    server.stop_with_complaints().await;
}
