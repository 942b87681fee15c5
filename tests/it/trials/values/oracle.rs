//! Random free JSON, as we send it and as ClickHouse's own parser reads it: the same values of the same types.

use std::collections::BTreeMap;

use event_grpc::contract::json::{Map, Value, parse};
use event_grpc::contract::{Append, Block, Layout, Storage, Table};
use event_grpc::sink::clickhouse::ClickHouse;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::clickhouse::support::{column, in_database, no_rows, number, run_there};

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

/// One of some choices.
fn pick<'a>(choices: &[&'a str], random: &mut StdRng) -> &'a str {
    choices[random.random_range(0..choices.len())]
}

#[rustfmt::skip]
fn key(random: &mut StdRng) -> String {
    const KEYS: [&str; 16] = [
        "a", "b", "c", "d", "", "a.b", "b.c", ".", "a.", ".a", "é", "a b", "\\u0061", "q\\\"", "a%2Eb", "\\ud83d\\ude00",
    ];
    match random.random_range(0..4) {
        0 => format!("k{}", random.random_range(0..30)),
        _ => pick(&KEYS, random).to_owned(),
    }
}

#[rustfmt::skip]
fn number_text(random: &mut StdRng) -> String {
    const EDGES: [&str; 24] = [
        "0", "-0", "0.0", "-0.0", "1", "-1", "1.0", "10.50", "1e3", "1E+2", "5e-324", "1e308", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "-9223372036854775809", "1234567890123456789012", "0.1000000000000000055",
        "123456789012345678901234567890.5", "1e400", "1e-400",
    ];
    match random.random_range(0..12) {
        0 => random.random::<i64>().to_string(),
        1 => (f64::from(random.random::<i32>()) / 64.0).to_string(),
        2 => format!("{:e}", f64::from_bits(random.random::<u64>() >> 2)),
        3 => format!("{}.{}", random.random::<u32>(), random.random::<u64>()),
        4 => pick(&EDGES, random).to_owned(),
        _ => random.random_range(-20..20).to_string(),
    }
}

#[rustfmt::skip]
fn string(random: &mut StdRng) -> String {
    const TEXTS: [&str; 12] = [
        "", "x", "2026-01-02", "2026-01-02 03:04:05", "12", "null", "true", "\\u0000", "\\n\\\\\\/\\\"", "नमस्ते",
        "\\ud83d\\ude00", "{\\\"a\\\":1}",
    ];
    format!("\"{}\"", pick(&TEXTS, random))
}

fn scalar(kind: u32, random: &mut StdRng) -> String {
    match kind {
        0 => number_text(random),
        1 => random.random_range(-9..9).to_string(),
        2 => string(random),
        3 => pick(&["true", "false"], random).to_owned(),
        _ => "null".to_owned(),
    }
}

