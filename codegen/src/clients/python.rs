//! Python: a module for each proto file, a class for each event.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::contract::{Contract, Enum, Field, File, Message, Scalar, Shape, Type};
use super::given::{Given, Made};
use super::prose::wrapped;
use crate::base::header::HEADER;
use crate::render::templates::Templates;
use crate::render::view::names::{camel, literal, snake};

/// Where they are, below `clients/`.
const FOLDER: &str = "python/event_grpc/events";
/// Columns that a line has at most.
const WIDTH: usize = 100;
/// What no field can be called: Python's keywords, what all messages have, and what declarations of fields use.
const RESERVED: &[&str] = &[
    "and",
    "as",
    "bool",
    "bytes",
    "datetime",
    "field",
    "float",
    "int",
    "str",
    "timedelta",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "self",
    "to_json",
    "try",
    "while",
    "with",
    "yield",
];

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let contract = given.contract;
    let templates = Templates::of(&[
        (
            "module.py",
            include_str!("../../templates/clients/python/module.py.j2"),
        ),
        (
            "package.py",
            include_str!("../../templates/clients/python/package.py.j2"),
        ),
    ])?;
    let mut files = Vec::new();
    for file in &contract.files {
        let text = templates.render("module.py", &Module::of(file, contract))?;
        files.push((format!("{FOLDER}/{}.py", module(&file.name)), text));
    }
    let text = templates.render("package.py", &Package::of(contract))?;
    files.push((format!("{FOLDER}/__init__.py"), text));
    Ok(files)
}

/// What the template of the package sees.
#[derive(Serialize)]
struct Package {
    header: &'static str,
    path: String,
    modules: Vec<Exports>,
    names: BTreeSet<String>,
}

/// The classes of one module.
#[derive(Serialize)]
struct Exports {
    name: String,
    names: BTreeSet<String>,
}

impl Package {
    fn of(contract: &Contract) -> Self {
        let modules: Vec<Exports> = contract
            .files
            .iter()
            .map(|file| Exports {
                name: module(&file.name),
                names: names(file),
            })
            .collect();
        Package {
            header: HEADER,
            path: literal(&contract.path),
            names: modules.iter().flat_map(|m| m.names.clone()).collect(),
            modules,
        }
    }
}

/// What the template of a module sees.
#[derive(Serialize)]
struct Module {
    header: &'static str,
    doc: Vec<String>,
    imports: Vec<Vec<String>>,
    enums: Vec<EnumClass>,
    messages: Vec<Class>,
}

/// An enum.
#[derive(Serialize)]
struct EnumClass {
    name: String,
    doc: Vec<String>,
    values: Vec<String>,
}

/// A message.
#[derive(Serialize)]
struct Class {
    name: String,
    base: &'static str,
    doc: Vec<String>,
    /// Its name on the wire as a literal; empty if it is no event.
    r#type: String,
    /// Each with its lines.
    fields: Vec<Vec<String>>,
}

/// Names that are used, by the module that has them.
type Imports = BTreeMap<String, BTreeSet<String>>;

impl Module {
    fn of(file: &File, contract: &Contract) -> Self {
        let mut imports = Imports::new();
        let mut import = |from: &str, name: &str| {
            let names = imports.entry(from.to_owned()).or_default();
            names.insert(name.to_owned());
        };
        for (other, names) in &file.imports {
            for name in names {
                import(
                    &format!("event_grpc.events.{}", module(other)),
                    &camel(name),
                );
            }
        }
        if !file.enums.is_empty() {
            import("enum", "IntEnum");
        }
        for message in &file.messages {
            import("event_grpc.message", base(message));
            for field in &message.fields {
                uses(field, &mut import);
            }
        }
        let doc = match file.doc.is_empty() {
            true => "Messages of one proto file.",
            false => &file.doc,
        };
        Module {
            header: HEADER,
            doc: docstring(doc, WIDTH),
            imports: grouped(&imports),
            enums: file.enums.iter().map(enumeration).collect(),
            messages: file.messages.iter().map(|m| class(m, contract)).collect(),
        }
    }
}

/// The imports as lines: of what lets annotations name classes further below, of Python's modules, of ours.
fn grouped(imports: &Imports) -> Vec<Vec<String>> {
    let line = |(from, names): (&String, &BTreeSet<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let short = format!("from {from} import {}", names.join(", "));
        match short.len() <= WIDTH {
            true => short,
            false => format!("from {from} import (\n    {},\n)", names.join(",\n    ")),
        }
    };
    let ours = |from: &&String| from.starts_with("event_grpc");
    let (own, other): (Vec<_>, Vec<_>) = imports.iter().partition(|(from, _)| ours(from));
    let future = vec!["from __future__ import annotations".to_owned()];
    let groups = [
        future,
        other.into_iter().map(line).collect(),
        own.into_iter().map(line).collect(),
    ];
    groups
        .into_iter()
        .filter(|group| !group.is_empty())
        .collect()
}

