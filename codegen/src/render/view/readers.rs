//! The views of generated code: for each message, the fields that some table needs, borrowed from the wire.

mod flags;
mod ranges;

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::Serialize;

use super::modules::{Modules, Place};
use super::names::{Taken, camel, snake};
use super::shapes::by_number;
use crate::function;
use crate::model::{Envelope, Function, Model, Root, Value};
use flags::keeps_unknown;
use ranges::ranges;

/// Fields that are read, by message.
#[derive(Debug, Default)]
pub struct Readers {
    /// By full name of the message: the message and the numbers of its fields, and whether some function needs the
    /// field as a `str`.
    needed: BTreeMap<String, (MessageDescriptor, BTreeMap<u32, bool>)>,
    /// Full name of the event's message, if some table needs the payload.
    with_payload: Option<String>,
    /// Full names of the messages whose views say whether there was a field that isn't known.
    flagged: BTreeSet<String>,
    /// Numbers of the oneof's variants.
    variants: Vec<u32>,
    /// The modules of the messages.
    modules: Modules,
    /// By full name of the message: its struct.
    structs: BTreeMap<String, String>,
    /// By full name of the message: the fields that are read, with their names in the view, by number.
    fields: BTreeMap<String, Vec<(FieldDescriptor, String)>>,
}

/// What the template sees: one generated file, which holds the views of what is declared inside of one message.
#[derive(Debug, Serialize)]
pub struct ReaderFile {
    /// Its folder's module, for its package.
    pub package: String,
    /// Its own module.
    pub module: String,
    /// Full name of the message.
    pub full_name: String,
    /// Its views.
    pub readers: Vec<ReaderView>,
}

/// One view.
#[derive(Debug, Serialize)]
pub struct ReaderView {
    /// The struct's name.
    pub name: String,
    /// Full name of the message.
    pub full_name: String,
    /// The struct's fields.
    pub fields: Vec<ReaderField>,
    /// The arms of the match over field numbers.
    pub arms: Vec<Arm>,
    /// The numbers of fields that are known and not read, as a pattern; empty without any, or where nobody asks for
    /// what isn't known.
    pub known: String,
    /// True if the view says if there was a field that isn't known.
    pub flagged: bool,
    /// The condition for the only arm; empty if there are several, or others count.
    pub only: String,
    /// Generics of the struct: none where nothing is borrowed.
    pub lifetime: &'static str,
    /// Type for uses with an elided lifetime.
    pub elided: &'static str,
}

/// Match arm for some field numbers.
#[derive(Debug, Serialize)]
pub struct Arm {
    /// The numbers.
    pub numbers: String,
    /// The assignment.
    pub read: String,
}

/// One field of a view.
#[derive(Debug, Serialize)]
pub struct ReaderField {
    /// Its name.
    pub name: String,
    /// Its Rust type.
    pub ty: String,
    /// Description.
    pub doc: String,
}

impl Readers {
    /// Collects what the tables of a model read.
    pub fn of(model: &Model) -> Self {
        let mut readers = Readers::default();
        let Some(envelope) = &model.envelope else {
            return readers;
        };
        readers.variants = envelope.types.iter().map(|(number, _)| *number).collect();
        for value in values(model) {
            readers.need(envelope, value);
        }
        for table in model.tables.iter().filter(|table| keeps_unknown(table)) {
            readers.flag(envelope, table);
        }
        readers.name_all();
        readers
    }

    /// The struct of a message, as a path below `generated/views`.
    pub fn path(&self, message: &MessageDescriptor) -> String {
        let file = self.modules.path(&Place::of(message));
        format!("{file}::{}", self.struct_of(message))
    }

    /// The name of a field in its view.
    pub fn field(&self, field: &FieldDescriptor) -> String {
        let fields = self.fields(field.parent_message()).iter();
        let mut of_field = fields.filter(|(f, _)| f.number() == field.number());
        of_field
            .next()
            .map(|(_, name)| name.clone())
            .unwrap_or_default()
    }

