//! Answers: what a sender is told, by status.

use prost_reflect::MessageDescriptor;

use super::node::{Node, object, reference, text, texts};
use super::schemas::{Names, Schemas};
use crate::model::{Auth, IdFrom, Intake, Scheme, Source};

/// Media type of protobuf.
pub(super) const PROTOBUF: &str = "application/x-protobuf";

/// A status, the name of its answer in the components, and what it means.
type Shared = (u16, &'static str, &'static str);

const BAD: Shared = (
    400,
    "BadRequest",
    "The request makes no sense, or nothing in it could be taken. Don't repeat it; the message names the place.",
);
const UNPROVED: Shared = (
    401,
    "Unauthorized",
    "The proof of who sends is missing, wrong, revoked or expired. Don't repeat it; mend the proof.",
);
const FORBIDDEN: Shared = (
    403,
    "Forbidden",
    "The sender is known, and may not send this, or not from this page. Don't repeat it.",
);
const SLOW: Shared = (408, "Timeout", "The body came too slowly. Repeat it.");
const REPLAYED: Shared = (
    409,
    "Conflict",
    "Another message was taken under the same id of delivery.",
);
const LARGE: Shared = (
    413,
    "TooLarge",
    "The request is larger than the server takes, packed or unpacked. Send fewer events a request.",
);
const MEDIA: Shared = (
    415,
    "MediaType",
    "The content type or the content encoding isn't one of those that are taken.",
);
const FULL: Shared = (
    429,
    "TooManyRequests",
    "The sender is over its rate, or the server has as much under way as it may. Repeat it after `Retry-After`.",
);
const HEADERS: Shared = (
    431,
    "HeadersTooLarge",
    "The headers are larger than what is kept of them.",
);
const UNSURE: Shared = (
    503,
    "Unavailable",
    "It isn't known whether all of it was taken. Repeat the whole request: what has an id is stored once.",
);

/// All of them.
const SHARED: [Shared; 10] = [
    BAD, UNPROVED, FORBIDDEN, SLOW, REPLAYED, LARGE, MEDIA, FULL, HEADERS, UNSURE,
];

/// What stands before the names of answers to requests with events: they tell of each event, and may be protobuf.
const OF_EVENTS: &str = "Events";

/// Answers of a path, by status.
pub(super) struct Answers {
    first: Vec<(u16, Node)>,
    others: Vec<Shared>,
    prefix: &'static str,
}

impl Answers {
    /// What a source of app events answers when it takes nothing.
    pub(super) fn of_events(source: &Source) -> Self {
        let mut others = vec![BAD, SLOW, LARGE, MEDIA, FULL, UNSURE];
        if source.auth == Auth::Keys {
            others.extend([UNPROVED, FORBIDDEN]);
        }
        Answers::new(others, OF_EVENTS)
    }

    /// What a webhook answers when it takes nothing.
    pub(super) fn of_webhook(source: &Source) -> Self {
        let mut others = vec![BAD, SLOW, LARGE, MEDIA, FULL, UNSURE];
        if let Intake::Post {
            verify,
            headers,
            id,
            ..
        } = &source.intake
        {
            let is_signed = |scheme: &Scheme| matches!(scheme, Scheme::Hmac(_));
            let is_signed = verify.as_ref().is_some_and(|v| is_signed(&v.scheme));
            if verify.is_some() || source.auth == Auth::Keys {
                others.push(UNPROVED);
            }
            if source.auth == Auth::Keys {
                others.push(FORBIDDEN);
            }
            if is_signed && matches!(id, IdFrom::Header(_)) {
                others.push(REPLAYED);
            }
            if *headers {
                others.push(HEADERS);
            }
        }
        Answers::new(others, "")
    }

    fn new(mut others: Vec<Shared>, prefix: &'static str) -> Self {
        others.sort_by_key(|(status, ..)| *status);
        Answers {
            first: Vec::new(),
            others,
            prefix,
        }
    }

    /// Adds an answer that is this path's own, which comes before the others.
    pub(super) fn first(mut self, status: u16, answer: Node) -> Self {
        self.first.push((status, answer));
        self
    }

    /// As a member of an operation.
    pub(super) fn into_node(self) -> Node {
        let name = |name: &str| format!("responses/{}{name}", self.prefix);
        let others = self.others.iter();
        let others = others.map(|(status, of, _)| (*status, reference(&name(of))));
        let all = self.first.into_iter().chain(others);
        object(all.map(|(status, answer)| (status.to_string(), answer)))
    }
}

