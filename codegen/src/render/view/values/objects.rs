//! JSON objects and their members, of which requests are made.

use prost_reflect::Kind;

use super::{Shared, Unwritable, Writer};
use crate::function;
use crate::function::code::{Code, Yields, code};
use crate::model::{Root, Type, Value};

impl Writer<'_> {
    /// An expression that yields an owned JSON object.
    pub fn object(
        &self,
        name: &str,
        value: &Value,
        shared: &mut Shared,
    ) -> Result<String, Unwritable> {
        if let Some(object) = self.of_event(value)? {
            return Ok(match object.optional {
                true => format!("{}.unwrap_or_default()", object.rust),
                false => object.rust,
            });
        }
        let code = self.code(name, value, shared)?;
        match (&code.yields, code.optional) {
            (Yields::Made, true) if makes_its_own(value) => {
                Ok(format!("{}.unwrap_or_default()", code.rust))
            }
            (Yields::Made, false) if makes_its_own(value) => Ok(code.rust),
            (Yields::Object | Yields::Made, true) => Ok(format!(
                "{}.map(function::copy).unwrap_or_default()",
                code.rust
            )),
            (Yields::Object | Yields::Made, false) => Ok(format!("function::copy({})", code.rust)),
            _ => Err("a body is an object of a JSON message".into()),
        }
    }

    /// An expression that yields an `Option` of what becomes a JSON value.
    pub fn member(
        &self,
        name: &str,
        value: &Value,
        shared: &mut Shared,
    ) -> Result<String, Unwritable> {
        if let Some(object) = self.of_event(value)? {
            return Ok(match object.optional {
                true => object.rust,
                false => format!("Some({})", object.rust),
            });
        }
        let code = self.code(name, value, shared)?;
        let code = match code.yields {
            Yields::Enum(_) => self.fit(name, &Type::String, code)?,
            _ => code,
        };
        let owned = match (&code.yields, code.optional) {
            (Yields::Made, _) if makes_its_own(value) => code.rust,
            (Yields::Object | Yields::Made, true) => format!("{}.map(function::copy)", code.rust),
            (Yields::Object | Yields::Made, false) => format!("function::copy({})", code.rust),
            (
                Yields::Bool
                | Yields::I32
                | Yields::I64
                | Yields::U32
                | Yields::U64
                | Yields::F32
                | Yields::F64
                | Yields::Str
                | Yields::Cow
                | Yields::Owned,
                _,
            ) => code.rust,
            (other, _) => return Err(format!("JSON has no {}", other.name())),
        };
        Ok(match code.optional {
            true => owned,
            false => format!("Some({owned})"),
        })
    }

    /// The object that a message of an app event is in JSON, if the value is one: the event under its header, header, event
    /// or payload, or a message inside of them.
    fn of_event(&self, value: &Value) -> Result<Option<Code>, Unwritable> {
        let is_plain = value.functions.iter().all(|f| function::of(f).is_label);
        if !self.by_path || !is_plain {
            return Ok(None);
        }
        let made = |rust: &str| Ok(Some(code(rust, Yields::Made)));
        match &value.root {
            Root::WholeBody => made("group.json(&ENVELOPE)?"),
            Root::Header(path) if path.is_empty() => {
                made("json::message_object(ENVELOPE.header_shape, group.header)?")
            }
            Root::Event(path) if path.is_empty() => {
                made("json::message_object(ENVELOPE.event_shape, group.only()?)?")
            }
            Root::Payload => made(
                "json::message_object(group.kind.shape, group.event_at(&ENVELOPE, &[group.kind.number]).message().unwrap_or_default())?",
            ),
            root => {
                let code = self.root(root)?;
                let Yields::Message(field) = &code.yields else {
                    return Ok(None);
                };
                let Kind::Message(message) = field.kind() else {
                    return Ok(None);
                };
                if value.ty != Type::Json {
                    return Ok(None);
                }
                let read = match message.full_name() {
                    "google.protobuf.Struct" => "json::struct_object".to_owned(),
                    _ => format!(
                        "|bytes| json::message_object(&shapes::{}, bytes)",
                        self.shapes.path(&message)
                    ),
                };
                Ok(Some(Code {
                    rust: format!("{}.map({read}).transpose()?", code.rust),
                    yields: Yields::Made,
                    ..code
                }))
            }
        }
    }
}

/// True if the last function gives an object that nobody else has.
fn makes_its_own(value: &Value) -> bool {
    let last = value.functions.last();
    last.is_some_and(|step| function::of(step).makes_object)
}
