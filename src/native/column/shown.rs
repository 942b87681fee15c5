//! Values of columns as JSON, for people.

use serde_json::{Map, Number, Value};

use super::json::Json;
use super::read::{Cell, texts};
use super::{Column, plain::Fixed};

impl Column {
    /// Its value in a row, of a type as the database names it.
    pub fn shown(&self, row: usize, ty: &str) -> Value {
        match self {
            Column::Fixed(c) => fixed(c, row, ty),
            Column::Text(c) => text(c.data(), row),
            Column::Dictionary(c) => match c.value(row) {
                Some(bytes) => String::from_utf8_lossy(bytes).into(),
                None => Value::Null,
            },
            Column::Nullable(c) => match c.nulls.get(row) {
                Some(0) => c.inner.shown(row, inside(ty)),
                _ => Value::Null,
            },
            Column::Array(c) => {
                let rows = range(&c.ends, row);
                rows.map(|at| c.inner.shown(at, inside(ty))).collect()
            }
            Column::Map(c) => {
                let (key, value) = inside(ty).split_once(", ").unwrap_or(("", ""));
                let entries = range(&c.ends, row).map(|at| {
                    let key = match c.keys.shown(at, key) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, c.values.shown(at, value))
                });
                Value::Object(entries.collect())
            }
            Column::Json(c) => object(c, row),
            // An element of a mixed list.
            Column::Dynamic(_) => "…".into(),
        }
    }
}

/// The type in a type: `T` of `Nullable(T)`.
fn inside(ty: &str) -> &str {
    let inner = ty.split_once('(').map(|(_, inner)| inner);
    inner
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or("")
}

fn range(ends: &[u64], row: usize) -> std::ops::Range<usize> {
    let end = |row: usize| ends.get(row).copied().unwrap_or_default() as usize;
    let start = row.checked_sub(1).map_or(0, end);
    start..end(row)
}

fn text(data: &[u8], row: usize) -> Value {
    let cells = texts(data, row + 1).unwrap_or_default();
    match cells.get(row) {
        Some(Cell::Text(text)) => String::from_utf8_lossy(text).into(),
        _ => Value::Null,
    }
}

/// The paths of an object, as objects in each other.
fn object(json: &Json, row: usize) -> Value {
    let mut members = Map::new();
    for (path, column, at, ty) in json.values_of(row) {
        let mut names = path.split('.').peekable();
        let mut place = &mut members;
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                place.insert(name.to_owned(), column.shown(at, &ty));
                break;
            }
            let inner = place.entry(name).or_insert_with(|| Map::new().into());
            match inner {
                Value::Object(inner) => place = inner,
                // A key with a dot beside a value of its beginning.
                _ => break,
            }
        }
    }
    Value::Object(members)
}

fn fixed(column: &Fixed, row: usize, ty: &str) -> Value {
    let width = column.width();
    let bytes = column.data().chunks_exact(width).nth(row);
    let bytes = bytes.unwrap_or_default();
    let unsigned = bytes
        .iter()
        .rev()
        .fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    let bits = (width.min(16) * 8) as u32;
    let signed = (unsigned as i128) << (128 - bits) >> (128 - bits);
    let whole = |value: i128| match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Value::from(value),
        (_, Ok(value)) => Value::from(value),
        _ => Value::from(value.to_string()),
    };
    let float = |value: f64| Number::from_f64(value).map_or(Value::Null, Value::Number);
    let name = ty.split('(').next().unwrap_or_default();
    match (name, width) {
        ("Bool" | "boolean", _) => (unsigned != 0).into(),
        ("Float32" | "real", 4) => float(f64::from(f32::from_bits(unsigned as u32))),
        ("Float64" | "double precision", 8) => float(f64::from_bits(unsigned as u64)),
        ("Date", _) => time(signed_days(unsigned), "%Y-%m-%d"),
        ("DateTime", _) => time(unsigned as i128 * 1_000_000, "%Y-%m-%dT%H:%M:%SZ"),
        ("DateTime64", _) => {
            let digits: u32 = inside(ty)
                .split(',')
                .next()
                .and_then(|d| d.parse().ok())
                .unwrap_or(3);
            let micros = signed * 1_000_000 / 10_i128.pow(digits.min(9));
            time(micros, "%Y-%m-%dT%H:%M:%S%.fZ")
        }
        (name, _) if name.starts_with("timestamp") => time(signed, "%Y-%m-%dT%H:%M:%S%.fZ"),
        (name, _) if name.starts_with("UInt") => match u64::try_from(unsigned) {
            Ok(value) => value.into(),
            Err(_) => unsigned.to_string().into(),
        },
        _ if width > 16 => "…".into(),
        _ => whole(signed),
    }
}

fn signed_days(days: u128) -> i128 {
    days as i128 * 86_400_000_000
}

/// A time in microseconds since the epoch.
fn time(micros: i128, format: &str) -> Value {
    let at = i64::try_from(micros).ok();
    match at.and_then(chrono::DateTime::from_timestamp_micros) {
        Some(at) => at.format(format).to_string().into(),
        None => micros.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::json::limits;
    use crate::native::Layout;

    #[test]
    fn values_are_shown_as_their_types_are_meant() {
        let mut number = Column::new(&Layout::Nullable(&Layout::Fixed(4)));
        number.null().unwrap();
        number.i32(-7).unwrap();
        assert_eq!(number.shown(0, "Nullable(Int32)"), Value::Null);
        assert_eq!(number.shown(1, "Nullable(Int32)"), json!(-7));
        let mut time = Column::new(&Layout::Fixed(8));
        time.i64(1_769_846_400_123).unwrap();
        let shown = time.shown(0, "DateTime64(3, 'UTC')");
        assert_eq!(shown, json!("2026-01-31T08:00:00.123Z"));
        let mut share = Column::new(&Layout::Fixed(8));
        share.f64(0.25).unwrap();
        assert_eq!(share.shown(0, "Float64"), json!(0.25));
        let mut name = Column::new(&Layout::Dictionary { nullable: false });
        name.text("a").unwrap();
        name.text("b").unwrap();
        assert_eq!(name.shown(1, "LowCardinality(String)"), json!("b"));
    }

    #[test]
    fn an_object_is_shown_as_it_came() {
        let mut column = Column::new(&Layout::Json);
        let text = r#"{"a":{"b":1,"c":["x","y"]},"d":true,"e":[{"f":1.5},{"f":2}]}"#;
        for text in [r#"{"z":1}"#, text] {
            let object = limits::parse(text.as_bytes()).unwrap();
            column.json_object(&object).unwrap();
        }
        let wanted: Value = serde_json::from_str(text).unwrap();
        assert_eq!(column.shown(1, "JSON"), wanted);
    }
}
