//! ClickHouse types: which one a proto field gets, how it is written, and how it is read. `docs/types.md` has the table.

use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// A ClickHouse type that a column can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `Bool`.
    Bool,
    /// `Int32`.
    Int32,
    /// `Int64`.
    Int64,
    /// `UInt32`.
    UInt32,
    /// `UInt64`.
    UInt64,
    /// `Float32`.
    Float32,
    /// `Float64`.
    Float64,
    /// `String`.
    String,
    /// `DateTime('UTC')`: whole seconds.
    DateTime,
    /// `DateTime64(3, 'UTC')`: milliseconds.
    Millis,
    /// `DateTime64(6, 'UTC')`: microseconds, for `google.protobuf.Timestamp`.
    Micros,
    /// `JSON`.
    Json,
    /// `LowCardinality(T)`, where T is String or Nullable(String).
    LowCardinality(Box<Type>),
    /// `Nullable(T)`.
    Nullable(Box<Type>),
    /// `Array(T)`.
    Array(Box<Type>),
    /// `Map(K, V)`.
    Map(Box<Type>, Box<Type>),
}

/// The type of a column that holds this field of a protobuf message.
pub(crate) fn of_field(field: &FieldDescriptor) -> Type {
    if let Some((key, value)) = entry(field) {
        return Type::Map(Box::new(single(&key)), Box::new(single(&value)));
    }
    if field.is_list() {
        return Type::Array(Box::new(single(&field.kind())));
    }
    let ty = single(&field.kind());
    let absent = field.supports_presence() && !field.is_required();
    match ty {
        ty if !absent || ty == Type::Json => ty,
        Type::LowCardinality(inner) => Type::LowCardinality(Box::new(Type::Nullable(inner))),
        ty => Type::Nullable(Box::new(ty)),
    }
}

/// The type of a column that holds this field of a JSON message, or what to do without one.
pub(crate) fn of_json_field(field: &FieldDescriptor) -> Result<Type, &'static str> {
    if field.is_map() {
        return Ok(Type::Json);
    }
    if field.is_list() {
        return match single(&field.kind()) {
            Type::Json => Ok(Type::Array(Box::new(Type::Json))),
            _ => Err(
                "a list of texts or numbers is kept in the JSON around it: with a column of the whole message (`body | json`) a \
                 wildcard leaves it out; otherwise it is named in `ignore`",
            ),
        };
    }
    match field.kind() {
        Kind::Bytes => Err("JSON has no bytes: declare the field as the string that is sent"),
        kind if single(&kind) == Type::Micros => Err(
            "declare the field as the string or number that is sent, and use `datetime` or `epoch_millis`",
        ),
        _ => Ok(of_field(field)),
    }
}

/// True if the message is `google.protobuf.Struct`, any JSON object.
pub(crate) fn is_struct(message: &MessageDescriptor) -> bool {
    message.full_name() == STRUCT
}

const TIMESTAMP: &str = "google.protobuf.Timestamp";
const STRUCT: &str = "google.protobuf.Struct";

/// Kinds of the keys and values of a map field.
fn entry(field: &FieldDescriptor) -> Option<(Kind, Kind)> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            Some((key.kind(), value.kind()))
        }
        _ => None,
    }
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

    /// True if NULL is one of its values.
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
