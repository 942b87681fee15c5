//! Our transforms against ClickHouse's own Protobuf format: the same bytes must become the same rows.

mod oracle;
pub(crate) mod random;

use std::collections::BTreeMap;

use bytes::Bytes;
use event_grpc::contract::{Append, Block, Context, Envelope, Group, Intake, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::clickhouse::support::in_database;
use random::Sample;

/// Random messages of each type.
const PER_TYPE: usize = 40;

pub(crate) fn envelope() -> &'static Envelope {
    let grpc = PIPELINE.sources.iter().find_map(|s| match s.intake {
        Intake::Grpc { envelope, .. } => Some(envelope),
        Intake::Post { .. } => None,
    });
    grpc.expect("a gRPC source")
}

pub(crate) fn table(name: &str) -> &'static Table {
    PIPELINE
        .tables
        .iter()
        .find(|t| t.name == name)
        .expect("the table")
}

/// The rows of samples of one type in a table of ours.
fn block(table: &'static Table, samples: &[Sample]) -> Bytes {
    let mut block = Block::new(table);
    let Append::Events(append) = table.append else {
        panic!("{} takes no events", table.name)
    };
    let cx = Context {
        now_ms: oracle::NOW_MS,
    };
    for sample in samples {
        let header = sample.header.encode_to_vec();
        let event = sample.event.encode_to_vec();
        let group = Group {
            kind: sample.kind,
            header: &header,
            events: &[&event],
            client: "",
        };
        append(&mut block, &group, &cx).unwrap();
    }
    block.encode()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_equal_those_that_clickhouse_makes_from_the_same_bytes() {
    in_database("transform", compare_all).await;
}

async fn compare_all(store: ClickHouse) {
    migrate::apply(&store, &PIPELINE).await.unwrap();
    let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
    let seed = std::env::var("EVENT_GRPC_TEST_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20);
    let mut random = StdRng::seed_from_u64(seed);
    let (event, purchase) = (table("event"), table("purchase"));
    let mut bought = 0;
    for kind in envelope().types {
        let samples: Vec<Sample> = (0..PER_TYPE)
            .map(|at| random::sample(&pool, envelope(), kind, at, &mut random))
            .collect();
        let token = format!("event-{}", kind.name);
        store
            .store_block(event, samples.len(), block(event, &samples), &token)
            .await
            .unwrap();
        let theirs = oracle::rows(&store, &pool, envelope(), kind, &samples).await;
        let ours = oracle::stored(&store, event.name, kind.name).await;
        compare(kind.name, &theirs, &ours, &oracle::event_row);
        if kind.name.contains("Purchase") {
            bought += 1;
            store
                .store_block(
                    purchase,
                    samples.len(),
                    block(purchase, &samples),
                    &format!("p-{}", kind.name),
                )
                .await
                .unwrap();
            let ours = oracle::stored(&store, purchase.name, kind.name).await;
            compare(kind.name, &theirs, &ours, &oracle::purchase_row);
        }
    }
    assert_eq!(bought, 3, "the typed table takes three types");
}

type Row = serde_json::Map<String, Value>;

/// Each row of theirs, turned into what ours should be, equals ours.
fn compare(
    kind: &str,
    theirs: &BTreeMap<String, Row>,
    ours: &BTreeMap<String, Row>,
    wanted: &dyn Fn(&Row) -> Row,
) {
    assert_eq!(theirs.len(), PER_TYPE, "{kind}: ClickHouse read all");
    assert_eq!(ours.len(), PER_TYPE, "{kind}: ours are all stored");
    for (id, row) in theirs {
        let (wanted, got) = (wanted(row), &ours[id]);
        for (column, value) in &wanted {
            assert!(
                oracle::same(value, &got[column]),
                "{kind} {id}, column {column}:\n ClickHouse {value}\n ours       {}",
                got[column]
            );
        }
        for column in got.keys() {
            assert!(
                wanted.contains_key(column),
                "{kind}: column {column} has not been compared"
            );
        }
    }
}
