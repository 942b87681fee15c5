//! The bytes of the same rows in each format.

use bytes::Bytes;
use event_grpc::contract::{Block, Context};
use event_grpc::generated::proto::event::{Event, Events, Header};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, int64};

use crate::format::Format;
use crate::{plain, rows};

/// A value of a row that is not sent as JSON. Times are milliseconds since the epoch.
enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

impl Format {
    /// Body of an insert of these requests' events.
    pub(crate) fn encode(self, block: &mut Block, requests: &[Bytes], now_ms: i64) -> Bytes {
        match self {
            Format::Native => {
                fill(block, requests, now_ms);
                block.encode()
            }
            Format::NativeWithText => {
                fill(block, requests, now_ms);
                with_texts(&block.encode(), requests)
            }
            Format::RowBinary => {
                let mut out = Vec::new();
                each_row(requests, now_ms, |row| row_binary(row, &mut out));
                out.into()
            }
            Format::Protobuf => {
                let (mut out, mut message) = (Vec::new(), Vec::new());
                each_row(requests, now_ms, |row| {
                    message.clear();
                    protobuf(row, &mut message);
                    encode_varint(message.len() as u64, &mut out);
                    out.extend_from_slice(&message);
                });
                out.into()
            }
            Format::JsonEachRow => {
                let mut out = Vec::new();
                for request in requests {
                    plain::rows(request, now_ms, &mut out);
                }
                out.into()
            }
        }
    }
}

fn fill(block: &mut Block, requests: &[Bytes], now_ms: i64) {
    block.clear();
    let context = Context { now_ms };
    rows::each_group(requests, |group| rows::append(block, group, &context));
}

/// A block with the texts of the payloads in place of their columns, which come last.
fn with_texts(block: &[u8], requests: &[Bytes]) -> Bytes {
    const HEAD: &[u8] = b"\x0cevent_params\x04JSON";
    let mut heads = block.windows(HEAD.len());
    let head = heads.position(|bytes| bytes == HEAD).unwrap();
    let mut out = block[..head + HEAD.len()].to_vec();
    // The version of the encoding that is a text a row.
    out.extend_from_slice(&1u64.to_le_bytes());
    // In the order in which the block has them: by type within each request.
    rows::each_group(requests, |group| {
        for event in group.events {
            let params = plain::params(&Event::decode(*event).unwrap()).1;
            put_text(&serde_json::to_string(&params).unwrap(), &mut out);
        }
    });
    out.into()
}

/// Decodes requests and calls `run` with each row, in the order of the columns.
fn each_row(requests: &[Bytes], now_ms: i64, mut run: impl FnMut(&[Value<'_>])) {
    for request in requests {
        let request = Events::decode(&request[..]).unwrap();
        let header = request.header.unwrap_or_default();
        for event in &request.events {
            let (name, params) = plain::params(event);
            let params = serde_json::to_string(&params).unwrap();
            run(&row(&header, event, name, &params, now_ms));
        }
    }
}

fn row<'a>(
    header: &'a Header,
    event: &'a Event,
    name: &'a str,
    params: &'a str,
    now_ms: i64,
) -> [Value<'a>; 27] {
    use Value::{Number, Text};
    let sent: i64 = event.timestamp.parse().unwrap_or_default();
    [
        Text(&event.id),
        Text(name),
        Number(sent),
        Number(sent.min(now_ms)),
        Number(now_ms),
        Text(&header.channel),
        Text(&header.os),
        Text(&header.client_type),
        Text(&header.app_language),
        Text(&header.app_version),
        Text(&header.app_version_code),
        Text(&header.merchant_id),
        Text(&header.utm_platform),
        Text(&header.utm_source),
        Text(&header.utm_medium),
        Text(&header.utm_campaign),
        Text(&header.session_id),
        Number(header.bb_device_id),
        Number(header.user_id),
        Text(&header.device_id),
        Text(&header.android_advertising_id),
        Text(&header.client_id),
        Text(&header.current_url),
        Text(&header.utm_referrer),
        Text(&header.pp_id),
        Text(&event.current_url),
        Text(params),
    ]
}

fn row_binary(row: &[Value<'_>], out: &mut Vec<u8>) {
    for value in row {
        match value {
            Value::Text(text) => put_text(text, out),
            Value::Number(number) => out.extend_from_slice(&number.to_le_bytes()),
        }
    }
}

fn protobuf(row: &[Value<'_>], out: &mut Vec<u8>) {
    for (tag, value) in (1..).zip(row) {
        match value {
            Value::Text("") => {}
            Value::Text(text) => {
                encode_key(tag, WireType::LengthDelimited, out);
                put_text(text, out);
            }
            Value::Number(number) => int64::encode(tag, number, out),
        }
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    encode_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}
