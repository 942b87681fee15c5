//! The files of shapes: what is printed of each message and enum.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, MessageDescriptor};
use serde::Serialize;

use super::{Shapes, by_number, enums};
use crate::render::view::modules::Place;
use crate::render::view::names::literal;

/// A dense table is at most this long; fields with higher numbers are searched for.
const DENSE: u32 = 256;

/// What the template sees: one generated file, which holds what is declared inside of one message.
#[derive(Debug, Serialize)]
pub struct ShapeFile {
    /// Its folder's module, for its package.
    pub package: String,
    /// Its own module.
    pub module: String,
    /// Full name of the message, or of the enum that stands alone.
    pub full_name: String,
    /// Its proto file.
    pub proto: String,
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
    /// Its fields as Rust source: number, name, kind and label.
    pub fields: Vec<String>,
    /// The dense table as Rust source.
    pub dense: Vec<usize>,
    /// The fields of which one has to be there, as Rust source.
    pub any_of: String,
    /// The retired fields that are discarded, as Rust source.
    pub retired: String,
}

/// What the template of `shapes/mod.rs` sees.
#[derive(Debug, Serialize)]
pub struct ShapeList {
    /// The packages' modules.
    pub modules: Vec<String>,
    /// The functions that make fields of one label, as far as they are used.
    pub labels: Vec<LabelView>,
    /// True if there is any field.
    pub fields: bool,
}

/// A function that makes fields of one label, whose name in JSON is their name.
#[derive(Debug, Serialize)]
pub struct LabelView {
    /// Its name.
    pub name: &'static str,
    /// What it makes.
    pub doc: &'static str,
    /// Its first parameter, if it has one more than the others.
    pub parameter: &'static str,
    /// The label as Rust source.
    pub label: &'static str,
}

/// All of these functions.
const LABELS: [LabelView; 4] = [
    LabelView {
        name: "implicit",
        doc: "A field that is at its default where it is absent, by number, name and kind.",
        parameter: "",
        label: "Label::Implicit",
    },
    LabelView {
        name: "optional",
        doc: "A field that may be absent, by number, name and kind.",
        parameter: "",
        label: "Label::Optional",
    },
    LabelView {
        name: "repeated",
        doc: "A list or a map, by number, name and kind.",
        parameter: "",
        label: "Label::Repeated",
    },
    LabelView {
        name: "one_of",
        doc: "A member of a oneof, by the oneof's place, number, name and kind.",
        parameter: "oneof: u8, ",
        label: "Label::Oneof(oneof)",
    },
];

impl Shapes {
    /// The generated files, by module.
    pub fn files(&self) -> Vec<ShapeFile> {
        let mut files: BTreeMap<(String, String), ShapeFile> = BTreeMap::new();
        for names in enums(&self.messages) {
            let proto = names.parent_file().name().to_owned();
            let place = Place::of_enum(&names);
            let file = self.file(&mut files, &place, names.package_name(), proto);
            file.enums.push(self.enum_view(&names));
        }
        for message in &self.messages {
            let proto = message.parent_file().name().to_owned();
            let place = Place::of(message);
            let shape = self.shape_view(message, &self.modules.path(&place));
            let file = self.file(&mut files, &place, message.package_name(), proto);
            file.shapes.push(shape);
        }
        files.into_values().collect()
    }

    /// What all files have in common.
    pub fn list(&self, files: &[ShapeFile]) -> ShapeList {
        let fields = || {
            let shapes = files.iter().flat_map(|file| &file.shapes);
            shapes.flat_map(|shape| &shape.fields)
        };
        let used = |label: &LabelView| {
            fields().any(|field| field.split_once('(').is_some_and(|(f, _)| f == label.name))
        };
        ShapeList {
            modules: self
                .packages()
                .map(|(_, module, _)| module.to_owned())
                .collect(),
            labels: LABELS.into_iter().filter(used).collect(),
            fields: fields().next().is_some(),
        }
    }

    /// The file of a place, made if there is none.
    fn file<'f>(
        &self,
        files: &'f mut BTreeMap<(String, String), ShapeFile>,
        place: &Place,
        package: &str,
        proto: String,
    ) -> &'f mut ShapeFile {
        let (folder, module) = self.modules.modules(place);
        let full_name = format!("{package}.{}", place.top);
        files
            .entry((folder.to_owned(), module.to_owned()))
            .or_insert_with(|| ShapeFile {
                package: folder.to_owned(),
                module: module.to_owned(),
                full_name: full_name.trim_start_matches('.').to_owned(),
                proto,
                enums: Vec::new(),
                shapes: Vec::new(),
            })
    }

    fn enum_view(&self, names: &EnumDescriptor) -> EnumView {
        // In the order of the proto file, which `values()` doesn't keep: with aliases the first name of a number is its
        // name, as in proto3 JSON, whose readers accept the others too.
        let descriptor = names.enum_descriptor_proto();
        let mut values: Vec<_> = descriptor.value.iter().collect();
        values.sort_by_key(|value| value.number());
        EnumView {
            name: self.name_of(names.full_name()).to_owned(),
            full_name: names.full_name().to_owned(),
            values: values
                .into_iter()
                .map(|value| format!("({}, {})", value.number(), literal(value.name())))
                .collect(),
        }
    }

    fn shape_view(&self, message: &MessageDescriptor, module: &str) -> ShapeView {
        let fields = by_number(message);
        ShapeView {
            name: self.name_of(message.full_name()).to_owned(),
            full_name: message.full_name().to_owned(),
            fields: fields
                .iter()
                .map(|field| field_view(field, &self.kind_in(field, module)))
                .collect(),
            dense: dense(&fields),
            any_of: self
                .any_of
                .get(message.full_name())
                .cloned()
                .unwrap_or_default(),
            retired: self
                .retired
                .get(message.full_name())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// A field as Rust source.
fn field_view(field: &FieldDescriptor, kind: &str) -> String {
    let (number, name) = (field.number(), literal(field.name()));
    if field.json_name() != field.name() {
        let json_name = literal(field.json_name());
        let label = label(field);
        return format!("field({number}, {name}, {json_name}, {kind}, {label})");
    }
    match label(field).as_str() {
        "Label::Implicit" => format!("implicit({number}, {name}, {kind})"),
        "Label::Optional" => format!("optional({number}, {name}, {kind})"),
        "Label::Repeated" => format!("repeated({number}, {name}, {kind})"),
        _ => format!("one_of({}, {number}, {name}, {kind})", oneof(field)),
    }
}

fn label(field: &FieldDescriptor) -> String {
    if field.is_list() || field.is_map() {
        return "Label::Repeated".into();
    }
    if field.containing_oneof().is_some_and(|o| !o.is_synthetic()) {
        return format!("Label::Oneof({})", oneof(field));
    }
    if field.supports_presence() {
        return "Label::Optional".into();
    }
    "Label::Implicit".into()
}

/// The place of a field's oneof in its message.
fn oneof(field: &FieldDescriptor) -> usize {
    let of = field.containing_oneof();
    let mut all = field.parent_message().oneofs();
    let place = of.and_then(|of| all.position(|o| o.full_name() == of.full_name()));
    place.unwrap_or_default()
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
