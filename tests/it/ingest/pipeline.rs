//! A pipeline of one gRPC source and two webhooks, with messages of the scan's schema.

use std::sync::LazyLock;

use event_grpc::contract::{
    Auth, Cors, Encoding, Exchange, ExchangeKind, Field, IdFrom, Intake, Kind, Label, Message,
    OnBad, Pipeline, Pool, Retired, RetiredEvent, Route, RoutingKey, Scheme, SecretForm, Shape,
    Signature, SignatureForm, Signed, SignedTime, Source, Verify,
};
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label as ProtoLabel, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};

use crate::scan::fixture::ENVELOPE;

const NAME: Field = Field {
    number: 1,
    name: "name",
    json_name: "name",
    kind: Kind::String,
    label: Label::Implicit,
};
static HOOK: Shape = Shape {
    name: "test.Hook",
    fields: &[NAME],
    dense: &[],
    any_of: &[],
    retired: &[],
};

pub(super) const REJECTS: Route = Route {
    exchange: "rejects.dx",
    routing_key: "error.app",
};

pub(super) static EXCHANGES: [Exchange; 4] = [
    exchange("test.tx", ExchangeKind::Topic),
    exchange("rejects.dx", ExchangeKind::Direct),
    exchange("hook.tx", ExchangeKind::Topic),
    exchange("unrouted", ExchangeKind::Fanout),
];

const fn exchange(name: &'static str, kind: ExchangeKind) -> Exchange {
    Exchange {
        name,
        kind,
        derived: false,
    }
}

/// Pages that may send.
const PAGES: Cors = Cors {
    origins: &[
        "https://shop.example",
        "https://*.example.com",
        "http://shop.test",
    ],
    max_age_s: 600,
    credentials: false,
};

/// A name that panics when it is asked for its routing key.
pub(super) const PANIC: &str = "panic";

fn routing_key(message: &Message<'_>) -> Result<String, event_grpc::contract::RowError> {
    let name = event_grpc::contract::json::text(message.body, &["name"])?;
    assert_ne!(name, PANIC);
    Ok(name.into_owned())
}

fn from_header(message: &Message<'_>) -> Result<String, event_grpc::contract::RowError> {
    let name = event_grpc::contract::function::header(message.headers, "X-Event");
    Ok(name.map(|name| name.into_owned()).unwrap_or_default())
}

/// Secrets of a path, now and before.
pub(super) const PATH_SECRET: &str = "5d41402abc4b2a76b9719d911017c592";
pub(super) const OLD_PATH_SECRET: &str = "098f6bcd4621d373cade4e832627b4f6";

/// Secret of those that sign a time: base64 that reads as text, too.
pub(super) const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How Slack, Stripe and Standard Webhooks sign, as `pipeline.yaml` resolves them.
pub(super) const SLACK: Signature = Signature {
    signed: &[
        Signed::Text("v0:"),
        Signed::Time,
        Signed::Text(":"),
        Signed::Body,
    ],
    time: Some(SignedTime {
        header: Some("x-slack-request-timestamp"),
        tolerance_ms: 300_000,
    }),
    ..Signature::of_body("x-slack-signature", Encoding::Hex, "v0=")
};
pub(super) const STRIPE: Signature = Signature {
    form: SignatureForm::Pairs,
    signed: &[Signed::Time, Signed::Text("."), Signed::Body],
    time: Some(SignedTime {
        header: None,
        tolerance_ms: 300_000,
    }),
    ..Signature::of_body("stripe-signature", Encoding::Hex, "v1=")
};
pub(super) const STANDARD: Signature = Signature {
    form: SignatureForm::Spaced,
    secret: SecretForm::Base64,
    signed: &[
        Signed::Header("webhook-id"),
        Signed::Text("."),
        Signed::Time,
        Signed::Text("."),
        Signed::Body,
    ],
    time: Some(SignedTime {
        header: Some("webhook-timestamp"),
        tolerance_ms: 300_000,
    }),
    ..Signature::of_body("webhook-signature", Encoding::Base64, "v1,")
};

