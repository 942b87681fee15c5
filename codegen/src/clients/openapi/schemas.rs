//! Schemas of messages, as proto3 JSON has them.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::node::{Node, object, reference, text, texts};
use crate::model::{Comments, Model};

/// The form of the names of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// The JSON names of fields, as libraries of protobuf write them.
    Json,
    /// The names in the proto file: a message that somebody else sends is declared as it is sent.
    AsDeclared,
}

/// Schemas by name, sorted.
pub(super) struct Schemas<'m> {
    model: &'m Model,
    comments: Comments,
    made: BTreeMap<String, Node>,
}

impl<'m> Schemas<'m> {
    /// None yet.
    pub(super) fn new(model: &'m Model) -> Self {
        Schemas {
            model,
            comments: Comments::of(&model.pool),
            made: BTreeMap::new(),
        }
    }

    /// All of them.
    pub(super) fn into_nodes(self) -> BTreeMap<String, Node> {
        self.made
    }

    /// Adds the schema of what isn't a message.
    pub(super) fn add(&mut self, name: &str, schema: Node) {
        self.made.insert(name.to_owned(), schema);
    }

    /// A reference to a message's schema, which is made if it isn't there, with those of all that it holds.
    pub(super) fn message(&mut self, message: &MessageDescriptor, names: Names) -> Node {
        let name = message.full_name();
        if !self.made.contains_key(name) {
            // A message may hold itself.
            self.made.insert(name.to_owned(), object::<&str>([]));
            let schema = self.schema(message, names);
            self.made.insert(name.to_owned(), schema);
        }
        reference(&format!("schemas/{name}"))
    }

    fn schema(&mut self, message: &MessageDescriptor, names: Names) -> Node {
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        let name_of = |field: &FieldDescriptor| match names {
            Names::Json => field.json_name().to_owned(),
            Names::AsDeclared => field.name().to_owned(),
        };
        let properties: Vec<(String, Node)> = fields
            .iter()
            .map(|field| (name_of(field), self.property(field, names)))
            .collect();
        let schema = object([("type", text("object"))]).described(&self.description(message));
        let required: Vec<String> = match names {
            Names::Json => self.required(message),
            // docs/types.md: without such a field a message can't be stored.
            Names::AsDeclared => fields
                .iter()
                .filter(|f| is_needed(f))
                .map(name_of)
                .collect(),
        };
        let schema = match required.is_empty() {
            true => schema,
            false => schema.with("required", texts(required.iter().map(String::as_str))),
        };
        let schema = schema.with("properties", object(properties));
        let any_of = self.model.any_of.iter();
        let mut any_of = any_of.filter(|(of, _)| of == message);
        match any_of.next() {
            Some((_, fields)) => {
                let one = |field: &String| object([("required", texts([field.as_str()]))]);
                schema.with("anyOf", Node::List(fields.iter().map(one).collect()))
            }
            None => schema,
        }
    }

