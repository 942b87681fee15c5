//! The ids that are made of app events that come without one: the same for the same event, wherever it is made.

use std::cell::OnceCell;

use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::contract::Envelope;
use crate::protobuf::content::content;

/// Makes the ids of events that share a header.
#[derive(Debug)]
pub struct Maker<'a> {
    envelope: &'static Envelope,
    header: &'a [u8],
    /// The header's hash as it came, and that of what it says; made when they are wanted, which is seldom.
    seeds: [OnceCell<u64>; 2],
}

impl<'a> Maker<'a> {
    /// For events under this header.
    pub fn new(envelope: &'static Envelope, header: &'a [u8]) -> Self {
        Maker {
            envelope,
            header,
            seeds: Default::default(),
        }
    }

    /// The id of a well-formed event that came without one. Without a timestamp there is none: nothing tells two such
    /// events apart that both are meant.
    ///
    /// Both versions are the same hash. So an event whose bytes are in their one encoding, as most are, has the same id
    /// under both, and going over from one to the other doubles nothing of it.
    pub fn make(&self, event: &[u8], timestamp: &[u8]) -> Option<Uuid> {
        if timestamp.is_empty() {
            return None;
        }
        let [as_it_came, of_content] = &self.seeds;
        let hash = if self.envelope.ids.of_content(timestamp) {
            let seed = *of_content.get_or_init(|| {
                let header = content(self.envelope.header_shape, self.header);
                xxh3_64(header.as_deref().unwrap_or(self.header))
            });
            let event = content(self.envelope.event_shape, event)
                .unwrap_or(std::borrow::Cow::Borrowed(event));
            xxh3_128_with_seed(&event, seed)
        } else {
            let seed = *as_it_came.get_or_init(|| xxh3_64(self.header));
            xxh3_128_with_seed(event, seed)
        };
        Some(uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid())
    }
}
