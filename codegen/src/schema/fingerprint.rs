//! Fingerprint: a hash of what the declarations make of a message, by which builds compare what they mean.
//!
//! It is a function of messages and enums, of the routes that messages take, and of what becomes of them in tables and
//! requests. Documentation, comments, who may send, sizes, numbers of workers, engines, keys and the SQL of migrations
//! are not in it: with these a message means what it meant before.

use std::collections::BTreeMap;

use crate::base::hash::hash;
use crate::model::{
    Argument, ColumnSource, Format, Input, Intake, Model, Root, Route, RoutingKey, Table, Template,
    To, Value, field_type,
};
use prost_reflect::FieldDescriptor;

/// Version of what the functions of expressions and the wire format of this generator mean. It is counted up where one of them
/// makes something else of the same declarations.
const VERSION: u32 = 1;

/// Number of hexadecimal digits of a fingerprint.
pub const DIGITS: usize = 16;

/// Fingerprint of a model.
pub fn fingerprint(model: &Model) -> String {
    let mut facts = facts(model);
    facts.sort_unstable();
    let hash = hash(format!("{VERSION}\n{}", facts.join("\n")).as_bytes());
    hash.chars().take(DIGITS).collect()
}

/// What a fingerprint is made of, one fact a line; in no order.
fn facts(model: &Model) -> Vec<String> {
    let mut facts = Vec::new();
    messages(model, &mut facts);
    routes(model, &mut facts);
    for table in &model.tables {
        columns(table, &mut facts);
    }
    requests(model, &mut facts);
    facts
}

/// Messages and enums.
fn messages(model: &Model, facts: &mut Vec<String>) {
    for message in model.pool.all_messages() {
        // Map entries follow from their fields.
        if message.package_name() == "google.protobuf" || message.is_map_entry() {
            continue;
        }
        for field in message.fields() {
            let oneof = field.containing_oneof();
            facts.push(format!(
                "field {} {} {} {:?} {} {:?}",
                message.full_name(),
                field.number(),
                field.name(),
                field.json_name(),
                field_type(&field),
                oneof.map(|oneof| oneof.name().to_owned())
            ));
        }
    }
    for names in model.pool.all_enums() {
        for value in &names.enum_descriptor_proto().value {
            facts.push(format!(
                "value {} {} {}",
                names.full_name(),
                value.number(),
                value.name()
            ));
        }
    }
    for (message, fields) in &model.any_of {
        facts.push(format!("any_of {} {fields:?}", message.full_name()));
    }
    if let Some(envelope) = &model.envelope {
        facts.push(format!(
            "envelope {} {} ids {}",
            envelope.request.full_name(),
            envelope.batch.full_name(),
            envelope.ids
        ));
    }
}

/// Sources, exchanges and queues.
fn routes(model: &Model, facts: &mut Vec<String>) {
    for source in &model.sources {
        let intake = match &source.intake {
            Intake::Grpc {
                service,
                method,
                json_path,
            } => format!("grpc {service}/{method} {json_path}"),
            Intake::Post {
                path,
                message,
                routing_key,
                headers,
                id,
                on_bad,
                ..
            } => {
                let key = match routing_key {
                    RoutingKey::Constant(key) => format!("{key:?}"),
                    RoutingKey::Computed(value) => text(value),
                };
                let message = message.full_name();
                format!("post {path} {message} {key} {headers} {id:?} {on_bad:?}")
            }
        };
        facts.push(format!(
            "source {} {intake} {} {}",
            source.name,
            source.exchange,
            route(source.rejects.as_ref())
        ));
    }
    for exchange in &model.exchanges {
        facts.push(format!("exchange {} {:?}", exchange.name, exchange.kind));
    }
    facts.push(format!("unrouted {}", model.unrouted));
    for queue in &model.queues {
        let into = match (model.table_of(queue), model.request_of(queue)) {
            (Some(table), _) => format!("table {}", table.name),
            (None, Some(request)) => format!("request {}", request.name),
            (None, None) => String::new(),
        };
        facts.push(format!(
            "queue {} {} {:?} {into} {}",
            queue.name,
            input(&queue.input),
            queue.id,
            route(queue.dead_letter.as_ref())
        ));
        for binding in &queue.bindings {
            facts.push(format!("binding {} {}", queue.name, route(Some(binding))));
        }
    }
}

