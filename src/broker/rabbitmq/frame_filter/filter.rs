//! Frames as they come: which go through as they are, and what goes to the client in place of the others.

use std::collections::HashMap;

use super::content::{is_readable, note, rewritten};
use super::reader::{Reader, push_short};

/// Size of a frame's head: type, channel and size.
pub(super) const BEFORE: usize = 7;

/// Overhead of a frame.
pub(super) const AROUND: usize = BEFORE + 1;

pub(super) const END: u8 = 0xCE;

const METHOD: u8 = 1;
pub(super) const HEADER: u8 = 2;

/// The least that AMQP lets a frame be limited to.
const LEAST: usize = 4096;

/// Methods by class and number: those that tell of a message, and the one that limits frames.
const DELIVER: (u16, u16) = (60, 60);
const GET_OK: (u16, u16) = (60, 71);
const RETURN: (u16, u16) = (60, 50);
const TUNE: (u16, u16) = (10, 30);

/// State of a connection.
pub(super) struct Filter {
    /// The largest frame that the client takes, in bytes; none before it is negotiated.
    frame_max: usize,
    /// Frame limit of the client, if it sets one.
    wanted: Option<u32>,
    /// Errors of methods whose content header is still to come, by channel.
    reasons: HashMap<u16, Vec<String>>,
}

/// Beginning of a frame.
pub(super) enum Begin {
    /// Too little is there to say.
    Unclear,
    /// A frame of this size that nobody needs to look into.
    Through(usize),
    /// A frame of this size that is to be seen as a whole.
    Whole(usize),
}

/// Beginning of a frame in these bytes.
pub(super) fn begin(bytes: &[u8]) -> Begin {
    let mut reader = Reader { rest: bytes };
    let (Some(kind), Some(_), Some(size)) = (reader.u8(), reader.u16(), reader.u32()) else {
        return Begin::Unclear;
    };
    let size = usize::try_from(size)
        .unwrap_or(usize::MAX)
        .saturating_add(AROUND);
    match kind {
        METHOD | HEADER => Begin::Whole(size),
        _ => Begin::Through(size),
    }
}

impl Filter {
    pub(super) fn new(wanted: Option<u32>) -> Self {
        Filter {
            frame_max: usize::MAX,
            wanted,
            reasons: HashMap::new(),
        }
    }

    /// Replacement of a frame; none if the frame itself is passed on. Of a frame that is too large to be held, this is
    /// the beginning.
    pub(super) fn replaced(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader { rest: frame };
        let (kind, channel, _) = (reader.u8()?, reader.u16()?, reader.u32()?);
        let payload = reader.rest;
        let payload = match payload.split_last() {
            Some((&END, payload)) => payload,
            _ => payload,
        };
        let payload = match kind {
            METHOD => self.method(channel, payload)?,
            HEADER => {
                let reasons = self.reasons.remove(&channel);
                if reasons.is_none() && frame.len() <= self.frame_max && is_readable(payload) {
                    return None;
                }
                let limit = self.frame_max.saturating_sub(AROUND);
                rewritten(payload, limit, reasons.unwrap_or_default())
            }
            _ => return None,
        };
        let mut out = Vec::with_capacity(payload.len() + AROUND);
        out.push(kind);
        out.extend_from_slice(&channel.to_be_bytes());
        super::reader::push_long(&mut out, &payload);
        out.push(END);
        Some(out)
    }

    /// Replacement of a method's payload.
    fn method(&mut self, channel: u16, payload: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader { rest: payload };
        // The texts of each, and how many bytes there are before, between and after them.
        let (texts, gaps): (&[&str], &[usize]) = match (reader.u16()?, reader.u16()?) {
            DELIVER => (&["consumer tag", "exchange", "routing key"], &[0, 9, 0]),
            GET_OK => (&["exchange", "routing key"], &[9, 0]),
            RETURN => (&["reply", "exchange", "routing key"], &[2, 0, 0]),
            TUNE => {
                let (_, frame_max) = (reader.u16()?, reader.u32()?);
                self.tune(frame_max);
                return None;
            }
            _ => return None,
        };
        let start = reader.rest;
        let mut fine = true;
        for gap in gaps {
            reader.bytes(*gap)?;
            fine &= str::from_utf8(reader.short()?).is_ok();
        }
        if fine {
            return None;
        }
        let mut reasons = Vec::new();
        let mut out = payload.get(..payload.len() - start.len())?.to_vec();
        let mut reader = Reader { rest: start };
        for (what, gap) in texts.iter().zip(gaps) {
            out.extend_from_slice(reader.bytes(*gap)?);
            push_short(&mut out, &note(reader.short()?, what, &mut reasons));
        }
        out.extend_from_slice(reader.rest);
        self.reasons.insert(channel, reasons);
        Some(out)
    }

    /// The client takes the lower of two limits, as this does; 0 is none.
    fn tune(&mut self, theirs: u32) {
        let ours = self.wanted.unwrap_or(0);
        let least = match (ours, theirs) {
            (0, 0) => return,
            (0, one) | (one, 0) => one,
            (ours, theirs) => ours.min(theirs),
        };
        self.frame_max = usize::try_from(least).unwrap_or(usize::MAX).max(LEAST);
    }
}
