//! Logins to the embedded ClickHouse: only with a password, whatever the way.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
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
                is_refused(&request(method, &url, headers, "").await);
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

/// Greets a server in the native protocol; true if it lets the user in.
fn greets(server: SocketAddr, user: &str, password: &str) -> bool {
    let mut hello = vec![0];
    let text = |hello: &mut Vec<u8>, text: &str| {
        hello.push(text.len().try_into().unwrap());
        hello.extend(text.as_bytes());
    };
    text(&mut hello, "test");
    // Version 1.1 of revision 54058, which is from before anything else was said.
    hello.extend([1, 1, 0xaa, 0xa6, 0x03]);
    text(&mut hello, "");
    text(&mut hello, user);
    text(&mut hello, password);
    let mut stream = TcpStream::connect(server).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.write_all(&hello).unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    match answer {
        [0] => true,
        [2] => {
            let mut error = [0; 4];
            stream.read_exact(&mut error).unwrap();
            assert_eq!(i32::from_le_bytes(error), 516, "AUTHENTICATION_FAILED");
            false
        }
        [other] => panic!("packet {other}"),
    }
}

#[tokio::test]
async fn nobody_gets_in_over_the_native_protocol_without_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let native = engine.native_address();
    for (user, password) in ACCOUNTS {
        assert!(
            !greets(native, user, password.unwrap_or_default()),
            "{user}"
        );
    }
    let (user, password) = reader(directory.path());
    assert!(greets(native, &user, &password));
    assert!(greets(native, engine.user(), engine.password()));
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
async fn it_listens_for_http_and_the_native_protocol_and_for_its_own_start_alone() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let listens = listens(engine.pid());
    let loopback = "0100007F";
    assert!(
        listens.iter().all(|(address, _)| address == loopback),
        "{listens:?}"
    );
    let ports: BTreeSet<u16> = listens.iter().map(|(_, port)| *port).collect();
    let http = engine.url().rsplit(':').next().unwrap().parse().unwrap();
    let known = BTreeSet::from([http, engine.native_address().port()]);
    let others: Vec<u16> = ports.difference(&known).copied().collect();
    assert!(known.is_subset(&ports), "{ports:?}");
    // The third is what the engine asks whether its own first session may log in. It says no from then on.
    assert_eq!(others.len(), 1, "{ports:?}");
    for path in ["", "x", "start"] {
        let url = format!("http://127.0.0.1:{}/{path}", others[0]);
        assert_eq!(request(Method::GET, &url, &[], "").await.status, 401);
    }
    engine.stop().await.unwrap();
}