    /// The generated files, by module.
    pub fn files(&self) -> Vec<ReaderFile> {
        let mut files: BTreeMap<(&str, &str), ReaderFile> = BTreeMap::new();
        for (message, _) in self.needed.values() {
            let place = Place::of(message);
            let (package, module) = self.modules.modules(&place);
            let full_name = format!("{}.{}", place.package, place.top);
            let file = files
                .entry((package, module))
                .or_insert_with(|| ReaderFile {
                    package: package.to_owned(),
                    module: module.to_owned(),
                    full_name: full_name.trim_start_matches('.').to_owned(),
                    readers: Vec::new(),
                });
            file.readers.push(self.reader(message));
        }
        files.into_values().collect()
    }

    /// The packages, each with its module and the modules of its files.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
        self.modules.packages()
    }

    fn struct_of(&self, message: &MessageDescriptor) -> &str {
        self.structs
            .get(message.full_name())
            .map(String::as_str)
            .unwrap_or_default()
    }

    fn need(&mut self, envelope: &Envelope, value: &Value) {
        let path = match &value.root {
            Root::Header(path) | Root::Event(path) => path.as_slice(),
            Root::PayloadField(path) => {
                self.need_payload(envelope);
                path.as_slice()
            }
            Root::Payload => {
                self.need_payload(envelope);
                &[]
            }
            _ => &[],
        };
        for field in path {
            let as_str = self.message(field.parent_message());
            *as_str.entry(field.number()).or_default() |= needs_str(&value.functions);
        }
    }

    fn need_payload(&mut self, envelope: &Envelope) {
        self.message(&envelope.event_message);
        self.with_payload = Some(envelope.event_message.full_name().to_owned());
    }

    fn message(&mut self, message: &MessageDescriptor) -> &mut BTreeMap<u32, bool> {
        let entry = self
            .needed
            .entry(message.full_name().to_owned())
            .or_insert_with(|| (message.clone(), BTreeMap::new()));
        &mut entry.1
    }

    fn name_all(&mut self) {
        let places: Vec<(&String, Place)> = self
            .needed
            .iter()
            .map(|(full_name, (message, _))| (full_name, Place::of(message)))
            .collect();
        let mut structs: BTreeMap<(&str, &str), Taken> = BTreeMap::new();
        let mut names = BTreeMap::new();
        for (full_name, place) in &places {
            let taken = structs
                .entry((&place.package, &place.top))
                .or_insert_with(|| Taken::with(&["View"]));
            let name = match place.local.as_str() {
                "" => "View".to_owned(),
                local => taken.claim(format!("{}View", camel(local))),
            };
            names.insert((*full_name).clone(), name);
        }
        self.modules = Modules::of(places.iter().map(|(_, place)| place));
        self.structs = names;
        let needed = self.needed.iter();
        let fields = needed.map(|(full_name, (message, numbers))| {
            (full_name.clone(), self.named(message, numbers))
        });
        self.fields = fields.collect();
    }

    /// The fields of a message that are read.
    fn fields(&self, message: &MessageDescriptor) -> &[(FieldDescriptor, String)] {
        let fields = self.fields.get(message.full_name());
        fields.map(Vec::as_slice).unwrap_or_default()
    }

    /// Names the fields of a message that are read.
    fn named(
        &self,
        message: &MessageDescriptor,
        numbers: &BTreeMap<u32, bool>,
    ) -> Vec<(FieldDescriptor, String)> {
        let mut taken = Taken::with(
            match (self.has_payload(message), self.is_flagged(message)) {
                (true, true) => &["payload", "unknown"],
                (true, false) => &["payload"],
                (false, true) => &["unknown"],
                (false, false) => &[],
            },
        );
        by_number(message)
            .into_iter()
            .filter(|field| numbers.contains_key(&field.number()))
            .map(|field| {
                let name = taken.claim(snake(field.name()));
                (field, name)
            })
            .collect()
    }

    fn has_payload(&self, message: &MessageDescriptor) -> bool {
        self.with_payload.as_deref() == Some(message.full_name())
    }

    fn reader(&self, message: &MessageDescriptor) -> ReaderView {
        let mut fields = Vec::new();
        let mut arms = Vec::new();
        for (field, name) in self.fields(message) {
            let number = field.number();
            let as_str = self.needed.get(message.full_name());
            let as_str = as_str.is_some_and(|(_, fields)| fields.get(&number) == Some(&true));
            let (ty, read) = read(field, as_str);
            arms.push(Arm {
                numbers: number.to_string(),
                read: if is_run(field) {
                    format!("view.{name} = reader.span(view.{name}, &item)")
                } else if field.supports_presence() {
                    format!("view.{name} = Some(item.{read}()?)")
                } else {
                    format!("view.{name} = item.{read}()?")
                },
            });
            fields.push(ReaderField {
                name: name.clone(),
                ty,
                doc: format!("Field {number}, `{}`.", field.name()),
            });
        }
        if self.has_payload(message) {
            arms.push(Arm {
                numbers: ranges(&self.variants),
                read: "view.payload = item.message()?".into(),
            });
            fields.push(ReaderField {
                name: "payload".into(),
                ty: "&'a [u8]".into(),
                doc: "The variant of the oneof, whichever it is.".into(),
            });
        }
        let flagged = self.is_flagged(message);
        let known = match flagged {
            true => self.unread(message),
            false => String::new(),
        };
        if flagged {
            fields.push(ReaderField {
                name: "unknown".into(),
                ty: "bool".into(),
                doc: "Whether there was a field that this build doesn't know.".into(),
            });
        }
        let borrows = fields.iter().any(|field| field.ty.contains("'a"));
        ReaderView {
            name: self.struct_of(message).to_owned(),
            full_name: message.full_name().to_owned(),
            fields,
            known,
            flagged,
            only: match arms.as_slice() {
                _ if flagged => String::new(),
                [only] if only.numbers.parse::<u32>().is_ok() => {
                    format!("item.number == {}", only.numbers)
                }
                [only] => format!("matches!(item.number, {})", only.numbers),
                _ => String::new(),
            },
            arms,
            lifetime: if borrows { "<'a>" } else { "" },
            elided: if borrows { "<'_>" } else { "" },
        }
    }
}

