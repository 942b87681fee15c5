//! Units of a message that is forwarded: what becomes of each, and which of them have to keep their order.

use std::collections::HashMap;

use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::append::json_message;
use super::catch_panic::catch_panic;
use super::failed::{Failed, bad_unit, lost_event, panicked_unit};
use super::message::{Content, Prepared};
use super::objects::Objects;
use super::split::{Lost, Part};
use super::unit::{Place, places};
use crate::client::name_in;
use crate::contract::{Aim, Context, Envelope, Group, Input, Made, Request, Shape, Unit, text_at};
use crate::protobuf::canonical::canonical;
use crate::row_error::RowError;

/// Units of a message, as a request sees them.
pub(super) struct Outbound<'a> {
    message: &'a Prepared,
    request: &'static Request,
    units: Units<'a>,
    cx: &'a Context,
}

enum Units<'a> {
    Objects(&'static Shape, &'a Objects),
    Events(&'static Envelope, Vec<PartSent<'a>>, Vec<Place<'a>>),
}

/// Events of one request, and their header in canonical order.
struct PartSent<'a> {
    part: &'a Part,
    header: Result<Vec<u8>, RowError>,
}

/// What units keep their order by.
#[derive(PartialEq, Eq, Hash)]
enum LaneKey {
    /// The topic and key of their records.
    Record(Aim),
    /// Hash of the partition key of their queue.
    Partition(u64),
}

/// What a unit is sent as, under its id.
pub(super) struct Sent {
    pub made: Made,
    pub id: String,
}

impl<'a> Outbound<'a> {
    /// Units of a message, or why it has none.
    pub(super) fn of(
        message: &'a Prepared,
        request: &'static Request,
        cx: &'a Context,
    ) -> Result<Self, Failed> {
        let units = match (&message.content, message.queue.input) {
            (Content::Json(objects), Input::Json(shape)) => Units::Objects(shape, objects),
            (Content::Events(parts), Input::Events(envelope)) => {
                let header = |part: &Part| canonical(envelope.header_shape, &part.header);
                let sent = |part| PartSent {
                    part,
                    header: header(part),
                };
                Units::Events(envelope, parts.iter().map(sent).collect(), places(parts))
            }
            (Content::Malformed(bad), _) => return Err(bad_unit(0, "", bad)),
            (Content::Panicked(panic), _) => return Err(panicked_unit(0, "", panic)),
            _ => return Err(bad_unit(0, "", &RowError::Layout("of such messages"))),
        };
        Ok(Outbound {
            message,
            request,
            units,
            cx,
        })
    }

    /// Units in lanes, and those that go nowhere. Those of a lane are sent one after the other: the objects of a list, and
    /// events with the same key.
    pub(super) fn lanes(&self) -> (Vec<Vec<usize>>, Vec<Failed>) {
        let places = match &self.units {
            Units::Objects(_, objects) => return (vec![(0..objects.len()).collect()], Vec::new()),
            Units::Events(_, _, places) => places,
        };
        let (mut lanes, mut failed) = (Vec::new(), Vec::new());
        let mut of_keys: HashMap<LaneKey, usize> = HashMap::new();
        for unit in 0..places.len() {
            match self.each(unit, |of, _| self.lane_key(of)) {
                Ok(None) => lanes.push(vec![unit]),
                Ok(Some(key)) => match of_keys.get(&key).and_then(|lane| lanes.get_mut(*lane)) {
                    Some(lane) => lane.push(unit),
                    None => {
                        of_keys.insert(key, lanes.len());
                        lanes.push(vec![unit]);
                    }
                },
                Err(bad) => failed.push(bad),
            }
        }
        (lanes, failed)
    }

    /// What a unit has to keep its order by: the key of its record, or else that of its queue's partitions.
    fn lane_key(&self, of: Unit<'_>) -> Result<Option<LaneKey>, RowError> {
        let aim = self.request.aim(of)?;
        if aim.key.is_some() {
            return Ok(Some(LaneKey::Record(aim)));
        }
        let (Some(by), Unit::Event(envelope, group)) = (self.message.queue.partition_by, of) else {
            return Ok(None);
        };
        let event = group.only()?;
        let of_event = || {
            let id = text_at(envelope.event_shape, event, &[envelope.id]).unwrap_or_default();
            by.of_event(envelope, event, &id)
        };
        let hash = by.of_header(envelope, group.header);
        Ok(Some(LaneKey::Partition(hash.unwrap_or_else(of_event))))
    }

