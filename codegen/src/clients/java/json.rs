//! What makes events of JSON in the tests of the Java library, whose driver is told events so.

use serde::Serialize;

use super::super::contract::{self, Contract, Scalar, Shape, Type};
use super::field::{Field, class, lower};

/// View of `json_file.java`: the messages of one proto file.
#[derive(Serialize)]
pub(super) struct File {
    pub(super) class: String,
    imports: Vec<String>,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    class: String,
    method: String,
    fields: Vec<Read>,
}

/// A field, and the expression that reads it.
#[derive(Serialize)]
struct Read {
    json: String,
    name: String,
    read: String,
}

/// One for each proto file that has messages.
pub(super) fn files(contract: &Contract) -> Vec<File> {
    let with_messages = contract
        .files
        .iter()
        .filter(|file| !file.messages.is_empty());
    with_messages
        .map(|file| {
            let messages: Vec<Message> = file
                .messages
                .iter()
                .map(|message| Message::of(message, contract))
                .collect();
            let builders = messages.iter().flat_map(|message| {
                let class = format!("eventgrpc.events.{}", message.class);
                [format!("{class}Builder"), class]
            });
            let fields = file.messages.iter().flat_map(|message| &message.fields);
            let enums = fields.filter_map(|field| match &field.ty {
                Type::Enum(name) => Some(format!("eventgrpc.events.{}", class(name))),
                _ => None,
            });
            let mut imports: Vec<String> = builders.chain(enums).collect();
            imports.sort();
            imports.dedup();
            File {
                class: file_class(&file.name),
                imports,
                messages,
            }
        })
        .collect()
}

impl Message {
    fn of(message: &contract::Message, contract: &Contract) -> Self {
        let fields = message.fields.iter().filter_map(|field| {
            Some(Read {
                json: field.json.clone(),
                name: Field::of(field, contract)?.name,
                read: read(field, contract),
            })
        });
        Message {
            method: method(&message.name),
            class: class(&message.name),
            fields: fields.collect(),
        }
    }
}

/// The expression that makes a field's value of the JSON `value`.
fn read(field: &contract::Field, contract: &Contract) -> String {
    let one = reader(&field.ty, contract);
    match field.shape {
        Shape::Single | Shape::Optional => match one.strip_prefix("Values::") {
            Some(method) => format!("Values.{method}(value)"),
            None => format!("{one}.apply(value)"),
        },
        Shape::List(_) => format!("Values.list(value, {one})"),
        Shape::Map(key) => format!("Values.map(value, {}, {one})", scalar(key)),
    }
}

/// The method that makes one value.
fn reader(ty: &Type, contract: &Contract) -> String {
    match ty {
        Type::Scalar(of) => scalar(*of).into(),
        Type::Enum(name) => format!("Values.oneOf({}.values())", class(name)),
        Type::Message(name) => {
            let holds = |file: &&contract::File| file.messages.iter().any(|m| m.name == *name);
            let file = contract.files.iter().find(holds);
            let file = file.map_or_else(String::new, |file| file_class(&file.name));
            format!("Values.message({file}::{})", method(name))
        }
        Type::Timestamp => "Values::timestamp".into(),
        Type::Duration => "Values::duration".into(),
        Type::Object | Type::Any => "Values::none".into(),
    }
}

fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Double => "Values::float64",
        Scalar::Float => "Values::float32",
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => "Values::int32",
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => "Values::int64",
        Scalar::Uint32 | Scalar::Fixed32 => "Values::uint32",
        Scalar::Uint64 | Scalar::Fixed64 => "Values::uint64",
        Scalar::Bool => "Values::bool",
        Scalar::String => "Values::string",
        Scalar::Bytes => "Values::bytes",
    }
}

fn file_class(name: &str) -> String {
    format!("{}Json", class(name))
}

fn method(name: &str) -> String {
    lower(&class(name))
}

/// View of `json_table.java`.
#[derive(Serialize)]
pub(super) struct Table {
    events: Vec<Entry>,
}

/// An event type, and the method that makes it.
#[derive(Serialize)]
struct Entry {
    json: String,
    file: String,
    method: String,
}

impl Table {
    pub(super) fn of(contract: &Contract) -> Self {
        let events = contract.events.iter().filter_map(|event| {
            let holds =
                |file: &&contract::File| file.messages.iter().any(|m| m.name == event.message);
            let file = contract.files.iter().find(holds)?;
            Some(Entry {
                json: event.json.clone(),
                file: file_class(&file.name),
                method: method(&event.message),
            })
        });
        Table {
            events: events.collect(),
        }
    }
}
