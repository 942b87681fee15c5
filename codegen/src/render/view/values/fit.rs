//! From what an expression yields to what a column of a type takes.

use prost_reflect::Kind;

use super::{Failing, Unwritable, Writer};
use crate::base::literal::literal;
use crate::function::code::{Code, Yields};
use crate::model::Type;

impl Writer<'_> {
    /// The expression with what a column of this type takes.
    pub(super) fn fit(&self, column: &str, to: &Type, on: Code) -> Result<Code, Unwritable> {
        let same = |on: Code| Ok(on);
        match (to, &on.yields) {
            (Type::Bool, Yields::Bool)
            | (Type::Int32, Yields::I32)
            | (Type::Int64, Yields::I64)
            | (Type::UInt32, Yields::U32)
            | (Type::UInt64, Yields::U64)
            | (Type::Float32, Yields::F32)
            | (Type::Float64, Yields::F64)
            | (Type::String, Yields::Str | Yields::Cow | Yields::Owned | Yields::Bytes)
            | (Type::DateTime, Yields::Seconds)
            | (Type::Millis, Yields::Millis)
            | (Type::Micros, Yields::Micros)
            | (Type::Json, Yields::Message(_) | Yields::Payload | Yields::Object | Yields::Made)
            | (Type::Array(_), Yields::List(_) | Yields::Objects)
            | (Type::Map(..), Yields::Map(_)) => same(on),
            (Type::Int32, Yields::Enum(_)) => Ok(Code {
                yields: Yields::I32,
                ..on
            }),
            (Type::Int64, Yields::I32 | Yields::U32) => Ok(on.widened("i64", Yields::I64)),
            (Type::UInt64, Yields::U32) => Ok(on.widened("u64", Yields::U64)),
            (Type::Float64, Yields::F32 | Yields::I32 | Yields::U32) => {
                Ok(on.widened("f64", Yields::F64))
            }
            (Type::String, Yields::Enum(field)) => {
                let Kind::Enum(names) = field.kind() else {
                    return Err("an enum has names".into());
                };
                let names = format!("shapes::{}", self.shapes.enum_path(&names));
                Ok(Code {
                    rust: match on.optional {
                        true => format!(
                            "{}.map(|value| function::enum_name({names}, value))",
                            on.rust
                        ),
                        false => format!("function::enum_name({names}, {})", on.rust),
                    },
                    yields: Yields::Cow,
                    ..on
                })
            }
            (Type::Micros, Yields::Message(_)) => {
                let call = match on.optional {
                    true => format!("{}.map(function::timestamp_micros).transpose()", on.rust),
                    false => format!("function::timestamp_micros({})", on.rust),
                };
                Ok(self.attempt(column, call, Yields::I64, on.optional))
            }
            (to, from) => Err(format!(
                "{} has no way into a column of type {}",
                from.name(),
                to
            )),
        }
    }

    /// A call that may fail.
    pub(super) fn attempt(
        &self,
        column: &str,
        call: String,
        yields: Yields,
        optional: bool,
    ) -> Code {
        match self.failing {
            Failing::Fails | Failing::NamesField => Code {
                rust: format!(
                    "{call}.map_err(|reason| RowError::{}({}, reason))?",
                    match self.failing {
                        Failing::NamesField => "field",
                        _ => "value",
                    },
                    literal(column)
                ),
                yields,
                optional,
                attempt: None,
            },
            Failing::GivesDefault => Code {
                rust: "value".into(),
                yields,
                optional,
                attempt: Some(call),
            },
        }
    }
}