/// True if a field is read as the run of its occurrences.
pub fn is_run(field: &FieldDescriptor) -> bool {
    field.is_list() || field.is_map()
}

/// True if a text that goes through these functions has to be a `str`. That it is UTF-8 is checked in any case, but
/// to find that bytes are ASCII is quicker than to make a `str` of them.
fn needs_str(functions: &[Function]) -> bool {
    let mut steps = functions.iter().map(function::of);
    let first = steps.find(|step| !step.is_label);
    first.is_some_and(|first| !first.reads_bytes)
}

/// A field's type in its view, and the method that reads it from an item.
fn read(field: &FieldDescriptor, as_str: bool) -> (String, &'static str) {
    if is_run(field) {
        return ("&'a [u8]".into(), "span");
    }
    let (ty, method) = match field.kind() {
        Kind::Double => ("f64", "double"),
        Kind::Float => ("f32", "float"),
        Kind::Int32 => ("i32", "int32"),
        Kind::Int64 => ("i64", "int64"),
        Kind::Uint32 => ("u32", "uint32"),
        Kind::Uint64 => ("u64", "uint64"),
        Kind::Sint32 => ("i32", "sint32"),
        Kind::Sint64 => ("i64", "sint64"),
        Kind::Fixed32 => ("u32", "fixed32"),
        Kind::Fixed64 => ("u64", "fixed64"),
        Kind::Sfixed32 => ("i32", "sfixed32"),
        Kind::Sfixed64 => ("i64", "sfixed64"),
        Kind::Bool => ("bool", "bool"),
        Kind::String if as_str => ("&'a str", "text"),
        Kind::String => ("&'a [u8]", "utf8"),
        Kind::Bytes => ("&'a [u8]", "bytes"),
        Kind::Message(_) => ("&'a [u8]", "message"),
        Kind::Enum(_) => ("i32", "enumeration"),
    };
    if field.supports_presence() {
        return (format!("Option<{ty}>"), method);
    }
    (ty.into(), method)
}

/// Values of all columns.
fn values(model: &Model) -> impl Iterator<Item = &Value> {
    model
        .tables
        .iter()
        .flat_map(|table| &table.columns)
        .flat_map(|column| column.from.values())
}
