//! ClickHouse reads the same bytes with its Protobuf format, into a table with a plain column for each field.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use event_grpc::contract::{Envelope, EventType};
use event_grpc::sink::clickhouse::ClickHouse;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{
    DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
};
use serde_json::{Map, Value, json};

use super::random::Sample;

/// The clock of the transforms under test: late enough that most timestamps are past.
pub(super) const NOW_MS: i64 = 1_770_000_000_000;

type Row = Map<String, Value>;

/// The rows that ClickHouse makes of the samples, by event id. Columns are named `h_FIELD` for the header's fields,
/// `e_FIELD` for the event's and `p_FIELD` for the payload's, nested ones joined by two underscores.
pub(super) async fn rows(
    store: &ClickHouse,
    pool: &DescriptorPool,
    envelope: &Envelope,
    kind: &EventType,
    samples: &[Sample],
) -> BTreeMap<String, Row> {
    let schema = Schema::of(pool, envelope, kind);
    let table = format!("theirs_{}", kind.name);
    let columns: Vec<String> = schema
        .columns
        .iter()
        .map(|(name, ty)| format!("`{name}` {ty}"))
        .collect();
    let database = store.address().database();
    let sql = format!(
        "CREATE TABLE `{database}`.`{table}` ({}) ENGINE = Memory",
        columns.join(", ")
    );
    store.run(None, &sql).await.unwrap();
    let mut body = Vec::new();
    for sample in samples {
        let row = schema.row(envelope, kind, sample);
        encode_varint(row.len() as u64, &mut body);
        body.extend_from_slice(&row);
    }
    insert(
        store,
        &format!("INSERT INTO `{database}`.`{table}` FORMAT Protobuf"),
        &schema.text,
        body,
    )
    .await;
    select(
        store,
        &format!("SELECT * FROM `{database}`.`{table}`"),
        "e_id",
    )
    .await
}

/// Our rows of one type, by event id.
pub(super) async fn stored(store: &ClickHouse, table: &str, kind: &str) -> BTreeMap<String, Row> {
    let database = store.address().database();
    select(
        store,
        &format!("SELECT * FROM `{database}`.`{table}` WHERE event_name = '{kind}'"),
        "event_id",
    )
    .await
}

#[derive(clickhouse::Row, serde::Deserialize)]
struct Line {
    line: String,
}

async fn select(store: &ClickHouse, sql: &str, id: &str) -> BTreeMap<String, Row> {
    let sql = format!(
        "SELECT formatRowNoNewline('JSONEachRow', *) AS line FROM ({sql}) \
         SETTINGS output_format_json_quote_64bit_integers = 0, date_time_output_format = 'unix_timestamp'"
    );
    let lines: Vec<Line> = store.rows(&sql).await.unwrap();
    let parse = |line: &Line| serde_json::from_str::<Row>(&line.line).unwrap();
    lines
        .iter()
        .map(parse)
        .map(|row| (row[id].as_str().unwrap().to_owned(), row))
        .collect()
}

/// Posts a body to the server with its schema inline.
async fn insert(store: &ClickHouse, sql: &str, schema: &str, body: Vec<u8>) {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", sql)
        .append_pair("format_schema_source", "string")
        .append_pair("format_schema", schema)
        .append_pair("format_schema_message_name", "Row")
        .finish();
    let base = store.address().to_string();
    let base = base.split('/').take(3).collect::<Vec<_>>().join("/");
    let answer =
        crate::http::request(http::Method::POST, &format!("{base}/?{query}"), &[], body).await;
    assert_eq!(answer.status, 200, "{}\n{schema}", answer.text);
}

/// A message `Row` whose fields are the header's, the event's and the payload's, renumbered and flattened.
struct Schema {
    text: String,
    columns: Vec<(String, String)>,
}

impl Schema {
    fn of(pool: &DescriptorPool, envelope: &Envelope, kind: &EventType) -> Self {
        let request = pool.get_message_by_name(envelope.message).unwrap();
        let inner =
            |message: &MessageDescriptor, number| match message.get_field(number).unwrap().kind() {
                Kind::Message(message) => message,
                other => panic!("{other:?}"),
            };
        let (header, event) = (
            inner(&request, envelope.header),
            inner(&request, envelope.events),
        );
        let payload = inner(&event, kind.number);
        let mut schema = Schema {
            text: String::from("syntax = \"proto3\";\n"),
            columns: Vec::new(),
        };
        schema.message("H", "h", header.fields());
        schema.message(
            "E",
            "e",
            event.fields().filter(|f| f.containing_oneof().is_none()),
        );
        schema.message("P", "p", payload.fields());
        schema
            .text
            .push_str("message Row { H h = 1; E e = 2; P p = 3; }\n");
        schema
    }