/// The answers that paths share, by name: those of webhooks, and those of paths that answer with this message.
pub(super) fn shared(response: Option<&MessageDescriptor>) -> Vec<(String, Node)> {
    let mut all = vec![("Stored".to_owned(), stored()), ("Kept".to_owned(), kept())];
    all.extend(named("", &json(reference("schemas/Error"))));
    if let Some(response) = response {
        let content = json(reference("schemas/EventsRefused")).with(PROTOBUF, protobuf(response));
        all.extend(named(OF_EVENTS, &content));
    }
    all
}

fn named(prefix: &str, content: &Node) -> Vec<(String, Node)> {
    let of_webhooks_only = [REPLAYED.0, HEADERS.0];
    let all = SHARED.iter();
    let all = all.filter(|(status, ..)| prefix.is_empty() || !of_webhooks_only.contains(status));
    let all = all.map(|shared| {
        let (status, name, about) = *shared;
        let answer = object([("description", text(about))]);
        let answer = match headers(status) {
            Some(headers) => answer.with("headers", headers),
            None => answer,
        };
        (
            format!("{prefix}{name}"),
            answer.with("content", content.clone()),
        )
    });
    all.collect()
}

fn headers(status: u16) -> Option<Node> {
    let header =
        |about: &str, schema: Node| object([("description", text(about)), ("schema", schema)]);
    match status {
        401 => {
            let schema = object([("type", text("string"))]);
            Some(object([(
                "WWW-Authenticate",
                header("How to prove who sends.", schema),
            )]))
        }
        408 | 429 | 503 => {
            let schema = object([("type", text("integer"))]).with("minimum", Node::Number(1));
            let about = "Seconds to wait before the request is repeated, if that helps.";
            Some(object([("Retry-After", header(about, schema))]))
        }
        _ => None,
    }
}

/// Answer to a webhook's message that is stored.
fn stored() -> Node {
    let schema = object([
        ("type", text("object")),
        ("required", texts(["id"])),
        ("properties", object([("id", id())])),
    ]);
    object([
        ("description", text("The message is stored, or on its way.")),
        ("content", json(schema)),
    ])
}

/// Answer to a webhook's message that can't be stored, and is kept.
fn kept() -> Node {
    object([
        (
            "description",
            text(
                "The message can't be stored as it is. It is kept with the reason; don't repeat it.",
            ),
        ),
        ("content", json(reference("schemas/Kept"))),
    ])
}

/// Adds the schemas of answers that aren't messages.
pub(super) fn schemas(schemas: &mut Schemas<'_>, response: Option<&MessageDescriptor>) {
    let string = |about: &str| object([("type", text("string"))]).described(about);
    let flag = |about: &str| object([("type", text("boolean"))]).described(about);
    let kept = object([
        ("type", text("object")),
        ("required", texts(["id", "stored", "reason", "letter"])),
        (
            "properties",
            object([
                ("id", id()),
                ("stored", object([("const", Node::Flag(false))])),
                ("reason", string("What is wrong with the message.")),
                ("letter", string("Id under which it is kept.")),
                ("field", string("The field that is to blame.")),
                ("partly", flag("True if some of its tables store it.")),
            ]),
        ),
    ]);
    let error = object([
        ("type", text("object")),
        ("required", texts(["error"])),
        (
            "properties",
            object([
                ("error", string("What is wrong, for a person.")),
                ("field", string("The field that is to blame.")),
            ]),
        ),
    ]);
    schemas.add(
        "Kept",
        kept.described("A message that is kept as a dead letter."),
    );
    schemas.add("Error", error);
    if let Some(response) = response {
        let about = "Nothing of the request was taken. It has the status ERROR, and says why; of events that could be read, each \
            of the first ones that are wrong is named.";
        let refused = schemas.message(response, Names::Json).described(about);
        schemas.add("EventsRefused", refused);
    }
}

fn id() -> Node {
    object([("type", text("string"))]).described("The message's id in its tables.")
}

/// A media type whose bytes are a message of protobuf.
pub(super) fn protobuf(message: &MessageDescriptor) -> Node {
    let about = format!("{} of proto/.", message.full_name());
    let schema = object([("type", text("string")), ("format", text("binary"))]);
    object([("schema", schema.described(&about))])
}

fn json(schema: Node) -> Node {
    object([("application/json", object([("schema", schema)]))])
}
