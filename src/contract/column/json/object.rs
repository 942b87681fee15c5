//! Free JSON as JSON values: paths and types follow from what is there.

use serde_json::{Map, Number, Value};

use super::super::Column;
use super::super::wire::Scalar;
use super::Json;
use super::leaf::{Basic, LeafType};
use crate::contract::Bad;
use crate::contract::json::limits;

impl Json {
    /// Appends an object.
    pub(in super::super) fn push_object(&mut self, object: &Map<String, Value>) -> Result<(), Bad> {
        limits::check(object)?;
        self.row(object)
    }

    /// Appends an object that is a part of one within the limits.
    fn row(&mut self, object: &Map<String, Value>) -> Result<(), Bad> {
        self.object(&mut String::new(), object)?;
        self.rows += 1;
        Ok(())
    }

    /// Adds an object's members to this row, below a path.
    pub(super) fn object(
        &mut self,
        path: &mut String,
        object: &Map<String, Value>,
    ) -> Result<(), Bad> {
        let len = path.len();
        for (key, value) in object {
            if len > 0 {
                path.push('.');
            }
            path.push_str(key);
            match value {
                Value::Object(inner) => self.object(path, inner)?,
                Value::Null => {}
                value => {
                    let (at, ty) = (self.path(path), type_of(value));
                    if let Some(column) = self.first(at, ty) {
                        put(column, ty, value)?;
                    }
                }
            }
            path.truncate(len);
        }
        Ok(())
    }
}

/// The type of a value that isn't null.
fn type_of(value: &Value) -> LeafType {
    match value {
        Value::Object(_) => LeafType::Json,
        Value::Array(items) => list_type(items),
        value => LeafType::One(basic_of(value).unwrap_or(Basic::String)),
    }
}

fn basic_of(value: &Value) -> Option<Basic> {
    match value {
        Value::Bool(_) => Some(Basic::Bool),
        Value::String(_) => Some(Basic::String),
        Value::Number(n) if n.is_i64() => Some(Basic::Int64),
        Value::Number(n) if n.is_u64() => Some(Basic::UInt64),
        Value::Number(_) => Some(Basic::Float64),
        _ => None,
    }
}

/// Lists of one type, nulls aside, are lists of that type; integers among floats are floats.
fn list_type(items: &[Value]) -> LeafType {
    let mut common: Option<Basic> = None;
    let mut objects = 0;
    for item in items.iter().filter(|i| !i.is_null()) {
        match (basic_of(item), common) {
            (None, _) if item.is_object() => objects += 1,
            (None, _) => return LeafType::ListDynamic,
            (Some(basic), None) => common = Some(basic),
            (Some(basic), Some(before)) if basic == before => {}
            (Some(Basic::Float64), Some(Basic::Int64))
            | (Some(Basic::Int64), Some(Basic::Float64)) => {
                common = Some(Basic::Float64);
            }
            _ => return LeafType::ListDynamic,
        }
    }
    match (common, objects) {
        (None, 0) => LeafType::List(Basic::String),
        (None, n) if n == items.len() => LeafType::ListJson,
        (Some(basic), 0) => LeafType::List(basic),
        _ => LeafType::ListDynamic,
    }
}

/// Appends one value to a column of its type.
fn put(column: &mut Column, ty: LeafType, value: &Value) -> Result<(), Bad> {
    match (column, value) {
        (Column::Array(array), Value::Array(items)) => {
            for item in items {
                element(array.inner_mut(), ty, item)?;
            }
            array.close();
            Ok(())
        }
        (Column::Json(json), Value::Object(object)) => json.row(object),
        (column, value) => scalar(column, ty, value),
    }
}

fn element(column: &mut Column, list: LeafType, item: &Value) -> Result<(), Bad> {
    match (column, item) {
        (Column::Json(json), Value::Object(object)) => json.row(object),
        (Column::Dynamic(dynamic), Value::Null) => {
            dynamic.push_null();
            Ok(())
        }
        (Column::Dynamic(dynamic), item) => {
            let ty = type_of(item);
            dynamic
                .value(ty)
                .map_or(Ok(()), |column| put(column, ty, item))
        }
        (column, Value::Null) => column.null(),
        (column, item) => scalar(column, list, item),
    }
}

fn scalar(column: &mut Column, ty: LeafType, value: &Value) -> Result<(), Bad> {
    let float = matches!(
        ty,
        LeafType::One(Basic::Float64) | LeafType::List(Basic::Float64)
    );
    match value {
        Value::Bool(v) => column.scalar(Scalar::Bool(*v)),
        Value::String(v) => column.scalar(Scalar::Text(v.as_bytes())),
        Value::Number(n) if float => column.f64(n.as_f64().unwrap_or_default()),
        Value::Number(n) => column.scalar(number(n)),
        _ => Err(super::super::MISMATCH),
    }
}

fn number(n: &Number) -> Scalar<'static> {
    match (n.as_i64(), n.as_u64()) {
        (Some(v), _) => Scalar::Signed(v),
        (None, Some(v)) => Scalar::Unsigned(v),
        _ => Scalar::Double(n.as_f64().unwrap_or_default()),
    }
}