    /// What is above the message, and what holds for its oneofs.
    fn description(&self, message: &MessageDescriptor) -> String {
        let mut sentences = vec![self.comments.message(message).to_owned()];
        let envelope = self.model.envelope.as_ref();
        let is_event = envelope.is_some_and(|envelope| envelope.event_message == *message);
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let fields: Vec<String> = oneof
                .fields()
                .map(|f| format!("`{}`", f.json_name()))
                .collect();
            sentences.push(match is_event {
                true => "Exactly one of the members named like an event type is there; it holds the event's fields.".to_owned(),
                false => format!("One of {} at most.", fields.join(", ")),
            });
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    /// What a message of protobuf makes no sense without.
    fn required(&self, message: &MessageDescriptor) -> Vec<String> {
        let envelope = self.model.envelope.as_ref();
        let envelope = envelope.filter(|envelope| envelope.request == *message);
        let needed = envelope.map(|envelope| [envelope.header, envelope.events]);
        let names = needed.into_iter().flatten();
        let names = names.filter_map(|number| message.get_field(number));
        names.map(|field| field.json_name().to_owned()).collect()
    }

    fn property(&mut self, field: &FieldDescriptor, names: Names) -> Node {
        let schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.single(&entry.map_entry_value_field(), names);
                object([("type", text("object")), ("additionalProperties", values)])
            }
            _ if field.is_list() => {
                let items = self.single(field, names);
                let list = object([("type", text("array")), ("items", items)]);
                match self.is_events(field) {
                    true => list.with("minItems", Node::Number(1)),
                    false => list,
                }
            }
            _ if self.is_timestamp(field) => object([
                ("type", text("string")),
                ("pattern", text("^[0-9]{1,14}$")),
                ("examples", texts(["1760000000123"])),
            ]),
            _ => self.single(field, names),
        };
        schema.described(self.comments.field(field))
    }

    /// True for the events of a request.
    fn is_events(&self, field: &FieldDescriptor) -> bool {
        let envelope = self.model.envelope.as_ref();
        envelope.is_some_and(|envelope| {
            field.number() == envelope.events && *field.parent_message() == envelope.request
        })
    }

    /// True for the time of an event.
    fn is_timestamp(&self, field: &FieldDescriptor) -> bool {
        let envelope = self.model.envelope.as_ref();
        envelope.is_some_and(|envelope| {
            field.number() == envelope.timestamp
                && *field.parent_message() == envelope.event_message
        })
    }

    /// Schema of one value.
    fn single(&mut self, field: &FieldDescriptor, names: Names) -> Node {
        match field.kind() {
            Kind::Bool => object([("type", text("boolean"))]),
            Kind::String => object([("type", text("string"))]),
            Kind::Bytes => object([
                ("type", text("string")),
                ("contentEncoding", text("base64")),
            ]),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => self.shared("Int32", int32),
            Kind::Uint32 | Kind::Fixed32 => self.shared("Uint32", uint32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => self.shared("Int64", int64),
            Kind::Uint64 | Kind::Fixed64 => self.shared("Uint64", uint64),
            Kind::Float | Kind::Double => self.shared("Float", float),
            Kind::Enum(found) => self.enumeration(&found),
            Kind::Message(message) => match of_google(&message) {
                Some(schema) => schema,
                None => self.message(&message, names),
            },
        }
    }

    fn enumeration(&mut self, found: &EnumDescriptor) -> Node {
        let name = found.full_name();
        if !self.made.contains_key(name) {
            let values: Vec<String> = found
                .values()
                .map(|value| value.name().to_owned())
                .collect();
            let schema =
                object([("type", text("string"))]).described(self.comments.enumeration(found));
            let schema = schema.with("enum", texts(values.iter().map(String::as_str)));
            self.made.insert(name.to_owned(), schema);
        }
        reference(&format!("schemas/{name}"))
    }

    /// A reference to what many fields are.
    fn shared(&mut self, name: &str, make: fn() -> Node) -> Node {
        self.made.entry(name.to_owned()).or_insert_with(make);
        reference(&format!("schemas/{name}"))
    }
}

/// True for a field without which a message of JSON can't be stored.
fn is_needed(field: &FieldDescriptor) -> bool {
    let may_be_absent = field.is_list() || field.containing_oneof().is_some();
    !may_be_absent
}

fn int32() -> Node {
    object([("type", text("integer")), ("format", text("int32"))])
        .described("An integer of 32 bits.")
        .with("minimum", Node::Number(i32::MIN.into()))
        .with("maximum", Node::Number(i32::MAX.into()))
}

fn uint32() -> Node {
    object([("type", text("integer"))])
        .described("An integer of 32 bits from 0 up.")
        .with("minimum", Node::Number(0))
        .with("maximum", Node::Number(u32::MAX.into()))
}

fn int64() -> Node {
    let about = "An integer of 64 bits. As text it survives programs that read numbers as floats, such as JavaScript.";
    let digits = object([
        ("type", text("string")),
        ("pattern", text("^-?[0-9]{1,18}$")),
    ]);
    let number = object([("type", text("integer")), ("format", text("int64"))])
        .with("minimum", Node::Number(i64::MIN.into()))
        .with("maximum", Node::Number(i64::MAX.into()));
    object([("anyOf", Node::List(vec![digits, number]))]).described(about)
}

fn uint64() -> Node {
    let about = "An integer of 64 bits from 0 up. As text it survives programs that read numbers as floats, such as JavaScript.";
    let digits = object([("type", text("string")), ("pattern", text("^[0-9]{1,19}$"))]);
    let number = object([("type", text("integer"))])
        .with("minimum", Node::Number(0))
        .with("maximum", Node::Number(u64::MAX.into()));
    object([("anyOf", Node::List(vec![digits, number]))]).described(about)
}

fn float() -> Node {
    let words = object([("enum", texts(["NaN", "Infinity", "-Infinity"]))]);
    let number = object([("type", text("number"))]);
    object([("anyOf", Node::List(vec![number, words]))])
        .described("A number. What JSON has no number for is text.")
}

/// Schema of a message of Google's that has a JSON form of its own; none for others.
fn of_google(message: &MessageDescriptor) -> Option<Node> {
    let name = message.full_name().strip_prefix("google.protobuf.")?;
    Some(match name {
        "Timestamp" => object([("type", text("string")), ("format", text("date-time"))]),
        "Duration" => object([
            ("type", text("string")),
            ("pattern", text("^-?[0-9]+(\\.[0-9]{1,9})?s$")),
        ]),
        "Struct" | "Any" | "Empty" => object([("type", text("object"))]),
        "ListValue" => object([("type", text("array"))]),
        "FieldMask" | "StringValue" => object([("type", text("string"))]),
        "BoolValue" => object([("type", text("boolean"))]),
        _ => object::<&str>([]),
    })
}