/// Notes what a field's line uses.
fn uses(field: &Field, import: &mut impl FnMut(&str, &str)) {
    import("typing", "Optional");
    import("event_grpc.message", "field");
    match &field.ty {
        Type::Scalar(scalar) => import("event_grpc.kinds", scalar_kind(*scalar).1),
        Type::Enum(_) => import("event_grpc.kinds", "EnumOf"),
        Type::Message(_) => import("event_grpc.message", "MessageOf"),
        Type::Timestamp => {
            import("datetime", "datetime");
            import("event_grpc.kinds", "TIMESTAMP");
        }
        Type::Duration => {
            import("datetime", "timedelta");
            import("event_grpc.kinds", "DURATION");
        }
        Type::Object => {
            import("typing", "Any");
            import("typing", "Mapping");
            import("event_grpc.kinds", "STRUCT");
        }
        Type::Any => {
            import("typing", "Any");
            import("event_grpc.kinds", "ANYTHING");
        }
    }
    match field.shape {
        Shape::Single | Shape::Optional => {}
        Shape::List(_) => {
            import("typing", "Sequence");
            import("event_grpc.kinds", "ListOf");
        }
        Shape::Map(key) => {
            import("typing", "Mapping");
            import("event_grpc.kinds", "MapOf");
            import("event_grpc.kinds", scalar_kind(key).1);
        }
    }
}

fn enumeration(found: &Enum) -> EnumClass {
    EnumClass {
        name: camel(&found.name),
        doc: docstring(or_name(&found.doc, &found.name), WIDTH - 4),
        values: found
            .values
            .iter()
            .map(|(name, number)| format!("{} = {number}", free(name.clone())))
            .collect(),
    }
}

fn class(message: &Message, contract: &Contract) -> Class {
    let event = contract.events.iter().find(|e| e.message == message.name);
    Class {
        name: camel(&message.name),
        base: base(message),
        doc: docstring(or_name(&message.doc, &message.name), WIDTH - 4),
        r#type: event.map(|event| literal(&event.json)).unwrap_or_default(),
        fields: message.fields.iter().map(field).collect(),
    }
}

fn base(message: &Message) -> &'static str {
    match message.is_event {
        true => "Event",
        false => "Message",
    }
}

/// A field's line, broken where it is too long, and what is said of it.
fn field(field: &Field) -> Vec<String> {
    let (one, kind) = match &field.ty {
        Type::Scalar(scalar) => {
            let (python, kind) = scalar_kind(*scalar);
            (python.to_owned(), kind.to_owned())
        }
        Type::Enum(name) => (camel(name), format!("EnumOf({})", camel(name))),
        Type::Message(name) => (camel(name), format!("MessageOf(lambda: {})", camel(name))),
        Type::Timestamp => ("datetime".to_owned(), "TIMESTAMP".to_owned()),
        Type::Duration => ("timedelta".to_owned(), "DURATION".to_owned()),
        Type::Object => ("Mapping[str, Any]".to_owned(), "STRUCT".to_owned()),
        Type::Any => ("Any".to_owned(), "ANYTHING".to_owned()),
    };
    let (annotation, kind) = match field.shape {
        Shape::Single | Shape::Optional => (one, kind),
        Shape::List(_) => (format!("Sequence[{one}]"), format!("ListOf({kind})")),
        Shape::Map(key) => {
            let (python, key) = scalar_kind(key);
            (
                format!("Mapping[{python}, {one}]"),
                format!("MapOf({key}, {kind})"),
            )
        }
    };
    let optional = match field.shape {
        Shape::Optional => ", optional=True",
        _ => "",
    };
    let name = free(snake(&field.name));
    let declared = format!("{name}: Optional[{annotation}] = field(");
    let of = format!("{}, {kind}{optional}", literal(&field.json));
    let mut lines = match 4 + declared.len() + of.len() < WIDTH {
        true => vec![format!("{declared}{of})")],
        false => vec![declared, format!("    {of}"), ")".to_owned()],
    };
    if !field.doc.is_empty() {
        lines.extend(docstring(&field.doc, WIDTH - 4));
    }
    lines
}

/// A scalar's type in Python, and its kind.
fn scalar_kind(scalar: Scalar) -> (&'static str, &'static str) {
    match scalar {
        Scalar::Double => ("float", "DOUBLE"),
        Scalar::Float => ("float", "FLOAT32"),
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => ("int", "INT32"),
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => ("int", "INT64"),
        Scalar::Uint32 | Scalar::Fixed32 => ("int", "UINT32"),
        Scalar::Uint64 | Scalar::Fixed64 => ("int", "UINT64"),
        Scalar::Bool => ("bool", "BOOLEAN"),
        Scalar::String => ("str", "STRING"),
        Scalar::Bytes => ("bytes", "BINARY"),
    }
}

/// A paragraph as a docstring, in lines.
fn docstring(doc: &str, width: usize) -> Vec<String> {
    let mut text = doc.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    if text.ends_with('"') {
        text.insert(text.len() - 1, '\\');
    }
    let mut lines = wrapped(&format!("\"\"\"{text}"), width);
    match lines.as_mut_slice() {
        [only] if only.chars().count() + 3 <= width => only.push_str("\"\"\""),
        _ => lines.push("\"\"\"".to_owned()),
    }
    lines
}

fn or_name<'a>(doc: &'a str, name: &'a str) -> &'a str {
    if doc.is_empty() { name } else { doc }
}

/// The classes of a file.
fn names(file: &File) -> BTreeSet<String> {
    let messages = file.messages.iter().map(|message| camel(&message.name));
    let enums = file.enums.iter().map(|found| camel(&found.name));
    messages.chain(enums).collect()
}

fn module(file: &str) -> String {
    free(snake(file))
}

fn free(name: String) -> String {
    match RESERVED.contains(&name.as_str()) {
        true => format!("{name}_"),
        false => name,
    }
}