    /// What a unit is sent as.
    pub(super) fn sent(&self, unit: usize) -> Result<Sent, Failed> {
        self.each(unit, |of, id| {
            let made = self.request.made_of(of, self.cx)?;
            Ok(Sent { made, id: id() })
        })
    }

    /// All that can't be sent.
    pub(super) fn bad(&self) -> Vec<Failed> {
        let (lanes, mut failed) = self.lanes();
        let units = lanes.into_iter().flatten();
        failed.extend(units.filter_map(|unit| self.sent(unit).err()));
        failed.sort_by_key(|failed| failed.unit);
        failed
    }

    /// Name of a unit's event type; empty if there is none.
    pub(super) fn kind(&self, unit: usize) -> &'static str {
        match &self.units {
            Units::Objects(..) => "",
            Units::Events(_, _, places) => {
                let kind = places.get(unit).and_then(|place| place.kind);
                kind.map_or("", |kind| kind.name)
            }
        }
    }

    /// Calls this with a unit and what makes its id. A panic costs this unit alone.
    fn each<T>(
        &self,
        unit: usize,
        call: impl Fn(Unit<'_>, &dyn Fn() -> String) -> Result<T, RowError>,
    ) -> Result<T, Failed> {
        let called = catch_panic(|| match &self.units {
            Units::Objects(shape, objects) => {
                let object = json_message(self.message, objects, unit, self.cx)?;
                let message = object.message();
                call(Unit::Message(shape, &message), &|| message.id.to_owned())
            }
            Units::Events(envelope, parts, places) => {
                let place = places.get(unit);
                let place = place.and_then(|place| Some((place, parts.get(place.part)?)));
                let (place, part) = place.ok_or(RowError::Layout("of such messages"))?;
                self.event(envelope, part, place, call)
            }
        });
        match called {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(bad)) => Err(match self.lost(unit) {
                Some(lost) => lost_event(unit, &lost.why),
                None => bad_unit(unit, self.kind(unit), &bad),
            }),
            Err(panic) => Err(panicked_unit(unit, self.kind(unit), &panic)),
        }
    }

    /// Calls this with an event, whose fields are in canonical order.
    fn event<T>(
        &self,
        envelope: &'static Envelope,
        of: &PartSent<'_>,
        place: &Place<'_>,
        call: impl Fn(Unit<'_>, &dyn Fn() -> String) -> Result<T, RowError>,
    ) -> Result<T, RowError> {
        let body = &self.message.delivery.body;
        let bytes = body.get(place.event.clone()).unwrap_or_default();
        let event = canonical(envelope.event_shape, bytes)?;
        let group = Group {
            kind: place.kind.ok_or(RowError::Layout("of such events"))?,
            header: of.header.as_deref().map_err(Clone::clone)?,
            events: &[&event],
            client: name_in(&of.part.client),
        };
        let id = || id(envelope, group.header, &event);
        call(Unit::Event(envelope, &group), &id)
    }

    /// The unit, if it is an event without a type that is known.
    fn lost(&self, unit: usize) -> Option<&'a Lost> {
        let Units::Events(_, parts, places) = &self.units else {
            return None;
        };
        let place = places.get(unit).filter(|place| place.kind.is_none())?;
        let mut lost = parts.get(place.part)?.part.lost.iter();
        lost.find(|lost| lost.event == *place.event)
    }
}

/// Id of an event: its own, or one of its bytes, which is the same on every attempt.
fn id(envelope: &Envelope, header: &[u8], event: &[u8]) -> String {
    match text_at(envelope.event_shape, event, &[envelope.id]) {
        Some(id) => String::from_utf8_lossy(&id).into_owned(),
        None => {
            let hash = xxh3_128_with_seed(event, xxh3_64(header));
            let id = uuid::Builder::from_custom_bytes(hash.to_be_bytes());
            Uuid::to_string(&id.into_uuid())
        }
    }
}
