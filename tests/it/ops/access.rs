//! Whom the operations listener answers on a loopback address: programs of this machine, and no web page.

use http::Method;

use super::{alone, ask};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_rebinds_its_name_or_forges_a_request_gets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let options = ["--ops-host", "metrics.example,ops.example"];
    let server = alone(directory.path(), &options).await;
    let port = server.ops.rsplit_once(':').unwrap().1;
    for (host, good) in [
        (format!("127.0.0.1:{port}"), true),
        (format!("localhost:{port}"), true),
        ("[::1]:80".to_owned(), true),
        ("metrics.example".to_owned(), true),
        ("OPS.example:443".to_owned(), true),
        (format!("evil.example:{port}"), false),
        ("localhost.evil.example".to_owned(), false),
        ("10.0.0.1:8018".to_owned(), false),
    ] {
        for path in ["/metrics", "/readyz", "/livez", "/heartbeat/"] {
            let answer = ask(&server, Method::GET, path, &[("host", &host)]).await;
            let expected = if good { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{host} {path}: {answer:?}");
        }
    }
    let rest = "/heartbeat/?beat=false";
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = ask(&server, Method::PUT, rest, &[header]).await;
        assert_eq!(answer.status, 403, "{header:?}: {answer:?}");
        assert!(answer.text.contains("web pages"), "{answer:?}");
    }
    // A page learns nothing of a preflight either.
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "PUT"),
    ];
    let answer = ask(&server, Method::OPTIONS, rest, &preflight).await;
    let allows = answer
        .headers
        .keys()
        .any(|name| name.starts_with("access-control"));
    assert!(!allows, "{answer:?}");
    assert_eq!(
        ask(&server, Method::GET, "/heartbeat/", &[]).await.status,
        200
    );

    let counted = ask(&server, Method::GET, "/metrics", &[]).await.text;
    for (reason, count) in [("host", 12), ("cross_site", 4)] {
        let line = format!("event_grpc_refused_total{{door=\"ops\",reason=\"{reason}\"}} {count}");
        assert!(counted.contains(&line), "{line}\n{counted}");
    }
    // A program may.
    assert_eq!(ask(&server, Method::PUT, rest, &[]).await.status, 410);
    assert_eq!(
        ask(&server, Method::GET, "/heartbeat/", &[]).await.status,
        410
    );
    server.stop_with_complaints().await;
}
