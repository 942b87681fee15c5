//! Bodies of strangers at a source whose requests are signed: they are read before anything is proved.

use std::net::Ipv4Addr;
use std::time::Instant;

use event_grpc::contract::{Encoding, Signature};
use event_grpc::traffic::proof::signed;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::*;

/// Address of those who sign.
const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 99);

/// Length of a stranger's body, and of its beginning that comes at once.
const LENGTH: usize = 1_000_000;
const AT_ONCE: usize = 600_000;

async fn connect_from(address: Ipv4Addr, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    let to = (Ipv4Addr::LOCALHOST, port).into();
    socket.connect(to).await.unwrap()
}

/// Sends most of a body with a signature that looks like one, and then goes on at the pace of somebody slow.
async fn stranger(address: Ipv4Addr, port: u16) {
    let mut stream = connect_from(address, port).await;
    let head = format!(
        "POST /hub/ HTTP/1.1\r\nhost: a\r\nx-hub-signature: sha256={}\r\ncontent-length: {LENGTH}\r\n\r\n",
        "00".repeat(32)
    );
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(&vec![b' '; AT_ONCE]).await.ok();
    for _ in 0..(LENGTH - AT_ONCE) / 17_000 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        if stream.write_all(&[b' '; 17_000]).await.is_err() {
            break;
        }
    }
    rest(&mut stream).await;
}

/// Strangers that come again and again from these addresses, four from each.
fn crowd(addresses: &[u8], port: u16) -> Vec<JoinHandle<()>> {
    let each = addresses.iter().flat_map(|last| [*last; 4]);
    let spawn = |last| {
        tokio::spawn(async move {
            loop {
                stranger(Ipv4Addr::new(127, 0, 0, last), port).await;
            }
        })
    };
    each.map(spawn).collect()
}

/// Posts a signed body from an address, and gives the code.
async fn honest(address: Ipv4Addr, port: u16) -> String {
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(300_000));
    let signature = Signature::of_body("x-hub-signature", Encoding::Hex, "sha256=");
    let proof = signed(&signature, "hub", "", body.as_bytes());
    let (name, value) = &proof[0];
    let mut stream = connect_from(address, port).await;
    let head = format!(
        "POST /hub/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{name}: {value}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.ok();
    rest(&mut stream).await.get(9..12).unwrap_or("").to_owned()
}

/// Seconds until a request of somebody honest is taken, who sends it again after each 429 and 408.
async fn taken_after(address: Ipv4Addr, port: u16) -> f64 {
    let start = Instant::now();
    loop {
        match honest(address, port).await.as_str() {
            "200" => return start.elapsed().as_secs_f64(),
            "429" | "408" => tokio::time::sleep(Duration::from_millis(100)).await,
            other => panic!("{other:?}"),
        }
        assert!(start.elapsed().as_secs() < 20, "nothing is taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_of_one_address_leave_room_for_those_who_sign() {
    let pool = Pool {
        bytes: 2 << 20,
        ..POOL
    };
    let server = patient(pool).await;
    let crowd = crowd(&[2, 2], server.http);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        assert_eq!(honest(HONEST, server.http).await, "200");
    }
    // Behind a proxy they all have one address.
    let proxied = taken_after(Ipv4Addr::new(127, 0, 0, 2), server.http).await;
    assert!(proxied < 10.0, "{proxied}");
    for stranger in crowd {
        stranger.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_of_many_addresses_use_up_nothing_for_good() {
    let pool = Pool {
        bytes: 2 << 20,
        ..POOL
    };
    let server = patient(pool).await;
    let crowd = crowd(&[2, 3, 4, 5], server.http);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        let time = taken_after(HONEST, server.http).await;
        assert!(time < 10.0, "{time}");
    }
    for stranger in crowd {
        stranger.abort();
    }
}
