//! The requests of the small model.

use std::collections::BTreeMap;

use event_grpc_codegen::model::{
    ColumnSource, Format, Function, Member, Piece, Rate, Request, Root, Target, Template, To, Type,
    Value,
};

use super::{Made, nullable, value};

impl Made<'_> {
    /// Of messages and of events, each with everything.
    pub(super) fn requests(&self) -> Vec<Request> {
        vec![self.posts(), self.events()]
    }

    fn posts(&self) -> Request {
        let json = |root, functions| value(root, functions, Type::Json);
        let without = Function::of_texts("without", &["at"]);
        let rfc3339 = vec![Function::new("epoch_millis"), Function::new("rfc3339")];
        Request {
            name: "posts_api".into(),
            doc: "Whoever wants to know of posts.".into(),
            message: self.message("log.Post"),
            events: false,
            by: Some((
                ColumnSource::Value(value(
                    self.body("handle"),
                    vec![Function::of_texts("default", &["ANY"])],
                    Type::String,
                )),
                "body.handle | default(\"ANY\")".into(),
            )),
            targets: vec![
                target("ANY", "POST"),
                target("OTHER", "PUT"),
                self.topic("TOPIC"),
            ],
            whole: Some(member("", json(Root::WholeBody, vec![without]))),
            members: vec![
                member("name", value(self.body("name"), vec![], Type::String)),
                member("likes", value(self.body("likes"), vec![], Type::Int64)),
                member(
                    "score",
                    value(self.body("score"), vec![], nullable(Type::Float64)),
                ),
                member(
                    "made",
                    value(self.body("made"), rfc3339.clone(), nullable(Type::String)),
                ),
                member(
                    "changed",
                    value(self.body("changed"), rfc3339, nullable(Type::String)),
                ),
                member(
                    "metrics",
                    json(self.body("metrics"), vec![Function::new("without_nulls")]),
                ),
                member(
                    "extra",
                    json(self.body("extra"), vec![Function::new("without_nulls")]),
                ),
                member("geo", json(self.body("geo"), vec![])),
                member("id", value(Root::Id, vec![], Type::String)),
            ],
            idempotency_key: Some("Idempotency-Key".into()),
            timeout_ms: 2_500,
            concurrency: 4,
            rate: Some(Rate {
                count: 300,
                per_ms: 60_000,
            }),
            retried: vec![(429, 429), (500, 599)],
            refused: vec![(400, 400)],
        }
    }

    /// App events: as they are in protobuf, and as JSON that is made of all that an event has.
    fn events(&self) -> Request {
        let json = |root| value(root, vec![], Type::Json);
        let text = |root| value(root, vec![], Type::String);
        let everything = |field: &str| Root::PayloadField(self.path("event.Everything", field));
        let of_everything = |value| ColumnSource::ByType(BTreeMap::from([(10, value)]));
        let id = || text(self.in_event("id"));
        let topic = |value: &str, format, key| Target {
            value: Some(value.into()),
            to: To::Topic {
                name: format!("events.{}", value.to_lowercase()),
                format,
                key,
            },
            headers: Vec::new(),
        };
        let session = ColumnSource::Value(text(self.header("sessionId")));
        let product = |message: &str, field: &str| {
            value(
                Root::PayloadField(self.path(message, field)),
                vec![],
                Type::Int64,
            )
        };
        let products = ColumnSource::ByType(BTreeMap::from([
            (9, product("event.AddToCart", "productId")),
            (10, product("event.Everything", "big")),
        ]));
        let channel = value(
            self.header("channel"),
            vec![Function::of_texts("default", &["web"])],
            Type::String,
        );
        let at = vec![Function::new("epoch_millis"), Function::new("rfc3339")];
        let api = target("api", "POST");
        Request {
            name: "events_out".into(),
            doc: "Whoever wants to know of events.".into(),
            message: self.message("event.Events"),
            events: true,
            by: Some((
                ColumnSource::Value(channel),
                "header.channel | default(\"web\")".into(),
            )),
            targets: vec![
                topic(
                    "web",
                    Format::Json,
                    Some((session, "header.sessionId".into())),
                ),
                topic(
                    "raw",
                    Format::Protobuf,
                    Some((products, "payload.productId".into())),
                ),
                api,
            ],
            whole: Some(member("", json(Root::Payload))),
            members: vec![
                member("id", id()),
                member("type", text(Root::TypeName)),
                member("client", text(Root::ClientOfEvents)),
                member(
                    "at",
                    value(self.in_event("timestamp"), at, nullable(Type::String)),
                ),
                member(
                    "campaign",
                    value(self.header("campaign"), vec![], nullable(Type::String)),
                ),
                member(
                    "latitude",
                    value(self.header("geo.latitude"), vec![], nullable(Type::Float64)),
                ),
                member("where", json(self.header("geo"))),
                member("sender", json(Root::Header(Vec::new()))),
                member("whole", json(Root::WholeBody)),
                Member {
                    value: of_everything(text(everything("color"))),
                    ..member("color", id())
                },
                Member {
                    value: of_everything(value(everything("inner.productId"), vec![], Type::Int64)),
                    ..member("inner", id())
                },
                member(
                    "less",
                    value(
                        Root::Payload,
                        vec![Function::of_texts("without", &["raw"])],
                        Type::Json,
                    ),
                ),
                Member {
                    value: of_everything(value(
                        everything("at"),
                        vec![Function::new("rfc3339")],
                        nullable(Type::String),
                    )),
                    ..member("made", id())
                },
                Member {
                    value: of_everything(json(everything("free"))),
                    ..member("free", id())
                },
            ],
            idempotency_key: Some("event-id".into()),
            timeout_ms: 10_000,
            concurrency: 8,
            rate: None,
            retried: vec![(429, 429), (500, 599)],
            refused: vec![(400, 400)],
        }
    }

    /// A target that is a topic.
    fn topic(&self, name: &str) -> Target {
        let key = value(self.body("likes"), vec![], Type::Int64);
        Target {
            to: To::Topic {
                name: "posts.out".into(),
                format: Format::Json,
                key: Some((ColumnSource::Value(key), "body.likes".into())),
            },
            ..target(name, "")
        }
    }
}

fn member(name: &str, value: Value) -> Member {
    Member {
        name: name.into(),
        value: ColumnSource::Value(value),
        written: format!("expression of {name}"),
    }
}

fn target(value: &str, method: &'static str) -> Target {
    let text = |text: &str| Piece::Text(text.into());
    let variable = |name: &str| Piece::Variable(format!("{value}_{name}"));
    Target {
        value: Some(value.into()),
        to: To::Url {
            method,
            url: Template {
                written: format!("https://api.example/${value}_PATH"),
                pieces: vec![text("https://api.example/"), variable("PATH")],
            },
        },
        headers: vec![(
            "Authorization".into(),
            Template {
                written: format!("Bearer ${value}_KEY"),
                pieces: vec![text("Bearer "), variable("KEY")],
            },
        )],
    }
}
