//! A small model that has one of everything, made by hand.

use std::collections::BTreeMap;

use event_grpc_codegen::model::{
    Batch, Column, Envelope, ErrorField, Exchange, ExchangeKind, From, Function, Input, Intake,
    Model, Pool, Queue, Root, Route, RoutingKey, Source, Table, Type, Value,
};
use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

const EVENT: &str = include_str!("small/event.proto");
const LOG: &str = include_str!("small/log.proto");

/// Proto files in memory.
struct Files(Vec<(&'static str, String)>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(file, _)| *file == name) {
            Some((_, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Both proto files, with this `event.proto`.
fn compile(event: &str) -> protox::Compiler {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Files(vec![
        ("event.proto", event.to_owned()),
        ("log.proto", LOG.to_owned()),
    ]));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_files(["event.proto", "log.proto"]).unwrap();
    compiler
}

/// What an edited `event.proto` declares.
pub(crate) fn pool(event: &str) -> DescriptorPool {
    compile(event).descriptor_pool()
}

/// The model.
pub(crate) fn model() -> Model {
    let compiler = compile(EVENT);
    let descriptors = compiler.encode_file_descriptor_set();
    let pool = compiler.descriptor_pool();
    let made = Made { pool: &pool };
    let tables = vec![made.event(), made.everything(), made.post(), made.error()];
    Model {
        envelope: Some(made.envelope()),
        sources: made.sources(),
        exchanges: exchanges(),
        queues: made.queues(),
        tables,
        unrouted: "event-grpc.unrouted".into(),
        descriptors,
        pool,
    }
}

/// A column with a value of its own type.
pub(crate) fn column(name: &str, ty: Type, root: Root, functions: Vec<Function>) -> Column {
    Column {
        name: name.into(),
        ty: ty.clone(),
        from: From::Value(Value {
            root,
            functions,
            ty,
        }),
        written: name.into(),
        doc: String::new(),
    }
}

struct Made<'a> {
    pool: &'a DescriptorPool,
}

impl Made<'_> {
    fn message(&self, name: &str) -> MessageDescriptor {
        self.pool.get_message_by_name(name).unwrap()
    }

    /// The fields along a path.
    fn path(&self, message: &str, path: &str) -> Vec<FieldDescriptor> {
        let mut at = self.message(message);
        let mut fields = Vec::new();
        for name in path.split('.') {
            let field = at.get_field_by_name(name).unwrap();
            if let Some(below) = field.kind().as_message() {
                at = below.clone();
            }
            fields.push(field);
        }
        fields
    }

    fn header(&self, path: &str) -> Root {
        Root::Header(self.path("event.Header", path))
    }

    fn in_event(&self, path: &str) -> Root {
        Root::Event(self.path("event.Event", path))
    }

    fn body(&self, path: &str) -> Root {
        Root::Body(self.path("log.Post", path))
    }

    fn envelope(&self) -> Envelope {
        let event = self.message("event.Event");
        let variants = event.oneofs().next().unwrap();
        let mut types: Vec<_> = variants
            .fields()
            .map(|f| (f.number(), f.kind().as_message().unwrap().clone()))
            .collect();
        types.sort_by_key(|(number, _)| *number);
        Envelope {
            request: self.message("event.Events"),
            batch: self.message("event.EventBatch"),
            header: 4,
            events: 5,
            batches: 1,
            id: 4,
            timestamp: 5,
            header_message: self.message("event.Header"),
            event_message: event,
            types,
        }
    }

    fn sources(&self) -> Vec<Source> {
        let pool = Pool {
            workers: 8,
            buffer: 1000,
            bytes: 64 << 20,
            timeout_ms: 1000,
            max_request: 4 << 20,
        };
        vec![
            Source {
                name: "app".into(),
                intake: Intake::Grpc {
                    service: "event.EventService".into(),
                    method: "dispatch".into(),
                    json_path: "/event/dispatch".into(),
                },
                exchange: "event.tx".into(),
                rejects: Some(route("error.dx", "error.app")),
                pool: pool.clone(),
            },
            Source {
                name: "post".into(),
                intake: Intake::Post {
                    path: "/post/".into(),
                    message: self.message("log.Post"),
                    routing_key: RoutingKey::Computed(value(
                        self.body("name"),
                        vec![Function::Upper],
                        Type::String,
                    )),
                },
                exchange: "post.dx".into(),
                rejects: None,
                pool,
            },
        ]
    }

    fn queues(&self) -> Vec<Queue> {
        let dead = Some(route("error.dx", "error.event_q"));
        let queue = |name: &str, binding: Route, input, table, derived| Queue {
            name: name.into(),
            quorum: derived,
            bindings: vec![binding],
            workers: 2,
            prefetch: 100,
            retries: 2,
            batch: Batch {
                rows: 50_000,
                bytes: 16 << 20,
                delay_ms: 1000,
            },
            dead_letter: dead.clone(),
            input,
            table,
            derived,
        };
        let post = Input::Json(self.message("log.Post"));
        let mut error_q = queue(
            "error_q",
            route("error.dx", "#"),
            Input::DeadLetters,
            3,
            false,
        );
        error_q.dead_letter = None;
        vec![
            queue("event_q", route("event.tx", "*"), Input::Events, 0, false),
            queue("post_q", route("post.dx", "POST"), post, 2, false),
            error_q,
            queue(
                "everything_q",
                route("event.tx", "Everything"),
                Input::Events,
                1,
                true,
            ),
        ]
    }

    fn event(&self) -> Table {
        let clock = vec![Function::EpochMillis, Function::NotAfterNow];
        Table {
            doc: "Every event, with its payload as JSON.".into(),
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
                        vec![Function::LowCardinality],
                    ),
                    column(
                        "sent_timestamp",
                        Type::Millis,
                        self.in_event("timestamp"),
                        vec![Function::EpochMillis],
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
                        vec![Function::Lower],
                    ),
                    column(
                        "channel",
                        Type::String,
                        self.header("channel"),
                        vec![Function::Default("web".into())],
                    ),
                    column("params", Type::Json, Root::Payload, vec![Function::Json]),
                ],
            )
        }
    }

    /// A typed table: one column for each field of `Everything`, and one that both types have.
    fn everything(&self) -> Table {
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
        Table {
            types: vec![9, 10],
            partition_by: String::new(),
            ..table("everything", Input::Events, &["event_id"], columns)
        }
    }

    fn post(&self) -> Table {
        let format = || {
            vec![Function::DateTime {
                format: "%Y-%m-%d %H:%M:%S".into(),
                zone: "Asia/Kolkata".into(),
            }]
        };
        let epoch = vec![Function::EpochSeconds];
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
                    vec![Function::Json],
                ),
                column(
                    "extra",
                    Type::Json,
                    self.body("extra"),
                    vec![Function::Json],
                ),
                column(
                    "complete",
                    Type::Json,
                    Root::WholeBody,
                    vec![Function::Json],
                ),
                column("insert_timestamp", Type::Millis, Root::Now, vec![]),
            ],
        )
    }

    fn error(&self) -> Table {
        let error = |name: &str, ty, field| column(name, ty, Root::Error(field), vec![]);
        let clock = vec![Function::EpochMillis, Function::NotAfterNow];
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
                column("params", Type::Json, Root::Payload, vec![Function::Json]),
                column("insert_timestamp", Type::Millis, Root::Now, vec![]),
            ],
        )
    }
}

