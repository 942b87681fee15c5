//! Values of an app event without a view: each is read by itself, by the numbers of the fields that lead to it.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{Unwritable, Writer};
use crate::base::literal::literal;
use crate::function::code::{Code, Yields, code};
use crate::model::Root;

impl Writer<'_> {
    /// What a root of an app event yields, if it is one; a message is its JSON object.
    pub(super) fn of_event(&self, root: &Root) -> Option<Result<Code, Unwritable>> {
        if !self.by_path {
            return None;
        }
        let object = |rust: &str| Some(Ok(code(rust, Yields::Made)));
        match root {
            Root::WholeBody => object("group.json(&ENVELOPE)?"),
            Root::Header(path) if path.is_empty() => {
                object("json::message_object(ENVELOPE.header_shape, group.header)?")
            }
            Root::Event(path) if path.is_empty() => {
                object("json::message_object(ENVELOPE.event_shape, group.only()?)?")
            }
            Root::Payload => object(
                "json::message_object(group.kind.shape, group.event_at(&ENVELOPE, &[group.kind.number]).message().unwrap_or_default())?",
            ),
            Root::Header(path) => Some(self.at("header_at", None, path)),
            Root::Event(path) => Some(self.at("event_at", None, path)),
            Root::PayloadField(path) => Some(self.at("event_at", Some("group.kind.number"), path)),
            _ => None,
        }
    }

    /// The call that reads what is at the end of a path.
    fn at(
        &self,
        call: &str,
        first: Option<&str>,
        path: &[FieldDescriptor],
    ) -> Result<Code, Unwritable> {
        let Some(last) = path.last() else {
            return Err("a whole message is no single value".into());
        };
        if last.is_list() || last.is_map() {
            return Err("a list or a map is in the object around it".into());
        }
        let (read, yields) = match last.kind() {
            Kind::Bool => ("boolean", Yields::Bool),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => ("int32", Yields::I32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => ("int64", Yields::I64),
            Kind::Uint32 | Kind::Fixed32 => ("uint32", Yields::U32),
            Kind::Uint64 | Kind::Fixed64 => ("uint64", Yields::U64),
            Kind::Float => ("float", Yields::F32),
            Kind::Double => ("double", Yields::F64),
            Kind::String => ("text", Yields::Str),
            Kind::Enum(_) => ("enumeration", Yields::Enum(last.clone())),
            Kind::Message(_) => ("message", Yields::Message(last.clone())),
            Kind::Bytes => return Err("bytes are in the object around them".into()),
        };
        let first = first.map(str::to_owned).into_iter();
        let numbers = path.iter().map(|field| field.number().to_string());
        let numbers: Vec<String> = first.chain(numbers).collect();
        let found = format!(
            "group.{call}(&ENVELOPE, &[{}]).{read}()",
            numbers.join(", ")
        );
        let object = match last.kind() {
            Kind::Message(message) => self.object_of(&message),
            _ => None,
        };
        let optional = last.supports_presence();
        let (rust, yields) = match object {
            None if matches!(yields, Yields::Message(_)) => {
                let failed = format!("RowError::field({}, reason)", literal(last.name()));
                let read = "function::timestamp_micros";
                (
                    format!("{found}.map({read}).transpose().map_err(|reason| {failed})?"),
                    Yields::Micros,
                )
            }
            Some(object) => (format!("{found}.map({object}).transpose()?"), Yields::Made),
            None if optional => (found, yields),
            None => (format!("{found}.unwrap_or_default()"), yields),
        };
        Ok(Code {
            rust,
            yields,
            optional,
            attempt: None,
        })
    }

    /// What makes a JSON object of a message; none for one that is a single value there.
    fn object_of(&self, message: &MessageDescriptor) -> Option<String> {
        match message.full_name() {
            "google.protobuf.Timestamp" => None,
            "google.protobuf.Struct" => Some("json::struct_object".to_owned()),
            _ => Some(format!(
                "|bytes| json::message_object(&shapes::{}, bytes)",
                self.shapes.path(message)
            )),
        }
    }
}
