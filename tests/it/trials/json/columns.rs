//! JSON columns of rows that have little in common: as large as what is in them, and the same to whoever reads them.

use event_grpc::contract::json::members;
use event_grpc::contract::{Append, Block, Field, Kind, Label, Layout, Shape, Storage, Table};
use event_grpc::sink::clickhouse::ClickHouse;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use crate::clickhouse::support::{
    block as native, column, in_database, no_rows, number, run_there, text,
};

static OURS: Table = Table {
    name: "ours",
    storage: Storage::ClickHouse(None),
    columns: &[
        column("id", "UInt64", Layout::Fixed(8)),
        column("j", "JSON", Layout::Json),
    ],
    append: Append::Json(no_rows),
    ddl: "",
};

static THEIRS: Table = Table {
    name: "theirs",
    storage: Storage::ClickHouse(None),
    columns: OURS.columns,
    append: Append::Json(no_rows),
    ddl: "",
};

type Object = Map<String, Value>;

fn block(objects: &[Object]) -> Block {
    let mut block = Block::new(&OURS);
    for (id, object) in objects.iter().enumerate() {
        block.mark();
        let [ids, values] = block.columns().unwrap();
        ids.u64(id as u64).unwrap();
        values.json_object(&members(object.clone())).unwrap();
        block.grew(1);
    }
    block
}

/// An object of what all have, and of paths of its own.
fn object(row: usize, own: usize, random: &mut StdRng) -> Object {
    let mut object = Object::new();
    object.insert("all".into(), json!({"n": row, "t": format!("row {row}")}));
    for at in 0..own {
        object.insert(format!("own_{row}_{at}"), value(row, random, 0));
    }
    if row.is_multiple_of(3) {
        object.insert(
            "list".into(),
            json!([{format!("in_{row}"): row}, {"x": 1.5}, {}]),
        );
    }
    object
}

fn value(row: usize, random: &mut StdRng, depth: usize) -> Value {
    let again = |random: &mut StdRng| value(row, random, depth + 1);
    match random.random_range(0..if depth < 3 { 13 } else { 6 }) {
        0 => json!(random.random::<i64>()),
        1 => json!(u64::MAX - u64::from(random.random::<u32>())),
        2 => json!(f64::from(random.random::<i32>()) / 4.0 + 0.125),
        3 => json!(random.random::<bool>()),
        4 => json!("text"),
        5 => json!(""),
        6 => json!([1, null, 3]),
        7 => json!([]),
        8 => json!([1.5, 2]),
        9 => json!(["a", {"m": again(random)}, null, [again(random)], true]),
        10 => json!([{"e": again(random)}, {format!("f_{row}"): again(random)}]),
        11 => json!({"in": {"er": again(random)}, "b": again(random)}),
        _ => json!([[{"deep": again(random)}], [1], []]),
    }
}

#[tokio::test]
async fn shared_data_reads_as_what_clickhouse_makes_of_the_text() {
    in_database("json_shared", |store: ClickHouse| async move {
        for table in ["ours", "theirs"] {
            run_there(
                &store,
                &format!("CREATE TABLE {table} (id UInt64, j JSON) ENGINE = MergeTree ORDER BY id"),
            )
            .await;
        }
        let mut random = StdRng::seed_from_u64(11);
        let objects: Vec<Object> = (0..400).map(|row| object(row, 12, &mut random)).collect();
        let ids = (0..objects.len() as u64)
            .flat_map(u64::to_le_bytes)
            .collect();
        let texts = objects.iter().flat_map(|o| text(&json!(o).to_string()));
        let texts = 1_u64.to_le_bytes().into_iter().chain(texts).collect();
        let theirs = native(
            objects.len(),
            &[("id", "UInt64", ids), ("j", "JSON", texts)],
        );
        store
            .store_block(&THEIRS, objects.len(), theirs, "theirs")
            .await
            .unwrap();
        let ours = block(&objects).encode();
        store
            .store_block(&OURS, objects.len(), ours, "ours")
            .await
            .unwrap();
        assert_eq!(
            number(
                &store,
                "SELECT countIf(notEmpty(JSONSharedDataPaths(j))) FROM DB.ours"
            )
            .await,
            400
        );
        // `all` is in every row.
        assert_eq!(
            number(
                &store,
                "SELECT countIf(has(JSONDynamicPaths(j), 'all.n')) FROM DB.ours"
            )
            .await,
            400
        );
        let same = "SELECT countIf(toJSONString(o.j) = toJSONString(t.j) \
                    AND JSONAllPathsWithTypes(o.j) = JSONAllPathsWithTypes(t.j)) \
                    FROM DB.ours o JOIN DB.theirs t ON o.id = t.id";
        assert_eq!(number(&store, same).await, 400);
        // Merging doesn't change it.
        store
            .store_block(&OURS, 9, block(&objects[..9]).encode(), "again")
            .await
            .unwrap();
        run_there(&store, "OPTIMIZE TABLE ours FINAL").await;
        assert_eq!(number(&store, same).await, 409);
    })
    .await;
}

