//! A small model that has one of everything, made by hand.

mod requests;
mod tables;

use event_grpc_codegen::model::{
    Auth, Batch, ClickHouse, Client, Column, ColumnSource, Cors, Database, Destination, Encoding,
    Envelope, Exchange, ExchangeKind, Foreign, Format, Function, IdFrom, Ids, Input, Intake, Model,
    OnBad, PartitionKey, Partitions, Pool, Queue, Root, Route, RoutingKey, Scheme, SecretForm,
    Signature, SignatureForm, Signed, SignedTime, Source, Store, Table, Topic, Type, Value, Verify,
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

/// Descriptors of an edited `event.proto`.
pub(crate) fn pool(event: &str) -> DescriptorPool {
    compile(event).descriptor_pool()
}

/// What a ClickHouse table has of its own.
pub(crate) fn clickhouse(table: &mut Table) -> &mut ClickHouse {
    match &mut table.store {
        Store::ClickHouse(own) => own,
        Store::Postgres(_) => panic!("table {} is in PostgreSQL", table.name),
    }
}

/// The model.
pub(crate) fn model() -> Model {
    let compiler = compile(EVENT);
    let descriptors = compiler.encode_file_descriptor_set();
    let pool = compiler.descriptor_pool();
    let made = Made { pool: &pool };
    let tables = vec![made.event(), made.everything(), made.post(), made.error()];
    Model {
        accepted: Vec::new(),
        retired: Vec::new(),
        renamed: Vec::new(),
        clients: vec![Client::TypeScript, Client::Python, Client::Go],
        personal: vec!["nick".into(), "post.text".into()],
        runbooks: "https://git.example.com/events/blob/main/".into(),
        envelope: Some(made.envelope()),
        any_of: vec![(
            made.message("log.Post"),
            vec!["handle".to_owned(), "seen".to_owned()],
        )],
        sources: made.sources(),
        exchanges: exchanges(),
        queues: made.queues(),
        databases: vec![Database {
            name: "audit".into(),
            doc: "What is kept apart.".into(),
            server: "logs".into(),
        }],
        tables,
        requests: made.requests(),
        migrations_table: "schema_migrations".into(),
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
        from: ColumnSource::Value(Value {
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

    /// A value inside a Struct of the post.
    fn inside(&self, path: &str, keys: &[&str]) -> Root {
        Root::Untyped {
            fields: self.path("log.Post", path),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn envelope(&self) -> Envelope {
        let event = self.message("event.Event");
        let variants = event.oneofs().next().unwrap();
        let mut types: Vec<_> = variants
            .fields()
            .map(|f| (f.number(), f.kind().as_message().unwrap().clone()))
            .collect();
        types.sort_by_key(|(number, _)| *number);
        let own = event.fields().filter(|f| f.containing_oneof().is_none());
        Envelope {
            request: self.message("event.Events"),
            batch: self.message("event.EventBatch"),
            header: 4,
            events: 5,
            batches: 1,
            id: 4,
            timestamp: 5,
            header_message: self.message("event.Header"),
            ids: Ids::Content {
                from_ms: Some(1_764_547_200_000),
            },
            fields: own.collect(),
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
                auth: Auth::Keys,
                intake: Intake::Grpc {
                    service: "event.EventService".into(),
                    method: "dispatch".into(),
                    json_path: "/event/dispatch".into(),
                },
                exchange: "event.tx".into(),
                rejects: Some(route("error.dx", "error.app")),
                pool: pool.clone(),
                cors: Some(Cors {
                    origins: vec![
                        "https://shop.example".into(),
                        "https://*.example.com".into(),
                    ],
                    max_age_s: 600,
                    credentials: false,
                }),
                partition_by: Some(self.session()),
            },
            Source {
                name: "post".into(),
                auth: Auth::None,
                intake: Intake::Post {
                    path: "/post/".into(),
                    message: self.message("log.Post"),
                    routing_key: RoutingKey::Computed(value(
                        self.body("name"),
                        vec![Function::new("upper")],
                        Type::String,
                    )),
                    headers: true,
                    verify: Some(Verify {
                        variable: "POST_SECRET".into(),
                        scheme: Scheme::Hmac(Box::new(Signature {
                            header: "X-Signature".into(),
                            encoding: Encoding::Hex,
                            prefix: "sha256=".into(),
                            form: SignatureForm::One,
                            secret: SecretForm::Text,
                            signed: vec![
                                Signed::Text("v0:".into()),
                                Signed::Time,
                                Signed::Header("X-Id".into()),
                                Signed::Body,
                            ],
                            time: Some(SignedTime {
                                header: Some("X-Time".into()),
                                tolerance_ms: 300_000,
                            }),
                        })),
                    }),
                    id: IdFrom::Fields(vec![
                        vec!["name".into()],
                        vec!["extra".into(), "at".into()],
                    ]),
                    on_bad: OnBad::Refuse,
                },
                exchange: "post.dx".into(),
                rejects: None,
                pool,
                cors: None,
                partition_by: Some(self.name()),
            },
        ]
    }

    /// Partition keys: a path of app events, an expression of JSON messages.
    fn session(&self) -> PartitionKey {
        PartitionKey::Header(self.path("event.Header", "sessionId"))
    }

    fn name(&self) -> PartitionKey {
        PartitionKey::Message(value(self.body("name"), Vec::new(), Type::String))
    }

    fn queues(&self) -> Vec<Queue> {
        let dead = Some(route("error.dx", "error.event_q"));
        let queue = |name: &str, binding: Route, input, table, derived| Queue {
            name: name.into(),
            quorum: derived,
            topic: None,
            foreign: None,
            bindings: vec![binding],
            workers: 2,
            prefetch: 100,
            retries: 2,
            breaker: 50,
            batch: Batch {
                rows: 50_000,
                bytes: 16 << 20,
                delay_ms: 1000,
            },
            dead_letter: dead.clone(),
            input,
            id: IdFrom::MessageId,
            into: Destination::Table(table),
            derived,
            partitions: None,
            topic_key: None,
        };
        let of = |count, by| Some(Partitions { count, by });
        let post = Input::Json(self.message("log.Post"));
        let others = post.clone();
        let mut error_q = queue(
            "error_q",
            route("error.dx", "#"),
            Input::DeadLetters,
            3,
            false,
        );
        error_q.dead_letter = None;
        vec![
            Queue {
                partitions: of(4, self.session()),
                ..queue("event_q", route("event.tx", "*"), Input::Events, 0, false)
            },
            queue("post_q", route("post.dx", "POST"), post.clone(), 2, false),
            Queue {
                into: Destination::Request(0),
                partitions: of(2, self.name()),
                ..queue("api_q", route("post.dx", "POST"), post, 2, false)
            },
            error_q,
            Queue {
                into: Destination::Request(1),
                ..queue("out_q", route("event.tx", "*"), Input::Events, 0, false)
            },
            Queue {
                foreign: Some(Foreign {
                    topic: "others.posts".into(),
                    format: Format::Protobuf,
                }),
                topic: Some(Topic {
                    name: "posts".into(),
                    partitions: 8,
                    replicas: 3,
                    retention_ms: 604_800_000,
                    bridged: false,
                }),
                bindings: Vec::new(),
                ..queue("others_q", route("post.dx", ""), others, 2, false)
            },
            Queue {
                topic_key: Some(self.session()),
                topic: Some(Topic {
                    name: "everything".into(),
                    partitions: 24,
                    replicas: 3,
                    retention_ms: 604_800_000,
                    bridged: false,
                }),
                ..queue(
                    "everything_q",
                    route("event.tx", "Everything"),
                    Input::Events,
                    1,
                    true,
                )
            },
        ]
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

fn value(root: Root, functions: Vec<Function>, ty: Type) -> Value {
    Value {
        root,
        functions,
        ty,
    }
}

fn not_after_now() -> Function {
    Function::of_value("not_after", value(Root::Now, vec![], Type::Millis))
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
