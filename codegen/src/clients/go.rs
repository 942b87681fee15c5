//! Go: a file for each proto file, a struct for each event, and a method that writes it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::contract::{Contract, Enum, Field, File, Message, Scalar, Shape, Type};
use super::given::{Given, Made};
use super::go_names::{constant, exported, file as file_name};
use super::prose::wrapped;
use crate::base::header::HEADER;
use crate::render::templates::Templates;
use crate::render::view::names::literal;

/// Where they are, below `clients/`.
const FOLDER: &str = "go/events";
/// Columns of a comment.
const WIDTH: usize = 110;
/// First words that are small behind a name and a colon.
const SMALL: &[&str] = &[
    "A", "An", "How", "One", "Several", "That", "The", "What", "When", "Where", "Whether", "Which",
    "Who", "Whose", "Why",
];

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let contract = given.contract;
    let templates = Templates::of(&[
        (
            "file.go",
            include_str!("../../templates/clients/go/file.go.j2"),
        ),
        (
            "events.go",
            include_str!("../../templates/clients/go/events.go.j2"),
        ),
    ])?;
    let mut files = Vec::new();
    for file in &contract.files {
        let text = templates.render("file.go", &FileView::of(file, contract))?;
        files.push((format!("{FOLDER}/{}.go", file_name(&file.name)), text));
    }
    let text = templates.render("events.go", &EventsView::of(contract))?;
    files.push((format!("{FOLDER}/events.go"), text));
    Ok(files)
}

/// What the template of `events.go` sees.
#[derive(Serialize)]
struct EventsView {
    header: &'static str,
    path: String,
    events: Vec<Named>,
}

/// A name in Go and its JSON name as a literal.
#[derive(Serialize)]
struct Named {
    name: String,
    json: String,
}

impl EventsView {
    fn of(contract: &Contract) -> Self {
        let named = |event: &super::contract::Event| Named {
            name: exported(&event.message),
            json: literal(&event.json),
        };
        // By name: who adds an event on another branch adds it at another place.
        let mut events: Vec<Named> = contract.events.iter().map(named).collect();
        events.sort_by(|one, other| one.json.cmp(&other.json));
        EventsView {
            header: HEADER,
            path: literal(&contract.path),
            events,
        }
    }
}

/// What the template of a file sees.
#[derive(Serialize)]
struct FileView {
    header: &'static str,
    /// Whether it uses package `time`.
    time: bool,
    enums: Vec<EnumView>,
    messages: Vec<Struct>,
}

/// An enum.
#[derive(Serialize)]
struct EnumView {
    name: String,
    doc: Vec<String>,
    values: Vec<String>,
    cases: Vec<Case>,
}

/// A value of an enum that has a name.
#[derive(Serialize)]
struct Case {
    value: String,
    json: String,
}

/// A message.
#[derive(Serialize)]
struct Struct {
    name: String,
    doc: Vec<String>,
    /// Its name on the wire as a literal; empty if it is no event.
    r#type: String,
    /// The receiver's name and a space; empty if it isn't used.
    receiver: &'static str,
    fields: Vec<Member>,
}

/// A field: its comment, its declaration, and the call that writes it.
#[derive(Serialize)]
struct Member {
    doc: Vec<String>,
    declared: String,
    written: String,
}

impl FileView {
    fn of(file: &File, contract: &Contract) -> Self {
        let mut fields = file.messages.iter().flat_map(|message| &message.fields);
        FileView {
            header: HEADER,
            time: fields.any(|field| matches!(field.ty, Type::Timestamp | Type::Duration)),
            enums: file.enums.iter().map(enumeration).collect(),
            messages: file
                .messages
                .iter()
                .map(|m| structure(m, contract))
                .collect(),
        }
    }
}

fn enumeration(found: &Enum) -> EnumView {
    let name = exported(&found.name);
    let values: Vec<(String, &str, i32)> = found
        .values
        .iter()
        .map(|(value, number)| (constant(&found.name, value), value.as_str(), *number))
        .collect();
    let width = values.iter().map(|(value, ..)| value.len()).max();
    let width = width.unwrap_or_default();
    // Of several names for a number the first one is written.
    let mut numbers = BTreeSet::new();
    EnumView {
        doc: named_doc(&name, &found.doc),
        values: values
            .iter()
            .map(|(value, _, number)| format!("{value:width$} {name} = {number}"))
            .collect(),
        cases: values
            .iter()
            .filter(|(_, _, number)| numbers.insert(*number))
            .map(|(value, json, _)| Case {
                value: value.clone(),
                json: literal(json),
            })
            .collect(),
        name,
    }
}