/// Columns of a table, with their expressions.
fn columns(table: &Table, facts: &mut Vec<String>) {
    let (name, types) = (&table.name, &table.types);
    facts.push(format!(
        "table {name} {} {types:?} {}",
        input(&table.input),
        table.every_type
    ));
    for column in &table.columns {
        let from = match &column.from {
            ColumnSource::Value(value) => text(value),
            ColumnSource::ByType(values) => {
                let values: BTreeMap<u32, String> = values
                    .iter()
                    .map(|(number, value)| (*number, text(value)))
                    .collect();
                format!("{values:?}")
            }
        };
        facts.push(format!(
            "column {name} {} {} {from}",
            column.name, column.ty
        ));
    }
    for (column, limit) in &table.limits {
        facts.push(format!(
            "limit {name} {column} {} {}",
            limit.bytes, limit.enforce
        ));
    }
}

/// Requests, with what is sent.
fn requests(model: &Model, facts: &mut Vec<String>) {
    for request in &model.requests {
        let name = &request.name;
        let by = request.by.as_ref().map(|(value, _)| texts(value));
        let (message, key) = (request.message.full_name(), &request.idempotency_key);
        facts.push(format!("request {name} {message} {by:?} {key:?}"));
        for target in &request.targets {
            let headers: Vec<(&str, &str)> = target
                .headers
                .iter()
                .map(|(name, template)| (name.as_str(), written(template)))
                .collect();
            let (value, mut address) = (&target.value, target.address());
            if let To::Topic {
                key: Some((key, _)),
                ..
            } = &target.to
            {
                address.push_str(&format!(" by {}", texts(key)));
            }
            if target.format() == Format::Protobuf {
                address.push_str(" as protobuf");
            }
            facts.push(format!("target {name} {value:?} {address} {headers:?}"));
        }
        let members = request.whole.iter().chain(&request.members);
        for member in members {
            facts.push(format!(
                "member {name} {} {}",
                member.name,
                texts(&member.value)
            ));
        }
        facts.push(format!("whole {name} {}", request.whole.is_some()));
    }
}

fn written(template: &Template) -> &str {
    &template.written
}

fn route(route: Option<&Route>) -> String {
    match route {
        Some(route) => format!("{:?} {:?}", route.exchange, route.routing_key),
        None => "-".to_owned(),
    }
}

fn input(input: &Input) -> String {
    match input {
        Input::Events => "events".to_owned(),
        Input::Json(message) => message.full_name().to_owned(),
        Input::DeadLetters => "dead_letters".to_owned(),
    }
}

/// The expressions of a source.
fn texts(from: &ColumnSource) -> String {
    let texts: Vec<String> = from.values().into_iter().map(text).collect();
    texts.join(", ")
}

/// An expression, however it is written, with its type.
fn text(value: &Value) -> String {
    let mut out = match &value.root {
        Root::Now => "$now".to_owned(),
        Root::TypeName => "$type".to_owned(),
        Root::Id => "$id".to_owned(),
        Root::Received => "$received".to_owned(),
        Root::Payload => "$payload".to_owned(),
        Root::Header(fields) => path("header", fields),
        Root::Event(fields) => path("event", fields),
        Root::PayloadField(fields) => path("payload", fields),
        Root::Body(fields) => path("body", fields),
        Root::Untyped { fields, keys } => format!("{} {keys:?}", path("body", fields)),
        Root::Headers => "$headers".to_owned(),
        Root::HeaderOf(name) => format!("$headers.{name:?}"),
        Root::Constant(text) => format!("{text:?}"),
        Root::WholeBody => "body".to_owned(),
        Root::Error(field) => format!("error.{}", field.name()),
        Root::ClientOfEvents | Root::ClientOfMessage => "$client".to_owned(),
        Root::Unknown => "$unknown".to_owned(),
    };
    for function in &value.functions {
        let arguments = function.arguments.iter().map(|argument| match argument {
            Argument::Text(text) => format!("{text:?}"),
            Argument::Value(value) => format!("({})", text(value)),
        });
        let arguments: Vec<String> = arguments.collect();
        out.push_str(&format!(" | {}({})", function.name, arguments.join(", ")));
    }
    format!("{out}: {}", value.ty)
}

/// Fields from a root down, by their numbers and names.
fn path(root: &str, fields: &[FieldDescriptor]) -> String {
    let names = fields.iter().map(FieldDescriptor::full_name);
    format!("{root} {}", names.collect::<Vec<_>>().join("/"))
}
