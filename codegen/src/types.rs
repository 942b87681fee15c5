//! ClickHouse types: which one a proto field gets, how it is written, and how it is read. `docs/types.md` has the table.

use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::model::Type;

/// The type of a column that holds this field, or why there is none.
pub(crate) fn of_field(field: &FieldDescriptor) -> Result<Type, String> {
    if field.is_map() {
        return of_map(field);
    }
    if field.is_list() {
        return match field.kind() {
            Kind::Message(m) if m.full_name() != TIMESTAMP => Err(format!(
                "a list of `{}` messages is not a column by itself: keep it in the JSON of the message around it \
                 (`$payload | json`), or ignore it",
                m.full_name()
            )),
            kind => Ok(Type::Array(Box::new(single(&kind)))),
        };
    }
    let ty = single(&field.kind());
    let absent = field.supports_presence() && !field.is_required();
    let message = matches!(field.kind(), Kind::Message(_));
    Ok(match ty {
        Type::Micros => Type::Nullable(Box::new(Type::Micros)),
        ty if message || !absent => ty,
        Type::LowCardinality(inner) => Type::LowCardinality(Box::new(Type::Nullable(inner))),
        ty => Type::Nullable(Box::new(ty)),
    })
}

/// Whether the message is `google.protobuf.Struct`, any JSON object.
pub(crate) fn is_struct(message: &MessageDescriptor) -> bool {
    message.full_name() == STRUCT
}

const TIMESTAMP: &str = "google.protobuf.Timestamp";
const STRUCT: &str = "google.protobuf.Struct";

fn of_map(field: &FieldDescriptor) -> Result<Type, String> {
    let Kind::Message(entry) = field.kind() else {
        return Err("a map without an entry".to_owned());
    };
    Ok(match entry.map_entry_value_field().kind() {
        Kind::Message(_) => Type::Json,
        value => {
            let key = single(&entry.map_entry_key_field().kind());
            Type::Map(Box::new(key), Box::new(single(&value)))
        }
    })
}

/// The type of one value that is there.
fn single(kind: &Kind) -> Type {
    match kind {
        Kind::Bool => Type::Bool,
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Type::Int32,
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Type::Int64,
        Kind::Uint32 | Kind::Fixed32 => Type::UInt32,
        Kind::Uint64 | Kind::Fixed64 => Type::UInt64,
        Kind::Float => Type::Float32,
        Kind::Double => Type::Float64,
        Kind::String | Kind::Bytes => Type::String,
        Kind::Enum(_) => Type::LowCardinality(Box::new(Type::String)),
        Kind::Message(m) if m.full_name() == TIMESTAMP => Type::Micros,
        Kind::Message(_) => Type::Json,
    }
}

// === impl Type ===

impl Type {
    /// The type without `Nullable`.
    pub fn present(&self) -> &Type {
        match self {
            Type::Nullable(inner) => inner,
            ty => ty,
        }
    }

    /// Whether NULL is one of its values.
    pub fn is_nullable(&self) -> bool {
        match self {
            Type::Nullable(_) => true,
            Type::LowCardinality(inner) => inner.is_nullable(),
            _ => false,
        }
    }

    /// Reads a type as people write it: without `'UTC'`, too.
    pub(crate) fn parse(text: &str) -> Option<Type> {
        let text = text.trim();
        Some(match text {
            "Bool" => Type::Bool,
            "Int32" => Type::Int32,
            "Int64" => Type::Int64,
            "UInt32" => Type::UInt32,
            "UInt64" => Type::UInt64,
            "Float32" => Type::Float32,
            "Float64" => Type::Float64,
            "String" => Type::String,
            "DateTime" => Type::DateTime,
            "JSON" => Type::Json,
            _ => return Self::parse_nested(text),
        })
    }

    fn parse_nested(text: &str) -> Option<Type> {
        let (name, arguments) = text.strip_suffix(')')?.split_once('(')?;
        let inner = || Type::parse(arguments).map(Box::new);
        Some(match name.trim() {
            "Nullable" => Type::Nullable(inner()?),
            "LowCardinality" => Type::LowCardinality(inner()?),
            "Array" => Type::Array(inner()?),
            "Map" => {
                let (key, value) = arguments.split_once(',')?;
                Type::Map(Box::new(Type::parse(key)?), Box::new(Type::parse(value)?))
            }
            "DateTime" if arguments.trim() == "'UTC'" => Type::DateTime,
            "DateTime64" => {
                let (scale, zone) = arguments.split_once(',').unwrap_or((arguments, "'UTC'"));
                match (scale.trim(), zone.trim()) {
                    ("3", "'UTC'") => Type::Millis,
                    ("6", "'UTC'") => Type::Micros,
                    _ => return None,
                }
            }
            _ => return None,
        })
    }
}

/// As `system.columns` shows it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("Bool"),
            Type::Int32 => f.write_str("Int32"),
            Type::Int64 => f.write_str("Int64"),
            Type::UInt32 => f.write_str("UInt32"),
            Type::UInt64 => f.write_str("UInt64"),
            Type::Float32 => f.write_str("Float32"),
            Type::Float64 => f.write_str("Float64"),
            Type::String => f.write_str("String"),
            Type::DateTime => f.write_str("DateTime('UTC')"),
            Type::Millis => f.write_str("DateTime64(3, 'UTC')"),
            Type::Micros => f.write_str("DateTime64(6, 'UTC')"),
            Type::Json => f.write_str("JSON"),
            Type::LowCardinality(inner) => write!(f, "LowCardinality({inner})"),
            Type::Nullable(inner) => write!(f, "Nullable({inner})"),
            Type::Array(inner) => write!(f, "Array({inner})"),
            Type::Map(key, value) => write!(f, "Map({key}, {value})"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_type_reads_as_it_is_written() {
        for text in [
            "Bool",
            "UInt64",
            "DateTime('UTC')",
            "Nullable(DateTime64(6, 'UTC'))",
            "LowCardinality(Nullable(String))",
            "Array(LowCardinality(String))",
            "Map(String, Array(Int64))",
            "JSON",
        ] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Type::parse("DateTime64(3)"), Some(Type::Millis));
        assert_eq!(Type::parse("DateTime64(9)"), None);
        assert_eq!(Type::parse("Nullable(Strin)"), None);
    }
}
