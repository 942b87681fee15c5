//! Tests of the model: the types of columns, wildcards, and derived declarations.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use event_grpc_codegen::model::{
    ClickHouse, ColumnSource, Format, Ids, Input, Intake, Model, Queue, Root, RoutingKey, Store,
    Table,
};
use event_grpc_codegen::schema::lock::Lock;

fn model() -> Model {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model");
    let (model, sources) = event_grpc_codegen::load(&project);
    model.unwrap_or_else(|found| {
        let style = event_grpc_codegen::report::draw::Style {
            colour: false,
            width: 100,
        };
        panic!(
            "{}",
            event_grpc_codegen::report::draw::render(&found, &sources, style)
        )
    })
}

fn table<'a>(model: &'a Model, name: &str) -> &'a Table {
    model.tables.iter().find(|t| t.name == name).unwrap()
}

/// What a ClickHouse table has of its own.
fn clickhouse(table: &Table) -> &ClickHouse {
    match &table.store {
        Store::ClickHouse(own) => own,
        Store::Postgres(_) => panic!("table {} is in PostgreSQL", table.name),
    }
}

fn queue<'a>(model: &'a Model, name: &str) -> &'a Queue {
    model.queues.iter().find(|q| q.name == name).unwrap()
}

fn columns(table: &Table) -> Vec<(&str, String)> {
    let columns = table.columns.iter();
    columns
        .map(|c| (c.name.as_str(), c.ty.to_string()))
        .collect()
}

fn bindings(queue: &Queue) -> Vec<String> {
    let bindings = queue.bindings.iter();
    bindings
        .map(|b| format!("{} {}", b.exchange, b.routing_key))
        .collect()
}

/// The expected columns as text, one a line: name, then type.
fn expect(table: &Table, expected: &str) {
    let expected: Vec<(&str, String)> = expected
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, ty)| (name, ty.trim().to_owned()))
        .collect();
    assert_eq!(columns(table), expected);
}

#[test]
fn every_kind_of_field_has_a_type() {
    expect(
        table(&model(), "typed"),
        "id                String
         at_ms             DateTime64(3, 'UTC')
         stored_at         DateTime64(3, 'UTC')
         inner_number      Nullable(Int64)
         a_string          String
         a_bool            Bool
         an_int32          Int32
         a_sint32          Int32
         a_sfixed32        Int32
         an_int64          Int64
         a_sint64          Int64
         a_sfixed64        Int64
         a_uint32          UInt32
         a_fixed32         UInt32
         a_uint64          UInt64
         a_fixed64         UInt64
         a_float           Float32
         a_double          Float64
         some_bytes        String
         colour            LowCardinality(String)
         inner             JSON
         any_object        JSON
         at                Nullable(DateTime64(6, 'UTC'))
         maybe_bool        Nullable(Bool)
         maybe_string      Nullable(String)
         maybe_colour      LowCardinality(Nullable(String))
         maybe_bytes       Nullable(String)
         chosen_number     Nullable(Int64)
         chosen_inner      JSON
         chosen_time       Nullable(DateTime64(6, 'UTC'))
         texts             Array(String)
         colours           Array(LowCardinality(String))
         inners            Array(JSON)
         times             Array(DateTime64(6, 'UTC'))
         text_by_text      Map(String, String)
         colour_by_number  Map(Int32, LowCardinality(String))
         inner_by_text     Map(String, JSON)
         time_by_bool      Map(Bool, DateTime64(6, 'UTC'))
         only_here         Int64",
    );
}

#[test]
fn a_json_message_has_types_of_its_own() {
    expect(
        table(&model(), "hook"),
        "id               String
         bot              Nullable(String)
         sent_at          DateTime64(3, 'UTC')
         note             LowCardinality(String)
         inner_text       String
         at               Nullable(DateTime64(3, 'UTC'))
         colour           LowCardinality(String)
         labels           JSON
         mozilla          LowCardinality(String)
         platform         LowCardinality(String)
         os               LowCardinality(String)
         os_name          LowCardinality(String)
         os_full_name     LowCardinality(String)
         os_version       LowCardinality(String)
         localization     LowCardinality(String)
         model            LowCardinality(String)
         browser_name     LowCardinality(String)
         browser_version  LowCardinality(String)
         mobile           Bool
         stored_at        DateTime64(3, 'UTC')
         lacking          String",
    );
}

