//! Appends a message's rows to a block. A bad event costs itself alone.

use std::borrow::Cow;
use std::ops::Range;

use super::catch_panic::catch_panic;
use super::client;
use super::dead_letter;
use super::failed::{Failed, bad_unit, lost_event, panicked_unit};
use super::message::{Content, Prepared};
use super::objects::{Objects, Parsed};
use super::split::{Part, Run};
use crate::client::name_in;
use crate::contract::{Append, Block, Context, Envelope, Group, Input};
use crate::json;
use crate::protobuf::canonical::canonical;
use crate::row_error::RowError;
use crate::time::MILLIS_RANGE;

/// Appends the selected units of a message within a stretch, and returns those that are bad.
pub(super) fn append(
    block: &mut Block,
    message: &Prepared,
    stretch: Range<usize>,
    wanted: &dyn Fn(usize) -> bool,
    cx: &Context,
) -> Vec<Failed> {
    let mut failed = Vec::new();
    let body = &message.delivery.body;
    let wanted = |unit: usize| stretch.contains(&unit) && wanted(unit);
    match (&message.content, block.table().append) {
        (Content::Events(parts), Append::Events(function)) => {
            let envelope = envelope(message);
            let mut unit = 0;
            for part in parts {
                for run in &part.runs {
                    let of_run = unit..unit + run.events.len();
                    let within = both(&of_run, &stretch);
                    unit = of_run.end;
                    let events = within.start - of_run.start..within.end - of_run.start;
                    let events = run.events.get(events).unwrap_or_default();
                    let chosen: Vec<(usize, &Range<usize>)> =
                        within.zip(events).filter(|(u, _)| wanted(*u)).collect();
                    if chosen.is_empty() {
                        continue;
                    }
                    let rows = Rows {
                        envelope,
                        function,
                        part,
                        run,
                        body,
                        cx,
                    };
                    rows.append(block, &chosen, &mut failed);
                }
                for lost in &part.lost {
                    if wanted(unit) {
                        failed.push(lost_event(unit, &lost.why));
                    }
                    unit += 1;
                }
            }
        }
        (Content::Json(objects), Append::Json(function)) => {
            for unit in both(&(0..objects.len()), &stretch).filter(|unit| wanted(*unit)) {
                let row = |block: &mut Block| {
                    json_message(message, objects, unit, cx)
                        .and_then(|object| function(block, &object.message(), cx))
                };
                if let Err(failure) = attempt(block, row) {
                    failure.note(block);
                    failed.push(failure.of_unit(unit, ""));
                }
            }
        }
        (Content::DeadLetter(letter), Append::DeadLetters(function, _)) => {
            let row = |block: &mut Block| dead_letter::append(block, function, message, letter, cx);
            if wanted(0)
                && let Err(failure) = attempt(block, row)
            {
                failed.push(failure.of_unit(0, ""));
            }
        }
        (Content::Malformed(bad), _) => failed.push(bad_unit(0, "", bad)),
        (Content::Panicked(panic), _) => {
            failed.push(Failure::Panic(panic.clone()).of_unit(0, ""));
        }
        _ => failed.push(bad_unit(0, "", &RowError::Layout("of such messages"))),
    }
    failed
}

/// Intersection of two ranges of units.
fn both(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// JSON object of a message with its metadata, if it is what its queue expects.
pub(super) fn json_message<'a>(
    message: &'a Prepared,
    objects: &Objects,
    unit: usize,
    cx: &Context,
) -> Result<Parsed<'a>, RowError> {
    let body = objects.parse(&message.delivery.body, unit)?;
    if let Input::Json(shape) = message.queue.input {
        json::any_of(&body, shape)?;
    }
    Ok(Parsed {
        id: objects.id_of(message.queue, &message.delivery, unit, &body),
        body,
        received_ms: received(message).unwrap_or(cx.now_ms),
        headers: &message.headers,
        client: client::of_headers(&message.delivery.properties),
    })
}

/// JSON objects that have rows: those of the units that `wanted` selects.
pub(super) fn json_messages<'a>(
    message: &'a Prepared,
    wanted: &dyn Fn(usize) -> bool,
    cx: &Context,
) -> Vec<Parsed<'a>> {
    let Content::Json(objects) = &message.content else {
        return Vec::new();
    };
    (0..objects.len())
        .filter(|unit| wanted(*unit))
        .filter_map(|unit| json_message(message, objects, unit, cx).ok())
        .collect()
}