#[test]
fn a_block_is_as_large_as_what_is_in_it() {
    let members = |row: usize, of: usize| {
        (0..of)
            .map(move |i| (format!("own_{row}_{i}"), json!(i)))
            .collect::<Object>()
    };
    let of = |make: &dyn Fn(usize) -> Value, rows: usize| -> Vec<Object> {
        (0..rows)
            .map(|row| make(row).as_object().unwrap().clone())
            .collect()
    };
    let cases = [
        ("own members", of(&|row| json!(members(row, 300)), 400)),
        (
            "objects in lists",
            of(
                &|row| json!({"l": (0..50).map(|i| json!({format!("k_{row}_{i}"): 1})).collect::<Vec<_>>()}),
                400,
            ),
        ),
        (
            "lists of their own",
            of(
                &|row| json!({format!("l_{row}"): [{format!("k_{row}"): 1}, {}], "n": row}),
                3000,
            ),
        ),
        (
            "mixed lists",
            of(
                &|row| json!({"l": [1, {format!("k_{row}"): [[{format!("m_{row}"): 1}]]}]}),
                3000,
            ),
        ),
        (
            "dotted",
            of(
                &|row| json!({format!("a.{row}.b"): 1, format!("a.{row}"): {"c": 2}}),
                3000,
            ),
        ),
    ];
    for (what, objects) in cases {
        let sent: usize = objects.iter().map(|o| json!(o).to_string().len()).sum();
        let mut block = block(&objects);
        let encoded = block.encode().len();
        assert!(encoded < 12 * sent, "{what}: {sent} bytes are {encoded}");
        let counted = block.bytes();
        assert!(
            encoded <= counted,
            "{what}: {encoded} are counted as {counted}"
        );
        assert!(
            counted < 120 * sent,
            "{what}: {sent} bytes are counted as {counted}"
        );
        // Nothing is kept of so many paths.
        block.clear();
        assert!(block.bytes() < 4 << 20, "{what}: {} stay", block.bytes());
    }
}

static FREE: Shape = shape(&[]);
static LISTS: Shape = shape(&[Field {
    number: 1,
    name: "items",
    json_name: "items",
    kind: Kind::Struct(&FREE),
    label: Label::Repeated,
}]);

const fn shape(fields: &'static [Field]) -> Shape {
    Shape {
        name: "test.Shape",
        fields,
        dense: &[],
        any_of: &[],
        retired: &[],
    }
}

/// A message with a list of Structs.
fn structs(keys: impl Iterator<Item = String>, levels: usize) -> Vec<u8> {
    use prost_types::value::Kind;
    let value = |kind| prost_types::Value { kind: Some(kind) };
    let mut message = Vec::new();
    for key in keys {
        let mut item = prost_types::Struct::default();
        item.fields.insert(key, value(Kind::BoolValue(true)));
        for _ in 0..levels {
            let inner = Kind::StructValue(item);
            item = prost_types::Struct::default();
            item.fields.insert("a".into(), value(inner));
        }
        prost::encoding::message::encode(1, &item, &mut message);
    }
    message
}

#[test]
fn structs_in_messages_are_limited_too() {
    let told = |message: Vec<u8>| {
        let mut block = Block::new(&OURS);
        let [_, values] = block.columns().unwrap();
        values
            .json_message(&LISTS, &message)
            .map_err(|bad| bad.to_string())
    };
    assert_eq!(told(structs((0..5000).map(|_| "k".into()), 1)), Ok(()));
    assert_eq!(told(structs((0..1000).map(|i| format!("k{i}")), 1)), Ok(()));
    let many = told(structs((0..5000).map(|i| format!("k{i}")), 0)).unwrap_err();
    assert!(
        many.contains("field `items`: its 5000 messages have 25000000 places"),
        "{many}"
    );
    let deep = told(structs((0..1).map(|_| "k".into()), 64)).unwrap_err();
    // prost stops at a hundred messages in each other, three for each level of a Struct.
    assert!(deep.contains("doesn't decode"), "{deep}");
}
