//! Client of the key file: its name, and what it may do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::written::{Moment, Use, WrittenClient};
use crate::client::{Client, LONGEST_NAME};
use crate::contract::{Intake, Pipeline};
use crate::rate::Rate;
use crate::yaml::nearest;

/// Time of a rate that may be used at once if nothing else is said.
const AT_ONCE: u64 = 10;

/// Client that the key file names, and what it may do.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) client: Client,
    pub(super) purpose: Use,
    pub(super) expires: Option<Moment>,
    /// Sources that it may send to, if not to all.
    sources: Option<Vec<String>>,
    /// Field numbers of the types that it may send, in order, if not all.
    types: Option<Vec<u32>>,
    pub(super) origins: Option<Vec<String>>,
    pub(super) events: Option<Arc<Limit>>,
    pub(super) bytes: Option<Arc<Limit>>,
}

/// Rate limit that stays in force while its numbers stay the same.
#[derive(Debug)]
pub(super) struct Limit {
    numbers: (u64, u64),
    pub(super) rate: Rate,
}

impl Known {
    /// A client as it is written. `before` is the one with its name that was in force; what is odd goes to `odd`.
    pub(super) fn new(
        name: &str,
        written: &WrittenClient,
        pipeline: &Pipeline,
        before: Option<&Arc<Known>>,
        odd: &mut Vec<String>,
    ) -> Result<Self, String> {
        let client = Client::named(name).ok_or_else(|| {
            format!("a name has lower-case letters, digits, - _ and ., {LONGEST_NAME} at most")
        })?;
        for (field, list) in [
            ("sources", &written.sources),
            ("types", &written.types),
            ("origins", &written.origins),
        ] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!(
                    "`{field}` is empty; leave it out to allow all of them"
                ));
            }
        }
        for origin in written.origins.iter().flatten() {
            if !is_origin(origin) {
                return Err(format!(
                    "`{origin}` is no origin; write it as in https://shop.example, without a path"
                ));
            }
        }
        let sources = pipeline.sources.iter().map(|source| source.name);
        unknown("source", name, &written.sources, sources, odd);
        let types: HashMap<&str, u32> = types(pipeline).collect();
        unknown(
            "event type",
            name,
            &written.types,
            types.keys().copied(),
            odd,
        );
        let rate = written.rate;
        let bytes = (
            rate.bytes.map(|size| size.0),
            rate.bytes_at_once.map(|size| size.0),
        );
        let earlier =
            |of: fn(&Known) -> &Option<Arc<Limit>>| before.and_then(|known| of(known).clone());
        Ok(Known {
            client,
            purpose: written.purpose,
            expires: written.expires,
            sources: written.sources.clone(),
            types: written.types.as_ref().map(|named| {
                let mut numbers: Vec<u32> = named
                    .iter()
                    .filter_map(|n| types.get(n.as_str()).copied())
                    .collect();
                numbers.sort_unstable();
                numbers
            }),
            origins: written.origins.clone(),
            events: limit(
                "events",
                (rate.events, rate.events_at_once),
                earlier(|known| &known.events),
            )?,
            bytes: limit("bytes", bytes, earlier(|known| &known.bytes))?,
        })
    }

    /// True if it may send to a source.
    pub(super) fn may_send_to(&self, source: &str) -> bool {
        let listed = |sources: &Vec<String>| sources.iter().any(|name| name == source);
        self.sources.as_ref().is_none_or(listed)
    }

    /// True if it may send events of any type.
    pub(super) fn may_send_all_types(&self) -> bool {
        self.types.is_none()
    }

    /// True if it may send events of the type with this field number.
    pub(super) fn may_send(&self, number: u32) -> bool {
        let listed = |types: &Vec<u32>| types.binary_search(&number).is_ok();
        self.types.as_ref().is_none_or(listed)
    }
}

/// Rate limit with these numbers, the one before if it has the same.
fn limit(
    what: &str,
    written: (Option<u64>, Option<u64>),
    before: Option<Arc<Limit>>,
) -> Result<Option<Arc<Limit>>, String> {
    let (a_second, at_once) = match written {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(format!(
                "`{what}_at_once` needs `{what}`, the rate a second"
            ));
        }
        (Some(a_second), at_once) => (a_second, at_once),
    };
    let numbers = (
        a_second,
        at_once.unwrap_or(a_second.saturating_mul(AT_ONCE)),
    );
    if numbers.0 == 0 || numbers.1 == 0 {
        return Err(format!(
            "a rate of 0 {what} lets nothing through; revoke its keys instead"
        ));
    }
    let same = before.filter(|limit| limit.numbers == numbers);
    Ok(Some(same.unwrap_or_else(|| {
        Arc::new(Limit {
            numbers,
            rate: Rate::new(numbers.0, numbers.1),
        })
    })))
}

impl Limit {
    /// Takes so many tokens, or tells how long to wait.
    pub(super) fn take(&self, tokens: u64) -> Result<(), Duration> {
        self.rate.take(tokens)
    }

    /// Tokens a second.
    pub(super) fn a_second(&self) -> u64 {
        self.numbers.0
    }
}

fn types(pipeline: &Pipeline) -> impl Iterator<Item = (&'static str, u32)> {
    let sources = pipeline.sources.iter();
    let envelopes = sources.filter_map(|source| match &source.intake {
        Intake::Grpc { envelope, .. } => Some(*envelope),
        Intake::Post { .. } => None,
    });
    envelopes.flat_map(|envelope| envelope.types.iter().map(|kind| (kind.name, kind.number)))
}

/// Notes names that nothing has. They allow nothing, and another build may know them, so the file is taken.
fn unknown<'a>(
    what: &str,
    client: &str,
    named: &Option<Vec<String>>,
    known: impl Iterator<Item = &'a str> + Clone,
    odd: &mut Vec<String>,
) {
    for name in named.iter().flatten() {
        if known.clone().any(|known| known == name) {
            continue;
        }
        let meant = nearest(name, known.clone());
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
        odd.push(format!(
            "client `{client}`: this build has no {what} `{name}`{meant}"
        ));
    }
}

/// True if a text is an origin as browsers send it.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fits))
}