fn exchanges() -> Vec<Exchange> {
    let exchange = |name: &str, kind, derived| Exchange {
        name: name.into(),
        kind,
        derived,
    };
    vec![
        exchange("event.tx", ExchangeKind::Topic, false),
        exchange("error.dx", ExchangeKind::Topic, false),
        exchange("post.dx", ExchangeKind::Direct, false),
        exchange("event-grpc.unrouted", ExchangeKind::Fanout, true),
    ]
}

fn table(name: &str, input: Input, order_by: &[&str], columns: Vec<Column>) -> Table {
    Table {
        name: name.into(),
        doc: String::new(),
        engine: match columns.iter().any(|c| c.name == "insert_timestamp") {
            true => "ReplacingMergeTree(insert_timestamp)".into(),
            false => "ReplacingMergeTree".into(),
        },
        partition_by: match columns.iter().any(|c| c.name == "insert_timestamp") {
            true => "toYYYYMM(insert_timestamp)".into(),
            false => String::new(),
        },
        order_by: order_by.iter().map(|key| (*key).to_owned()).collect(),
        input,
        types: Vec::new(),
        every_type: false,
        columns,
    }
}

fn by_type(name: &str, ty: Type, values: BTreeMap<u32, Value>) -> Column {
    Column {
        name: name.into(),
        ty,
        from: From::ByType(values),
        written: format!("payload.{name}"),
        doc: String::new(),
    }
}

fn value(root: Root, functions: Vec<Function>, ty: Type) -> Value {
    Value {
        root,
        functions,
        ty,
    }
}

fn route(exchange: &str, routing_key: &str) -> Route {
    Route {
        exchange: exchange.into(),
        routing_key: routing_key.into(),
    }
}

fn nullable(ty: Type) -> Type {
    Type::Nullable(Box::new(ty))
}

fn dictionary(ty: Type) -> Type {
    Type::LowCardinality(Box::new(ty))
}
