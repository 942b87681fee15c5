//! Packed bodies: every encoding, what is wrong with them, and what they become.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;

use super::*;
use crate::ingest::request;

/// `{"name": "br", "more": [1]}`, and four MiB of spaces.
const BROTLI: &[u8] = b"\x0b\x0d\x80{\"name\": \"br\", \"more\": [1]}\x03";
const BROTLI_BOMB: &[u8] = b"\x9b\xff\xff?\xf8%@\xe2\xb1@ \xf7\xfe\x07";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_encoding_is_taken_and_what_came_out_is_published() {
    let server = patient(POOL).await;
    let body = br#"{"name": "br", "more": [1]}"#;
    let large = format!("{{\"name\": \"{}\"}}", "abcdefgh".repeat(100_000));
    let two_frames = [zstd(&body[..9]), zstd(&body[9..])].concat();
    let two_members = [gzip(&body[..9]), gzip(&body[9..])].concat();
    for (encoding, packed, published) in [
        ("identity", body.to_vec(), body.len()),
        ("gzip", gzip(body), body.len()),
        ("X-GZIP", two_members, body.len()),
        ("deflate", zlib(body), body.len()),
        ("deflate", deflate(body), body.len()),
        ("br", BROTLI.to_vec(), body.len()),
        ("zstd", zstd(body), body.len()),
        ("zstd, identity", two_frames, body.len()),
        ("gzip", gzip(large.as_bytes()), large.len()),
        ("zstd", zstd(large.as_bytes()), large.len()),
    ] {
        let header = format!("content-encoding: {encoding}\r\n");
        let (code, _, answer) = post(&server, "/hook/", &header, &packed).await;
        assert_eq!(code, 200, "{encoding}: {answer}");
        let seen = server.seen.lock().unwrap().pop().unwrap();
        assert_eq!(seen.delivery.body.len(), published, "{encoding}");
        assert!(seen.delivery.body.starts_with(b"{\"name\""));
    }
    // Over gRPC, brotli apart.
    let client = http2();
    let message = request(100);
    for (encoding, packed) in [
        ("gzip", gzip(&message)),
        ("deflate", zlib(&message)),
        ("zstd", zstd(&message)),
    ] {
        let headers = [GRPC, ("grpc-encoding", encoding)];
        let told = told(&client, call(&server, &headers, full(framed(1, &packed)))).await;
        assert_eq!(told.status, Some(0), "{encoding}: {}", told.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_packed_as_it_says_is_refused_with_the_reason() {
    let server = patient(POOL).await;
    let plain = br#"{"name": "a"}"#;
    let cut = |mut packed: Vec<u8>| {
        packed.truncate(packed.len() - 3);
        packed
    };
    let longer = |mut packed: Vec<u8>| {
        packed.extend(b"more");
        packed
    };
    for (encoding, body) in [
        ("gzip", plain.to_vec()),
        ("deflate", plain.to_vec()),
        ("br", plain.to_vec()),
        ("zstd", plain.to_vec()),
        ("gzip", cut(gzip(plain))),
        ("deflate", cut(zlib(plain))),
        ("br", cut(BROTLI.to_vec())),
        ("zstd", cut(zstd(plain))),
        ("gzip", longer(gzip(plain))),
        ("deflate", longer(zlib(plain))),
        ("br", longer(BROTLI.to_vec())),
        ("zstd", longer(zstd(plain))),
    ] {
        let header = format!("content-encoding: {encoding}\r\n");
        let (code, _, answer) = post(&server, "/hook/", &header, &body).await;
        assert_eq!(code, 400, "{encoding}: {answer}");
        let error: Value = serde_json::from_str(&answer).unwrap();
        let reason = format!("not {encoding}, as content-encoding says");
        assert!(
            error["error"].as_str().unwrap().contains(&reason),
            "{answer}"
        );
    }
    for unknown in ["compress", "gzip, br", "gzip, gzip", "snappy"] {
        let header = format!("content-encoding: {unknown}\r\n");
        let (code, head, answer) = post(&server, "/hook/", &header, plain).await;
        assert_eq!(code, 415, "{answer}");
        assert!(
            head.contains("accept-encoding: gzip, deflate, br, zstd"),
            "{head}"
        );
        assert!(answer.contains(unknown), "{answer}");
    }
    assert_eq!(server.count("hooks_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_stop_at_the_limit() {
    let server = patient(POOL).await;
    let bomb = vec![b' '; 8 << 20];
    for (encoding, packed) in [
        ("gzip", gzip(&bomb)),
        ("deflate", zlib(&bomb)),
        ("br", BROTLI_BOMB.to_vec()),
        ("zstd", zstd(&bomb)),
    ] {
        let header = format!("content-encoding: {encoding}\r\n");
        let (code, _, answer) = post(&server, "/hook/", &header, &packed).await;
        assert_eq!(code, 413, "{encoding}: {answer}");
        if encoding == "br" {
            continue;
        }
        let headers = [GRPC, ("grpc-encoding", encoding)];
        let call = call(&server, &headers, full(framed(1, &packed)));
        let told = told(&http2(), call).await;
        assert_eq!(told.status, Some(11), "{encoding}: {}", told.message);
        assert!(told.message.contains("1048576"), "{}", told.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_calls_that_unpack_to_much_are_bounded_together() {
    let pool = Pool {
        bytes: 2 << 20,
        timeout_ms: 5000,
        ..POOL
    };
    let server = shared(pool).await;
    // Each is a request whose one event is of an unknown type and nearly a megabyte of zeros.
    let mut message = request(1);
    let event = [&[0xaa, 0x7d][..], &varint(900_000), &vec![0; 900_000]].concat();
    message.extend([0x12]);
    message.extend(varint(event.len()));
    message.extend(event);
    let packed = framed(1, &gzip(&message));
    assert!(packed.len() < 4096);
    let client = http2();
    let told = at_once(200, |_| {
        let (client, packed) = (client.clone(), packed.clone());
        let request = call(&server, &[GRPC, ("grpc-encoding", "gzip")], full(packed));
        Box::pin(async move { told(&client, request).await })
    })
    .await;
    let count = |status| {
        told.iter()
            .filter(|told| told.status == Some(status))
            .count()
    };
    // Some are accepted; the others are told to come again.
    assert!(count(0) > 0);
    assert!(count(8) > 0);
    assert_eq!(
        count(0) + count(8),
        200,
        "{:?}",
        told.iter().map(|t| t.status).collect::<Vec<_>>()
    );
    assert_eq!(server.call(request(2)).await.unwrap().accepted, 2);
}

fn varint(value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value as u64, &mut bytes);
    bytes
}