#[test]
fn what_is_unknown_has_a_column_unless_the_table_says_no_or_keeps_the_bytes() {
    let model = model();
    let has = |name: &str| {
        columns(table(&model, name))
            .iter()
            .any(|(c, _)| *c == "lacking")
    };
    assert!(has("every") && has("hook"));
    assert!(!has("typed") && !has("failed"));
}

#[test]
fn tables_have_the_defaults_that_they_do_not_say_themselves() {
    let model = model();
    let said = |name: &str| {
        let own = clickhouse(table(&model, name));
        (own.engine.as_str(), own.partition_by.as_str())
    };
    let engine = "ReplacingMergeTree(stored_at)";
    assert_eq!(said("hook"), (engine, "toYYYYMM(sent_at)"));
    assert_eq!(said("every"), (engine, ""));
    assert_eq!(said("typed"), (engine, "toYYYYMM(at_ms)"));
    assert_eq!(said("failed"), ("ReplacingMergeTree(last)", ""));
    let mobile = table(&model, "hook")
        .columns
        .iter()
        .find(|c| c.name == "mobile");
    assert_eq!(
        mobile.unwrap().written,
        "body.note | default(\"-\") | user_agent(\"mobile\")"
    );
}

#[test]
fn a_wildcard_leaves_out_what_explicit_columns_take() {
    let model = model();
    expect(
        table(&model, "every"),
        "id          String
         sent_at     DateTime64(3, 'UTC')
         stored_at   DateTime64(3, 'UTC')
         page        String
         session_id  String
         params      JSON
         lacking     String",
    );
    let typed = table(&model, "typed");
    let by_type = |name: &str| match &typed.columns.iter().find(|c| c.name == name).unwrap().from {
        ColumnSource::ByType(values) => values.keys().copied().collect::<Vec<_>>(),
        ColumnSource::Value(_) => panic!("{name} is a field of the payload"),
    };
    assert_eq!(by_type("a_string"), [3, 4]);
    assert_eq!(by_type("only_here"), [4]);
    assert_eq!(typed.types, [3, 4]);
    assert!(!typed.every_type);
}

#[test]
fn comments_become_documentation() {
    let model = model();
    assert_eq!(
        table(&model, "every").doc,
        "Every field by itself.  In two paragraphs."
    );
    let typed = table(&model, "typed");
    let colour = typed.columns.iter().find(|c| c.name == "colour").unwrap();
    assert_eq!(colour.doc, "The comment on the enum.");
    assert_eq!(colour.written, "payload.colour");
}

#[test]
fn settings_come_from_the_queue_the_defaults_and_the_generator() {
    let model = model();
    let hook = queue(&model, "hook_q");
    assert!(!hook.quorum);
    assert_eq!((hook.workers, hook.retries, hook.prefetch), (3, 5, 4000));
    assert_eq!(
        (hook.batch.rows, hook.batch.bytes, hook.batch.delay_ms),
        (2000, 16 << 20, 1000)
    );
    let late = queue(&model, "late_q");
    assert!(late.quorum);
    assert_eq!((late.workers, late.prefetch), (2, 4000));
    let lost = queue(&model, "lost_q");
    assert_eq!(
        (lost.batch.rows, lost.batch.bytes, lost.batch.delay_ms),
        (50, 1 << 20, 250)
    );
    assert_eq!(queue(&model, "clickhouse_typed_q").prefetch, 7);
    let pools = model
        .sources
        .iter()
        .map(|s| (s.pool.workers, s.pool.buffer));
    assert_eq!(pools.collect::<Vec<_>>(), [(9, 7), (3, 7)]);
    let Intake::Grpc { json_path, .. } = &model.sources[0].intake else {
        panic!("the first source takes gRPC")
    };
    assert_eq!(json_path, "/kinds.Kinds/send");
}

#[test]
fn inputs_follow_from_sources_and_messages() {
    let model = model();
    assert!(matches!(queue(&model, "late_q").input, Input::Events));
    assert!(matches!(queue(&model, "lost_q").input, Input::DeadLetters));
    assert!(
        matches!(&queue(&model, "hook_q").input, Input::Json(m) if m.full_name() == "kinds.Body")
    );
    let Intake::Post {
        routing_key: RoutingKey::Computed(key),
        ..
    } = &model.sources[1].intake
    else {
        panic!("the second source computes its keys")
    };
    assert_eq!(key.functions.len(), 2);
}

