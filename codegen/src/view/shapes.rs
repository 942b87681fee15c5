//! Messages as constant data: which shapes there are, in which file, under which name and number.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde::Serialize;

use super::names::{Taken, constant, literal, snake};
use crate::model::{Input, Intake, Model};

/// A dense table is at most this long; fields with higher numbers are searched for.
const DENSE: u32 = 256;

/// Every message that a pipeline can meet, in a stable order.
///
/// The envelope comes first and its variants go by number, so that a new event type adds a line at the end
/// of the order instead of moving the numbers of the others.
#[derive(Debug)]
pub struct Shapes {
    messages: Vec<MessageDescriptor>,
    paths: HashMap<String, String>,
    modules: BTreeMap<String, String>,
    /// By full name of the message: the fields of which one has to be there, as Rust source.
    any_of: BTreeMap<String, String>,
}

/// What the template sees: one generated file, which holds the shapes of one proto file.
#[derive(Debug, Serialize)]
pub struct ShapeFile {
    /// Its Rust module.
    pub module: String,
    /// Its proto file.
    pub proto: String,
    /// Names imported from the contract.
    pub imports: String,
    /// Its enums.
    pub enums: Vec<EnumView>,
    /// Its messages.
    pub shapes: Vec<ShapeView>,
}

/// An enum's names.
#[derive(Debug, Serialize)]
pub struct EnumView {
    /// The static's name.
    pub name: String,
    /// Full name in the proto file.
    pub full_name: String,
    /// Pairs of number and name, as Rust source.
    pub values: Vec<String>,
}

/// A message's fields.
#[derive(Debug, Serialize)]
pub struct ShapeView {
    /// The static's name.
    pub name: String,
    /// Full name in the proto file.
    pub full_name: String,
    /// Its number.
    pub id: usize,
    /// Its fields as Rust source: number, name, name in JSON, kind, label.
    pub fields: Vec<String>,
    /// The dense table as Rust source.
    pub dense: Vec<usize>,
    /// The fields of which one has to be there, as Rust source.
    pub any_of: String,
}

impl Shapes {
    /// Walks the model's messages.
    pub fn of(model: &Model) -> Self {
        let mut messages = Vec::new();
        let mut seen = BTreeSet::new();
        if let Some(envelope) = &model.envelope {
            walk(&envelope.batch, &mut seen, &mut messages);
            walk(&envelope.request, &mut seen, &mut messages);
        }
        for message in json_messages(model).into_values() {
            walk(&message, &mut seen, &mut messages);
        }

        let mut shapes = Shapes {
            messages,
            paths: HashMap::new(),
            modules: BTreeMap::new(),
            any_of: model.any_of.iter().map(alternatives).collect(),
        };
        shapes.name_all();
        shapes
    }

    /// The path of a message's shape below `generated/shapes`, as in `event_envelope::HEADER`.
    pub fn path(&self, message: &MessageDescriptor) -> &str {
        self.path_of(message.full_name())
    }

    /// The path of an enum's names below `generated/shapes`.
    pub fn enum_path(&self, names: &EnumDescriptor) -> &str {
        self.path_of(names.full_name())
    }

