//! The tables of the small model.

use std::collections::BTreeMap;

use event_grpc_codegen::model::{
    ClickHouse, Column, ColumnSource, ErrorField, Function, Input, Root, Store, Table, TextLimit,
    Type, Value,
};

use super::{Made, clickhouse, column, dictionary, not_after_now, nullable, value};

impl Made<'_> {
    pub(super) fn event(&self) -> Table {
        let clock = vec![Function::new("epoch_millis"), not_after_now()];
        Table {
            doc: "Every event, with its payload as JSON.".into(),
            limits: BTreeMap::from([limit("country", 1024, false), limit("event_id", 256, true)]),
            every_type: true,
            types: vec![9, 10],
            ..table(
                "event",
                Input::Events,
                &["type", "sent_timestamp", "event_id"],
                vec![
                    column("event_id", Type::String, self.in_event("id"), vec![]),
                    column(
                        "type",
                        dictionary(Type::String),
                        Root::TypeName,
                        vec![Function::new("low_cardinality")],
                    ),
                    column(
                        "sent_timestamp",
                        Type::Millis,
                        self.in_event("timestamp"),
                        vec![Function::new("epoch_millis")],
                    ),
                    column(
                        "event_timestamp",
                        Type::Millis,
                        self.in_event("timestamp"),
                        clock,
                    ),
                    column("insert_timestamp", Type::Millis, Root::Now, vec![]),
                    Column {
                        doc: "Where it's from; `country` of \"geo\".".into(),
                        ..column("country", Type::String, self.header("geo.country"), vec![])
                    },
                    column(
                        "latitude",
                        nullable(Type::Float64),
                        self.header("geo.latitude"),
                        vec![],
                    ),
                    column(
                        "campaign",
                        dictionary(nullable(Type::String)),
                        self.header("campaign"),
                        vec![Function::new("lower")],
                    ),
                    column(
                        "channel",
                        Type::String,
                        self.header("channel"),
                        vec![Function::of_texts("default", &["web"])],
                    ),
                    column(
                        "params",
                        Type::Json,
                        Root::Payload,
                        vec![Function::new("json")],
                    ),
                    column("unknown_fields", Type::String, Root::Unknown, vec![]),
                ],
            )
        }
    }

    /// A typed table: one column for each field of `Everything`, and one that both types have.
    pub(super) fn everything(&self) -> Table {
        let of = |message: &str, name: &str, ty: &Type| {
            value(
                Root::PayloadField(self.path(message, name)),
                vec![],
                ty.clone(),
            )
        };
        let mut columns = vec![
            column("event_id", Type::String, self.in_event("id"), vec![]),
            column("event_name", Type::String, Root::TypeName, vec![]),
        ];
        let fields = [
            ("flag", Type::Bool),
            ("small", Type::Int32),
            ("big", Type::Int64),
            ("natural", Type::UInt32),
            ("large", Type::UInt64),
            ("zigzag", Type::Int64),
            ("single", Type::Float32),
            ("double", Type::Float64),
            ("raw", Type::String),
            ("maybe", nullable(Type::Int64)),
            ("color", dictionary(Type::String)),
            ("maybe_color", dictionary(nullable(Type::String))),
            ("numbers", Type::Array(Box::new(Type::Int64))),
            ("names", Type::Array(Box::new(Type::String))),
            (
                "labels",
                Type::Map(Box::new(Type::String), Box::new(Type::Int64)),
            ),
            ("at", nullable(Type::Micros)),
            ("free", Type::Json),
            ("inner", Type::Json),
            ("items", Type::Array(Box::new(Type::Json))),
            ("choice_text", nullable(Type::String)),
            (
                "products",
                Type::Map(Box::new(Type::String), Box::new(Type::Json)),
            ),
            ("colors", Type::Array(Box::new(dictionary(Type::String)))),
            ("times", Type::Array(Box::new(Type::Micros))),
            (
                "answers",
                Type::Map(Box::new(Type::Int32), Box::new(Type::Bool)),
            ),
        ];
        for (name, ty) in fields {
            let values = BTreeMap::from([(10, of("event.Everything", name, &ty))]);
            columns.push(by_type(name, ty, values));
        }
        let product = BTreeMap::from([
            (9, of("event.AddToCart", "productId", &Type::Int64)),
            (10, of("event.Everything", "inner.productId", &Type::Int64)),
        ]);
        columns.push(by_type("product_id", Type::Int64, product));
        columns.push(column(
            "unknown_fields",
            Type::String,
            Root::Unknown,
            vec![],
        ));
        let client = dictionary(Type::String);
        columns.push(column("client", client, Root::ClientOfEvents, vec![]));
        let mut table = table("everything", Input::Events, &["event_id"], columns);
        table.types = vec![9, 10];
        clickhouse(&mut table).partition_by = String::new();
        table
    }

    pub(super) fn post(&self) -> Table {
        let format = || {
            vec![Function::of_texts(
                "datetime",
                &["%Y-%m-%d %H:%M:%S", "Asia/Kolkata"],
            )]
        };
        let epoch = vec![Function::new("epoch_seconds")];
        // What a literal holds is no name.
        let unnamed = vec![Function::of_texts("default", &["json::views::Kind"])];
        let told = vec![
            Function::of_texts("default", &[r#"{"a":1,"b":null}"#]),
            Function::new("parse_json"),
        ];
        let agent = |part: &str| vec![Function::of_texts("user_agent", &[part])];
        table(
            "post",
            Input::Json(self.message("log.Post")),
            &["name", "id"],
            vec![
                column("id", Type::String, Root::Id, vec![]),
                column("name", dictionary(Type::String), self.body("name"), vec![]),
                column(
                    "handle",
                    nullable(Type::String),
                    self.body("handle"),
                    vec![],
                ),
                column("likes", Type::Int64, self.body("likes"), vec![]),
                column("score", nullable(Type::Float64), self.body("score"), vec![]),
                column("at", Type::DateTime, self.body("at"), format()),
                column(
                    "seen",
                    nullable(Type::DateTime),
                    self.body("seen"),
                    format(),
                ),
                column("made", Type::Millis, self.body("made"), epoch.clone()),
                column(
                    "changed",
                    nullable(Type::Millis),
                    self.body("changed"),
                    epoch,
                ),
                column("country", Type::String, self.body("geo.country"), vec![]),
                column(
                    "metrics",
                    Type::Json,
                    self.body("metrics"),
                    vec![Function::new("json")],
                ),
                column(
                    "extra",
                    Type::Json,
                    self.body("extra"),
                    vec![Function::new("json")],
                ),
                column(
                    "views",
                    nullable(Type::Int64),
                    self.inside("metrics", &["views"]),
                    vec![Function::new("integer")],
                ),
                column(
                    "channel",
                    Type::String,
                    self.inside("extra", &["touch", "~channel"]),
                    vec![
                        Function::new("text"),
                        Function::of_value("coalesce", value(Root::Id, vec![], Type::String)),
                    ],
                ),
                column(
                    "touch",
                    Type::Json,
                    self.inside("extra", &["touch"]),
                    vec![Function::new("json")],
                ),
                column(
                    "items",
                    Type::Array(Box::new(Type::Json)),
                    self.body("items"),
                    vec![],
                ),
                column("kind", Type::String, Root::Constant("post".into()), vec![]),
                column(
                    "device",
                    nullable(Type::String),
                    Root::HeaderOf("x-device".into()),
                    vec![],
                ),
                column(
                    "headers",
                    Type::Json,
                    Root::Headers,
                    vec![Function::new("json")],
                ),
                // These begin alike, by twos.
                column(
                    "device_shown",
                    Type::String,
                    Root::HeaderOf("x-device".into()),
                    vec![Function::new("upper")],
                ),
                column(
                    "handle_plain",
                    Type::String,
                    self.body("handle"),
                    unnamed.clone(),
                ),
                column(
                    "handle_shown",
                    Type::String,
                    self.body("handle"),
                    [unnamed, vec![Function::new("upper")]].concat(),
                ),
                column("told", Type::Json, self.body("handle"), told.clone()),
                column(
                    "told_less",
                    Type::Json,
                    self.body("handle"),
                    [told, vec![Function::new("without_nulls")]].concat(),
                ),
                column("os", Type::String, self.body("name"), agent("os_name")),
                column("bot", Type::Bool, self.body("name"), agent("bot")),
                column(
                    "complete",
                    Type::Json,
                    Root::WholeBody,
                    vec![Function::new("json")],
                ),
                column(
                    "client",
                    dictionary(Type::String),
                    Root::ClientOfMessage,
                    vec![],
                ),
                column("insert_timestamp", Type::Millis, Root::Now, vec![]),
            ],
        )
    }

    pub(super) fn error(&self) -> Table {
        let error = |name: &str, ty, field| column(name, ty, Root::Error(field), vec![]);
        let clock = vec![Function::new("epoch_millis"), not_after_now()];
        table(
            "error",
            Input::DeadLetters,
            &["first_failed", "error_id"],
            vec![
                error("error_id", Type::String, ErrorField::Id),
                error("reason", Type::String, ErrorField::Reason),
                error("attempts", Type::UInt32, ErrorField::Attempts),
                error("first_failed", Type::Millis, ErrorField::FirstFailed),
                error("body", Type::String, ErrorField::Body),
                error("client", dictionary(Type::String), ErrorField::Client),
                column("event_name", Type::String, Root::TypeName, vec![]),
                column("event_id", Type::String, self.in_event("id"), vec![]),
                column(
                    "event_timestamp",
                    Type::Millis,
                    self.in_event("timestamp"),
                    clock,
                ),
                column("country", Type::String, self.header("geo.country"), vec![]),
                column(
                    "campaign",
                    nullable(Type::String),
                    self.header("campaign"),
                    vec![],
                ),
                column(
                    "params",
                    Type::Json,
                    Root::Payload,
                    vec![Function::new("json")],
                ),
                column("insert_timestamp", Type::Millis, Root::Now, vec![]),
            ],
        )
    }
}

fn table(name: &str, input: Input, order_by: &[&str], columns: Vec<Column>) -> Table {
    Table {
        name: name.into(),
        doc: String::new(),
        store: Store::ClickHouse(ClickHouse {
            database: (name == "post").then(|| "audit".into()),
            engine: match columns.iter().any(|c| c.name == "insert_timestamp") {
                true => "ReplacingMergeTree(insert_timestamp)".into(),
                false => "ReplacingMergeTree".into(),
            },
            partition_by: match columns.iter().any(|c| c.name == "insert_timestamp") {
                true => "toYYYYMM(insert_timestamp)".into(),
                false => String::new(),
            },
            order_by: order_by.iter().map(|key| (*key).to_owned()).collect(),
            rebuilt_from: Vec::new(),
            indexes: (name == "event")
                .then(|| "event_id".into())
                .into_iter()
                .collect(),
            replaces: false,
            sharding: None,
        }),
        input,
        types: Vec::new(),
        every_type: false,
        columns,
        limits: BTreeMap::new(),
    }
}

fn limit(column: &str, bytes: u32, enforce: bool) -> (String, TextLimit) {
    (column.to_owned(), TextLimit { bytes, enforce })
}

fn by_type(name: &str, ty: Type, values: BTreeMap<u32, Value>) -> Column {
    Column {
        name: name.into(),
        ty,
        from: ColumnSource::ByType(values),
        written: format!("payload.{name}"),
        doc: String::new(),
    }
}