#[test]
fn queues_are_derived_for_typed_tables_and_for_what_fails() {
    let model = model();
    let typed = queue(&model, "clickhouse_typed_q");
    assert_eq!(bindings(typed), ["app.tx Other", "app.tx Every"]);
    assert_eq!(model.table_of(typed).unwrap().name, "typed");
    // The dead letters of late_q have a queue; those of the others, and what is refused, have not.
    let errors = queue(&model, "event_grpc.errors");
    assert_eq!(
        bindings(errors),
        [
            "error.tx error.hook_q",
            "error.tx error.every_out_q",
            "error.tx error.raw_q",
            "error.tx error.clickhouse_typed_q",
            "error.tx error.app"
        ]
    );
    assert!(errors.derived && errors.dead_letter.is_none());
    assert_eq!(
        bindings(queue(&model, "event_grpc.unrouted_q")),
        ["event_grpc.unrouted "]
    );
    assert!(
        model
            .exchanges
            .iter()
            .any(|e| e.name == model.unrouted && e.derived)
    );
}

#[test]
fn a_table_is_in_the_usual_database_or_in_one_that_it_names() {
    let model = model();
    let [audit] = model.databases.as_slice() else {
        panic!("{:?}", model.databases);
    };
    let told = (
        audit.name.as_str(),
        audit.server.as_str(),
        audit.doc.as_str(),
    );
    assert_eq!(told, ("audit", "logs", "What is kept apart."));
    assert_eq!(
        clickhouse(table(&model, "hook")).database.as_deref(),
        Some("audit")
    );
    assert_eq!(clickhouse(table(&model, "every")).database, None);
}

#[test]
fn texts_have_the_limits_of_their_column_their_table_or_their_kind() {
    let model = model();
    let limits = |name: &str| -> Vec<(String, u32, bool)> {
        let limits = table(&model, name).limits.iter();
        limits
            .map(|(column, limit)| (column.clone(), limit.bytes, limit.enforce))
            .collect()
    };
    let limit = |column: &str, bytes, enforce| (column.to_owned(), bytes, enforce);
    // The key's are off, and an expression over a column doesn't make it a key's.
    assert_eq!(
        limits("typed"),
        [
            limit("a_string", 2048, true),
            limit("colour", 8192, true),
            limit("maybe_colour", 8192, true),
        ]
    );
    let hook = limits("hook");
    for wanted in [
        limit("id", 64, true),
        limit("inner_text", 100, false),
        limit("note", 8192, false),
        limit("os_name", 8192, false),
    ] {
        assert!(hook.contains(&wanted), "{wanted:?} of {hook:?}");
    }
    assert!(limits("every").contains(&limit("id", 512, false)));
    assert_eq!(limits("failed"), []);
}

#[test]
fn a_version_of_ids_is_a_fact_with_its_time() {
    let model = model();
    let from = Ids::Content {
        from_ms: Some(1_796_083_200_000),
    };
    assert_eq!(model.envelope.as_ref().unwrap().ids, from);
    let lock = Lock::of(&model).render();
    assert!(
        lock.contains("\nid kinds.Events 2 from 2026-12-01T00:00:00Z\n"),
        "{lock}"
    );
}

#[test]
fn a_request_of_app_events_takes_what_an_event_has_and_its_lock_says_so() {
    let model = model();
    for request in &model.requests {
        assert!(request.events, "{}", request.name);
        assert_eq!(request.message.full_name(), "kinds.Events");
    }
    // The same fields of all types that come, and no others.
    let every = &model.requests[0];
    let number = every.members.iter().find(|m| m.name == "number").unwrap();
    assert!(matches!(&number.value, ColumnSource::ByType(values) if values.len() == 1));
    let whole = every.whole.as_ref().unwrap();
    assert!(matches!(&whole.value, ColumnSource::Value(value) if value.root == Root::Payload));
    let raw = &model.requests[1];
    assert_eq!(raw.targets[0].format(), Format::Protobuf);
    let lock = Lock::of(&model).render();
    for fact in [
        "body every_out * $payload | without(\"aString\")",
        "body every_out id event.id",
        "body every_out number payload.inner.number",
        "body every_out sender header",
        "body every_out whole body",
        "body raw * body",
        "by raw header.sessionId | default(\"all\")",
        "record-format raw all protobuf",
        "record-key every_out * payload.anInt64",
        "record-key raw all event.id",
        "request raw kinds.Events",
    ] {
        assert!(lock.contains(&format!("\n{fact}\n")), "{fact}\n{lock}");
    }
}