fn list(random: &mut StdRng, depth: usize) -> String {
    if depth == 0 {
        return "[]".to_owned();
    }
    let kind = random.random_range(0..8);
    let mixed = random.random_ratio(1, 4);
    let items = (0..random.random_range(0..4)).map(|_| match kind {
        _ if mixed => value(random, depth - 1),
        5 => object(random, depth - 1),
        6 | 7 => list(random, depth - 1),
        _ if random.random_ratio(1, 8) => "null".to_owned(),
        kind => scalar(kind, random),
    });
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn value(random: &mut StdRng, depth: usize) -> String {
    match random.random_range(0..9) {
        0..3 if depth > 0 => object(random, depth - 1),
        3 | 4 if depth > 0 => list(random, depth - 1),
        kind => scalar(kind % 5, random),
    }
}

fn object(random: &mut StdRng, depth: usize) -> String {
    let mut members = BTreeMap::new();
    for _ in 0..random.random_range(0..4) {
        members.insert(key(random), value(random, depth));
    }
    let members = members
        .iter()
        .map(|(key, value)| format!("\"{key}\" : {value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A value as paths and leaves, whatever the nesting of its keys was and however its numbers are written.
fn normal(value: &Value) -> Value {
    fn add(path: Option<&str>, object: &Map, to: &mut Map) {
        for (key, value) in object {
            let path = path.map_or_else(|| key.clone(), |path| format!("{path}.{key}"));
            match value {
                Value::Null => {}
                Value::Object(inner) => add(Some(&path), inner, to),
                value => assert_eq!(to.insert(path, normal(value)), None),
            }
        }
    }
    match value {
        Value::Object(object) => {
            let mut paths = Map::new();
            add(None, object, &mut paths);
            Value::Object(paths)
        }
        Value::Array(items) => Value::Array(items.iter().map(normal).collect()),
        // The shortest text of a float has no digits behind those that it holds.
        Value::Number(number) if number.to_string().contains(['.', 'e', 'E']) => {
            let float: f64 = number.to_string().parse().unwrap();
            (float + 0.0).to_string().into()
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) => (float + 0.0).to_string().into(),
            None => number.to_string().into(),
        },
        value => value.clone(),
    }
}

/// Kinds of scalars in a list and its lists: booleans, integers that no float holds, floats, others.
fn kinds(items: &[Value], found: &mut [bool; 4]) {
    for item in items {
        match item {
            Value::Array(items) => kinds(items, found),
            Value::Bool(_) => found[0] = true,
            Value::Number(n) if n.to_string().contains(['.', 'e', 'E']) => found[2] = true,
            Value::Number(n) if n.as_f64().is_none() => found[1] = true,
            Value::Number(_) | Value::String(_) => found[3] = true,
            Value::Null | Value::Object(_) => {}
        }
    }
}

/// True if there is a null beside a list, among these or the elements of all lists among them; or one beside an object
/// in another list.
fn is_null_beside_list(items: &[&Value]) -> bool {
    let inner: Vec<&Value> = items
        .iter()
        .filter_map(|item| item.as_array())
        .flatten()
        .collect();
    let has = |items: &[&Value], is: fn(&Value) -> bool| items.iter().any(|item| is(item));
    has(items, Value::is_array) && has(items, Value::is_null)
        || has(&inner, Value::is_object) && has(&inner, Value::is_null)
        || !inner.is_empty() && is_null_beside_list(&inner)
}

/// True if ClickHouse's parser changes a value: it makes 1 of a true among numbers, rounds integers among floats, and
/// makes a list or an object of some nulls.
fn is_changed(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.values().any(is_changed),
        Value::Array(items) => {
            let mut found = [false; 4];
            kinds(items, &mut found);
            let [truth, large, float, other] = found;
            truth && (large || float || other)
                || large && float
                || is_null_beside_list(&items.iter().collect::<Vec<_>>())
                || items.iter().any(is_changed)
        }
        _ => false,
    }
}

#[derive(clickhouse::Row, serde::Deserialize)]
struct Stored {
    id: u64,
    text: String,
    types: String,
}

/// True if it has lists of lists of which one is empty: which type that one gets is a matter of its neighbours.
fn has_open_lists(value: &Value) -> bool {
    let is_empty = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_null))
    };
    match value {
        Value::Object(object) => object.values().any(has_open_lists),
        Value::Array(items) => items
            .iter()
            .any(|item| is_empty(item) || has_open_lists(item)),
        _ => false,
    }
}

/// Types, where lists of lists of mixed values are lists of them: at which level mixed values begin where lists of lists
/// disagree depends in ClickHouse's parser on nulls, on empty lists and on their number.
fn flat(types: &str) -> String {
    let mut types = types.to_owned();
    while types.contains("Array(Array(Dynamic))") {
        types = types.replace("Array(Array(Dynamic))", "Array(Dynamic)");
    }
    types
}

async fn stored(store: &ClickHouse, table: &str) -> BTreeMap<u64, Stored> {
    let database = store.address().database();
    let sql = format!(
        "SELECT id, toJSONString(j) AS text, toString(JSONAllPathsWithTypes(j)) AS types FROM `{database}`.{table} \
         SETTINGS output_format_json_quote_64bit_integers = 0"
    );
    let rows: Vec<Stored> = store.rows(&sql).await.unwrap();
    rows.into_iter().map(|row| (row.id, row)).collect()
}

