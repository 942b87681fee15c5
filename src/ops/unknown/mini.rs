//! Small rows, made by a table's own transform: a pair with and without the fields that this build now knows. The
//! columns that differ are the ones to fill in.

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, Value,
};

use super::{Fed, fill};
use crate::contract::{Append, Block, Context, Envelope, EventType, Group, Holds, Message, Table};
use crate::json::{self, Map, Number, Value as Json};
use crate::proto_json::ProtoJson;
use crate::protobuf::Shape;
use crate::protobuf::canonical::canonical;
use crate::row_error::RowError;
use crate::time::now_ms;
use crate::unknown::{self, UNKNOWN_MEMBERS, flat_text, parts};

/// Key under which the column of unknown fields of a small row holds its number.
pub(crate) const ROW: &str = "…row";

/// Placeholder texts for the fields of a JSON message: one of them is what its columns accept.
const STAND_INS: [&str; 5] = [
    "1970-01-01 00:00:00",
    "0",
    "1970-01-01 00:00:00.000000+00:00",
    "1970-01-01T00:00:00Z",
    "",
];

/// Maximum depth of placeholders for messages inside of a JSON message.
const STAND_IN_DEPTH: u32 = 4;

/// Stored facts of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct StoredRow {
    /// Column of unknown fields.
    pub unknown: String,
    /// Name of the event type, if a column has it.
    pub event_type: String,
    /// Payload as JSON, if a column has it.
    pub payload: String,
}

/// Result for a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// None of its unknown fields is known now.
    Nothing,
    /// Two rows were appended.
    Rows {
        /// Remaining unknown fields.
        rest: String,
        /// True if its payload is rebuilt.
        payload: bool,
        /// Why something of it is left although it is known.
        left: Vec<String>,
    },
    /// A known field can't be filled in.
    Left(String),
}

/// Makes small rows of one table.
pub(super) struct Maker {
    pool: DescriptorPool,
    table: &'static Table,
    fed: Fed,
    cx: Context,
    /// Reader of members of events, if rows are made from events.
    reader: Option<ProtoJson>,
    /// Placeholder values of a JSON message that its columns accept.
    stand_in: Option<Map>,
}

impl Maker {
    pub(super) fn new(pool: DescriptorPool, table: &'static Table, fed: Fed) -> Self {
        let cx = Context { now_ms: now_ms() };
        Maker {
            pool,
            table,
            fed,
            cx,
            reader: match fed {
                Fed::Events(envelope) => Some(ProtoJson::new(envelope)),
                Fed::Json(_) => None,
            },
            stand_in: None,
        }
    }

    /// Appends two rows with the numbers `2 * number` and, with the new fields, `2 * number + 1`.
    pub(super) fn append(&mut self, block: &mut Block, stored: &StoredRow, number: u64) -> Made {
        let Some(object) = unknown::flat(&stored.unknown) else {
            return Made::Left("is no flat JSON object".to_owned());
        };
        let fed = self.fed;
        let (known, others): (Vec<_>, Vec<_>) = object
            .members
            .into_iter()
            .partition(|(pointer, _)| fed.knows(pointer));
        if known.is_empty() {
            return Made::Nothing;
        }
        let mut rest: Vec<(String, String)> = others
            .into_iter()
            .map(|(pointer, json)| (pointer, json.to_owned()))
            .collect();
        block.mark();
        let made = match self.fed {
            Fed::Events(envelope) => self.event(block, envelope, stored, &known, number, &mut rest),
            Fed::Json(shape) => self.json(block, shape, &known, number, &mut rest),
        };
        match made {
            Ok((payload, left)) => {
                let rest = rest.iter().map(|(key, json)| (key.as_str(), json.as_str()));
                let rest = flat_text(rest, object.cut);
                Made::Rows {
                    rest,
                    payload,
                    left,
                }
            }
            Err(why) => {
                block.rollback();
                Made::Left(why)
            }
        }
    }

