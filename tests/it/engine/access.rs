//! Logins to the embedded ClickHouse: only with a password, whatever the way.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use event_grpc::sink::clickhouse::engine::Engine;
use http::Method;

use super::{client, config};
use crate::http::{Answer, request};
use crate::support::server::reader;

/// What a page of a foreign origin may send without asking first.
const FOREIGN_PAGE: [(&str, &str); 2] = [
    ("origin", "https://evil.example"),
    ("content-type", "text/plain;charset=UTF-8"),
];

/// A name that was made to lead to this machine.
const REBOUND: [(&str, &str); 2] = [
    ("host", "rebound.evil.example:8123"),
    ("origin", "http://rebound.evil.example:8123"),
];

/// Header with which a server opens itself to pages of other origins.
const OPENS: &str = "access-control-allow-origin";

/// Accounts that are none.
const ACCOUNTS: [(&str, Option<&str>); 8] = [
    ("default", None),
    ("default", Some("")),
    ("default", Some("default")),
    ("event_grpc", None),
    ("event_grpc", Some("")),
    ("reader", Some("wrong")),
    ("", Some("")),
    ("nobody", Some("x")),
];

fn is_refused(answer: &Answer) {
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    assert!(!answer.headers.contains_key(OPENS), "{answer:?}");
}

#[tokio::test]
async fn nobody_gets_in_over_http_without_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let url = engine.url();
    let make = "CREATE%20DATABASE%20evil";
    for headers in [&[][..], &FOREIGN_PAGE, &REBOUND] {
        for query in [
            "?query=SELECT%201".to_owned(),
            format!("?query={make}"),
            "?query=SELECT%201&user=default".to_owned(),
            "?query=SELECT%201&user=default&password=".to_owned(),
            "?query=SELECT%201&user=event_grpc&password=".to_owned(),
        ] {
            let url = format!("{url}/{query}");
            for method in [Method::GET, Method::POST] {
                // A POST without a body is refused for that.
                let body = if method == Method::POST { "\n" } else { "" };
                is_refused(&request(method, &url, headers, body).await);
            }
        }
        is_refused(&request(Method::POST, url, headers, "CREATE DATABASE evil").await);
        let asked = request(Method::OPTIONS, url, headers, "").await;
        assert!(!asked.headers.contains_key(OPENS), "{asked:?}");
    }
    for (user, password) in ACCOUNTS {
        let mut headers = vec![("x-clickhouse-user", user)];
        headers.extend(password.map(|password| ("x-clickhouse-key", password)));
        is_refused(&request(Method::POST, url, &headers, "SELECT 1").await);
    }
    let made = "SELECT count() FROM system.databases WHERE name = 'evil'";
    let made: u64 = client(&engine).query(made).fetch_one().await.unwrap();
    assert_eq!(made, 0);

    // With the password everything is as usual, also under another name of the machine.
    let (user, password) = reader(directory.path());
    for more in [&[][..], &REBOUND] {
        let mut headers = vec![
            ("x-clickhouse-user", user.as_str()),
            ("x-clickhouse-key", password.as_str()),
        ];
        headers.extend(more);
        let answer = request(Method::POST, url, &headers, "SELECT currentUser()").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "reader\n"));
    }
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn the_servers_password_is_another_one_at_each_start_and_after_a_restart_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(&config(directory.path())).await.unwrap();
    let (first, tools) = (engine.password().to_owned(), reader(directory.path()));
    let file = fs::read_to_string(directory.path().join("event_grpc.password")).unwrap();
    assert_eq!(file.trim(), first);
    engine.restart().await.unwrap();
    let one: u8 = client(&engine).query("SELECT 1").fetch_one().await.unwrap();
    assert_eq!((one, engine.password()), (1, first.as_str()));
    engine.stop().await.unwrap();

    let engine = Engine::start(&config(directory.path())).await.unwrap();
    assert_ne!(engine.password(), first);
    let earlier = client(&engine).with_password(&first);
    assert!(earlier.query("SELECT 1").fetch_one::<u8>().await.is_err());
    assert_eq!(reader(directory.path()), tools);
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_request_does_not_end_it() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(2 << 20));
    for bytes in [
        &b""[..],
        b"\0",
        b"\0\x04test\x01\x01\xaa\xa6\x03\0\x07default\0",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Basic \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Negotiate YQ==\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nSELECT",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /?query=SELECT+%ff HTTP/9.9\r\n\r\n",
        long.as_bytes(),
    ] {
        let mut stream = TcpStream::connect(engine.address()).unwrap();
        // The engine may have closed the connection, and does so with what it didn't read.
        drop(stream.write_all(bytes));
        drop(stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        drop(stream.read_to_end(&mut answer));
    }
    let pid = engine.pid();
    let one: u8 = client(&engine).query("SELECT 1").fetch_one().await.unwrap();
    assert_eq!((one, engine.pid()), (1, pid));
    engine.stop().await.unwrap();
}

/// Ports on which a process listens, with their addresses as the kernel prints them.
fn listens(pid: u32) -> BTreeSet<(String, u16)> {
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let sockets: BTreeSet<String> = fds
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .filter_map(|link| link.to_str().map(str::to_owned))
        .collect();
    let mut found = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // 0A is the state of a socket that listens; sockets of UDP have none.
            let open = table.starts_with("udp") || fields[3] == "0A";
            if open && sockets.contains(&format!("socket:[{}]", fields[9])) {
                let (address, port) = fields[1].split_once(':').unwrap();
                let port = u16::from_str_radix(port, 16).unwrap();
                found.insert((address.to_owned(), port));
            }
        }
    }
    found
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn it_listens_for_http_and_for_its_own_start_alone() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let listens = listens(engine.pid());
    let loopback = "0100007F";
    assert!(
        listens.iter().all(|(address, _)| address == loopback),
        "{listens:?}"
    );
    let ports: BTreeSet<u16> = listens.iter().map(|(_, port)| *port).collect();
    let known = BTreeSet::from([engine.address().port()]);
    let others: Vec<u16> = ports.difference(&known).copied().collect();
    assert!(known.is_subset(&ports), "{ports:?}");
    // The second is what the engine asks whether its own first session may log in. It says no from then on.
    assert_eq!(others.len(), 1, "{ports:?}");
    for path in ["", "x", "start"] {
        let url = format!("http://127.0.0.1:{}/{path}", others[0]);
        assert_eq!(request(Method::GET, &url, &[], "").await.status, 401);
    }
    engine.stop().await.unwrap();
}
