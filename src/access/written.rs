//! Key file as it is written: YAML of clients and their keys. Unknown fields are refused with the nearest known one.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone as _, Utc};
use serde::{Deserialize, Deserializer};
use serde_yaml::Value;

use super::key::PREFIX;
use crate::yaml::meant;

/// The key file's or the JWKS file's content can't be used; the text says where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFile(pub String);

impl BadFile {
    /// The same text, with the end of each key in it left out: somebody may have written a key where it doesn't belong.
    pub(super) fn without_keys(self) -> Self {
        let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let mut text = String::with_capacity(self.0.len());
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find(PREFIX) {
            let (before, key) = rest.split_at(at + PREFIX.len());
            let length = key.bytes().take_while(|byte| is_of_key(byte)).count();
            text.push_str(before);
            text.push('…');
            rest = key.get(length..).unwrap_or_default();
        }
        text.push_str(rest);
        BadFile(text)
    }
}

/// Whole key file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(expecting = "`clients:`, and below it each client by its name")]
pub struct Written {
    /// Clients by their names.
    #[serde(default)]
    pub clients: BTreeMap<String, WrittenClient>,
}

/// Client of a key file. What is left out isn't restricted.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(expecting = "the fields of a client, such as `keys:`")]
pub struct WrittenClient {
    /// Where its keys are used.
    #[serde(default, rename = "use")]
    pub purpose: Use,
    /// Sources that it may send to.
    pub sources: Option<Vec<String>>,
    /// Types of app events that it may send.
    pub types: Option<Vec<String>>,
    /// Origins of the pages that it may send from.
    pub origins: Option<Vec<String>>,
    /// Its rates.
    #[serde(default)]
    pub rate: WrittenRate,
    /// End of its permission.
    pub expires: Option<Moment>,
    /// Its keys.
    #[serde(default)]
    pub keys: Vec<WrittenKey>,
    /// Its client certificates.
    #[serde(default)]
    pub certificates: Vec<WrittenCertificate>,
}

/// Where the keys of a client are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// On servers, which keep them secret.
    #[default]
    Secret,
    /// In pages and apps, where everybody can read them.
    Public,
}

/// Rates of a client. What is left out isn't limited; at once, it is ten seconds of the rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "rates, as in { events: 100, bytes: 1MiB }")]
pub struct WrittenRate {
    /// Events a second.
    pub events: Option<u64>,
    /// Events at once.
    pub events_at_once: Option<u64>,
    /// Bytes of bodies a second, unpacked.
    pub bytes: Option<Size>,
    /// Bytes at once.
    pub bytes_at_once: Option<Size>,
}

/// Key of a client.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(expecting = "`id` and `sha256` of a key, as `event-grpc keys new` writes them")]
pub struct WrittenKey {
    /// Public part, by which it is found.
    pub id: String,
    /// SHA-256 of the whole key, as 64 hexadecimal digits.
    pub sha256: String,
    /// When it was made.
    pub created: Option<Moment>,
    /// When it expires.
    pub expires: Option<Moment>,
    /// When it was revoked.
    pub revoked: Option<Moment>,
}

/// Client certificate of a client, or all that have a name; one of both fields is there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct WrittenCertificate {
    /// SHA-256 of the certificate in DER, as 64 hexadecimal digits, with colons or without.
    pub sha256: Option<String>,
    /// Name of certificates that an authority of the listeners signs.
    pub name: Option<String>,
    /// When it was added.
    pub created: Option<Moment>,
    /// When it is taken no more, whatever the certificate says.
    pub expires: Option<Moment>,
    /// When it was revoked.
    pub revoked: Option<Moment>,
}

/// Time in seconds since the epoch, written as in `2027-01-31T00:00:00Z`, or as a day, which begins at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// Number of bytes, written as in `65536` or `64KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

const TOP: &[&str] = &["clients"];
const CLIENT: &[&str] = &[
    "use",
    "sources",
    "types",
    "origins",
    "rate",
    "expires",
    "keys",
    "certificates",
];
const RATE: &[&str] = &["events", "events_at_once", "bytes", "bytes_at_once"];
const KEY: &[&str] = &["id", "sha256", "created", "expires", "revoked"];
const CERTIFICATE: &[&str] = &["sha256", "name", "created", "expires", "revoked"];

/// Reads a key file.
///
/// # Errors
///
/// If it isn't YAML of this form.
pub fn read(text: &str) -> Result<Written, BadFile> {
    let bad = |error: serde_yaml::Error| BadFile(error.to_string()).without_keys();
    // As a tree first, in which a name that is there twice is an error and unknown ones can be looked for.
    let tree: Value = serde_yaml::from_str(text).map_err(bad)?;
    if tree.is_null() {
        return Ok(Written::default());
    }
    known_fields(&tree)?;
    serde_yaml::from_str(text).map_err(bad)
}