/// The environment: two secrets where one is being replaced.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = match name {
        "SHOP_SECRET" => "new",
        "SHOP_SECRET_PREVIOUS" => "old",
        "HUB_SECRET" => "hub",
        "TOKEN" => "t0ken",
        "PASSWORD" => "user:pass",
        "UNSET_SECRET" => "",
        "PATH_SECRET" => PATH_SECRET,
        "PATH_SECRET_PREVIOUS" => OLD_PATH_SECRET,
        "SIGNING_SECRET" => SIGNING_SECRET,
        "EVENT_GRPC_CORS_NAMED" => "https://named.example, http://localhost:3000",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The pipeline, with pools of these sizes.
pub(super) fn pipeline(pool: Pool) -> &'static Pipeline {
    let hook = |name, path, routing_key, headers, verify| Source {
        name,
        auth: Auth::None,
        intake: Intake::Post {
            path,
            message: &HOOK,
            routing_key,
            headers,
            verify,
            id: match name {
                "shop" => IdFrom::Header("x-shop-id"),
                "standard" => IdFrom::Header("webhook-id"),
                "fields" => IdFrom::Fields(&[&["name"]]),
                _ => IdFrom::Request,
            },
            on_bad: OnBad::Keep,
        },
        exchange: "hook.tx",
        rejects: None,
        pool,
        cors: None,
        partition_by: None,
    };
    let webhook = |name, path, routing_key| hook(name, path, routing_key, false, None);
    let verified = |name, path, variable, scheme| {
        let verify = Some(Verify { variable, scheme });
        hook(name, path, RoutingKey::Constant("hooks"), true, verify)
    };
    let hmac =
        |header, encoding, prefix| Scheme::Hmac(Signature::of_body(header, encoding, prefix));
    let signing =
        |name, path, signature| verified(name, path, "SIGNING_SECRET", Scheme::Hmac(signature));
    let app = Source {
        name: "app",
        auth: Auth::Keys,
        intake: Intake::Grpc {
            service: "test.Service",
            method: "dispatch",
            json_path: "/event/dispatch",
            envelope: &ENVELOPE,
        },
        exchange: "test.tx",
        rejects: Some(REJECTS),
        pool,
        cors: None,
        partition_by: None,
    };
    let pages = Source {
        name: "pages",
        auth: Auth::Keys,
        intake: Intake::Grpc {
            service: "test.Pages",
            method: "dispatch",
            json_path: "/pages/dispatch",
            envelope: &ENVELOPE,
        },
        exchange: "test.tx",
        rejects: Some(REJECTS),
        pool,
        cors: Some(PAGES),
        partition_by: None,
    };
    let page_hook = Source {
        cors: Some(PAGES),
        partition_by: None,
        ..verified("page_hook", "/page_hook/", "TOKEN", Scheme::Bearer)
    };
    let sources = vec![
        app,
        pages,
        page_hook,
        webhook("hook", "/hook/", RoutingKey::Constant("hooks")),
        webhook("fields", "/fields/", RoutingKey::Constant("hooks")),
        webhook("named", "/named/", RoutingKey::Computed(routing_key)),
        hook(
            "kept",
            "/kept/",
            RoutingKey::Computed(from_header),
            true,
            None,
        ),
        verified(
            "shop",
            "/shop/",
            "SHOP_SECRET",
            hmac("x-shop-hmac", Encoding::Base64, ""),
        ),
        verified(
            "hub",
            "/hub/",
            "HUB_SECRET",
            hmac("x-hub-signature", Encoding::Hex, "sha256="),
        ),
        verified("bearer", "/bearer/", "TOKEN", Scheme::Bearer),
        verified("basic", "/basic/", "PASSWORD", Scheme::Basic),
        verified("off", "/off/", "UNSET_SECRET", Scheme::Bearer),
        verified("off_path", "/off/path/", "UNSET_SECRET", Scheme::Path),
        verified("opened", "/opened/", "UNSET_SECRET", Scheme::Path),
        verified("path", "/path/event/", "PATH_SECRET", Scheme::Path),
        verified("users", "/path/event/users", "PATH_SECRET", Scheme::Path),
        signing("slack", "/slack/", SLACK),
        signing("stripe", "/stripe/", STRIPE),
        signing("standard", "/standard/", STANDARD),
    ];
    Box::leak(Box::new(Pipeline {
        fingerprint: "test",
        schemas: "",
        descriptors: &DESCRIPTORS,
        sources: sources.leak(),
        exchanges: &EXCHANGES,
        queues: &[],
        tables: &[],
        requests: &[],
        databases: &[],
        migrations: &[],
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "unrouted",
        retired: Retired {
            paths: &["/before/"],
            events: &[RetiredEvent {
                number: 7777,
                name: "Gone",
            }],
            event_names: &[("gone", 7777)],
            ..Retired::NONE
        },
    }))
}

