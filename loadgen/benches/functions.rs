//! What one event costs at each step that is ours: `cargo bench -p event-grpc-loadgen --bench functions`. Figures are per event, row or byte, on one core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark that can't go on has nothing better to do"
)]

mod plain;
mod rows;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use event_grpc::contract::json::limits;
use event_grpc::contract::{Append, Block, Context, Group, Message};
use event_grpc::events::scan;
use event_grpc::ingest::group::RequestBatch;
use event_grpc::proto_json::{Most, ProtoJson};
use event_grpc_loadgen::door::Form;
use event_grpc_loadgen::pattern::{Mix, Patterns};
use rows::{EVENTS, append, each_group, envelope, requests, table};
use serde_json::Value;

/// Requests that one block is made from, so that it has as many rows as a batch in service.
const REQUESTS: u64 = 500;
const CONTEXT: Context = Context {
    now_ms: 1_770_000_000_000,
};

const MOST: Most = Most {
    events: 1000,
    told: 0,
};

fn mixes() -> [(&'static str, Mix); 2] {
    [("shop", Mix::Shop), ("all-types", Mix::All)]
}

/// Requests as JSON.
fn texts(mix: Mix) -> Vec<Bytes> {
    let patterns = Patterns::new(mix, EVENTS, 1, Form::Json).unwrap();
    (0..64).map(|number| patterns.request(number)).collect()
}

/// Intake: what is in a request, and its groups as they are published.
fn intake(c: &mut Criterion) {
    for (name, mix) in mixes() {
        let requests = requests(mix, 0..64);
        let texts = texts(mix);
        let reader = ProtoJson::new(envelope());
        let mut group = c.benchmark_group(format!("intake/{name}"));
        group.throughput(Throughput::Elements(
            requests.len() as u64 * u64::from(EVENTS),
        ));
        group.bench_function("scan", |b| {
            b.iter(|| {
                for request in &requests {
                    black_box(scan(request, envelope()).unwrap());
                }
            });
        });
        group.bench_function("read JSON", |b| {
            b.iter(|| {
                for text in &texts {
                    black_box(reader.read(text, MOST).unwrap());
                }
            });
        });
        let mut out = Vec::new();
        group.bench_function("scan and group", |b| {
            b.iter(|| {
                for request in &requests {
                    let request = scan(request, envelope()).unwrap();
                    let batch =
                        RequestBatch::new(envelope(), request.header.as_deref().unwrap(), "");
                    out.clear();
                    for group in batch.groups(&request.events, usize::MAX, usize::MAX) {
                        batch.write(&group, &mut out);
                    }
                    black_box(&out);
                }
            });
        });
        group.finish();
    }
}

fn append_all(block: &mut Block, groups: &[Group<'static>]) {
    for group in groups {
        append(block, group, &CONTEXT);
    }
}

/// The groups of requests, kept for the length of the process.
fn groups(mix: Mix) -> Vec<Group<'static>> {
    let requests: &'static [Bytes] = Box::leak(requests(mix, 0..REQUESTS).into_boxed_slice());
    let mut all = Vec::new();
    each_group(requests, |group| {
        let events: Vec<&'static [u8]> = group.events.iter().map(|e| leak(e)).collect();
        let group = Group {
            kind: group.kind,
            header: leak(group.header),
            events: Box::leak(events.into_boxed_slice()),
            client: "",
        };
        all.push(group);
    });
    all
}

fn leak(bytes: &[u8]) -> &'static [u8] {
    Box::leak(bytes.to_vec().into_boxed_slice())
}

/// From the wire to columns, and from columns to a Native block.
fn transform(c: &mut Criterion) {
    for (name, mix) in mixes() {
        let groups = groups(mix);
        let rows: usize = groups.iter().map(|g| g.events.len()).sum();
        let mut block = Block::new(table("event"));
        let mut group = c.benchmark_group(format!("event table/{name}"));
        group.throughput(Throughput::Elements(rows as u64));
        group.sample_size(20);
        group.bench_function("transform", |b| {
            b.iter(|| {
                block.clear();
                append_all(&mut block, &groups);
                black_box(block.rows());
            });
        });
        group.bench_function("encode", |b| {
            b.iter(|| black_box(block.chunks().map(|piece| piece.len()).sum::<usize>()))
        });
        group.finish();
    }
}

/// Rows by structs and JSON, for comparison.
fn plain_way(c: &mut Criterion) {
    let requests = requests(Mix::Shop, 0..REQUESTS);
    let mut group = c.benchmark_group("event table/shop");
    group.throughput(Throughput::Elements(REQUESTS * u64::from(EVENTS)));
    group.sample_size(20);
    let mut out = Vec::new();
    group.bench_function("plain: prost and serde_json", |b| {
        b.iter(|| {
            out.clear();
            for request in &requests {
                plain::rows(request, CONTEXT.now_ms, &mut out);
            }
            black_box(&out);
        });
    });
    group.finish();
}

/// A typed table.
fn typed(c: &mut Criterion) {
    let groups: Vec<_> = groups(Mix::Shop)
        .into_iter()
        .filter(|g| g.kind.name == "CompletePurchaseEvent")
        .collect();
    let rows: usize = groups.iter().map(|g| g.events.len()).sum();
    let mut block = Block::new(table("purchase"));
    let mut group = c.benchmark_group("purchase table");
    group.throughput(Throughput::Elements(rows as u64));
    group.bench_function("transform", |b| {
        b.iter(|| {
            block.clear();
            append_all(&mut block, &groups);
            black_box(block.rows());
        });
    });
    group.finish();
}

/// JSON of other services, to columns: plain values, and a user agent that makes a dozen of them.
fn json(c: &mut Criterion) {
    of_json(
        c,
        "post_log_event",
        include_str!("../../tests/fixtures/post_log.jsonl"),
    );
    of_json(
        c,
        "click_event",
        include_str!("../../tests/fixtures/click_event.jsonl"),
    );
}

fn of_json(c: &mut Criterion, name: &str, lines: &str) {
    let parsed = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let texts = parsed.map(|line| line["message"].to_string());
    let block = &mut Block::new(table(name));
    let Append::Json(append) = block.table().append else {
        panic!("{name} doesn't take JSON");
    };
    let nothing = event_grpc::contract::json::Map::new();
    let append = |block: &mut Block, text: &str| {
        let body = limits::parse(text.as_bytes()).unwrap();
        let message = Message {
            body: &body,
            id: "0123456789abcdef",
            received_ms: CONTEXT.now_ms,
            headers: &nothing,
            client: "",
        };
        append(block, &message, &CONTEXT)
    };
    // Some of them are there to be refused.
    let good = |text: &String| append(&mut Block::new(block.table()), text).is_ok();
    let texts: Vec<String> = texts.filter(good).collect();
    let mut group = c.benchmark_group(format!("{name} table"));
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("parse and transform", |b| {
        b.iter(|| {
            if block.rows() > 10_000 {
                block.clear();
            }
            for text in &texts {
                append(block, text).unwrap();
            }
        });
    });
    group.finish();
}

criterion_group!(benches, intake, transform, plain_way, typed, json);
criterion_main!(benches);
