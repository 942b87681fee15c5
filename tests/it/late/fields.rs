//! Retired fields of a header, an event and its payload, in rows of a small table of their own.

use std::sync::LazyLock;

use event_grpc::contract::{
    Append, Block, ColumnSpec, Context, Destination, Envelope, EventType, Field, Group, Holds,
    Kind, Layout, Pipeline, Queue, RetiredField, RowError, Shape, Storage, Table, unknown,
};
use event_grpc::events::scan;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::sink::clickhouse::migrate;
use http::Method;
use prost::Message as _;
use serde_json::Value;

use super::{CART, counted};
use crate::app::support::{config, eventually, started_of, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::dlq::old;
use crate::http::request;
use crate::unknown::{delimited, varint};

static COLOUR: RetiredField = retired("event.AddToCartEvent", 900, "the_colour", "theColour");
static ZONE: RetiredField = retired("event.Header", 901, "zone", "zone");
static SIZE: RetiredField = retired("event.Event", 902, "size", "size");

const fn retired(
    message: &'static str,
    number: u32,
    name: &'static str,
    json_name: &'static str,
) -> RetiredField {
    RetiredField {
        message,
        number,
        name,
        json_name,
    }
}

fn copy(field: &RetiredField) -> RetiredField {
    retired(field.message, field.number, field.name, field.json_name)
}

fn with_retired(shape: &Shape, field: &RetiredField) -> &'static Shape {
    Box::leak(Box::new(Shape {
        retired: vec![copy(field)].leak(),
        ..*shape
    }))
}

/// The header's and the event's shape in a build in which these fields are retired and discarded.
static SHAPES: LazyLock<(&'static Shape, &'static Shape)> = LazyLock::new(|| {
    let payload = with_retired(ENVELOPE.event_type(CART).unwrap().shape, &COLOUR);
    let fields = ENVELOPE.event_shape.fields.iter().map(|field| Field {
        kind: match field.number == CART {
            true => Kind::Message(payload),
            false => field.kind,
        },
        ..*field
    });
    let fields: Vec<Field> = fields.collect();
    let event = Shape {
        fields: fields.leak(),
        ..*ENVELOPE.event_shape
    };
    (
        with_retired(ENVELOPE.header_shape, &ZONE),
        with_retired(&event, &SIZE),
    )
});

fn append(block: &mut Block, group: &Group<'_>, _: &Context) -> Result<(), RowError> {
    let (header_shape, event_shape) = *SHAPES;
    let [id, unknown_fields] = block.columns()?;
    let aside = unknown::of_header(header_shape, group.header, true)?;
    for bytes in group.events {
        let event = event_grpc::generated::proto::event::Event::decode(*bytes);
        id.text(event.unwrap_or_default().id)?;
        unknown::append(unknown_fields, event_shape, bytes, true, aside.as_ref())?;
    }
    block.grew(group.events.len());
    Ok(())
}

static LATE: Table = Table {
    name: "late",
    storage: Storage::ClickHouse(None),
    columns: &[
        ColumnSpec::new("id", "String", Layout::Text),
        ColumnSpec::new(
            "unknown_fields",
            "String",
            Layout::Dictionary { nullable: false },
        )
        .holds(Holds::Unknown),
    ],
    append: Append::Events(append),
    ddl: "CREATE TABLE `late` (id String, unknown_fields String) ENGINE = MergeTree ORDER BY id",
};

fn pipeline() -> &'static Pipeline {
    let (header_shape, event_shape) = *SHAPES;
    let types = ENVELOPE.types.iter().map(|kind| EventType {
        shape: match event_shape.field(kind.number).unwrap().1.kind {
            Kind::Message(shape) => shape,
            _ => kind.shape,
        },
        ..*kind
    });
    let types: Vec<EventType> = types.collect();
    let envelope = Envelope {
        types: types.leak(),
        header_shape,
        event_shape,
        ..ENVELOPE
    };
    let pipeline = old::with(envelope, "newer", PIPELINE.descriptors);
    let queues = pipeline.queues.iter().map(|queue| Queue {
        into: match queue.name {
            "grpc_clickhouse_event_q" => Destination::Table(&LATE),
            _ => queue.into,
        },
        ..*queue
    });
    let queues: Vec<Queue> = queues.collect();
    let mut tables = pipeline.tables.to_vec();
    tables.push(&LATE);
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        tables: tables.leak(),
        ..*pipeline
    }))
}

