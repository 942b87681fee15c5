//! Requests in generated Rust: where messages are forwarded to, and what makes their bodies.

mod events;

use serde::Serialize;

use super::function::FunctionView;
use super::names::{Taken, literal, snake};
use super::readers::Readers;
use super::refused::Refused;
use super::shapes::Shapes;
use super::values::{Failing, Shared, Writer};
use crate::base::names::grouped;
use crate::model::{
    ColumnSource, Format, Model, Piece, Request, Root, Target, Template, To, Value,
};
use crate::render::imports::mentions;

/// View of the template.
#[derive(Debug, Serialize)]
pub struct RequestsView {
    /// The requests.
    pub requests: Vec<RequestView>,
}

/// A request.
#[derive(Debug, Serialize)]
pub struct RequestView {
    /// Its Rust module.
    pub module: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its fields as Rust source.
    pub fields: Vec<String>,
    /// Its functions.
    pub functions: Vec<FunctionView>,
}

/// Makes the view, or says which parts can't be written.
pub fn requests(
    model: &Model,
    shapes: &Shapes,
    readers: &Readers,
) -> Result<RequestsView, Vec<Refused>> {
    let writer = Writer {
        shapes,
        readers,
        failing: Failing::NamesField,
        by_path: false,
    };
    let mut modules = Taken::with(&["mod"]);
    let mut views = Vec::new();
    let mut refused = Vec::new();
    for request in &model.requests {
        let module = modules.claim(snake(&request.name));
        match view(request, module, &writer) {
            Ok(view) => views.push(view),
            Err((part, reason)) => refused.push(Refused {
                table: format!("request {}", request.name),
                column: part,
                reason,
            }),
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    Ok(RequestsView { requests: views })
}

/// A part, and why it can't be written.
type Unwritable = (String, String);

fn view(request: &Request, module: String, writer: &Writer<'_>) -> Result<RequestView, Unwritable> {
    let writer = &Writer {
        by_path: request.events,
        ..*writer
    };
    let (mut functions, make, forwards) = match request.events {
        true => (
            vec![
                events::choose(request, writer)?,
                events::body(request, writer)?,
            ],
            "Events",
            format!("Forwards the events of `{}`.", request.message.full_name()),
        ),
        false => (
            vec![choose(request, writer)?, body(request, writer)?],
            "Messages",
            format!("Forwards `{}`.", request.message.full_name()),
        ),
    };
    functions.extend(keys(request, writer)?);
    let mut docs = vec![forwards];
    if !request.doc.is_empty() {
        docs.push(String::new());
        docs.push(request.doc.clone());
    }
    let targets: Vec<String> = request
        .targets
        .iter()
        .enumerate()
        .map(|(at, target)| self::target(request, at, target))
        .collect();
    let key = request.idempotency_key.as_ref().map(|key| literal(key));
    let rate = request.rate.map(|rate| {
        format!(
            "Rate {{ count: {}, per_ms: {} }}",
            grouped(u64::from(rate.count)),
            grouped(u64::from(rate.per_ms))
        )
    });
    let fields = vec![
        format!("name: {}", literal(&request.name)),
        format!("targets: &[{}]", targets.join(", ")),
        format!("make: Make::{make} {{ choose: target, body }}"),
        format!("idempotency_key: {}", maybe(key)),
        format!("timeout_ms: {}", grouped(u64::from(request.timeout_ms))),
        format!("concurrency: {}", request.concurrency),
        format!("rate: {}", maybe(rate)),
        format!("retried: &[{}]", ranges(&request.retried)),
        format!("refused: &[{}]", ranges(&request.refused)),
    ];
    Ok(RequestView {
        module,
        docs,
        fields,
        functions,
    })
}

fn maybe(rust: Option<String>) -> String {
    rust.map_or_else(|| "None".into(), |rust| format!("Some({rust})"))
}

fn ranges(ranges: &[(u16, u16)]) -> String {
    let shown: Vec<String> = ranges
        .iter()
        .map(|(first, last)| format!("{first}..={last}"))
        .collect();
    shown.join(", ")
}

fn target(request: &Request, at: usize, target: &Target) -> String {
    let headers: Vec<String> = target
        .headers
        .iter()
        .map(|(name, value)| format!("({}, {})", literal(name), template(value)))
        .collect();
    let to = match &target.to {
        To::Url { method, url } => format!(
            "To::Url {{ method: {}, url: {} }}",
            literal(method),
            template(url)
        ),
        To::Topic { name, format, key } => format!(
            "To::Topic {{ name: {}, format: Format::{}, key: {} }}",
            literal(name),
            match format {
                Format::Json => "Json",
                Format::Protobuf => "Protobuf",
            },
            maybe(key.as_ref().map(|_| format!(
                "RecordKey::{}({})",
                if request.events { "Event" } else { "Message" },
                key_name(at)
            )))
        ),
    };
    format!(
        "Target {{ name: {}, to: {to}, headers: &[{}] }}",
        literal(&name(request, target)),
        headers.join(", ")
    )
}

/// Name of the function that computes the keys of a target's records.
fn key_name(at: usize) -> String {
    format!("key_{at}")
}

/// The functions that compute keys of records.
fn keys(request: &Request, writer: &Writer<'_>) -> Result<Vec<FunctionView>, Unwritable> {
    let keyed = request.targets.iter().enumerate();
    let keyed = keyed.filter_map(|(at, target)| match &target.to {
        To::Topic { key, .. } => Some((at, target, &key.as_ref()?.0)),
        To::Url { .. } => None,
    });
    keyed
        .map(|(at, target, from)| {
            if request.events {
                return events::key(&key_name(at), &name(request, target), from, writer);
            }
            let key = writer.key("key", of_message(from)?);
            let lines = vec![format!(
                "Ok({})",
                key.map_err(|reason| ("key".to_owned(), reason))?
            )];
            Ok(FunctionView {
                doc: format!("Key of a record, for `{}`.", name(request, target)),
                head: format!(
                    "fn {}({}: &Message<'_>) -> Result<String, RowError>",
                    key_name(at),
                    parameter("message", &lines)
                ),
                lines,
            })
        })
        .collect()
}

/// Name of a target in reports.
pub fn name(request: &Request, target: &Target) -> String {
    match &target.value {
        Some(value) => format!("{}.{value}", request.name),
        None => request.name.clone(),
    }
}

fn template(template: &Template) -> String {
    let pieces: Vec<String> = template
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => format!("Piece::Text({})", literal(text)),
            Piece::Variable(name) => format!("Piece::Variable({})", literal(name)),
        })
        .collect();
    format!("&[{}]", pieces.join(", "))
}

