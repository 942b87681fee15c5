//! Fuzz target: compressed bodies.

use bytes::Bytes;

use super::{Encoding, Stopped, Unpacker, Work};
use crate::weight::Budget;

/// Maximum size of what a body becomes in these runs, in bytes.
const LIMIT: usize = 256 << 10;

/// Decompresses a body, at once and in pieces.
///
/// # Panics
///
/// If a library does, if it becomes more than it may or than is accounted for, or if the pieces are something else.
pub(in super::super) fn unpacked(encoding: Encoding, packed: &[u8]) {
    let [whole, pieces] = [usize::MAX, 1 << 10].map(|most| run(encoding, packed, most));
    assert_eq!(whole, pieces);
}

/// What a body becomes; none if it is refused.
fn run(encoding: Encoding, packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let room = Budget::new(4 << 20);
    let mut work = Work {
        unpacker: Unpacker::new(encoding, Bytes::copy_from_slice(packed)).ok()?,
        out: Vec::new(),
        held: room.try_acquire(0)?,
        room: room.clone(),
        limit: LIMIT,
    };
    loop {
        let ended = work.go_on(most);
        let held = work.held.bytes();
        assert!(held >= work.out.capacity() as u64, "{held} bytes are held");
        assert!(work.out.len() <= LIMIT + 1, "{} bytes", work.out.len());
        match ended {
            Ok(true) => return Some(work.out),
            Ok(false) => {}
            Err(Stopped::Unread(_) | Stopped::Broken(_)) => return None,
        }
    }
}