    /// `Kind::…` of a field, with shapes found below `base`.
    pub fn kind(&self, field: &FieldDescriptor, base: &str) -> String {
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
                return format!("Kind::Enum({base}{})", self.enum_path(&names));
            }
            Kind::Message(message) => {
                let variant = match message.full_name() {
                    "google.protobuf.Timestamp" => "Timestamp",
                    "google.protobuf.Struct" => "Struct",
                    _ if message.is_map_entry() => "Map",
                    _ => "Message",
                };
                return format!("Kind::{variant}(&{base}{})", self.path(&message));
            }
        };
        format!("Kind::{name}")
    }

    /// The generated files, by module.
    pub fn files(&self) -> Vec<ShapeFile> {
        let mut files: BTreeMap<&str, ShapeFile> = self
            .modules
            .iter()
            .map(|(proto, module)| {
                let file = ShapeFile {
                    module: module.clone(),
                    proto: proto.clone(),
                    imports: String::new(),
                    enums: Vec::new(),
                    shapes: Vec::new(),
                };
                (proto.as_str(), file)
            })
            .collect();
        for names in self.enums() {
            if let Some(file) = files.get_mut(names.parent_file().name()) {
                file.enums.push(self.enum_view(&names));
            }
        }
        for (id, message) in self.messages.iter().enumerate() {
            if let Some(file) = files.get_mut(message.parent_file().name()) {
                file.shapes.push(self.shape_view(id, message));
            }
        }
        let mut files: Vec<ShapeFile> = files.into_values().collect();
        for file in &mut files {
            let any_field = file.shapes.iter().any(|shape| !shape.fields.is_empty());
            file.imports = match (file.shapes.is_empty(), any_field) {
                (true, _) => String::new(),
                (false, true) => {
                    "use crate::contract::{Kind, Label, Shape};\nuse super::field;".into()
                }
                (false, false) => "use crate::contract::Shape;".into(),
            };
        }
        files
    }

    fn path_of(&self, full_name: &str) -> &str {
        self.paths
            .get(full_name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// The enums of all fields, by full name.
    fn enums(&self) -> Vec<EnumDescriptor> {
        let mut found = BTreeMap::new();
        for message in &self.messages {
            for field in message.fields() {
                if let Kind::Enum(names) = field.kind() {
                    found.insert(names.full_name().to_owned(), names);
                }
            }
        }
        found.into_values().collect()
    }

    /// Gives every proto file a module, and every message and enum a static in it.
    fn name_all(&mut self) {
        let mut modules = Taken::default();
        let mut statics: BTreeMap<String, Taken> = BTreeMap::new();
        let messages = self.messages.iter().map(|m| {
            (
                m.parent_file(),
                m.full_name().to_owned(),
                m.package_name().to_owned(),
            )
        });
        let enums = self.enums();
        let enums = enums.iter().map(|e| {
            (
                e.parent_file(),
                e.full_name().to_owned(),
                e.package_name().to_owned(),
            )
        });
        let all: Vec<_> = messages.chain(enums).collect();
        // Modules are named in the order of file names, whichever message is met first.
        let protos: BTreeSet<String> = all.iter().map(|(f, ..)| f.name().to_owned()).collect();
        for proto in protos {
            let stem = proto.strip_suffix(".proto").unwrap_or(&proto);
            let module = modules.claim(snake(stem));
            self.modules.insert(proto, module);
        }
        for (file, full_name, package) in all {
            let local = full_name
                .strip_prefix(&package)
                .unwrap_or(&full_name)
                .trim_start_matches('.');
            let name = statics
                .entry(file.name().to_owned())
                .or_default()
                .claim(constant(local));
            if let Some(module) = self.modules.get(file.name()) {
                self.paths.insert(full_name, format!("{module}::{name}"));
            }
        }
    }

    fn enum_view(&self, names: &EnumDescriptor) -> EnumView {
        // In the order of the proto file, which `values()` doesn't keep: with aliases the first name of a number is its
        // name, as in proto3 JSON, whose readers take the others too.
        let descriptor = names.enum_descriptor_proto();
        let mut values: Vec<_> = descriptor.value.iter().collect();
        values.sort_by_key(|value| value.number());
        EnumView {
            name: local(self.enum_path(names)).to_owned(),
            full_name: names.full_name().to_owned(),
            values: values
                .into_iter()
                .map(|value| format!("({}, {})", value.number(), literal(value.name())))
                .collect(),
        }
    }

    fn shape_view(&self, id: usize, message: &MessageDescriptor) -> ShapeView {
        let fields = by_number(message);
        ShapeView {
            name: local(self.path(message)).to_owned(),
            full_name: message.full_name().to_owned(),
            id,
            fields: fields
                .iter()
                .map(|field| {
                    format!(
                        "field({}, {}, {}, {}, {})",
                        field.number(),
                        literal(field.name()),
                        literal(field.json_name()),
                        self.kind(field, "super::"),
                        label(field),
                    )
                })
                .collect(),
            dense: dense(&fields),
            any_of: self
                .any_of
                .get(message.full_name())
                .cloned()
                .unwrap_or_default(),
        }
    }
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

fn label(field: &FieldDescriptor) -> String {
    if field.is_list() || field.is_map() {
        return "Label::Repeated".into();
    }
    if let Some(oneof) = field.containing_oneof().filter(|o| !o.is_synthetic()) {
        let index = field
            .parent_message()
            .oneofs()
            .position(|o| o.full_name() == oneof.full_name());
        return format!("Label::Oneof({})", index.unwrap_or_default());
    }
    if field.supports_presence() {
        return "Label::Optional".into();
    }
    "Label::Implicit".into()
}

/// For each number: one more than the field's index, or 0. An index has to fit in a byte.
fn dense(fields: &[FieldDescriptor]) -> Vec<usize> {
    let reach = fields
        .iter()
        .take(usize::from(u8::MAX))
        .map(FieldDescriptor::number)
        .filter(|number| *number < DENSE)
        .max();
    // A field beyond the byte's range must lie beyond the table, where it is searched for.
    let mut table = vec![0; reach.map_or(0, |number| number as usize + 1)];
    for (index, field) in fields.iter().enumerate() {
        if let Some(slot) = table.get_mut(field.number() as usize) {
            *slot = index + 1;
        }
    }
    table
}

/// The last part of a path.
pub fn local(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
