//! A field in Java: its names, its types, and how it is kept and written.

use serde::Serialize;

use super::super::contract::{self, Contract, Scalar, Shape, Type};
use super::docs::doc_at;

/// A field as the templates see it.
#[derive(Serialize)]
pub(super) struct Field {
    #[serde(skip)]
    pub(super) number: u32,
    pub(super) name: String,
    getter: String,
    getter_doc: String,
    setter_doc: String,
    /// Its type.
    ty: String,
    /// What the builder takes.
    given: String,
    /// What stands behind its declaration in the builder.
    initial: String,
    /// What the getter returns.
    get: String,
    /// What the builder keeps of what it is given.
    set: String,
    /// The statement that writes it.
    #[serde(skip)]
    pub(super) write: String,
    /// What has to be imported for its type.
    #[serde(skip)]
    pub(super) imports: Vec<String>,
    /// What the builder has to import besides.
    #[serde(skip)]
    pub(super) builder_imports: Vec<String>,
}

impl Field {
    /// None for what Java has no type for: Google's types that are more than a time.
    pub(super) fn of(field: &contract::Field, contract: &Contract) -> Option<Self> {
        let value = Value::of(&field.ty)?;
        let name = identifier(&lower(&camel(&field.name)));
        let code = format!("{{@code {}}}.", field.name);
        let is_optional = field.shape == Shape::Optional;
        let null = if is_optional {
            "Null if it isn't set."
        } else {
            ""
        };
        let doc = |remark| doc_at(4, &field.doc, &code, remark);
        let write =
            |call: &str, types: &str| format!("out.{call}({}, {types}, {name});", field.number);
        let one = format!("ProtoValue.{}", value.proto);
        let is_bytes = field.ty == Type::Scalar(Scalar::Bytes);
        let mut made = Field {
            number: field.number,
            getter: getter(&field.name, value.plain),
            getter_doc: doc(null),
            setter_doc: doc(""),
            ty: value.boxed.clone(),
            given: value.boxed.clone(),
            initial: String::new(),
            get: name.clone(),
            set: name.clone(),
            write: write("put", &one),
            imports: value.imports,
            builder_imports: Vec::new(),
            name: name.clone(),
        };
        match field.shape {
            Shape::Optional => {}
            Shape::Single => {
                made.write = write("write", &one);
                if let Some(plain) = value.plain {
                    made.ty = plain.into();
                    made.given = plain.into();
                } else if let Some(default) = default(&field.ty, contract) {
                    made.initial = format!(" = {default}");
                    made.set = format!("{name} == null ? {default} : {name}");
                }
            }
            Shape::List(packed) => {
                made.write = write(if packed { "packed" } else { "each" }, &one);
                made.ty = format!("List<{}>", value.boxed);
                made.given = format!("Collection<{}>", value.boxed);
                made.initial = " = Copies.list(null)".into();
                made.set = format!("Copies.list({name})");
                made.imports.push("java.util.List".into());
                let more = ["eventgrpc.Copies", "java.util.Collection"];
                made.builder_imports.extend(more.map(str::to_owned));
            }
            Shape::Map(key) => {
                let key = Value::of(&Type::Scalar(key))?;
                made.write = write("map", &format!("ProtoValue.{}, {one}", key.proto));
                made.ty = format!("Map<{}, {}>", key.boxed, value.boxed);
                made.given = made.ty.clone();
                made.initial = " = Copies.map(null)".into();
                made.set = format!("Copies.map({name})");
                made.imports.push("java.util.Map".into());
                made.builder_imports.push("eventgrpc.Copies".into());
            }
        }
        if is_bytes && matches!(field.shape, Shape::Single | Shape::Optional) {
            made.get = format!("Copies.bytes({name})");
            made.set = match field.shape {
                Shape::Single => format!("{name} == null ? new byte[0] : {name}.clone()"),
                _ => format!("Copies.bytes({name})"),
            };
            made.imports.push("eventgrpc.Copies".into());
        }
        Some(made)
    }
}

/// The value of a field that isn't set, where Java's own would be null.
fn default(ty: &Type, contract: &Contract) -> Option<String> {
    match ty {
        Type::Scalar(Scalar::String) => Some("\"\"".into()),
        Type::Scalar(Scalar::Bytes) => Some("new byte[0]".into()),
        Type::Enum(name) => {
            let mut enums = contract.files.iter().flat_map(|file| &file.enums);
            let (first, _) = enums.find(|e| e.name == *name)?.values.first()?;
            Some(format!("{}.{}", class(name), identifier(first)))
        }
        _ => None,
    }
}