/// Lets ClickHouse read the texts by itself; those that it can't are left out. Each is a block of its own: where types are
/// open, its parser takes them from rows before.
async fn read_there(store: &ClickHouse, texts: &[String]) {
    let lines = texts.iter().enumerate();
    let lines = lines.map(|(id, text)| format!("{{\"id\":{id},\"j\":{text}}}\n"));
    let database = store.address().database();
    let insert = format!("INSERT INTO `{database}`.theirs FORMAT JSONEachRow");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &insert)
        .append_pair("input_format_allow_errors_num", "1000000")
        .append_pair("input_format_parallel_parsing", "0")
        .append_pair("input_format_try_infer_dates", "0")
        .append_pair("input_format_try_infer_datetimes", "0")
        .append_pair("max_insert_block_size", "1")
        .append_pair("min_insert_block_size_rows", "1")
        .append_pair("min_insert_block_size_bytes", "0")
        .append_pair("async_insert", "0")
        .finish();
    let base = store.address().to_string();
    let base = base.split('/').take(3).collect::<Vec<_>>().join("/");
    let url = format!("{base}/?{query}");
    let body: String = lines.collect();
    let answer = crate::http::request(http::Method::POST, &url, &[], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Appends what can be stored, and says why the rest can't.
fn append(texts: &[String]) -> (Block, BTreeMap<u64, String>) {
    let mut block = Block::new(&OURS);
    let mut refused = BTreeMap::new();
    for (id, text) in (0..).zip(texts) {
        let Value::Object(object) = parse(text.as_bytes()).unwrap() else {
            panic!("{text}");
        };
        block.mark();
        let [ids, values] = block.columns().unwrap();
        ids.u64(id).unwrap();
        match values.json_object(&object) {
            Ok(()) => block.grew(1),
            Err(bad) => {
                block.rollback();
                refused.insert(id, bad.to_string());
            }
        }
    }
    (block, refused)
}

#[tokio::test]
async fn free_json_is_what_clickhouse_makes_of_it() {
    in_database("values_oracle", |store: ClickHouse| async move {
        // A file for each of so many paths and types would be more files than a server has open.
        let engine = "MergeTree ORDER BY id SETTINGS min_bytes_for_wide_part = 1000000000000";
        for (table, engine) in [("ours", engine), ("theirs", "Memory")] {
            let sql = format!("CREATE TABLE {table} (id UInt64, j JSON) ENGINE = {engine}");
            run_there(&store, &sql).await;
        }
        let seed = std::env::var("EVENT_GRPC_TEST_SEED");
        let seed = seed.ok().and_then(|seed| seed.parse().ok());
        let mut random = StdRng::seed_from_u64(seed.unwrap_or(12));
        let texts: Vec<String> = (0..1500)
            .map(|_| object(&mut random, 4))
            .filter(|text| parse(text.as_bytes()).is_ok())
            .collect();
        read_there(&store, &texts).await;
        let (block, refused) = append(&texts);
        let rows = block.rows();
        store
            .store_block(&OURS, rows, block.encode(), "ours")
            .await
            .unwrap();
        let (ours, theirs) = (stored(&store, "ours").await, stored(&store, "theirs").await);
        assert_eq!(ours.len(), rows);
        let (mut same, mut alike, mut only_ours) = (0, 0, 0);
        for (id, text) in (0..).zip(&texts) {
            let sent = parse(text.as_bytes()).unwrap();
            let Some(our) = ours.get(&id) else {
                let reason = &refused[&id];
                let known = ["is there twice", "is out of the range"];
                assert!(
                    known.iter().any(|why| reason.contains(why)),
                    "{text}: {reason}"
                );
                continue;
            };
            // A path that is also the beginning of another one is written as a key that is there twice.
            if let Ok(kept) = parse(our.text.as_bytes()) {
                assert_eq!(normal(&kept), normal(&sent), "{text}");
            }
            match theirs.get(&id) {
                None => only_ours += 1,
                Some(_) if is_changed(&sent) => {}
                Some(their) => {
                    assert_eq!(our.text, their.text, "{text}");
                    if !has_open_lists(&sent) {
                        assert_eq!(flat(&our.types), flat(&their.types), "{text}");
                        alike += 1;
                    }
                    same += 1;
                }
            }
        }
        let refused = refused.len();
        assert!(
            same > 700 && alike > same / 2,
            "{same} are the same, {alike} of them with types, {only_ours} only ours, {refused} refused"
        );
        // Merging doesn't change it.
        run_there(&store, "OPTIMIZE TABLE ours FINAL").await;
        let all = "SELECT toUInt64(sum(length(toJSONString(j)))) FROM DB.ours \
                   SETTINGS output_format_json_quote_64bit_integers = 0";
        let length: usize = ours.values().map(|row| row.text.len()).sum();
        assert_eq!(number(&store, all).await, length as u64);
    })
    .await;
}
