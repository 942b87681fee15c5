//! Counters of what each client sent, under a bounded number of names.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use crate::client::Client;
use crate::metrics::intake::{CLIENT_EVENTS, OTHER_CLIENTS};

/// Maximum number of names that are counted by themselves. Names come from a file of keys, so that nobody who sends can
/// invent any; those of a file that is replaced again and again stay all the same.
const NAMES: usize = 1000;

/// Names that are counted by themselves.
static SEEN: RwLock<BTreeSet<Client>> = RwLock::new(BTreeSet::new());

/// Counts events of a client by their outcome; none are not counted.
pub(super) fn count(client: &Client, outcome: &'static str, events: u64) {
    if events == 0 {
        return;
    }
    let name = match client.is_unknown() || is_counted(&SEEN, client) {
        true => client.name(),
        false => OTHER_CLIENTS,
    };
    CLIENT_EVENTS
        .with([name.to_owned(), outcome.to_owned()])
        .increment(events);
}

/// True if a name is counted by itself: as long as there is room, each is.
fn is_counted(seen: &RwLock<BTreeSet<Client>>, client: &Client) -> bool {
    if seen
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(client)
    {
        return true;
    }
    let mut seen = seen.write().unwrap_or_else(PoisonError::into_inner);
    if seen.len() < NAMES {
        seen.insert(client.clone());
    }
    seen.contains(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let seen = RwLock::default();
        let named = |number: usize| Client::named(&format!("client-{number}")).unwrap_or_default();
        for number in 0..NAMES {
            assert!(is_counted(&seen, &named(number)), "{number}");
        }
        assert!(!is_counted(&seen, &named(NAMES)));
        assert!(is_counted(&seen, &named(0)), "those that are known stay");
    }
}
