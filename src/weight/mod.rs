//! Weights: upper bounds on the memory that data takes, here and in ClickHouse, whatever its size on the wire.
//!
//! Every budget counts in these (see [`Budget`]); no other code multiplies sizes. Each function gives an upper bound
//! that is never more than a small multiple of the real use, saturates instead of overflowing, and costs a few
//! instructions.

mod budget;

pub use budget::{Budget, Permit};

/// Maximum header of a request of typed events, in bytes: each of its events may repeat it.
pub const MAX_HEADER: usize = 64 << 10;

/// Maximum weight of a request, in bytes.
pub const MAX_REQUEST: u64 = 128 << 20;

/// Maximum weight of a block of rows in its store, but for its last rows: an insert takes two or three times as much
/// memory there.
pub const BLOCK: u64 = 96 << 20;

/// Maximum weight of all blocks that are being inserted into one server at the same time.
pub const INSERTS: u64 = 256 << 20;

/// Step in which a message is made into rows before the weight of the block is checked.
pub const STRETCH: u64 = 8 << 20;

/// Maximum weight of the events of one message. Each request in it may weigh [`MAX_REQUEST`].
pub const MAX_MESSAGE: u64 = 1 << 30;

/// Fixed cost of a request beside its own bytes, so that many small ones are bounded too.
pub const REQUEST: u64 = 2 << 10;

/// Fixed cost of a message beside its body: its properties, its place in queues, its task.
pub const MESSAGE: u64 = 512;

/// Cost of an event beside its bytes while it is scanned, grouped and answered.
pub const EVENT: u64 = 128;

/// Cost of one value of parsed JSON beside its text: a `Value` and its place in a map or list.
pub const JSON_VALUE: u64 = 96;

/// Cost of an entry of an answer's `rejected` beside its texts.
pub const REJECTED: u64 = 80;

/// Size that a generated id adds to an event.
const MADE_ID: u64 = 48;

/// Limits of one message of events.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Maximum size in bytes, unless a single event is larger.
    pub bytes: usize,
    /// Maximum number of events.
    pub events: usize,
    /// Number of slots of partition keys that don't share a message.
    pub slots: usize,
}

/// Weight of the events of a request: their bytes, and the header once for each, as in their rows.
pub fn events(header: usize, events: usize, bytes: usize) -> u64 {
    let each = EVENT.saturating_add(header as u64);
    each.saturating_mul(events as u64)
        .saturating_add(bytes as u64)
}

/// Maximum number of message bodies that the events of a request become, each with a copy of the header: one for each
/// type and slot, and more where one has as many bytes or events as a message may have.
pub fn groups(types: usize, bytes: usize, events: usize, header: usize, most: Most) -> u64 {
    let each = most.bytes.saturating_sub(header) as u64;
    // Of two neighbours one is at least half full. An id that is made makes an event longer.
    let bytes = MADE_ID
        .saturating_mul(events as u64)
        .saturating_add(bytes as u64);
    let full = bytes
        .saturating_mul(2)
        .checked_div(each)
        .unwrap_or(u64::MAX);
    let many = (events as u64).checked_div(most.events as u64);
    let groups = full
        .saturating_add(many.unwrap_or(u64::MAX))
        .saturating_add((types as u64).saturating_mul(most.slots as u64));
    groups.min(events as u64)
}

/// Weight of a request of typed events while it is prepared: its bytes twice (as received and in message bodies), the
/// state of each event, and the header in each body.
pub fn request(bytes: usize, events: usize, header: usize, groups: u64) -> u64 {
    let known = (2 * EVENT + MADE_ID).saturating_mul(events as u64);
    (header as u64)
        .saturating_mul(groups)
        .saturating_add(known)
        .saturating_add((bytes as u64).saturating_mul(2))
}

/// Weight of a proto3 JSON text that is decoded into protobuf: free JSON takes five or six times as much there, all
/// else less.
pub fn proto_json(bytes: usize) -> u64 {
    const TIMES: u64 = 6;
    TIMES.saturating_mul(bytes as u64)
}

/// Weight of a message under way, with this body and these headers (names and values, in bytes).
pub fn message(body: usize, headers: usize) -> u64 {
    MESSAGE
        .saturating_add(body as u64)
        .saturating_add(headers as u64)
}

/// Weight of a JSON text of so many bytes and values when it is parsed into a tree.
pub fn json(bytes: usize, values: usize) -> u64 {
    JSON_VALUE
        .saturating_mul(values as u64)
        .saturating_add(bytes as u64)
}

/// Weight of dead letters that each repeat a header of this size.
pub fn letters(count: usize, header: usize, bodies: usize) -> u64 {
    MESSAGE
        .saturating_add(header as u64)
        .saturating_mul(count as u64)
        .saturating_add(bodies as u64)
}

/// Overhead of a JSON column beside its values: a byte for each row and path.
pub fn paths(paths: usize, rows: usize) -> u64 {
    (paths as u64).saturating_mul(rows as u64)
}

/// Weight of an answer that lists so many rejected events with so many bytes of text.
pub fn answer(rejected: usize, texts: usize) -> u64 {
    REJECTED
        .saturating_mul(rejected as u64)
        .saturating_add(texts as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_as_many_groups_as_events_at_most() {
        let most = Most {
            bytes: 1000,
            events: 10,
            slots: 1,
        };
        assert_eq!(groups(3, 60, 2, 100, most), 2);
        assert_eq!(groups(3, 3000, 95, 100, most), 16 + 9 + 3);
        let apart = Most { slots: 4, ..most };
        assert_eq!(groups(3, 3000, 95, 100, apart), 16 + 9 + 12);
        // A header that fills a message by itself.
        assert_eq!(groups(3, 3000, 95, 1000, most), 95);
        assert_eq!(
            groups(usize::MAX, usize::MAX, usize::MAX, 0, most),
            u64::MAX
        );
        assert_eq!(
            request(usize::MAX, usize::MAX, usize::MAX, u64::MAX),
            u64::MAX
        );
    }
}
