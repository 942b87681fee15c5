//! TypeScript: an interface and a function for each event, which bundlers drop where they aren't used.

use std::collections::BTreeSet;

use serde::Serialize;

use super::contract::{Contract, Field, File, Message, Scalar, Shape, Type};
use super::given::{Given, Made};
use crate::base::header::HEADER;
use crate::render::templates::Templates;

/// Where the generated files are, below `clients/`.
const FOLDER: &str = "typescript/src/events";

/// Longest line of the encoders of a message before each gets a line of its own.
const WIDTH: usize = 100;

/// What `encode.ts` has for generated code.
const ENCODERS: [&str; 10] = [
    "base64",
    "bytes",
    "float",
    "floatText",
    "int64",
    "list",
    "map",
    "message",
    "set",
    "without",
];

/// Words that no function can be called.
const RESERVED: [&str; 16] = [
    "case", "catch", "class", "const", "default", "delete", "enum", "export", "function", "import",
    "new", "return", "switch", "try", "void", "with",
];

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let contract = given.contract;
    let templates = Templates::of(&[
        (
            "file.ts",
            include_str!("../../templates/clients/typescript/file.ts.j2"),
        ),
        (
            "index.ts",
            include_str!("../../templates/clients/typescript/index.ts.j2"),
        ),
    ])?;
    let parts = parts(contract);
    let views: Vec<FileView> = contract
        .files
        .iter()
        .map(|file| file_view(contract, file, &parts))
        .collect();
    let mut files = Vec::new();
    for view in &views {
        let path = format!("{FOLDER}/{}.ts", view.name);
        files.push((path, templates.render("file.ts", view)?));
    }
    let index = IndexView {
        header: HEADER,
        files: views.iter().map(exports).collect(),
    };
    let path = format!("{FOLDER}/index.ts");
    files.push((path, templates.render("index.ts", &index)?));
    Ok(files)
}

#[derive(Serialize)]
struct FileView {
    header: &'static str,
    name: String,
    doc: String,
    imports: Vec<String>,
    enums: Vec<EnumView>,
    messages: Vec<MessageView>,
}

#[derive(Serialize)]
struct EnumView {
    name: String,
    doc: String,
    values: Vec<String>,
}

#[derive(Serialize)]
struct MessageView {
    name: String,
    doc: String,
    fields: Vec<FieldView>,
    /// Function that writes it as a part of others; none if it is no part.
    encode: Option<String>,
    /// Expression that writes its `fields`.
    json: String,
    events: Vec<EventView>,
}

#[derive(Serialize)]
struct FieldView {
    name: String,
    doc: String,
    ty: String,
}

#[derive(Serialize)]
struct EventView {
    function: String,
    member: String,
}

#[derive(Serialize)]
struct IndexView {
    header: &'static str,
    files: Vec<Exports>,
}

#[derive(Serialize)]
struct Exports {
    name: String,
    functions: Vec<String>,
    types: Vec<String>,
}

/// Messages that are part of a request other than as an event: the header, and what fields hold.
fn parts(contract: &Contract) -> BTreeSet<&str> {
    let fields = contract
        .files
        .iter()
        .flat_map(|file| &file.messages)
        .flat_map(|message| &message.fields);
    let held = fields.filter_map(|field| match &field.ty {
        Type::Message(name) => Some(name.as_str()),
        _ => None,
    });
    held.chain([contract.header.as_str()]).collect()
}

fn file_view(contract: &Contract, file: &File, parts: &BTreeSet<&str>) -> FileView {
    let messages: Vec<MessageView> = file
        .messages
        .iter()
        .map(|message| message_view(contract, message, parts))
        .collect();
    let enums = file.enums.iter().map(|found| EnumView {
        name: found.name.clone(),
        doc: comment(&found.doc),
        values: found.values.iter().map(|(name, _)| name.clone()).collect(),
    });
    FileView {
        header: HEADER,
        name: file.name.clone(),
        doc: file.doc.clone(),
        imports: imports(file, &messages, parts),
        enums: enums.collect(),
        messages,
    }
}

fn message_view(contract: &Contract, message: &Message, parts: &BTreeSet<&str>) -> MessageView {
    let events = contract
        .events
        .iter()
        .filter(|event| event.message == message.name);
    MessageView {
        name: message.name.clone(),
        doc: comment(&message.doc),
        fields: message
            .fields
            .iter()
            .map(|field| FieldView {
                name: property(&field.json),
                doc: comment(&field.doc),
                ty: type_of(field),
            })
            .collect(),
        encode: parts
            .contains(message.name.as_str())
            .then(|| encode(&message.name)),
        json: json(contract, message),
        events: events
            .map(|event| EventView {
                function: function(&event.json),
                member: property(&event.json),
            })
            .collect(),
    }
}

