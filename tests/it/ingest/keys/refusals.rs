//! Refusals: each says what is wrong, over HTTP and gRPC, before the body is read.

use event_grpc::access::{Access, Config, Unverified, edit};
use event_grpc::generated::PIPELINE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use super::{Guarded, LOOPBACK, bearer, client, http_to, json, key_file, listeners, server};

const PATH: &str = "/event/dispatch";

/// What opens the source of app events.
fn opened() -> Unverified {
    let pipeline = crate::ingest::pipeline::pipeline(crate::ingest::server::POOL);
    Unverified::new(["app"], pipeline).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_key_is_taken_wherever_it_is_presented() {
    let shop = client("shop", "");
    let guarded = Guarded::start(&[&shop]).await;
    let bearer = bearer(&shop.key);
    for headers in [
        ("authorization", bearer.as_str()),
        ("x-api-key", shop.key.as_str()),
    ] {
        let answer = guarded.http(PATH, &[headers]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(guarded.grpc(&[headers]).await.unwrap().accepted, 1);
    }
    // Sources without `auth: keys` ask nobody.
    let answer = guarded.http_with("/hook/", &[], r#"{"name":"a"}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_is_told_why() {
    let (shop, other) = (client("shop", ""), client("other", ""));
    let (mut old, gone) = (client("old", ""), client("gone", "expires: 2020-01-01"));
    let (revoked, expired) = (client("revoked", ""), client("expired", ""));
    let elsewhere = client("elsewhere", "sources: [hook]");
    // Its id is known, and its secret is another one.
    old.yaml = old
        .yaml
        .replace(&edit::digest(&old.key), &edit::digest("another"));
    let text = key_file(&[&shop, &old, &gone, &elsewhere]);
    let text = format!(
        "{text}{}        revoked: 2026-01-01T00:00:00Z\n{}        expires: 2020-01-01\n",
        revoked.yaml, expired.yaml
    );
    let guarded = Guarded::start_with(&text, |config| config).await;
    let wrong_secret = format!("{}{}", &shop.key[..22], &other.key[22..]);
    let both = [bearer(&shop.key), shop.key.clone()];
    let key = |key: &str| vec![("x-api-key", key.to_owned())];
    for (headers, status, code, told) in [
        (vec![], 401, Code::Unauthenticated, "missing"),
        (key("secret"), 401, Code::Unauthenticated, "no key"),
        (key(&wrong_secret), 401, Code::Unauthenticated, "no key"),
        (key(&other.key), 401, Code::Unauthenticated, "not known"),
        (key(&old.key), 401, Code::Unauthenticated, "not known"),
        (
            vec![("authorization", "Basic dTpw".to_owned())],
            401,
            Code::Unauthenticated,
            "Bearer",
        ),
        (
            vec![
                ("authorization", both[0].clone()),
                ("x-api-key", both[1].clone()),
            ],
            401,
            Code::Unauthenticated,
            "several",
        ),
        (
            vec![("authorization", "Bearer a.b.c".to_owned())],
            401,
            Code::Unauthenticated,
            "tokens",
        ),
        (
            key(&revoked.key),
            401,
            Code::Unauthenticated,
            "revoked at 2026",
        ),
        (
            key(&expired.key),
            401,
            Code::Unauthenticated,
            "expired at 2020",
        ),
        (
            key(&gone.key),
            401,
            Code::Unauthenticated,
            "client gone expired",
        ),
        (
            key(&elsewhere.key),
            403,
            Code::PermissionDenied,
            "source app",
        ),
    ] {
        let headers: Vec<(&'static str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = guarded.http(PATH, &headers).await;
        assert_eq!(answer.status, status, "{headers:?} {answer:?}");
        assert!(answer.text.contains(told), "{headers:?} {answer:?}");
        let challenge = answer.headers.get("www-authenticate").map(String::as_str);
        assert_eq!(challenge, (status == 401).then_some("Bearer"));
        let refused = guarded.grpc(&headers).await.unwrap_err();
        assert_eq!(refused.code(), code, "{headers:?} {refused:?}");
        assert!(refused.message().contains(told), "{headers:?} {refused:?}");
        for key in [&shop.key, &other.key, &revoked.key] {
            assert!(
                !answer.text.contains(key.as_str()) && !refused.message().contains(key.as_str())
            );
        }
    }
    assert_eq!(guarded.server.count("all_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_before_the_proof() {
    let shop = client("shop", "");
    let guarded = Guarded::start(&[&shop]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", guarded.server.http))
        .await
        .unwrap();
    let head = "POST /event/dispatch HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tries_many_keys_waits_and_holds_up_nobody() {
    let (shop, other) = (client("shop", ""), client("other", ""));
    let guarded = Guarded::start(&[&shop]).await;
    let mut told = Vec::new();
    for _ in 0..40 {
        let answer = guarded.http(PATH, &[("x-api-key", &other.key)]).await;
        told.push(answer.status);
        if answer.status == 429 {
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        }
    }
    assert_eq!(told[..20], [401; 20]);
    assert!(told[30..].contains(&429), "{told:?}");
    // From the same address.
    let answer = guarded.http(PATH, &[("x-api-key", &shop.key)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_file_a_source_is_open_on_loopback_and_nowhere_else() {
    let everywhere = [0, 0, 0, 0];
    let named = Config {
        unverified: opened(),
        ..Config::default()
    };
    for (config, address, status, said, warned) in [
        (Config::default(), LOOPBACK, 200, "on loopback only", false),
        (Config::default(), everywhere, 503, "takes nothing", false),
        (named.clone(), LOOPBACK, 200, "--unverified", false),
        (named, everywhere, 200, "--unverified", true),
    ] {
        let (server, access) = server(config, address).await;
        let answer = http_to(&server, PATH, &[], &json(1)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let code = server
            .call(super::request(1))
            .await
            .map_err(|status| status.code());
        let code = code.map(|_| ()).err();
        assert_eq!(code, (status == 503).then_some(Code::Unavailable));
        let report = access.report(&[]);
        let app = report["sources"]["app"].as_str().unwrap();
        assert!(app.contains(said), "{report}");
        let warnings = access.warnings().join("\n");
        assert_eq!(
            warnings.contains("without TLS"),
            address == everywhere,
            "{warnings}"
        );
        assert_eq!(warnings.contains("from anybody: app"), warned, "{warnings}");
    }
}

#[tokio::test]
async fn a_report_tells_how_senders_are_authenticated_and_not_that_a_source_is_open() {
    let config = Config {
        unverified: Unverified::new(["branch"], &PIPELINE).unwrap(),
        ..Config::default()
    };
    let access = Access::start(config, &PIPELINE, listeners([0, 0, 0, 0])).unwrap();
    let off = [("graphy", "GRAPHY_WEBHOOK_SECRET is not set".to_owned())];
    let report = access.report(&off);
    assert!(!report.to_string().contains("open"), "{report}");
    for (source, said) in [
        ("shopify", "authentication: proof of the webhook"),
        ("branch", "authentication: none, because of --unverified"),
        // Whatever its secret would prove, it serves nobody.
        ("graphy", "takes nothing: it is off"),
    ] {
        let told = report["sources"][source].as_str().unwrap();
        assert!(told.starts_with(said), "{report}");
    }
    let warnings = access.warnings().join("\n");
    assert!(warnings.contains("from anybody: branch"), "{warnings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_without_a_key_are_taken_where_the_operator_says_so() {
    let (shop, other) = (client("shop", ""), client("other", ""));
    let guarded = Guarded::start_with(&key_file(&[&shop]), |config| Config {
        unverified: opened(),
        ..config
    })
    .await;
    assert_eq!(guarded.http(PATH, &[]).await.status, 200);
    assert_eq!(
        guarded.http(PATH, &[("x-api-key", &shop.key)]).await.status,
        200
    );
    assert_eq!(
        guarded
            .http(PATH, &[("x-api-key", &other.key)])
            .await
            .status,
        401
    );
}
