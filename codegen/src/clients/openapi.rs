//! OpenAPI: the HTTP paths that senders call, described for tools and people.

mod answers;
mod doors;
mod node;
mod proofs;
mod schemas;

use super::given::{Given, Made};
use super::versions::UNKNOWN;
use crate::model::{Intake, Model};
use node::{Node, object, text};
use schemas::Schemas;

/// Version of the language that the description is written in.
const OPENAPI: &str = "3.1.0";

/// Where `event-grpc demo` and `serve` listen unless told otherwise.
const SERVER: &str = "http://127.0.0.1:8019";

/// What holds for all paths.
const ABOUT: &str = "Events and webhooks over HTTP. The same service is there over gRPC and gRPC-Web. Bodies may be compressed: \
    `content-encoding` gzip, deflate, br or zstd. What each answer means for a sender is in docs/answers.md, and the rules that \
    libraries keep are in docs/clients.md.";

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let model = given.model;
    Ok(vec![("openapi.json".to_owned(), document(model).print())])
}

fn document(model: &Model) -> Node {
    let mut schemas = Schemas::new(model);
    let paths = doors::paths(model, &mut schemas);
    let response = doors::response(model);
    answers::schemas(&mut schemas, response.as_ref());
    object([
        ("openapi", text(OPENAPI)),
        ("info", info()),
        ("servers", servers()),
        ("tags", tags(model)),
        ("paths", object(paths)),
        (
            "components",
            object([
                ("securitySchemes", object(proofs::schemes(model))),
                ("responses", object(answers::shared(response.as_ref()))),
                ("schemas", object(schemas.into_nodes())),
            ]),
        ),
    ])
}

fn info() -> Node {
    let licence = object([
        ("name", text("Apache-2.0 OR MIT")),
        ("identifier", text("Apache-2.0 OR MIT")),
    ]);
    object([
        ("title", text("event-grpc")),
        ("version", text(UNKNOWN)),
        ("description", text(ABOUT)),
        ("license", licence),
    ])
}

fn servers() -> Node {
    let local = object([("url", text(SERVER))]);
    Node::List(vec![local.described("An instance on this machine.")])
}

fn tags(model: &Model) -> Node {
    let is_app = |intake: &Intake| matches!(intake, Intake::Grpc { .. });
    let tag = |name: &str, about: &str| object([("name", text(name))]).described(about);
    let mut tags = Vec::new();
    if model.sources.iter().any(|source| is_app(&source.intake)) {
        tags.push(tag(doors::APP, "What clients send: many events a request."));
    }
    if model.sources.iter().any(|source| !is_app(&source.intake)) {
        tags.push(tag(
            doors::WEBHOOKS,
            "What other services post: one message a request.",
        ));
    }
    tags.push(tag(doors::HEALTH, "For load balancers."));
    Node::List(tags)
}