fn known_fields(tree: &Value) -> Result<(), BadFile> {
    only("the file", tree, TOP)?;
    let clients = tree.get("clients").and_then(Value::as_mapping);
    for (name, client) in clients.into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let of = format!("client `{name}`");
        only(&of, client, CLIENT)?;
        if let Some(rate) = client.get("rate") {
            only(&format!("`rate` of {of}"), rate, RATE)?;
        }
        for (field, what, known) in [
            ("keys", "key", KEY),
            ("certificates", "certificate", CERTIFICATE),
        ] {
            let all = client.get(field).and_then(Value::as_sequence);
            for one in all.into_iter().flatten() {
                only(&format!("a {what} of {of}"), one, known)?;
            }
        }
    }
    Ok(())
}

fn only(what: &str, node: &Value, known: &[&str]) -> Result<(), BadFile> {
    let names = node.as_mapping().into_iter().flat_map(|map| map.keys());
    for name in names {
        let name = name.as_str().unwrap_or_default();
        if !known.contains(&name) {
            let meant = meant(name, known.iter().copied());
            return Err(BadFile(format!("{what} has no field `{name}`{meant}")));
        }
    }
    Ok(())
}

impl WrittenCertificate {
    /// What it is found by: its fingerprint or its name.
    pub fn word(&self) -> &str {
        let word = self.sha256.as_deref().or(self.name.as_deref());
        word.unwrap_or_default()
    }
}

impl Moment {
    /// Reads a time or a day.
    pub fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(Moment(time.timestamp()));
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        let midnight = day.and_hms_opt(0, 0, 0)?;
        Some(Moment(midnight.and_utc().timestamp()))
    }

    /// The present.
    pub fn now() -> Moment {
        let seconds = crate::time::now().as_secs();
        Moment(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// True if it is now or was before.
    pub fn is_past(self) -> bool {
        self <= Moment::now()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Utc.timestamp_opt(self.0, 0).single() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => self.0.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || format!("`{text}` is no time; write it as in 2027-01-31T00:00:00Z");
        Moment::parse(&text).ok_or_else(|| serde::de::Error::custom(wrong()))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let size = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => bytes(text),
            _ => None,
        };
        let wrong =
            || serde::de::Error::custom("a number of bytes is written as in 65536 or 64KiB");
        size.map(Size).ok_or_else(wrong)
    }
}

fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = |(unit, power)| Some((text.strip_suffix(unit)?, power));
    let (digits, power) = units.into_iter().find_map(unit).unwrap_or((text, 0));
    let count: u64 = digits.trim().replace('_', "").parse().ok()?;
    count.checked_mul(1 << power)
}

/// Reads a SHA-256 of 64 hexadecimal digits.
pub(super) fn sha256(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0_u8; 32];
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_read_as_people_write_it() {
        let text = "# ours\nclients:\n  shop-web:\n    use: public\n    sources: [app]\n    origins: [\"https://shop.example\"]\n    \
                    rate: { events: 100, bytes: 1MiB }\n    expires: 2030-01-01\n    keys:\n      - id: aB3456789012\n        \
                    sha256: \"00\"\n        created: 2026-01-02T03:04:05Z\n";
        let written = read(text).unwrap();
        let client = &written.clients["shop-web"];
        assert_eq!(client.purpose, Use::Public);
        assert_eq!(client.rate.bytes, Some(Size(1 << 20)));
        assert_eq!(client.expires.unwrap().to_string(), "2030-01-01T00:00:00Z");
        assert_eq!(
            client.keys[0].created.unwrap().to_string(),
            "2026-01-02T03:04:05Z"
        );
        assert_eq!(client.types, None);
        assert_eq!(read("").unwrap(), Written::default());
    }

    #[test]
    fn what_is_misspelled_is_named_with_what_was_meant() {
        for (text, told) in [
            (
                "client: {}",
                "the file has no field `client` (did you mean `clients`?)",
            ),
            (
                "clients: { shop: { source: [app] } }",
                "client `shop` has no field `source` (did you mean `sources`?)",
            ),
            (
                "clients: { shop: { rate: { event: 7 } } }",
                "`rate` of client `shop` has no field `event` (did you mean `events`?)",
            ),
            (
                "clients: { shop: { keys: [{ id: a, sha265: b }] } }",
                "a key of client `shop` has no field `sha265` (did you mean `sha256`?)",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), told, "{text}");
        }
        for (key_in_place, told) in [
            ("eg_live_aB3456789012_secret", "expected `clients:`"),
            (
                "clients: { shop: { keys: [eg_live_aB3456789012_secret] } }",
                "expected `id` and `sha256`",
            ),
            ("clients: { shop: eg_live_secret }", "expected the fields"),
            ("clients: { shop: { expires: eg_live_secret } }", "no time"),
        ] {
            let text = read(key_in_place).unwrap_err().to_string();
            assert!(text.contains(told) && text.contains("eg_…"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        for wrong in [
            "clients: { shop: { use: open } }",
            "clients: { shop: {}, shop: {} }",
            "clients: { shop: { expires: soon } }",
            "clients: { shop: { rate: { bytes: 1MB } } }",
            "clients: [",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
