//! Roots of expressions.

use prost_reflect::{FieldDescriptor, Kind};

use super::{Unwritable, Writer};
use crate::function::code::{Code, Yields, code};
use crate::function::header;
use crate::model::{ErrorField, Root};
use crate::render::view::names::literal;
use crate::render::view::readers::is_run;

impl Writer<'_> {
    pub(super) fn root(&self, root: &Root) -> Result<Code, Unwritable> {
        if let Some(of_event) = self.of_event(root) {
            return of_event;
        }
        match root {
            Root::Now => Ok(code("cx.now_ms", Yields::Millis)),
            Root::TypeName => Ok(code("group.kind.name", Yields::Str)),
            Root::ClientOfEvents => Ok(code("group.client", Yields::Str)),
            Root::ClientOfMessage => Ok(code("message.client", Yields::Str)),
            Root::Id => Ok(code("message.id", Yields::Str)),
            Root::Received => Ok(code("message.received_ms", Yields::Millis)),
            Root::Payload => Ok(code("event.payload", Yields::Payload)),
            Root::Header(path) => self.path("header", path),
            Root::Event(path) => self.path("event", path),
            Root::PayloadField(path) => self.path("payload", path),
            Root::Body(path) => body(path),
            Root::Untyped { fields, keys } => Ok(untyped(fields, keys, "object", Yields::Object)),
            Root::Headers => Ok(code("message.headers", Yields::Object)),
            Root::HeaderOf(name) => header::print(name, code("message.headers", Yields::Object)),
            Root::Constant(text) => Ok(code(&literal(text), Yields::Str)),
            Root::WholeBody => Ok(code("message.body", Yields::Object)),
            Root::Error(field) => Ok(error(*field)),
            Root::Unknown => Err("what a build doesn't know is written by itself".into()),
        }
    }

    /// A field, in the view that its parents were read into.
    pub(super) fn path(&self, root: &str, path: &[FieldDescriptor]) -> Result<Code, Unwritable> {
        let Some((last, parents)) = path.split_last() else {
            return Err(format!("`{root}` alone is no value"));
        };
        let place = self.variable(root, parents);
        let rust = format!("{place}.{}", self.readers.field(last));
        let yields = match last.kind() {
            _ if last.is_map() => Yields::Map(last.clone()),
            _ if last.is_list() => Yields::List(last.clone()),
            Kind::Bool => Yields::Bool,
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Yields::I32,
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Yields::I64,
            Kind::Uint32 | Kind::Fixed32 => Yields::U32,
            Kind::Uint64 | Kind::Fixed64 => Yields::U64,
            Kind::Float => Yields::F32,
            Kind::Double => Yields::F64,
            Kind::String => Yields::Str,
            Kind::Bytes => Yields::Bytes,
            Kind::Enum(_) => Yields::Enum(last.clone()),
            Kind::Message(_) => Yields::Message(last.clone()),
        };
        Ok(Code {
            rust,
            yields,
            optional: !is_run(last) && last.supports_presence(),
            attempt: None,
        })
    }

    /// The variable that holds the view below `root` at the end of `parents`.
    pub fn variable(&self, root: &str, parents: &[FieldDescriptor]) -> String {
        let mut name = root.to_owned();
        for parent in parents {
            name.push('_');
            name.push_str(&self.readers.field(parent));
        }
        name
    }
}

/// Field of a dead letter.
fn error(field: ErrorField) -> Code {
    match field {
        ErrorField::Id => code("letter.id", Yields::Str),
        ErrorField::Reason => code("letter.reason", Yields::Str),
        ErrorField::Class => code("letter.class", Yields::Str),
        ErrorField::Queue => code("letter.queue", Yields::Str),
        ErrorField::Exchange => code("letter.exchange", Yields::Str),
        ErrorField::RoutingKey => code("letter.routing_key", Yields::Str),
        ErrorField::EventType => code("letter.event_type", Yields::Str),
        ErrorField::Attempts => code("letter.attempts", Yields::U32),
        ErrorField::FirstFailed => code("letter.first_failed_ms", Yields::Millis),
        ErrorField::LastFailed => code("letter.last_failed_ms", Yields::Millis),
        ErrorField::Fingerprint => code("letter.fingerprint", Yields::Str),
        ErrorField::ContentType => code("letter.content_type", Yields::Str),
        ErrorField::Kind => code("letter.kind", Yields::Str),
        ErrorField::MessageId => code("letter.message_id", Yields::Str),
        ErrorField::Sent => Code {
            optional: true,
            ..code("letter.sent_ms", Yields::Millis)
        },
        ErrorField::Client => code("letter.client", Yields::Str),
        ErrorField::Schema => code("letter.schema", Yields::Str),
        ErrorField::Headers => code("letter.headers", Yields::Str),
        ErrorField::Body => code("letter.body", Yields::Bytes),
    }
}

/// A field of a JSON message.
fn body(path: &[FieldDescriptor]) -> Result<Code, Unwritable> {
    let Some(last) = path.last() else {
        return Ok(code("message.body", Yields::Object));
    };
    let (function, yields) = match last.kind() {
        Kind::Message(_) if last.is_list() => {
            return Ok(read(path, &[], "objects", Yields::Objects, false));
        }
        _ if last.is_list() => {
            return Err("a list of a JSON message holds objects".into());
        }
        _ if last.is_map() => ("object", Yields::Object),
        Kind::Bool => ("boolean", Yields::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => ("int32", Yields::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => ("int64", Yields::I64),
        Kind::Uint32 | Kind::Fixed32 => ("uint32", Yields::U32),
        Kind::Uint64 | Kind::Fixed64 => ("uint64", Yields::U64),
        Kind::Float => ("float", Yields::F32),
        Kind::Double => ("double", Yields::F64),
        Kind::String | Kind::Enum(_) => ("text", Yields::Cow),
        Kind::Bytes => return Err("bytes have no plain form in a JSON message".into()),
        Kind::Message(_) => ("object", Yields::Object),
    };
    // A message has presence without being marked; only the mark says that the sender may leave it out.
    let optional = match last.kind() {
        Kind::Message(_) => last.field_descriptor_proto().proto3_optional(),
        _ => last.supports_presence(),
    };
    Ok(read(path, &[], function, yields, optional))
}

/// A value inside a Struct of a JSON message, read by this function.
pub(super) fn untyped(
    fields: &[FieldDescriptor],
    keys: &[String],
    function: &str,
    yields: Yields,
) -> Code {
    read(fields, keys, function, yields, true)
}

/// The call that reads what is at a path of a JSON message.
fn read(
    fields: &[FieldDescriptor],
    keys: &[String],
    function: &str,
    yields: Yields,
    optional: bool,
) -> Code {
    let names = fields.iter().map(|field| literal(field.name()));
    let keys: Vec<String> = names.chain(keys.iter().map(|key| literal(key))).collect();
    let prefix = if optional { "optional_" } else { "" };
    Code {
        rust: format!(
            "json::{prefix}{function}(message.body, &[{}])?",
            keys.join(", ")
        ),
        yields,
        optional,
        attempt: None,
    }
}