/// Descriptors of the schema, for reflection and JSON.
static DESCRIPTORS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = |name, number| field(name, number, Type::String, "", false);
    let nested = |name, number, of, many| field(name, number, Type::Message, of, many);
    let mut empty = nested("empty", 11, ".test.Empty", false);
    empty.oneof_index = Some(0);
    let mut event = message(
        "Event",
        vec![text("id", 4), text("timestamp", 5), text("url", 6), empty],
    );
    event.oneof_decl = vec![prost_types::OneofDescriptorProto {
        name: Some("EventOf".to_owned()),
        options: None,
    }];
    let number = |name, number| field(name, number, Type::Int32, "", false);
    let messages = vec![
        message("Empty", Vec::new()),
        message("Header", vec![text("session", 5), number("device", 6)]),
        event,
        message(
            "Events",
            vec![
                nested("header", 4, ".test.Header", false),
                nested("events", 5, ".test.Event", true),
            ],
        ),
        message(
            "RejectedEvent",
            vec![
                number("index", 1),
                text("id", 2),
                text("reason", 3),
                field("code", 4, Type::Enum, ".test.RejectCode", false),
                field("retryable", 5, Type::Bool, "", false),
            ],
        ),
        message(
            "Response",
            vec![
                text("status", 1),
                text("message", 2),
                nested("rejected", 3, ".test.RejectedEvent", true),
                number("accepted", 4),
                number("rejected_count", 5),
            ],
        ),
    ];
    let codes = [
        "UNSPECIFIED",
        "MALFORMED",
        "NO_TYPE",
        "UNKNOWN_TYPE",
        "BAD_TIMESTAMP",
    ];
    let file = FileDescriptorProto {
        name: Some("test.proto".to_owned()),
        package: Some("test".to_owned()),
        syntax: Some("proto3".to_owned()),
        message_type: messages,
        enum_type: vec![EnumDescriptorProto {
            name: Some("RejectCode".to_owned()),
            value: (0..)
                .zip(codes)
                .map(|(number, name)| EnumValueDescriptorProto {
                    name: Some(format!("REJECT_CODE_{name}")),
                    number: Some(number),
                    options: None,
                })
                .collect(),
            ..Default::default()
        }],
        service: vec![ServiceDescriptorProto {
            name: Some("Service".to_owned()),
            method: vec![MethodDescriptorProto {
                name: Some("dispatch".to_owned()),
                input_type: Some(".test.Events".to_owned()),
                output_type: Some(".test.Response".to_owned()),
                ..Default::default()
            }],
            options: None,
        }],
        ..Default::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
});

fn message(name: &str, field: Vec<FieldDescriptorProto>) -> DescriptorProto {
    DescriptorProto {
        name: Some(name.to_owned()),
        field,
        ..Default::default()
    }
}

fn field(name: &str, number: i32, kind: Type, of: &str, many: bool) -> FieldDescriptorProto {
    let label = if many {
        ProtoLabel::Repeated
    } else {
        ProtoLabel::Optional
    };
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        label: Some(label.into()),
        r#type: Some(kind.into()),
        type_name: (!of.is_empty()).then(|| of.to_owned()),
        ..Default::default()
    }
}
