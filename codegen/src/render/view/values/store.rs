//! The calls that append a value to a column.

use prost_reflect::Kind;

use super::{Failing, Unwritable, Writer};
use crate::function::code::{Code, Yields};
use crate::model::Type;
use crate::render::view::columns::base;

impl Writer<'_> {
    /// The statement that appends it.
    pub(super) fn put(&self, target: &str, ty: &Type, code: &Code) -> Result<String, Unwritable> {
        let rust = &code.rust;
        if !code.optional {
            return self.call(target, ty, &code.yields, rust);
        }
        if ty.is_nullable() {
            let stored = self.call(target, ty, &code.yields, "value")?;
            let stored = stored.trim_end_matches(';');
            return Ok(format!(
                "match {rust} {{ Some(value) => {stored}, None => {target}.null()?, }}"
            ));
        }
        match code.yields {
            Yields::Object | Yields::Made => {
                let stored = self.call(target, ty, &code.yields, "value")?;
                let stored = stored.trim_end_matches(';');
                Ok(format!(
                    "match {rust} {{ Some(value) => {stored}, None => {target}.default(), }}"
                ))
            }
            _ => self.call(
                target,
                ty,
                &code.yields,
                &format!("{rust}.unwrap_or_default()"),
            ),
        }
    }

    /// The call that appends a value that is there.
    pub(super) fn call(
        &self,
        target: &str,
        ty: &Type,
        yields: &Yields,
        rust: &str,
    ) -> Result<String, Unwritable> {
        let scalar = |method: &str| Ok(format!("{target}.{method}({rust})?;"));
        match (base(ty), yields) {
            (Type::Bool, _) => scalar("bool"),
            (Type::Int32, _) => scalar("i32"),
            (Type::Int64 | Type::Millis | Type::Micros, _) => scalar("i64"),
            (Type::UInt32 | Type::DateTime, _) => scalar("u32"),
            (Type::UInt64, _) => scalar("u64"),
            (Type::Float32, _) => scalar("f32"),
            (Type::Float64, _) => scalar("f64"),
            (Type::String, Yields::Cow) => Ok(format!("{target}.text({rust}.as_bytes())?;")),
            (Type::String, _) => scalar("text"),
            (Type::Json, Yields::Object) => scalar("json_object"),
            (Type::Json, Yields::Made) => Ok(format!("{target}.json_object(&{rust})?;")),
            (Type::Json, Yields::Payload) => Ok(self.nested(
                target,
                &format!("{target}.json_message(group.kind.shape, {rust})"),
            )),
            (Type::Json, Yields::Message(field)) => {
                let Kind::Message(message) = field.kind() else {
                    return Err("only a message can be JSON".into());
                };
                Ok(self.nested(
                    target,
                    &match message.full_name() {
                        "google.protobuf.Struct" => format!("{target}.json_struct({rust})"),
                        _ => format!(
                            "{target}.json_message(&shapes::{}, {rust})",
                            self.shapes.path(&message)
                        ),
                    },
                ))
            }
            (Type::Array(_), Yields::List(field)) => Ok(self.nested(
                target,
                &format!("{target}.repeated(&{}, {rust})", self.shapes.kind(field)),
            )),
            (Type::Array(_), Yields::Objects) => Ok(format!("{target}.json_objects(&{rust})?;")),
            (Type::Map(..), Yields::Map(field)) => {
                let Kind::Message(entry) = field.kind() else {
                    return Err("a map has entries".into());
                };
                Ok(self.nested(
                    target,
                    &format!(
                        "{target}.map(&shapes::{}, {rust})",
                        self.shapes.path(&entry)
                    ),
                ))
            }
            (ty, yields) => Err(format!(
                "{} has no way into a column of type {}",
                yields.name(),
                ty
            )),
        }
    }

    /// A call that fails where the bytes inside are bad.
    pub(super) fn nested(&self, target: &str, call: &str) -> String {
        match self.failing {
            Failing::Fails | Failing::NamesField => format!("{call}?;"),
            Failing::GivesDefault => format!("if {call}.is_err() {{ {target}.default(); }}"),
        }
    }
}