/// A value in Java.
struct Value {
    /// Its type where it can be null.
    boxed: String,
    /// Its type where it can't be, if that is another.
    plain: Option<&'static str>,
    /// Name of the constant that says how it is written.
    proto: &'static str,
    imports: Vec<String>,
}

impl Value {
    fn of(ty: &Type) -> Option<Self> {
        let (boxed, plain, proto) = match ty {
            Type::Scalar(scalar) => return Some(Value::of_scalar(*scalar)),
            Type::Enum(name) => (class(name), None, "ENUM"),
            Type::Message(name) => (class(name), None, "MESSAGE"),
            Type::Timestamp => ("Instant".into(), None, "TIMESTAMP"),
            Type::Duration => ("Duration".into(), None, "DURATION"),
            Type::Object | Type::Any => return None,
        };
        let is_time = matches!(ty, Type::Timestamp | Type::Duration);
        let imports = is_time.then(|| format!("java.time.{boxed}"));
        Some(Value {
            imports: imports.into_iter().collect(),
            boxed,
            plain,
            proto,
        })
    }

    fn of_scalar(scalar: Scalar) -> Self {
        let (boxed, plain, proto) = match scalar {
            Scalar::Double => ("Double", Some("double"), "DOUBLE"),
            Scalar::Float => ("Float", Some("float"), "FLOAT"),
            Scalar::Int32 => ("Integer", Some("int"), "INT32"),
            Scalar::Int64 => ("Long", Some("long"), "INT64"),
            Scalar::Uint32 => ("Integer", Some("int"), "UINT32"),
            Scalar::Uint64 => ("Long", Some("long"), "UINT64"),
            Scalar::Sint32 => ("Integer", Some("int"), "SINT32"),
            Scalar::Sint64 => ("Long", Some("long"), "SINT64"),
            Scalar::Fixed32 => ("Integer", Some("int"), "FIXED32"),
            Scalar::Fixed64 => ("Long", Some("long"), "FIXED64"),
            Scalar::Sfixed32 => ("Integer", Some("int"), "SFIXED32"),
            Scalar::Sfixed64 => ("Long", Some("long"), "SFIXED64"),
            Scalar::Bool => ("Boolean", Some("boolean"), "BOOL"),
            Scalar::String => ("String", None, "STRING"),
            Scalar::Bytes => ("byte[]", None, "BYTES"),
        };
        Value {
            boxed: boxed.into(),
            plain,
            proto,
            imports: Vec::new(),
        }
    }
}

/// `getQuantity`; `isLive` for the boolean of that name. What every object has is left to it.
fn getter(name: &str, plain: Option<&str>) -> String {
    let name = camel(name);
    let is_question = name
        .strip_prefix("is")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    if plain == Some("boolean") && is_question {
        return name;
    }
    match upper(&name).as_str() {
        "Class" => "getClass_".into(),
        name => format!("get{name}"),
    }
}

/// The class of a message or an enum.
pub(super) fn class(name: &str) -> String {
    let class = upper(&camel(name));
    /// Names that generated code has another use for.
    const TAKEN: [&str; 23] = [
        "Boolean",
        "Collection",
        "Copies",
        "Double",
        "Duration",
        "Enum",
        "Event",
        "Float",
        "Instant",
        "Integer",
        "List",
        "Long",
        "Map",
        "Object",
        "Override",
        "ProtoEnum",
        "ProtoMessage",
        "ProtoValue",
        "ProtoWriter",
        "RequestHeader",
        "String",
        "Throwable",
        "Void",
    ];
    match TAKEN.contains(&class.as_str()) {
        true => format!("{class}Message"),
        false => class,
    }
}

/// The name itself, or with an underscore if it is a word of the language or a method that no class can have anew.
pub(super) fn identifier(name: &str) -> String {
    const WORDS: [&str; 58] = [
        "abstract",
        "assert",
        "boolean",
        "break",
        "build",
        "builder",
        "byte",
        "case",
        "catch",
        "char",
        "class",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extends",
        "false",
        "final",
        "finally",
        "float",
        "for",
        "goto",
        "if",
        "implements",
        "import",
        "instanceof",
        "int",
        "interface",
        "long",
        "native",
        "new",
        "null",
        "out",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "short",
        "static",
        "strictfp",
        "super",
        "switch",
        "synchronized",
        "this",
        "throw",
        "throws",
        "transient",
        "true",
        "try",
        "value",
        "void",
        "volatile",
        "wait",
        "while",
    ];
    match WORDS.contains(&name) {
        true => format!("{name}_"),
        false => name.to_owned(),
    }
}

/// Without underscores: what follows one begins with a capital.
fn camel(name: &str) -> String {
    let mut parts = name.split('_').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &upper(part))
}

fn upper(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// The first letter small.
pub(super) fn lower(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
