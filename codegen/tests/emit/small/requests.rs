//! The requests of the small model.

use event_grpc_codegen::model::{
    Function, Member, Piece, Rate, Request, Root, Target, Template, To, Type, Value,
};

use super::{Made, nullable, value};

impl Made<'_> {
    /// One that has everything.
    pub(super) fn requests(&self) -> Vec<Request> {
        let member = |name: &str, value: Value| Member {
            name: name.into(),
            value,
            written: format!("expression of {name}"),
        };
        let json = |root, functions| value(root, functions, Type::Json);
        let without = Function::of_texts("without", &["at"]);
        let rfc3339 = vec![Function::new("epoch_millis"), Function::new("rfc3339")];
        vec![Request {
            name: "posts_api".into(),
            doc: "Whoever wants to know of posts.".into(),
            message: self.message("log.Post"),
            by: Some((
                value(
                    self.body("handle"),
                    vec![Function::of_texts("default", &["ANY"])],
                    Type::String,
                ),
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
        }]
    }

    /// A target that is a topic.
    fn topic(&self, name: &str) -> Target {
        let key = value(self.body("likes"), vec![], Type::Int64);
        Target {
            to: To::Topic {
                name: "posts.out".into(),
                key: Some((key, "body.likes".into())),
            },
            ..target(name, "")
        }
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
