//! Rules: switches as they are asked for each request.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::version::Version;
use super::written::{Share, Switch, WHOLE, Written};
use crate::contract::{Envelope, Intake, Pipeline, hash_at, key_hash, text_at};
use crate::events::{Event, Verdict};
use crate::metrics::switches::REFUSED;
use crate::yaml::meant;

/// Fields of the header that hold the user, unless the file names others: the first that has a value counts.
const USER: [&str; 2] = ["userId", "deviceId"];

/// Field of the header that holds the app's version, unless the file names another.
const VERSION: &str = "appVersion";

/// Switch that is in force.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) switch: Switch,
    pub(super) name: Arc<str>,
    /// When it was first in force as it is, as far as that is known.
    pub(super) since: SystemTime,
    /// Events and messages that it refused in this process.
    pub(super) refused: Arc<AtomicU64>,
}

/// Numbers of the header's fields of a source.
#[derive(Debug, Default)]
pub(super) struct Fields {
    user: Vec<u32>,
    version: Option<u32>,
}

/// Maximum length of what is read of a version, in bytes.
const LONGEST_VERSION: usize = 128;

/// Header of a request, as switches ask it: what one has read in it, the others need not read again.
pub(super) struct Asked<'a> {
    pub(super) envelope: &'a Envelope,
    fields: &'a Fields,
    header: &'a [u8],
    user: OnceCell<Option<u64>>,
    version: OnceCell<Option<Version>>,
}

/// Looks the fields up in the headers of all sources of events.
///
/// # Errors
///
/// If no header has a field that the file names, or that a switch needs.
pub(super) fn fields(
    written: &Written,
    pipeline: &Pipeline,
) -> Result<BTreeMap<&'static str, Fields>, String> {
    let usual = USER.map(str::to_owned).to_vec();
    let users = written.user.as_ref().unwrap_or(&usual);
    let version = written.version.as_deref().unwrap_or(VERSION);
    let envelopes = pipeline
        .sources
        .iter()
        .filter_map(|source| match &source.intake {
            Intake::Grpc { envelope, .. } => Some((source.name, *envelope)),
            Intake::Post { .. } => None,
        });
    let found: BTreeMap<&'static str, Fields> = envelopes
        .clone()
        .map(|(source, envelope)| {
            let number = |name: &str| number(envelope, name);
            let fields = Fields {
                user: users.iter().filter_map(|name| number(name)).collect(),
                version: number(version),
            };
            (source, fields)
        })
        .collect();
    let named = written.user.iter().flatten().map(String::as_str);
    let needs_version = written
        .switches
        .iter()
        .any(|switch| switch.versions.is_some());
    let needed = named.chain(needs_version.then_some(version));
    for name in needed {
        let known = |(_, envelope): (&str, &'static Envelope)| number(envelope, name).is_some();
        if !envelopes.clone().any(known) {
            let all = envelopes.clone().flat_map(|(_, envelope)| {
                envelope
                    .header_shape
                    .fields
                    .iter()
                    .map(|field| field.json_name)
            });
            return Err(format!(
                "no header has a field `{name}`{}; `user` and `version` at the top of the file name the fields",
                meant(name, all)
            ));
        }
    }
    Ok(found)
}

fn number(envelope: &Envelope, name: &str) -> Option<u32> {
    let mut fields = envelope.header_shape.fields.iter();
    let field = fields.find(|field| field.json_name == name || field.name == name)?;
    Some(field.number)
}

/// True if a key is among those that are kept. A share holds all keys of a smaller one.
fn is_kept(hash: u64, keep: Share) -> bool {
    // The highest bits; partitions of queues go by the lowest.
    let place = (u128::from(hash) * u128::from(WHOLE)) >> 64;
    place < u128::from(keep)
}

// === impl Rule ===

impl Rule {
    /// True if it may apply to what this client sends to this source.
    pub(super) fn is_for(&self, source: &str, client: &str) -> bool {
        let has = |names: &Option<std::collections::BTreeSet<String>>, name: &str| {
            names.as_ref().is_none_or(|names| names.contains(name))
        };
        has(&self.switch.sources, source) && has(&self.switch.clients, client)
    }

    /// Refuses those of a request's events that it applies to.
    pub(super) fn refuse(&self, asked: &Asked<'_>, events: &mut [Event<'_>]) {
        if let Some(range) = &self.switch.versions
            && !asked.version().is_some_and(|version| range.has(version))
        {
            return;
        }
        let keep = self.switch.keep;
        let user = match keep {
            0 => None,
            _ => asked.user(),
        };
        if user.is_some_and(|hash| is_kept(hash, keep)) {
            return;
        }
        let mut refused = 0;
        for event in events {
            let applies = match (&event.verdict, &self.switch.types) {
                (Verdict::Good(kind), Some(types)) => types.contains(kind.name),
                (Verdict::Good(_), None) => true,
                (Verdict::UnknownType(_) | Verdict::UnknownName(_), None) => true,
                _ => false,
            };
            let alone = keep > 0 && user.is_none();
            if !applies || alone && is_kept(own_hash(event), keep) {
                continue;
            }
            event.verdict = Verdict::SwitchedOff(Arc::clone(&self.name));
            refused += 1;
        }
        self.count(refused);
    }

    /// Counts what it refused.
    pub(super) fn count(&self, refused: u64) {
        if refused > 0 {
            self.refused.fetch_add(refused, Ordering::Relaxed);
            REFUSED.with([self.switch.name.clone()]).increment(refused);
        }
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    pub(super) fn new(envelope: &'a Envelope, fields: &'a Fields, header: &'a [u8]) -> Self {
        Asked {
            envelope,
            fields,
            header,
            user: OnceCell::new(),
            version: OnceCell::new(),
        }
    }

    /// Hash of the user, of the first field that has a value.
    fn user(&self) -> Option<u64> {
        let shape = self.envelope.header_shape;
        *self.user.get_or_init(|| {
            let mut fields = self.fields.user.iter();
            fields.find_map(|number| hash_at(shape, self.header, &[*number]))
        })
    }

    /// Version of the app, if it has one.
    fn version(&self) -> Option<&Version> {
        let read = || {
            let number = self.fields.version?;
            let text = text_at(self.envelope.header_shape, self.header, &[number])?;
            let text = text.get(..LONGEST_VERSION).unwrap_or(&text);
            Version::parse(&String::from_utf8_lossy(text))
        };
        self.version.get_or_init(read).as_ref()
    }
}

/// Hash of an event that is of no known user: of its id, or else of its bytes.
fn own_hash(event: &Event<'_>) -> u64 {
    match event.id {
        [] => key_hash(event.bytes),
        id => key_hash(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_as_large_as_it_says_and_holds_the_smaller_ones() {
        let kept = |keep: Share| {
            let users = 0..20_000_u32;
            users.filter(move |user| is_kept(key_hash(user.to_string().as_bytes()), keep))
        };
        for (percent, keep) in [(1, 100), (10, 1_000), (50, 5_000), (99, 9_900)] {
            let count = kept(keep).count();
            let expected = percent * 200;
            assert!(count.abs_diff(expected) < 300, "{percent}%: {count}");
        }
        let few: Vec<u32> = kept(500).collect();
        let many: Vec<u32> = kept(2_000).collect();
        assert!(few.iter().all(|user| many.contains(user)));
        assert!(!is_kept(0, 0) && is_kept(u64::MAX, WHOLE));
    }
}