/// A request of a cart event, with these bytes in its header, beside its payload and in its payload.
fn request_of(id: &str, of_header: &[u8], of_event: &[u8], of_payload: &[u8]) -> Vec<u8> {
    let mut header = header().unwrap_or_default().encode_to_vec();
    header.extend_from_slice(of_header);
    let mut event = cart(id, "1760000000123").encode_to_vec();
    event.extend(delimited(CART, of_payload));
    event.extend_from_slice(of_event);
    [delimited(4, &header), delimited(5, &event)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn retired_fields_are_left_out_and_counted_and_others_stay() {
    in_database("late_fields", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        run_there(&store, LATE.ddl).await;
        let (app, seen) = started_of(config(&store), pipeline()).await;
        let metric = |field: &RetiredField| {
            format!("event_grpc_retired_fields_total{{message=\"{}\",field=\"{}\"}}", field.message, field.name)
        };
        let colour = delimited(900, b"red");
        let both = [colour.clone(), varint(999, 1)].concat();
        for (id, bytes) in [
            ("payload", request_of("payload", &[], &[], &colour)),
            ("both", request_of("both", &[], &delimited(902, b"xl"), &both)),
            ("header", request_of("header", &delimited(901, b"utc"), &[], &[])),
            ("plain", request_of("plain", &[], &[], &[])),
        ] {
            let answer = seen.dispatch_bytes(bytes).await.unwrap();
            assert_eq!((answer.accepted, answer.rejected_count), (1, 0), "{id}: {answer:?}");
        }
        let body = r#"{"header": {"zone": "utc", "tenant": 7}, "events": [{"id": "json", "timestamp": "1760000000000", "size": "xl",
            "addToCartEvent": {"theColour": "red", "the_colour": "red", "colour": "red"}}]}"#;
        let json = [("content-type", "application/json")];
        let told = request(Method::POST, &seen.url("/event/dispatch"), &json, body).await;
        let told: Value = serde_json::from_str(&told.text).unwrap();
        assert_eq!(told["accepted"], 1, "{told}");
        let warnings = told["warnings"].to_string();
        assert!(warnings.contains("unknown member `theColour` of addToCartEvent is retired and not kept"), "{told}");
        assert!(warnings.contains("unknown member `colour` of addToCartEvent is kept in unknown_fields"), "{told}");

        eventually(&store, "SELECT count() FROM DB.late", 5).await;
        for (id, expected) in [
            ("plain", ""),
            ("payload", ""),
            ("header", ""),
            ("both", r##"{"/event/addToCartEvent/#999":"uD4B"}"##),
            ("json", r#"{"/event/addToCartEvent/colour":"red","/header/tenant":7}"#),
        ] {
            let sql = format!("SELECT unknown_fields FROM DB.late WHERE id = '{id}'");
            assert_eq!(text(&store, &sql).await, expected, "{id}");
        }
        assert_eq!(counted(&seen, &metric(&COLOUR)).await, 3);
        assert_eq!(counted(&seen, &metric(&ZONE)).await, 2);
        assert_eq!(counted(&seen, &metric(&SIZE)).await, 2);
        assert_eq!(number(&store, "SELECT count() FROM DB.error_event").await, 0);
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[test]
fn a_field_that_an_event_had_is_not_its_type() {
    let (header_shape, event_shape) = *SHAPES;
    let envelope: &'static Envelope = Box::leak(Box::new(Envelope {
        header_shape,
        event_shape,
        ..ENVELOPE
    }));
    // A variant that is unknown (200) beside a text that events had once (902).
    let event = [delimited(200, &[]), delimited(902, b"xl")].concat();
    let bytes = [delimited(4, &[]), delimited(5, &event)].concat();
    let request = scan(&bytes, envelope).unwrap();
    let reason = request.events[0].verdict.reason();
    assert!(reason.ends_with(" 200"), "{reason}");
}
