//! Events of every type as protobuf and as JSON make the same rows in each of their tables, and the same ids.

use bytes::Bytes;
use event_grpc::contract::{Append, Block, Context, Envelope, EventType, Group, Ids, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::identity::Maker;
use event_grpc::proto_json::ProtoJson;
use event_grpc::protobuf::canonical::canonical;
use event_grpc::protobuf::content::content;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::spelled::Spelling;
use super::{MOST, bodies, seed};
use crate::content::spelling;
use crate::transform::envelope;
use crate::transform::random::{Sample, sample};

/// Random events of each type.
const PER_TYPE: usize = 30;

const CX: Context = Context {
    now_ms: 1_770_000_000_000,
};

/// What a table makes of an event: a block, or why none.
fn made(
    table: &'static Table,
    kind: &'static EventType,
    header: &[u8],
    event: &[u8],
) -> Result<Bytes, String> {
    let Append::Events(append) = table.append else {
        return Err("takes no events".to_owned());
    };
    let mut block = Block::new(table);
    let group = Group {
        kind,
        header,
        events: &[event],
        client: "",
    };
    append(&mut block, &group, &CX).map_err(|bad| bad.to_string())?;
    assert_eq!(block.rows(), 1);
    Ok(block.encode())
}

/// A header and an event as the tables get them.
fn in_order(header: &[u8], event: &[u8]) -> [Vec<u8>; 2] {
    let envelope = envelope();
    let header = canonical(envelope.header_shape, header).unwrap();
    let event = canonical(envelope.event_shape, event).unwrap();
    [header, event]
}

/// True if a map in it has several entries.
fn has_entries(message: &DynamicMessage) -> bool {
    let mut fields = message.fields();
    fields.any(|(_, value)| match value {
        Value::Map(entries) => entries.len() > 1 || entries.values().any(inside),
        Value::List(items) => items.iter().any(inside),
        value => inside(value),
    })
}

fn inside(value: &Value) -> bool {
    value.as_message().is_some_and(has_entries)
}

/// A header and an event in the one encoding that all come down to.
fn shortest(header: &[u8], event: &[u8]) -> [Vec<u8>; 2] {
    let envelope = envelope();
    let header = content(envelope.header_shape, header).unwrap();
    let event = content(envelope.event_shape, event).unwrap();
    [header.into_owned(), event.into_owned()]
}

/// The same in another encoding of protobuf.
fn otherwise([header, event]: &[Vec<u8>; 2], random: &mut StdRng) -> [Vec<u8>; 2] {
    let envelope = envelope();
    [
        spelling::spelled(envelope.header_shape, header, random),
        spelling::spelled(envelope.event_shape, event, random),
    ]
}

/// A header and an event as they come out of a text; their sender is told of nothing.
fn as_json(
    reader: &ProtoJson,
    sample: &Sample,
    lenient: bool,
    random: &mut StdRng,
) -> ([Vec<u8>; 2], String) {
    let mut spelling = Spelling {
        random,
        lenient,
        strange: false,
        unknown: Vec::new(),
    };
    let event = spelling.message(&sample.event, "/event");
    let header = spelling.message(&sample.header, "/header");
    let text = format!(r#"{{ "events": [{event}],"header" :{header} }}"#);
    let request = reader.read(text.as_bytes(), MOST);
    let request = request.unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(request.warnings.count, 0, "{text}");
    let header = request
        .header
        .clone()
        .map_or(&[][..], |place| &request.wire[place]);
    let both = [header.to_vec(), bodies(&request)[0].to_vec()];
    (both, text)
}

#[test]
fn json_and_protobuf_make_the_same_rows_and_ids() {
    let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
    let reader = ProtoJson::new(envelope());
    let v2: &'static Envelope = Box::leak(Box::new(Envelope {
        ids: Ids::Content { from_ms: None },
        ..*envelope()
    }));
    let mut random = StdRng::seed_from_u64(seed());
    let (mut types, mut typed, mut shuffled) = (0, 0, 0);
    for kind in envelope().types {
        let mut tables = 0;
        for at in 0..PER_TYPE {
            let mut sample = sample(&pool, envelope(), kind, at, &mut random);
            if at % 2 == 0 {
                sample.event.clear_field_by_number(v2.id);
            }
            let timestamp = sample.event.get_field_by_number(v2.timestamp).unwrap();
            let timestamp = timestamp.as_str().unwrap().to_owned();
            let id = |[header, event]: &[Vec<u8>; 2]| {
                Maker::new(v2, header).make(event, timestamp.as_bytes())
            };
            let plain = [sample.header.encode_to_vec(), sample.event.encode_to_vec()];
            let wanted = shortest(&plain[0], &plain[1]);
            let rows: Vec<_> = PIPELINE
                .tables
                .iter()
                .map(|table| made(table, kind, &wanted[0], &wanted[1]))
                .collect();
            tables = rows.iter().filter(|row| row.is_ok()).count();
            for round in 0..3 {
                let (both, told) = match round {
                    0 => (otherwise(&wanted, &mut random), String::new()),
                    round => as_json(&reader, &sample, round == 2, &mut random),
                };
                assert_eq!(id(&both), id(&plain), "{}: {told}", kind.name);
                let [header, event] = in_order(&both[0], &both[1]);
                // The entries of a map keep the order of their sender in the bytes of a block, though not in its rows.
                if round == 0 && has_entries(&sample.event) {
                    assert_eq!(shortest(&header, &event), wanted, "{}", kind.name);
                    shuffled += 1;
                    continue;
                }
                for (table, row) in PIPELINE.tables.iter().zip(&rows) {
                    let other = made(table, kind, &header, &event);
                    assert!(&other == row, "{} {}: {told}", table.name, kind.name);
                }
            }
        }
        types += 1;
        typed += usize::from(tables > 1);
        assert!(tables > 0, "{}", kind.name);
    }
    assert!(
        types >= 56 && typed >= 3,
        "{types} types, {typed} with a table of their own"
    );
    assert!(shuffled < types * PER_TYPE / 4, "{shuffled}");
}
