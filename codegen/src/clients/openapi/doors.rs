//! Paths and their operations: one for each source, and the heartbeat.

use prost_reflect::MessageDescriptor;

use super::answers::{Answers, PROTOBUF, protobuf};
use super::node::{Node, object, reference, text, texts};
use super::proofs;
use super::schemas::{Names, Schemas};
use crate::model::{IdFrom, Intake, Model, OnBad, Scheme, Source};

/// Tag of the paths of app events.
pub(super) const APP: &str = "events";
/// Tag of the paths of webhooks.
pub(super) const WEBHOOKS: &str = "webhooks";
/// Tag of the heartbeat.
pub(super) const HEALTH: &str = "health";

/// Items by path, in the order of the sources.
pub(super) fn paths(model: &Model, schemas: &mut Schemas<'_>) -> Vec<(String, Node)> {
    let mut paths = Vec::new();
    for source in &model.sources {
        match &source.intake {
            Intake::Grpc { json_path, .. } => {
                let found = events(model, source, schemas);
                paths.extend(found.map(|post| (json_path.clone(), post)));
            }
            Intake::Post { path, message, .. } => {
                let post = webhook(source, message, schemas);
                paths.push((path_with_secret(source, path), post));
            }
        }
    }
    paths.push(("/heartbeat/".to_owned(), heartbeat()));
    paths
}

/// What requests with app events are answered with.
pub(super) fn response(model: &Model) -> Option<MessageDescriptor> {
    model.sources.iter().find_map(|source| {
        let Intake::Grpc {
            service, method, ..
        } = &source.intake
        else {
            return None;
        };
        let service = model.pool.get_service_by_name(service)?;
        let method = service.methods().find(|found| found.name() == method)?;
        Some(method.output())
    })
}

/// The path of app events.
fn events(model: &Model, source: &Source, schemas: &mut Schemas<'_>) -> Option<Node> {
    let envelope = model.envelope.as_ref()?;
    let response = response(model)?;
    let request = schemas.message(&envelope.request, Names::Json);
    let answer = schemas.message(&response, Names::Json);
    let content = object([
        ("application/json", object([("schema", request)])),
        (PROTOBUF, protobuf(&envelope.request)),
    ]);
    let answer = object([
        ("application/json", object([("schema", answer)])),
        (PROTOBUF, protobuf(&response)),
    ]);
    let about = "Answers when every accepted event is durable. Send each event with an id of its own, and the same one when it \
        is sent again: what is sent twice is stored once.";
    let taken = "At least one event was accepted; the others are in `rejected`. With `accept: application/x-protobuf`, or to a \
        request in protobuf, the answer is protobuf.";
    let answers = Answers::of_events(source).first(
        200,
        object([("description", text(taken))]).with("content", answer),
    );
    let post = operation(source, APP, "Send app events.", about);
    let post = with_proofs(post, source)
        .with("requestBody", required(content))
        .with("responses", answers.into_node());
    Some(object([("post", post)]))
}

/// The path of a webhook.
fn webhook(source: &Source, message: &MessageDescriptor, schemas: &mut Schemas<'_>) -> Node {
    let Intake::Post { id, on_bad, .. } = &source.intake else {
        return object::<&str>([]);
    };
    let body = schemas.message(message, Names::AsDeclared);
    let content = object([("application/json", object([("schema", body)]))]);
    let mut answers = Answers::of_webhook(source).first(200, reference("responses/Stored"));
    if *on_bad == OnBad::Keep {
        answers = answers.first(202, reference("responses/Kept"));
    }
    let summary = format!("Post a message of {}.", source.name);
    let about = match id {
        IdFrom::Request => "Each request is a message of its own.",
        _ => "A message that is sent again is stored once.",
    };
    let mut parameters = Vec::new();
    if has_secret_in_path(source) {
        parameters.push(parameter("secret", "path", "The secret of this source."));
    }
    if let IdFrom::Header(name) = id {
        parameters.push(parameter(
            name,
            "header",
            "Id of the message, the same whenever it is sent.",
        ));
    }
    let mut post = operation(source, WEBHOOKS, &summary, about);
    if !parameters.is_empty() {
        post = post.with("parameters", Node::List(parameters));
    }
    let post = with_proofs(post, source)
        .with("requestBody", required(content))
        .with("responses", answers.into_node());
    object([("post", post)])
}

fn heartbeat() -> Node {
    let said = |what: &str, says: &str| {
        let schema = object([("type", text("string")), ("const", text(says))]);
        let content = object([("text/plain", object([("schema", schema)]))]);
        object([("description", text(what)), ("content", content)])
    };
    let responses = object([
        ("200", said("The instance wants traffic.", "beating")),
        (
            "410",
            said(
                "It wants none: it is about to end, or was set so.",
                "not beating",
            ),
        ),
        ("503", said("It is starting.", "starting")),
    ]);
    let get = object([
        ("operationId", text("heartbeat")),
        ("tags", texts([HEALTH])),
        ("summary", text("Ask if the instance wants traffic.")),
        ("responses", responses),
    ]);
    object([("get", get)])
}

fn operation(source: &Source, tag: &str, summary: &str, about: &str) -> Node {
    object([
        ("operationId", text(&source.name)),
        ("tags", texts([tag])),
        ("summary", text(summary)),
        ("description", text(about)),
    ])
}

fn with_proofs(operation: Node, source: &Source) -> Node {
    match proofs::of_source(source) {
        Some(proofs) => operation.with("security", proofs),
        None => operation,
    }
}

fn required(content: Node) -> Node {
    object([("required", Node::Flag(true)), ("content", content)])
}

fn parameter(name: &str, place: &str, about: &str) -> Node {
    object([
        ("name", text(name)),
        ("in", text(place)),
        ("required", Node::Flag(place == "path")),
        ("description", text(about)),
        ("schema", object([("type", text("string"))])),
    ])
}

fn path_with_secret(source: &Source, path: &str) -> String {
    match has_secret_in_path(source) {
        true => format!("{}/{{secret}}", path.trim_end_matches('/')),
        false => path.to_owned(),
    }
}

fn has_secret_in_path(source: &Source) -> bool {
    match &source.intake {
        Intake::Post { verify, .. } => verify
            .as_ref()
            .is_some_and(|verify| verify.scheme == Scheme::Path),
        Intake::Grpc { .. } => false,
    }
}