    fn event(
        &self,
        block: &mut Block,
        envelope: &'static Envelope,
        stored: &StoredRow,
        known: &[(String, &str)],
        number: u64,
        rest: &mut Vec<(String, String)>,
    ) -> Result<(bool, Vec<String>), String> {
        let reader = self.reader.as_ref();
        let reader = reader.ok_or_else(|| "the table takes no events".to_owned())?;
        let kind = kind_of(envelope, stored, known)?;
        let mut header = DynamicMessage::new(self.message(envelope.header_shape)?);
        let mut event = DynamicMessage::new(self.message(envelope.event_shape)?);
        let (field, of_payload) = fill::variant(&event.descriptor(), kind.number)?;
        let whole = self.table.place_of(Holds::Payload).is_some();
        let in_payload =
            |parts: &[String]| parts.len() > 2 && parts.first().is_some_and(|p| p == "event");
        let all: Vec<(Vec<String>, &str)> = known
            .iter()
            .map(|(pointer, json)| (parts(pointer).collect(), *json))
            .collect();
        let payload = whole && all.iter().any(|(parts, _)| in_payload(parts));
        event.set_field(
            &field,
            Value::Message(self.payload(&of_payload, stored, payload)?),
        );
        let base = (header.encode_to_vec(), event.encode_to_vec());
        let mut wrong = Vec::new();
        for ((parts, json), (pointer, _)) in all.iter().zip(known) {
            let inside = match in_payload(parts) {
                true => !whole && parts.len() > 3,
                false => parts.len() > 2,
            };
            let (into, below) = match parts.split_first() {
                Some((root, below)) if root == "header" => (&mut header, below),
                Some((_, below)) => (&mut event, below),
                None => (&mut event, [].as_slice()),
            };
            let put = match inside {
                true => Err("is inside another field, which has no column of its own".to_owned()),
                false => fill::put(into, below, json, reader),
            };
            match put {
                Ok(inner) => {
                    let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
                    let inner = inner.into_iter();
                    rest.extend(inner.map(|(at, json)| (format!("{around}{at}"), json)));
                }
                Err(why) => {
                    wrong.push(format!("{}: {why}", fill::anywhere(pointer)));
                    rest.push((pointer.clone(), (*json).to_owned()));
                }
            }
        }
        if wrong.len() == known.len() {
            return Err(wrong.swap_remove(0));
        }
        let more = (header.encode_to_vec(), event.encode_to_vec());
        for (root, shape, bytes) in [
            ("/header", envelope.header_shape, &more.0),
            ("/event", envelope.event_shape, &more.1),
        ] {
            // A field that is known now may hold unknown fields itself.
            let bytes = canonical(shape, bytes).map_err(|bad| bad.to_string())?;
            let found = unknown::found(root, shape, &bytes).map_err(|bad| bad.to_string())?;
            let found = found.iter().flat_map(|unknown| unknown.members());
            rest.extend(found.map(|(pointer, value)| (pointer.to_owned(), value.written())));
        }
        for ((header, event), number) in [(base, 2 * number), (more, 2 * number + 1)] {
            self.append_event(block, envelope, kind, &header, event, number)?;
        }
        Ok((payload, wrong))
    }

    fn append_event(
        &self,
        block: &mut Block,
        envelope: &'static Envelope,
        kind: &'static EventType,
        header: &[u8],
        mut event: Vec<u8>,
        number: u64,
    ) -> Result<(), String> {
        let Append::Events(append) = self.table.append else {
            return Err("the table takes no events".to_owned());
        };
        let carried = format!("{{\"/event/{ROW}\":{number}}}");
        prost::encoding::bytes::encode(UNKNOWN_MEMBERS, &carried.into_bytes(), &mut event);
        let header = canonical(envelope.header_shape, header).map_err(|bad| bad.to_string())?;
        let event = canonical(envelope.event_shape, &event).map_err(|bad| bad.to_string())?;
        let group = Group {
            kind,
            header: &header,
            events: &[&event],
            // Stored rows keep theirs.
            client: "",
        };
        append(block, &group, &self.cx).map_err(|bad| bad.to_string())
    }

    /// Stored payload, or an empty one if it isn't needed.
    fn payload(
        &self,
        message: &MessageDescriptor,
        stored: &StoredRow,
        asked: bool,
    ) -> Result<DynamicMessage, String> {
        if !asked || stored.payload.is_empty() {
            return Ok(DynamicMessage::new(message.clone()));
        }
        let mut deserializer = serde_json::Deserializer::from_str(&stored.payload);
        DynamicMessage::deserialize(message.clone(), &mut deserializer)
            .map_err(|error| format!("the stored payload can't be read: {error}"))
    }

    fn message(&self, shape: &Shape) -> Result<MessageDescriptor, String> {
        let found = self.pool.get_message_by_name(shape.name);
        found.ok_or_else(|| format!("this build has no message {}", shape.name))
    }

