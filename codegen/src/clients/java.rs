//! Java: an immutable class and a builder for each message, an enum for each enum, and where requests go. For tests, what
//! makes events of JSON.

mod docs;
mod field;
mod json;

use serde::Serialize;

use super::contract::{Contract, Enum, Message};
use super::given::{Given, Made};
use crate::model::Model;
use crate::render::templates::Templates;
use docs::doc;
use field::{Field, class};

/// A template's name and text.
macro_rules! template {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../templates/clients/java/", $name, ".j2")),
        )
    };
}

/// Templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    template!("builder.java"),
    template!("enum.java"),
    template!("json_file.java"),
    template!("json_table.java"),
    template!("message.java"),
    template!("package.java"),
    template!("wire.java"),
];

/// The library's own package.
const CORE: &str = "java/core/src/generated/java/eventgrpc";
/// The package of its tests' driver.
const DRIVER: &str = "java/core/src/test/generated/java/eventgrpc/driver";

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let Given {
        model, contract, ..
    } = *given;
    let templates = Templates::of(TEMPLATES)?;
    let mut files = Vec::new();
    for message in contract.files.iter().flat_map(|file| &file.messages) {
        let view = MessageView::of(message, contract);
        let class = &view.class;
        files.push((
            format!("{CORE}/events/{class}.java"),
            templates.render("message.java", &view)?,
        ));
        files.push((
            format!("{CORE}/events/{class}Builder.java"),
            templates.render("builder.java", &view)?,
        ));
    }
    for found in contract.files.iter().flat_map(|file| &file.enums) {
        let view = EnumView::of(found);
        let path = format!("{CORE}/events/{}.java", view.class);
        files.push((path, templates.render("enum.java", &view)?));
    }
    let package = Package::of(contract);
    files.push((
        format!("{CORE}/events/package-info.java"),
        templates.render("package.java", &package)?,
    ));
    let wire = Wire::of(model, contract);
    files.push((
        format!("{CORE}/Wire.java"),
        templates.render("wire.java", &wire)?,
    ));
    for view in json::files(contract) {
        let path = format!("{DRIVER}/{}.java", view.class);
        files.push((path, templates.render("json_file.java", &view)?));
    }
    files.push((
        format!("{DRIVER}/EventTable.java"),
        templates.render("json_table.java", &json::Table::of(contract))?,
    ));
    Ok(files)
}

/// View of `message.java` and `builder.java`.
#[derive(Serialize)]
struct MessageView {
    class: String,
    /// `a` or `an`, before the class.
    article: &'static str,
    doc: String,
    base: &'static str,
    imports: Vec<String>,
    builder_imports: Vec<String>,
    event: Option<EventView>,
    /// In the order of the proto file.
    fields: Vec<Field>,
    /// Statements that write the fields, by ascending number.
    writes: Vec<String>,
}

/// What an event type has beyond other messages.
#[derive(Serialize)]
struct EventView {
    json: String,
    number: u32,
}

impl MessageView {
    fn of(message: &Message, contract: &Contract) -> Self {
        let class = class(&message.name);
        let fields: Vec<Field> = message
            .fields
            .iter()
            .filter_map(|field| Field::of(field, contract))
            .collect();
        let event = contract
            .events
            .iter()
            .find(|event| event.message == message.name);
        let base = match event {
            Some(_) => "Event",
            None if message.name == contract.header => "RequestHeader",
            None => "ProtoMessage",
        };
        let mut imports = vec![format!("eventgrpc.{base}"), "eventgrpc.ProtoWriter".into()];
        if !fields.is_empty() {
            imports.push("eventgrpc.ProtoValue".into());
        }
        imports.extend(fields.iter().flat_map(|field| field.imports.clone()));
        let builder_imports = fields
            .iter()
            .flat_map(|field| field.imports.iter().chain(&field.builder_imports).cloned());
        let mut by_number: Vec<&Field> = fields.iter().collect();
        by_number.sort_by_key(|field| field.number);
        MessageView {
            article: match class.starts_with(['A', 'E', 'I', 'O']) {
                true => "an",
                false => "a",
            },
            doc: doc(&message.doc, &format!("{{@code {class}}}."), ""),
            base,
            builder_imports: sorted(builder_imports.collect()),
            imports: sorted(imports),
            event: event.map(|event| EventView {
                json: event.json.clone(),
                number: event.number,
            }),
            writes: by_number.iter().map(|field| field.write.clone()).collect(),
            class,
            fields,
        }
    }
}

/// Imports in the order of Java, each once.
fn sorted(mut imports: Vec<String>) -> Vec<String> {
    imports.sort();
    imports.dedup();
    imports
}

/// View of `enum.java`.
#[derive(Serialize)]
struct EnumView {
    class: String,
    doc: String,
    values: Vec<EnumValue>,
}

#[derive(Serialize)]
struct EnumValue {
    name: String,
    number: i32,
}

impl EnumView {
    fn of(found: &Enum) -> Self {
        let class = class(&found.name);
        EnumView {
            doc: doc(&found.doc, &format!("{{@code {class}}}."), ""),
            class,
            values: found
                .values
                .iter()
                .map(|(name, number)| EnumValue {
                    name: field::identifier(name),
                    number: *number,
                })
                .collect(),
        }
    }
}

/// View of `package.java`.
#[derive(Serialize)]
struct Package {
    /// Entries of a list: what a proto file is about, and its events.
    groups: Vec<String>,
}

impl Package {
    fn of(contract: &Contract) -> Self {
        let mut groups = Vec::new();
        for file in &contract.files {
            let events = file.messages.iter().filter(|message| message.is_event);
            let mut links =
                events.map(|message| format!(" *       <li>{{@link {}}}", class(&message.name)));
            if let Some(first) = links.next() {
                groups.push(format!(" *   <li>{}", docs::escaped(&file.doc)));
                groups.push(" *     <ul>".into());
                groups.push(first);
                groups.extend(links);
                groups.push(" *     </ul>".into());
            }
        }
        Package { groups }
    }
}

/// View of `wire.java`.
#[derive(Serialize)]
struct Wire {
    path: String,
    method: String,
    header: u32,
    events: u32,
    id: u32,
    timestamp: u32,
    /// 0 if events have none.
    current_url: u32,
}

impl Wire {
    fn of(model: &Model, contract: &Contract) -> Self {
        let event = model.envelope.as_ref().map(|e| &e.event_message);
        let current_url = event.and_then(|event| event.get_field_by_json_name("currentURL"));
        Wire {
            path: contract.path.clone(),
            method: contract.method.clone(),
            header: contract.numbers.header,
            events: contract.numbers.events,
            id: contract.numbers.id,
            timestamp: contract.numbers.timestamp,
            current_url: current_url.map_or(0, |field| field.number()),
        }
    }
}