/// The lines of imports, but for the word itself.
fn imports(file: &File, messages: &[MessageView], parts: &BTreeSet<&str>) -> Vec<String> {
    let written = messages.iter().map(|message| message.json.as_str());
    let words: BTreeSet<&str> = written
        .flat_map(|json| json.split(|c: char| !c.is_ascii_alphanumeric()))
        .collect();
    let types = messages.iter().flat_map(|message| &message.fields);
    let mut names: Vec<String> = ENCODERS
        .into_iter()
        .filter(|name| words.contains(name))
        .map(str::to_owned)
        .collect();
    if types.clone().any(|field| field.ty.contains("Int64")) {
        names.push("type Int64".to_owned());
    }
    let mut lines = Vec::new();
    if !names.is_empty() {
        lines.push(format!("{{ {} }} from \"../encode.js\"", names.join(", ")));
    }
    if messages.iter().any(|message| !message.events.is_empty()) {
        lines.push("type { Event } from \"../types.js\"".to_owned());
    }
    for (from, names) in &file.imports {
        let functions = names.iter().filter(|name| parts.contains(name.as_str()));
        let functions = functions.map(|name| encode(name));
        let types = names.iter().map(|name| format!("type {name}"));
        let names: Vec<String> = functions.chain(types).collect();
        lines.push(format!("{{ {} }} from \"./{from}.js\"", names.join(", ")));
    }
    lines
}

/// The expression that writes a message's `fields`: which of them take more than their value as it is.
fn json(contract: &Contract, message: &Message) -> String {
    let encoders: Vec<String> = message
        .fields
        .iter()
        .filter_map(|field| {
            let encoder = encoder(contract, field)?;
            Some(format!("{}: {encoder}", property(&field.json)))
        })
        .collect();
    let line = encoders.join(", ");
    match line.len() {
        0 => "message(fields)".to_owned(),
        length if length < WIDTH - 40 => format!("message(fields, {{ {line} }})"),
        _ => {
            let lines = encoders.iter().map(|encoder| format!("    {encoder},\n"));
            format!("message(fields, {{\n{}  }})", lines.collect::<String>())
        }
    }
}

/// What writes a field; none if its value is written as it is.
fn encoder(contract: &Contract, field: &Field) -> Option<String> {
    let each = each(&field.ty);
    match field.shape {
        Shape::List(_) => each.map(|each| format!("list({each})")),
        Shape::Map(_) => Some(format!("map({})", each.unwrap_or_else(|| "set".to_owned()))),
        Shape::Optional => Some(each.unwrap_or_else(|| "set".to_owned())),
        Shape::Single => match &field.ty {
            Type::Scalar(scalar) if is_wide(*scalar) => Some("int64".to_owned()),
            Type::Scalar(Scalar::Float | Scalar::Double) => Some("float".to_owned()),
            Type::Scalar(Scalar::Bytes) => Some("bytes".to_owned()),
            Type::Enum(name) => zero(contract, name).map(|zero| format!("without(\"{zero}\")")),
            _ => each,
        },
    }
}

/// What writes one value, its default too; none if it is written as it is.
fn each(ty: &Type) -> Option<String> {
    match ty {
        Type::Scalar(scalar) if is_wide(*scalar) => Some("String".to_owned()),
        Type::Scalar(Scalar::Float | Scalar::Double) => Some("floatText".to_owned()),
        Type::Scalar(Scalar::Bytes) => Some("base64".to_owned()),
        Type::Message(name) => Some(encode(name)),
        // JSON writes a Date as RFC 3339 by itself.
        _ => None,
    }
}

/// The value of an enum that is left out.
fn zero<'c>(contract: &'c Contract, name: &str) -> Option<&'c str> {
    let mut enums = contract.files.iter().flat_map(|file| &file.enums);
    let values = &enums.find(|found| found.name == name)?.values;
    let zero = values.iter().find(|(_, number)| *number == 0)?;
    Some(&zero.0)
}

fn type_of(field: &Field) -> String {
    let one = match &field.ty {
        Type::Scalar(scalar) => match scalar {
            Scalar::Bool => "boolean",
            Scalar::String => "string",
            Scalar::Bytes => "Uint8Array",
            scalar if is_wide(*scalar) => "Int64",
            _ => "number",
        },
        Type::Enum(name) | Type::Message(name) => name,
        Type::Timestamp => "Date | string",
        Type::Duration => "string",
        Type::Object => "{ readonly [name: string]: unknown }",
        Type::Any => "unknown",
    };
    match field.shape {
        Shape::Single | Shape::Optional => one.to_owned(),
        Shape::List(_) if one.contains(' ') => format!("readonly ({one})[]"),
        Shape::List(_) => format!("readonly {one}[]"),
        Shape::Map(_) => format!("{{ readonly [key: string]: {one} }}"),
    }
}

const fn is_wide(scalar: Scalar) -> bool {
    matches!(
        scalar,
        Scalar::Int64 | Scalar::Uint64 | Scalar::Sint64 | Scalar::Fixed64 | Scalar::Sfixed64
    )
}

fn exports(view: &FileView) -> Exports {
    let events = view.messages.iter().flat_map(|message| &message.events);
    let enums = view.enums.iter().map(|found| found.name.clone());
    let messages = view.messages.iter().map(|message| message.name.clone());
    Exports {
        name: view.name.clone(),
        functions: events.map(|event| event.function.clone()).collect(),
        types: enums.chain(messages).collect(),
    }
}

/// The function that writes a message as a part of others.
fn encode(message: &str) -> String {
    format!("encode{message}")
}

/// The name of an event's function: that of its member, beginning small.
fn function(member: &str) -> String {
    let mut chars = member.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    let name: String = first.into_iter().chain(chars).collect();
    match RESERVED.contains(&name.as_str()) {
        true => format!("{name}Event"),
        false => name,
    }
}

/// A name of a property, quoted if it has to be.
fn property(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    match is_plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.escape_default()),
    }
}

/// Text that can stand in a comment.
fn comment(doc: &str) -> String {
    doc.replace("*/", "* /")
}