    /// Adds a message with the fields as they are; ClickHouse joins the names of nested fields by underscores.
    fn message(&mut self, name: &str, prefix: &str, fields: impl Iterator<Item = FieldDescriptor>) {
        let mut text = format!("message {name} {{\n");
        let mut nested = Vec::new();
        for field in fields {
            let column = format!("{prefix}_{}", field.name());
            let (ty, column_type) = match field.kind() {
                Kind::Message(_) if field.is_map() => {
                    ("map<string, string>".to_owned(), "Map(String, String)")
                }
                Kind::Message(inner) => {
                    let inner_name = format!("{name}_{}", field.name());
                    nested.push((inner_name.clone(), column.clone(), inner));
                    writeln!(
                        text,
                        "  {inner_name} {} = {};",
                        field.name(),
                        field.number()
                    )
                    .unwrap();
                    continue;
                }
                Kind::String => ("string".to_owned(), "String"),
                Kind::Bool => ("bool".to_owned(), "Bool"),
                Kind::Int32 => ("int32".to_owned(), "Int32"),
                Kind::Int64 => ("int64".to_owned(), "Int64"),
                Kind::Float => ("float".to_owned(), "Float32"),
                other => panic!("teach this test about {other:?}"),
            };
            let repeated = if field.is_list() { "repeated " } else { "" };
            writeln!(
                text,
                "  {repeated}{ty} {} = {};",
                field.name(),
                field.number()
            )
            .unwrap();
            let column_type = if field.is_list() {
                format!("Array({column_type})")
            } else {
                column_type.to_owned()
            };
            self.columns.push((column, column_type));
        }
        text.push_str("}\n");
        for (name, prefix, inner) in nested {
            self.message(&name, &prefix, inner.fields());
        }
        self.text.push_str(&text);
    }

    /// The bytes of one row: header, event and payload exactly as they were sent, one behind the other.
    fn row(&self, envelope: &Envelope, kind: &EventType, sample: &Sample) -> Vec<u8> {
        let event = &sample.event;
        let payload = event.get_field(&event.descriptor().get_field(kind.number).unwrap());
        let payload = payload.as_message().unwrap().encode_to_vec();
        let _ = envelope;
        let parts = [
            (1, sample.header.encode_to_vec()),
            (2, event.encode_to_vec()),
            (3, payload),
        ];
        let mut row = Vec::new();
        for (number, bytes) in parts {
            encode_key(number, WireType::LengthDelimited, &mut row);
            encode_varint(bytes.len() as u64, &mut row);
            row.extend_from_slice(&bytes);
        }
        row
    }
}

/// Expected row of `event`, from a row of theirs.
pub(super) fn event_row(theirs: &Row) -> Row {
    let mut row = common(theirs);
    for (column, value) in theirs {
        if let Some(field) = column.strip_prefix("h_") {
            row.insert(snake(field), value.clone());
        }
    }
    row.insert("event_current_url".into(), theirs["e_currentURL"].clone());
    row.insert("event_params".into(), Value::Object(params(theirs)));
    row
}

/// Expected row of `purchase`: fields of the other two types are at their default.
pub(super) fn purchase_row(theirs: &Row) -> Row {
    let mut row = common(theirs);
    for column in [
        "user_id",
        "bb_device_id",
        "session_id",
        "client_id",
        "os",
        "app_version",
    ] {
        let same = |field: &&String| field.strip_prefix("h_").is_some_and(|f| snake(f) == column);
        row.insert(
            column.into(),
            theirs[theirs.keys().find(same).unwrap()].clone(),
        );
    }
    let defaults = json!({
        "is_bag": false, "product_id": 0, "product_type": "", "checkout_id": "", "chargeable_amount": 0, "coupon": "",
        "payment_method": "", "transaction_id": "", "product_ids": [], "cart_id": "", "social_stream_ids": [], "reason": ""
    });
    row.extend(defaults.as_object().unwrap().clone());
    for (column, value) in theirs {
        if let Some(field) = column.strip_prefix("p_") {
            row.insert(snake(field), value.clone());
        }
    }
    row
}

fn common(theirs: &Row) -> Row {
    let sent: Option<i64> = theirs["e_timestamp"].as_str().unwrap().parse().ok();
    let seconds = |millis: i64| {
        json!(format!(
            "{}.{:03}",
            millis.div_euclid(1000),
            millis.rem_euclid(1000)
        ))
    };
    let name = theirs["e_id"].as_str().unwrap().rsplit_once('-').unwrap().0;
    let mut row = Row::new();
    row.insert("event_id".into(), theirs["e_id"].clone());
    row.insert("event_name".into(), json!(name));
    row.insert("sent_timestamp".into(), seconds(sent.unwrap_or(0)));
    row.insert(
        "event_timestamp".into(),
        seconds(sent.map_or(NOW_MS, |s| s.min(NOW_MS))),
    );
    row.insert("insert_timestamp".into(), seconds(NOW_MS));
    row.insert("unknown_fields".into(), "".into());
    row.insert("client".into(), "".into());
    row
}

/// The payload as JSON: fields at their default left out, nested messages as objects.
fn params(theirs: &Row) -> Row {
    let mut params = Row::new();
    for (column, value) in theirs {
        let Some(path) = column.strip_prefix("p_") else {
            continue;
        };
        let empty = match value {
            Value::Null => true,
            Value::Bool(v) => !v,
            Value::Number(v) => v.as_f64() == Some(0.0),
            Value::String(v) => v.is_empty(),
            Value::Array(v) => v.is_empty(),
            Value::Object(v) => v.is_empty(),
        };
        if empty {
            continue;
        }
        match path.split_once('_') {
            Some((outer, inner)) => {
                let nested = params.entry(outer).or_insert_with(|| json!({}));
                nested
                    .as_object_mut()
                    .unwrap()
                    .insert(inner.to_owned(), value.clone());
            }
            None => {
                params.insert(path.to_owned(), value.clone());
            }
        }
    }
    params
}

/// Equal, with numbers compared as numbers: a float reads the same however wide it is stored.
pub(super) fn same(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// currentURL becomes current_url.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, c) in chars.iter().enumerate() {
        let after_lower = at > 0 && !chars[at - 1].is_uppercase();
        let before_lower = at > 0 && chars.get(at + 1).is_some_and(|n| n.is_lowercase());
        if c.is_uppercase() && at > 0 && (after_lower || before_lower) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