/// The function that chooses a target.
fn choose(request: &Request, writer: &Writer<'_>) -> Result<FunctionView, Unwritable> {
    let lines = match &request.by {
        None => vec!["Ok(0)".to_owned()],
        Some((from, _)) => {
            let value = of_message(from)?;
            let text = writer
                .text("by", value)
                .map_err(|reason| ("by".to_owned(), reason))?;
            let known: Vec<String> = request
                .targets
                .iter()
                .filter_map(|target| target.value.as_deref())
                .map(literal)
                .collect();
            let what = literal(&field(value));
            vec![
                format!("let value = {text};"),
                format!("function::one_of({what}, &value, &[{}])", known.join(", ")),
            ]
        }
    };
    Ok(FunctionView {
        doc: format!("Chooses the target of a message, for `{}`.", request.name),
        head: format!(
            "fn target({}: &Message<'_>) -> Result<usize, RowError>",
            parameter("message", &lines)
        ),
        lines,
    })
}

/// The value of a JSON message, which is the same for all of them.
fn of_message(from: &ColumnSource) -> Result<&Value, Unwritable> {
    match from {
        ColumnSource::Value(value) => Ok(value),
        ColumnSource::ByType(_) => Err(("body".to_owned(), "only events have types".to_owned())),
    }
}

/// The field that a value comes from.
fn field(value: &Value) -> String {
    match &value.root {
        Root::Body(path) => {
            let names: Vec<&str> = path.iter().map(|field| field.name()).collect();
            names.join(".")
        }
        _ => "by".to_owned(),
    }
}

/// The function that makes a body.
fn body(request: &Request, writer: &Writer<'_>) -> Result<FunctionView, Unwritable> {
    let whole = request.whole.iter().flat_map(|whole| whole.value.values());
    let members = request.members.iter();
    let members = members.flat_map(|member| member.value.values());
    let taken = Taken::with(&["message", "cx", "body"]);
    let mut shared = Shared::among(whole.chain(members), taken);
    let object = match &request.whole {
        None => "function::nothing()".to_owned(),
        Some(whole) => writer
            .object("body", of_message(&whole.value)?, &mut shared)
            .map_err(|reason| ("body".to_owned(), reason))?,
    };
    let mut lines = shared.statements();
    if request.members.is_empty() {
        lines.push(format!("Ok(function::json_text({object}))"));
    } else {
        lines.push(format!("let mut body = {object};"));
        for member in &request.members {
            let value = writer
                .member(&member.name, of_message(&member.value)?, &mut shared)
                .map_err(|reason| (member.name.clone(), reason))?;
            lines.extend(shared.statements());
            lines.push(format!(
                "function::put(&mut body, {}, {value});",
                literal(&member.name)
            ));
        }
        lines.push("Ok(function::json_text(body))".into());
    }
    Ok(FunctionView {
        doc: format!("Body of a message, for `{}`.", request.name),
        head: format!(
            "fn body({}: &Message<'_>, {}: &Context) -> Result<Vec<u8>, RowError>",
            parameter("message", &lines),
            parameter("cx", &lines)
        ),
        lines,
    })
}

/// A parameter's name, marked where nothing uses it.
fn parameter(name: &str, lines: &[String]) -> String {
    match mentions(lines, name) {
        true => name.to_owned(),
        false => format!("_{name}"),
    }
}
