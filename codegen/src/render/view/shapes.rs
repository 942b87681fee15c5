//! Messages as constant data: which shapes there are, in which file, under which name.

mod files;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::late;
use super::modules::{Modules, Place};
use super::names::{Taken, constant, literal};
use crate::model::{Input, Intake, Model};
use crate::schema::contract::Contracts;
pub use files::{ShapeFile, ShapeList};

/// Every message that a pipeline can meet.
#[derive(Debug)]
pub struct Shapes {
    messages: Vec<MessageDescriptor>,
    modules: Modules,
    /// By full name of a message or an enum: its static.
    statics: HashMap<String, String>,
    /// By full name of the message: the fields of which one has to be there, as Rust source.
    any_of: BTreeMap<String, String>,
    /// By full name of the message: the retired fields that are discarded, as Rust source.
    retired: BTreeMap<String, String>,
}

impl Shapes {
    /// Walks the model's messages; `retired` is what was retired.
    pub(crate) fn of(model: &Model, retired: &Contracts) -> Self {
        let mut messages = Vec::new();
        let mut seen = BTreeSet::new();
        if let Some(envelope) = &model.envelope {
            walk(&envelope.batch, &mut seen, &mut messages);
            walk(&envelope.request, &mut seen, &mut messages);
        }
        for message in json_messages(model).into_values() {
            walk(&message, &mut seen, &mut messages);
        }
        let places: Vec<(String, Place, &str)> = messages
            .iter()
            .map(|m| (m.full_name().to_owned(), Place::of(m), "SHAPE"))
            .chain(
                enums(&messages)
                    .iter()
                    .map(|e| (e.full_name().to_owned(), Place::of_enum(e), "VALUES")),
            )
            .collect();
        let mut taken: BTreeMap<(&str, &str), Taken> = BTreeMap::new();
        let mut statics = HashMap::new();
        for (full_name, place, whole) in &places {
            let taken = taken
                .entry((&place.package, &place.top))
                .or_insert_with(|| Taken::with(&["SHAPE", "VALUES"]));
            let name = match place.local.as_str() {
                "" => (*whole).to_owned(),
                local => taken.claim(constant(local)),
            };
            statics.insert(full_name.clone(), name);
        }
        Shapes {
            modules: Modules::of(places.iter().map(|(_, place, _)| place)),
            statics,
            messages,
            any_of: model.any_of.iter().map(alternatives).collect(),
            retired: late::fields(retired),
        }
    }

    /// The path of a message's shape below `generated/shapes`, as in `event::header::SHAPE`.
    pub fn path(&self, message: &MessageDescriptor) -> String {
        self.path_of(&Place::of(message), message.full_name())
    }

    /// The path of an enum's names below `generated/shapes`.
    pub fn enum_path(&self, names: &EnumDescriptor) -> String {
        self.path_of(&Place::of_enum(names), names.full_name())
    }

    /// `Kind::…` of a field, as a file outside of the shapes writes it.
    pub fn kind(&self, field: &FieldDescriptor) -> String {
        self.kind_in(field, "")
    }

    /// The same for the file of a module below `generated/shapes`, where what is in it goes by its name alone.
    fn kind_in(&self, field: &FieldDescriptor, module: &str) -> String {
        let seen = |path: String| match path.rsplit_once("::") {
            Some((found, name)) if found == module => name.to_owned(),
            _ => format!("shapes::{path}"),
        };
        let name = match field.kind() {
            Kind::Double => "Double",
            Kind::Float => "Float",
            Kind::Int32 => "Int32",
            Kind::Int64 => "Int64",
            Kind::Uint32 => "Uint32",
            Kind::Uint64 => "Uint64",
            Kind::Sint32 => "Sint32",
            Kind::Sint64 => "Sint64",
            Kind::Fixed32 => "Fixed32",
            Kind::Fixed64 => "Fixed64",
            Kind::Sfixed32 => "Sfixed32",
            Kind::Sfixed64 => "Sfixed64",
            Kind::Bool => "Bool",
            Kind::String => "String",
            Kind::Bytes => "Bytes",
            Kind::Enum(names) => {
                return format!("Kind::Enum({})", seen(self.enum_path(&names)));
            }
            Kind::Message(message) => {
                let variant = match message.full_name() {
                    "google.protobuf.Timestamp" => "Timestamp",
                    "google.protobuf.Struct" => "Struct",
                    _ if message.is_map_entry() => "Map",
                    _ => "Message",
                };
                return format!("Kind::{variant}(&{})", seen(self.path(&message)));
            }
        };
        format!("Kind::{name}")
    }

    /// The packages, each with its module and the modules of its files.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
        self.modules.packages()
    }

    fn path_of(&self, place: &Place, full_name: &str) -> String {
        format!("{}::{}", self.modules.path(place), self.name_of(full_name))
    }

    fn name_of(&self, full_name: &str) -> &str {
        self.statics
            .get(full_name)
            .map(String::as_str)
            .unwrap_or_default()
    }
}

/// The enums of all fields, by full name.
fn enums(messages: &[MessageDescriptor]) -> Vec<EnumDescriptor> {
    let mut found = BTreeMap::new();
    for message in messages {
        for field in message.fields() {
            if let Kind::Enum(names) = field.kind() {
                found.insert(names.full_name().to_owned(), names);
            }
        }
    }
    found.into_values().collect()
}

fn alternatives((message, fields): &(MessageDescriptor, Vec<String>)) -> (String, String) {
    let fields: Vec<String> = fields.iter().map(|field| literal(field)).collect();
    (message.full_name().to_owned(), fields.join(", "))
}

/// The JSON messages of sources, queues and tables, by full name.
pub fn json_messages(model: &Model) -> BTreeMap<String, MessageDescriptor> {
    let posted = model.sources.iter().filter_map(|s| match &s.intake {
        Intake::Post { message, .. } => Some(message),
        Intake::Grpc { .. } => None,
    });
    let queues = model.queues.iter().map(|q| &q.input);
    let tables = model.tables.iter().map(|t| &t.input);
    let inputs = queues.chain(tables).filter_map(|input| match input {
        Input::Json(message) => Some(message),
        Input::Events | Input::DeadLetters => None,
    });
    posted
        .chain(inputs)
        .map(|m| (m.full_name().to_owned(), m.clone()))
        .collect()
}

/// A message's fields by ascending number.
pub fn by_number(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    fields
}

/// The message, then everything below it, by field number.
fn walk(
    message: &MessageDescriptor,
    seen: &mut BTreeSet<String>,
    found: &mut Vec<MessageDescriptor>,
) {
    if !seen.insert(message.full_name().to_owned()) {
        return;
    }
    found.push(message.clone());
    for field in by_number(message) {
        if let Kind::Message(below) = field.kind() {
            walk(&below, seen, found);
        }
    }
}