fn envelope(message: &Prepared) -> Option<&'static Envelope> {
    match message.queue.input {
        Input::Events(envelope) | Input::DeadLetters(envelope) => Some(envelope),
        Input::Json(_) => None,
    }
}

/// Send time of a message, from its properties, so that it stays the same on redelivery.
fn received(message: &Prepared) -> Option<i64> {
    let seconds = message.delivery.properties.timestamp?;
    let millis = i64::try_from(seconds).ok()?.checked_mul(1000)?;
    MILLIS_RANGE.contains(&millis).then_some(millis)
}

/// Reason why rows could not be appended.
enum Failure {
    /// It is the event's fault.
    RowError(RowError),
    /// A defect of this build.
    Panic(String),
}

impl Failure {
    /// Has the block count what it didn't accept.
    fn note(&self, block: &mut Block) {
        if let Failure::RowError(RowError::TooLong(long)) = self {
            block.refused(long);
        }
    }

    fn of_unit(&self, unit: usize, event_type: &str) -> Failed {
        match self {
            Failure::RowError(bad) => bad_unit(unit, event_type, bad),
            Failure::Panic(panic) => panicked_unit(unit, event_type, panic),
        }
    }
}

/// Appends rows, all or none.
fn attempt(
    block: &mut Block,
    append: impl FnOnce(&mut Block) -> Result<(), RowError>,
) -> Result<(), Failure> {
    block.mark();
    let failure = match catch_panic(|| append(block)) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(bad)) => Failure::RowError(bad),
        Err(panic) => Failure::Panic(panic),
    };
    block.rollback();
    Err(failure)
}

type AppendEvents = fn(&mut Block, &Group<'_>, &Context) -> Result<(), RowError>;

/// Input of the rows of one run.
struct Rows<'a> {
    envelope: Option<&'static Envelope>,
    function: AppendEvents,
    part: &'a Part,
    run: &'a Run,
    body: &'a [u8],
    cx: &'a Context,
}

impl Rows<'_> {
    /// Appends all events at once, which nearly always succeeds; otherwise each by itself, after normalizing its
    /// encoding.
    fn append(
        &self,
        block: &mut Block,
        chosen: &[(usize, &Range<usize>)],
        failed: &mut Vec<Failed>,
    ) {
        let events: Vec<&[u8]> = chosen.iter().map(|(_, range)| self.bytes(range)).collect();
        let group = Group {
            kind: self.run.kind,
            header: &self.part.header,
            events: &events,
            client: self.client(),
        };
        if attempt(block, |block| (self.function)(block, &group, self.cx)).is_ok() {
            return;
        }
        let name = self.run.kind.name;
        let header = match catch_panic(|| self.canonical_header()) {
            Ok(header) => header,
            Err(panic) => {
                failed.extend(
                    chosen
                        .iter()
                        .map(|(unit, _)| panicked_unit(*unit, name, &panic)),
                );
                return;
            }
        };
        for ((unit, _), event) in chosen.iter().zip(events) {
            let row = |block: &mut Block| self.append_one(block, &header, event);
            if let Err(failure) = attempt(block, row) {
                failure.note(block);
                failed.push(failure.of_unit(*unit, name));
            }
        }
    }

    fn append_one(
        &self,
        block: &mut Block,
        header: &Result<Cow<'_, [u8]>, RowError>,
        event: &[u8],
    ) -> Result<(), RowError> {
        let header = header.as_ref().map_err(Clone::clone)?;
        let event = match self.envelope {
            Some(envelope) => Cow::Owned(canonical(envelope.event_shape, event)?),
            None => Cow::Borrowed(event),
        };
        let group = Group {
            kind: self.run.kind,
            header,
            events: &[&event],
            client: self.client(),
        };
        (self.function)(block, &group, self.cx)
    }

    fn canonical_header(&self) -> Result<Cow<'_, [u8]>, RowError> {
        match self.envelope {
            Some(envelope) => canonical(envelope.header_shape, &self.part.header).map(Cow::Owned),
            None => Ok(Cow::Borrowed(&self.part.header)),
        }
    }

    fn client(&self) -> &str {
        name_in(&self.part.client)
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.body.get(range.clone()).unwrap_or_default()
    }
}
