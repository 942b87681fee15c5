//! Clients in force: the key file, checked and made ready to be asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq as _;

use super::denied::{Denied, Reason};
use super::key::{KeyDigest, PresentedKey, is_id};
use super::written::{BadFile, Moment, Use, Written, WrittenClient, WrittenKey, nearest};
use crate::client::{Client, LONGEST_NAME};
use crate::contract::{Intake, Pipeline};
use crate::rate::Rate;

/// Time of a rate that may be used at once if nothing else is said.
const AT_ONCE: u64 = 10;

/// Clients and keys of a key file.
#[derive(Debug, Default)]
pub(super) struct Clients {
    by_name: HashMap<String, Arc<Known>>,
    keys: HashMap<String, Key>,
    /// What was found odd and harms nobody, for the operator.
    pub(super) odd: Vec<String>,
}

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

/// Key in force, or one that was.
struct Key {
    digest: KeyDigest,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    client: Arc<Known>,
}

impl Clients {
    /// Clients of a key file. `before` are those that were in force, whose rates go on.
    ///
    /// # Errors
    ///
    /// If the file contradicts itself, or something in it can't be right.
    pub(super) fn new(
        written: &Written,
        pipeline: &Pipeline,
        before: Option<&Clients>,
    ) -> Result<Self, BadFile> {
        let mut clients = Clients::default();
        if written.clients.is_empty() {
            let odd = "there is no client in it: every key is refused; add one with: event-grpc keys new NAME";
            clients.odd.push(odd.to_owned());
        }
        for (name, client) in &written.clients {
            let wrong = |text: String| BadFile(format!("client `{name}`: {text}"));
            let earlier = before.and_then(|before| before.by_name.get(name));
            let known = Known::new(name, client, pipeline, earlier, &mut clients.odd);
            let known = Arc::new(known.map_err(wrong)?);
            for key in &client.keys {
                let ready = Key::new(key, &known).map_err(wrong)?;
                if clients.keys.insert(key.id.clone(), ready).is_some() {
                    return Err(wrong(format!(
                        "the id {} is that of another key, too",
                        key.id
                    )));
                }
            }
            clients.by_name.insert(name.clone(), known);
        }
        Ok(clients)
    }

    /// Number of clients and of keys that are not revoked.
    pub(super) fn counts(&self) -> (usize, usize) {
        let live = self.keys.values().filter(|key| key.revoked.is_none());
        (self.by_name.len(), live.count())
    }

    /// The client with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Known>> {
        self.by_name.get(name)
    }

    /// The client that a key is of. An id that no key has costs the same as a wrong secret.
    pub(super) fn of_key(
        &self,
        presented: PresentedKey<'_>,
    ) -> Result<&Arc<Known>, (Denied, Option<&Arc<Known>>)> {
        const NONE: KeyDigest = [0; 32];
        let key = self.keys.get(presented.id);
        let expected = key.map_or(&NONE, |key| &key.digest);
        let same = bool::from(presented.digest().ct_eq(expected));
        let Some(key) = key.filter(|_| same) else {
            let text = "the key is not known; it may be of another environment, or removed";
            return Err((Reason::Unknown.because(text), None));
        };
        let ended = |denied: Denied| Err((denied, Some(&key.client)));
        if let Some(revoked) = key.revoked {
            let text = format!("the key {} was revoked at {revoked}", presented.id);
            return ended(Reason::Revoked.because(text));
        }
        if let Some(expires) = key.expires.filter(|expires| expires.is_past()) {
            let text = format!("the key {} expired at {expires}", presented.id);
            return ended(Reason::Expired.because(text));
        }
        Ok(&key.client)
    }
}

impl Known {
    fn new(
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

impl Key {
    fn new(written: &WrittenKey, client: &Arc<Known>) -> Result<Self, String> {
        if !is_id(&written.id) {
            return Err(format!(
                "`{}` is not the id of a key: 12 letters and digits",
                written.id
            ));
        }
        let digest = digest(&written.sha256).ok_or_else(|| {
            format!(
                "the sha256 of key {} is not 64 hexadecimal digits",
                written.id
            )
        })?;
        Ok(Key {
            digest,
            expires: written.expires,
            revoked: written.revoked,
            client: Arc::clone(client),
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.client.client).finish()
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

fn digest(hex: &str) -> Option<KeyDigest> {
    let mut digest = KeyDigest::default();
    if hex.len() != digest.len() * 2 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    // A sign is a digit to the parser.
    hex.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some(digest)
}
