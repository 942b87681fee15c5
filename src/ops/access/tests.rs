//! Which requests are answered, and which options are refused.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use axum::body::Body;
use http::Method;

use super::*;

const TOKEN: &str = "0123456789abcdef-token";

fn options(listen: &str, token: Option<&str>) -> Options {
    let token = token.map(|token| TokenSource::Text(token.to_owned()));
    let listen: SocketAddr = listen.parse().unwrap();
    Options {
        token,
        ..Options::at(listen)
    }
}

/// Status of the refusal of a request, and its reason.
fn refused(
    access: &Access,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Option<(u16, &'static str)> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = access.check(&request.body(Body::empty()).unwrap()).err()?;
    let reason = answer.extensions().get::<Refused>().unwrap().reason;
    Some((answer.status().as_u16(), reason))
}

#[test]
fn an_address_beyond_loopback_needs_a_proof() {
    for open in [
        "0.0.0.0:8018",
        "[::]:8018",
        "10.0.0.1:8018",
        "[2001:db8::1]:1",
    ] {
        let error = Access::new(&options(open, None), false)
            .unwrap_err()
            .to_string();
        assert!(error.contains(open), "{error}");
        assert!(error.contains("EVENT_GRPC_OPS_TOKEN_FILE"), "{error}");
        assert!(Access::new(&options(open, Some(TOKEN)), false).is_ok());
    }
    // A certificate that is verified and listed will do, too.
    let listed = Options {
        certificates: vec!["operator".to_owned()],
        ..options("0.0.0.0:8018", None)
    };
    assert!(Access::new(&listed, true).is_ok());
    let error = Access::new(&listed, false).unwrap_err().to_string();
    assert!(error.contains("--tls-client-ca"), "{error}");
    for own in [
        "127.0.0.1:8018",
        "127.3.3.3:1",
        "[::1]:8018",
        "[::ffff:127.0.0.1]:1",
    ] {
        assert!(Access::new(&options(own, None), false).is_ok(), "{own}");
    }
}

#[test]
fn short_tokens_are_refused_and_never_shown() {
    for bad in [
        "short-secret",
        "sixteen letters, and blanks",
        "0123456789abcdé-x",
    ] {
        let error = Access::new(&options("127.0.0.1:1", Some(bad)), false).unwrap_err();
        assert!(!error.to_string().contains(bad), "{error}");
    }
    let given = options("127.0.0.1:1", Some(TOKEN));
    let access = Access::new(&given, false).unwrap();
    assert!(!format!("{given:?} {access:?}").contains(TOKEN));
}

#[test]
fn a_page_reads_nothing_by_another_name_and_changes_nothing() {
    let access = Access::new(&options("127.0.0.1:8018", None), false).unwrap();
    let page = ("host", "evil.example:8018");
    let own = ("host", "localhost:8018");
    for path in ["/metrics", "/livez", "/heartbeat/", "/nowhere"] {
        let get = |headers: &[_]| refused(&access, Method::GET, path, headers);
        assert_eq!(get(&[page]), Some((403, "host")), "{path}");
        assert_eq!(get(&[own, page]), Some((403, "host")), "{path}");
        assert_eq!(get(&[own]), None, "{path}");
        assert_eq!(get(&[]), None, "{path}");
        // Reading from a page shows it nothing, without CORS.
        assert_eq!(get(&[own, ("origin", "http://evil.example")]), None);
    }
    let put = |header| {
        let path = "/heartbeat/?beat=false";
        refused(&access, Method::PUT, path, &[own, header])
    };
    for header in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(put(header), Some((403, "cross_site")), "{header:?}");
        // An image of a page is asked for by GET, and a tap is one less for operators.
        for method in [Method::GET, Method::HEAD] {
            let tap = refused(&access, method, "/tap?for=3600", &[own, header]);
            assert_eq!(tap, Some((403, "cross_site")), "{header:?}");
        }
    }
    assert_eq!(refused(&access, Method::GET, "/tap", &[own]), None);
    assert_eq!(put(("sec-fetch-site", "none")), None);
    // Over HTTP/2 the host is a part of the URI.
    let absolute = "http://evil.example/metrics";
    assert_eq!(
        refused(&access, Method::GET, absolute, &[]),
        Some((403, "host"))
    );
}

#[test]
fn a_token_is_asked_where_there_is_one() {
    for listen in ["127.0.0.1:8018", "0.0.0.0:8018"] {
        let access = Access::new(&options(listen, Some(TOKEN)), false).unwrap();
        let with = |given: &str| {
            let headers = [("host", "127.0.0.1"), ("authorization", given)];
            refused(&access, Method::GET, "/metrics", &headers)
        };
        assert_eq!(with(&format!("Bearer {TOKEN}")), None);
        assert_eq!(with(&format!("bearer  {TOKEN} ")), None);
        for wrong in ["Bearer 0123456789abcdef-toke", "Bearer "] {
            assert_eq!(with(wrong), Some((401, "wrong_token")), "{wrong}");
        }
        for none in [TOKEN.to_owned(), format!("Basic {TOKEN}"), String::new()] {
            assert_eq!(with(&none), Some((401, "no_token")), "{none}");
        }
        for (method, path, asked) in [
            (Method::GET, "/livez", false),
            (Method::HEAD, "/heartbeat/", false),
            (Method::GET, "/heartbeat", false),
            (Method::PUT, "/heartbeat/?beat=false", true),
            (Method::POST, "/livez", true),
            (Method::GET, "/livez/", true),
            (Method::GET, "/readyz", true),
            (Method::GET, "/nowhere", true),
        ] {
            let expected = asked.then_some((401, "no_token"));
            assert_eq!(refused(&access, method, path, &[]), expected, "{path}");
        }
    }
}
