//! Free JSON as JSON values: paths and types follow from what is there. Nothing is lost or changed; what a JSON column
//! can't hold is refused.

use super::super::wire::Scalar;
use super::super::{Column, MISMATCH};
use super::Json;
use super::leaf::{Basic, Element, LeafType};
use super::lists::type_of;
use crate::json::limits;
use crate::json::{Map, Number, Plain, Value, place};
use crate::row_error::RowError;

impl Json {
    /// Appends an object.
    pub(in super::super) fn push_object(
        &mut self,
        object: &Map<String, Value>,
    ) -> Result<(), RowError> {
        limits::check(object)?;
        self.row(object)
    }

    /// Appends an object that is a part of one within the limits.
    fn row(&mut self, object: &Map<String, Value>) -> Result<(), RowError> {
        let mut path = String::new();
        for (key, value) in object {
            // A key of the object itself is the path, also if it is empty.
            path.clear();
            path.push_str(key);
            self.member(&mut path, value)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Adds an object's members to this row, below a path.
    pub(super) fn object(
        &mut self,
        path: &mut String,
        object: &Map<String, Value>,
    ) -> Result<(), RowError> {
        let len = path.len();
        for (key, value) in object {
            path.push('.');
            path.push_str(key);
            self.member(path, value)?;
            path.truncate(len);
        }
        Ok(())
    }

    fn member(&mut self, path: &mut String, value: &Value) -> Result<(), RowError> {
        match value {
            Value::Object(inner) => self.object(path, inner),
            Value::Null => Ok(()),
            value => {
                let (at, ty) = (self.path(path), type_of(value));
                let Some(column) = self.first(at, ty) else {
                    let reason = "is there twice, once as a key with a dot and once nested, which is one path of a JSON \
                                  column; send it once, or name one of them otherwise";
                    return Err(RowError::field(place(path), reason));
                };
                put(column, ty, value).map_err(|bad| below(path, bad))
            }
        }
    }
}

/// Tells where in a row something is wrong that was found in the elements of a list.
fn below(path: &str, bad: RowError) -> RowError {
    match bad {
        RowError::Field(mut misfit) => {
            misfit.place = match misfit.place.as_str() {
                "" => place(path),
                inner => format!("{}[].{inner}", place(path)),
            };
            RowError::Field(misfit)
        }
        bad => bad,
    }
}

/// Appends a value to a column of its type, or of the type of the list that it is an element of.
fn put(column: &mut Column, ty: LeafType, value: &Value) -> Result<(), RowError> {
    match (column, value) {
        (Column::Dynamic(dynamic), Value::Null) => {
            dynamic.push_null();
            Ok(())
        }
        (Column::Dynamic(dynamic), value) => {
            let ty = type_of(value);
            let column = dynamic.value(ty).ok_or(MISMATCH)?;
            put(column, ty, value)
        }
        (Column::Array(array), Value::Array(items)) => {
            let column = array.inner_mut();
            items.iter().try_for_each(|item| put(column, ty, item))?;
            array.close();
            Ok(())
        }
        (Column::Json(json), Value::Object(object)) => json.row(object),
        (Column::Nullable(objects), Value::Object(object)) => match &mut objects.inner {
            Column::Json(json) => {
                json.row(object)?;
                objects.nulls.push(0);
                Ok(())
            }
            _ => Err(MISMATCH),
        },
        (column, Value::Null) => column.null(),
        (column, Value::Bool(v)) => column.scalar(Scalar::Bool(*v)),
        (column, Value::String(v)) => column.scalar(Scalar::Text(v.as_bytes())),
        (column, Value::Number(v)) => number(column, ty, v),
        _ => Err(MISMATCH),
    }
}

/// Appends a number to a column of a type that holds it.
fn number(column: &mut Column, ty: LeafType, number: &Number) -> Result<(), RowError> {
    let basic = match ty {
        LeafType::One(basic) | LeafType::List(Element::Basic(basic), _) => basic,
        _ => return Err(MISMATCH),
    };
    let plain = number
        .plain()
        .map_err(|reason| RowError::field("", reason))?;
    match (basic, plain) {
        (Basic::Float64, Plain::Signed(v)) => column.f64(v as f64),
        (Basic::Float64, Plain::Unsigned(v)) => column.f64(v as f64),
        (Basic::Float64, Plain::Double(v)) => column.f64(v),
        (Basic::Int256, Plain::Signed(v)) => column.fixed(wide(i128::from(v))),
        (Basic::Int256, Plain::Unsigned(v)) => column.fixed(wide(i128::from(v))),
        (Basic::Int256, Plain::Wide(v)) => column.fixed(v),
        (Basic::Int64 | Basic::UInt64, Plain::Signed(v)) => column.i64(v),
        (Basic::UInt64, Plain::Unsigned(v)) => column.u64(v),
        _ => Err(MISMATCH),
    }
}

/// An integer of 256 bits, little endian.
fn wide(value: i128) -> [u8; 32] {
    let sign = if value < 0 { u8::MAX } else { 0 };
    let mut bytes = [sign; 32];
    let low = value.to_le_bytes();
    bytes.iter_mut().zip(low).for_each(|(to, from)| *to = from);
    bytes
}
