//! Partition keys at intake: events whose keys fall into other slots don't share a message.

use event_grpc::contract::{PartitionBy, key_hash};
use event_grpc::events::scan;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::generated::proto::event::Events;
use event_grpc::ingest::group::{RequestBatch, Slots};
use prost::Message as _;

use super::user_id;
use crate::app::{cart, header};

const COUNT: u64 = 4;

/// The slot of each group of a request, with the ids of its events.
fn groups(request: &Events, by: PartitionBy) -> Vec<(u64, Vec<String>)> {
    let bytes = request.encode_to_vec();
    let scanned = scan(&bytes, &ENVELOPE).unwrap();
    let batch = RequestBatch::new(&ENVELOPE, scanned.header.as_deref().unwrap(), "");
    let batch = batch.in_slots(Slots::new(Some(by), COUNT));
    let groups = batch.groups(&scanned.events, usize::MAX, usize::MAX);
    let ids = |events: &[&event_grpc::events::Event<'_>]| {
        let ids = events.iter().map(|e| String::from_utf8(e.id.to_vec()));
        ids.map(Result::unwrap).collect()
    };
    groups.iter().map(|g| (g.slot, ids(&g.events))).collect()
}

#[test]
fn events_of_other_slots_do_not_share_a_message() {
    let ids: Vec<String> = (0..40).map(|n| format!("e-{n}")).collect();
    let request = Events {
        header: header(),
        events: ids.iter().map(|id| cart(id, "1760000000000")).collect(),
    };
    let by_id = groups(&request, PartitionBy::Event(Vec::leak(vec![ENVELOPE.id])));
    assert_eq!(by_id.len() as u64, COUNT);
    let of = |id: &String| key_hash(id.as_bytes()) % COUNT;
    for (slot, events) in &by_id {
        let wanted: Vec<&String> = ids.iter().filter(|id| of(id) == *slot).collect();
        assert_eq!(events.iter().collect::<Vec<_>>(), wanted);
    }
    // The header's key is that of all of them, a number by its digits.
    let by_user = groups(&request, PartitionBy::Header(user_id()));
    assert_eq!(by_user, [(key_hash(b"7") % COUNT, ids.clone())]);
    // Without it, they are spread by their ids.
    let mut nobody = request.clone();
    nobody.header.as_mut().unwrap().user_id = 0;
    assert_eq!(groups(&nobody, PartitionBy::Header(user_id())), by_id);
}