    fn json(
        &mut self,
        block: &mut Block,
        shape: &'static Shape,
        known: &[(String, &str)],
        number: u64,
        rest: &mut Vec<(String, String)>,
    ) -> Result<(bool, Vec<String>), String> {
        let mut body = self.stand_in(block, shape)?;
        let base = body.clone();
        let mut undone = Vec::new();
        for (pointer, json) in known {
            let all: Vec<String> = parts(pointer).collect();
            match all.as_slice() {
                [_, name] => {
                    let value = json::parse(json.as_bytes()).map_err(|e| e.to_string())?;
                    // It couldn't be told from its placeholder.
                    let same = base.get(name) == Some(&value) && !value_is_default(&value);
                    match same {
                        true => undone.push(format!(
                            "{pointer}: equals the placeholder that stands in for it"
                        )),
                        false => drop(body.insert(name.clone(), value)),
                    }
                    if same {
                        rest.push((pointer.clone(), (*json).to_owned()));
                    }
                }
                _ => {
                    undone.push(format!(
                        "{}: is inside another field, which has no column of its own",
                        fill::anywhere(pointer)
                    ));
                    rest.push((pointer.clone(), (*json).to_owned()));
                }
            }
        }
        if undone.len() == known.len() {
            return Err(undone.swap_remove(0));
        }
        let found = unknown::of_members(shape, &body);
        let found = found.iter().flat_map(|unknown| unknown.members());
        rest.extend(found.map(|(pointer, value)| (pointer.to_owned(), value.written())));
        for (body, number) in [(base, 2 * number), (body, 2 * number + 1)] {
            self.append_json(block, body, number)
                .map_err(|bad| bad.to_string())?;
        }
        Ok((false, undone))
    }

    fn append_json(&self, block: &mut Block, mut body: Map, number: u64) -> Result<(), RowError> {
        let Append::Json(append) = self.table.append else {
            return Err(RowError::Unexpected("JSON messages"));
        };
        body.insert(
            ROW.to_owned(),
            Json::Number(Number::written(&number.to_string())),
        );
        let message = Message {
            body: &body,
            id: "",
            received_ms: self.cx.now_ms,
            headers: &Map::new(),
            client: "",
        };
        append(block, &message, &self.cx)
    }

    /// Object with a placeholder for each required field.
    fn stand_in(&mut self, block: &mut Block, shape: &'static Shape) -> Result<Map, String> {
        if let Some(known) = &self.stand_in {
            return Ok(known.clone());
        }
        let mut last = String::new();
        for text in STAND_INS {
            let body = stand_in(shape, text, STAND_IN_DEPTH);
            let tried = self.append_json(block, body.clone(), 0);
            block.rollback();
            match tried {
                Ok(()) => return Ok(self.stand_in.insert(body).clone()),
                Err(bad) => last = bad.to_string(),
            }
        }
        Err(format!(
            "no placeholder fits the columns that it was made from: {last}"
        ))
    }
}

/// True if a value equals a column's default.
fn value_is_default(value: &Json) -> bool {
    match value {
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Bool(_) | Json::Null => true,
    }
}

fn stand_in(shape: &'static Shape, text: &str, depth: u32) -> Map {
    use crate::protobuf::{Kind as K, Label};
    let value = |field: &crate::protobuf::Field| match (field.label, field.kind) {
        (_, K::Map(_)) => Some(Json::Object(Map::new())),
        (Label::Repeated, _) => Some(Json::Array(Vec::new())),
        // A message field is optional in the descriptor, even if the sender must send it.
        (_, K::Message(inner)) if depth > 0 => Some(Json::Object(stand_in(inner, text, depth - 1))),
        (_, K::Message(_) | K::Struct(_)) => Some(Json::Object(Map::new())),
        (Label::Optional, _) => None,
        (_, K::Bool) => Some(Json::Bool(false)),
        (_, K::String | K::Bytes | K::Enum(_) | K::Timestamp(_)) => {
            Some(Json::String(text.to_owned()))
        }
        _ => Some(Json::Number(Number::written("0"))),
    };
    let fields = shape.fields.iter();
    let members = fields.filter_map(|field| Some((field.name.to_owned(), value(field)?)));
    members.collect()
}

/// Type of a row: from its column, or else from a pointer, or else any, which only a header's field leaves open.
fn kind_of(
    envelope: &'static Envelope,
    stored: &StoredRow,
    known: &[(String, &str)],
) -> Result<&'static EventType, String> {
    let mut types = envelope.types.iter();
    if let Some(kind) = types.clone().find(|kind| kind.name == stored.event_type) {
        return Ok(kind);
    }
    let by_pointer = known.iter().find_map(|(pointer, _)| {
        let variant = parts(pointer).nth(1)?;
        let mut fields = envelope.event_shape.fields.iter();
        let number = fields.find(|field| field.json_name == variant)?.number;
        envelope.event_type(number)
    });
    by_pointer
        .or_else(|| types.next())
        .ok_or_else(|| "this build doesn't know the event type".to_owned())
}