fn structure(message: &Message, contract: &Contract) -> Struct {
    let event = contract.events.iter().find(|e| e.message == message.name);
    let name = exported(&message.name);
    Struct {
        doc: named_doc(&name, &message.doc),
        r#type: event.map(|event| literal(&event.json)).unwrap_or_default(),
        receiver: match message.fields.is_empty() {
            true => "",
            false => "m ",
        },
        fields: members(&message.fields),
        name,
    }
}

/// The fields, with the types of neighbours in one column, as gofmt has them: a comment ends a column.
fn members(fields: &[Field]) -> Vec<Member> {
    let mut taken: BTreeSet<String> = ["EventType", "WriteJSON"].map(String::from).into();
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let mut name = exported(&field.name);
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        names.push(name);
    }
    let mut widths = vec![0; fields.len()];
    let mut start = 0;
    for end in 1..=fields.len() {
        if fields.get(end).is_none_or(|field| !field.doc.is_empty()) {
            let column = names.get(start..end).unwrap_or_default();
            let width = column.iter().map(String::len).max().unwrap_or_default();
            if let Some(widths) = widths.get_mut(start..end) {
                widths.fill(width);
            }
            start = end;
        }
    }
    let members = fields.iter().zip(names).zip(widths);
    members
        .map(|((field, name), width)| Member {
            doc: wrapped(&field.doc, WIDTH),
            declared: format!("{name:width$} {}", declared(field)),
            written: written(field, &name),
        })
        .collect()
}

/// A field's type.
fn declared(field: &Field) -> String {
    let one = one(&field.ty).0;
    match (field.shape, &field.ty) {
        (Shape::List(_), _) => format!("[]{one}"),
        (Shape::Map(key), _) => format!("map[{}]{one}", scalar(key).0),
        (Shape::Optional, Type::Scalar(Scalar::Bytes)) => one,
        (Shape::Optional, Type::Scalar(_) | Type::Enum(_) | Type::Duration) => format!("*{one}"),
        (Shape::Optional | Shape::Single, _) => one,
    }
}

/// The call that writes a field.
fn written(field: &Field, name: &str) -> String {
    let value = one(&field.ty).1;
    let of = format!("w, {}, m.{name}", literal(&field.json));
    match (field.shape, &field.ty) {
        (Shape::List(_), _) => format!("wire.List({of}, wire.{value})"),
        (Shape::Map(Scalar::Bool), _) => format!("wire.BoolMap({of}, wire.{value})"),
        (Shape::Map(_), _) => format!("wire.Map({of}, wire.{value})"),
        (shape, Type::Scalar(Scalar::Bytes)) => {
            format!("wire.BytesField({of}, {})", shape == Shape::Optional)
        }
        (_, Type::Object) => format!("wire.PresentStruct({of})"),
        (_, Type::Any) => format!("wire.Present({of})"),
        (Shape::Optional, Type::Scalar(_) | Type::Enum(_)) | (_, Type::Duration) => {
            format!("wire.Optional({of}, wire.{value})")
        }
        (Shape::Optional | Shape::Single, _) => format!("wire.Field({of}, wire.{value})"),
    }
}

/// The type of one value, and the function that writes it.
fn one(ty: &Type) -> (String, &'static str) {
    match ty {
        Type::Scalar(of) => {
            let (go, value) = scalar(*of);
            (go.to_owned(), value)
        }
        Type::Enum(name) => (exported(name), "Enum"),
        Type::Message(name) => (format!("*{}", exported(name)), "Object"),
        Type::Timestamp => ("time.Time".to_owned(), "Time"),
        Type::Duration => ("time.Duration".to_owned(), "Duration"),
        Type::Object => ("map[string]any".to_owned(), "Struct"),
        Type::Any => ("any".to_owned(), "Any"),
    }
}

/// The type of a scalar, and the function that writes it.
fn scalar(scalar: Scalar) -> (&'static str, &'static str) {
    match scalar {
        Scalar::Double => ("float64", "Double"),
        Scalar::Float => ("float32", "Float"),
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => ("int32", "Int32"),
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => ("int64", "Int64"),
        Scalar::Uint32 | Scalar::Fixed32 => ("uint32", "Uint32"),
        Scalar::Uint64 | Scalar::Fixed64 => ("uint64", "Uint64"),
        Scalar::Bool => ("bool", "Bool"),
        Scalar::String => ("string", "String"),
        Scalar::Bytes => ("[]byte", "Bytes"),
    }
}

/// A type's comment, which begins with its name.
fn named_doc(name: &str, doc: &str) -> Vec<String> {
    let doc = match doc.split_once(' ') {
        _ if doc.is_empty() => "what one proto message has.".to_owned(),
        Some((first, rest)) if SMALL.contains(&first) => {
            format!("{} {rest}", first.to_ascii_lowercase())
        }
        _ => doc.to_owned(),
    };
    wrapped(&format!("{name}: {doc}"), WIDTH)
}
