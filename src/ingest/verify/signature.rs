//! Signature of a request as its headers have it: the signatures, the time, and what else is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;

use super::head::{Unproved, single};
use super::key::Key;
use crate::contract::{Encoding, Signature, SignatureForm, Signed};
use crate::identity::Declared;

/// Maximum number of signatures in a header: each is compared. Makers send two while a secret is replaced.
const MOST: usize = 8;

/// Times from here on are milliseconds, and seconds before: it is the year 5138, or 1973.
const MILLIS_FROM: u64 = 100_000_000_000;

/// Name of the time in a header of pairs.
const TIME: &str = "t=";

/// Claim that a body has one of some signatures.
#[derive(Debug)]
pub struct Claim {
    signatures: Vec<Vec<u8>>,
    /// What is signed; none is the body.
    pieces: Vec<Option<String>>,
    /// True if a time is among it.
    timed: bool,
}

impl Claim {
    /// True if one of the signatures is that of the body under the key. All are tried.
    pub(super) fn is_of(&self, key: &Key, body: &[u8]) -> bool {
        let pieces = || {
            let pieces = self.pieces.iter();
            pieces.map(|piece| piece.as_deref().map_or(body, str::as_bytes))
        };
        let right = self.signatures.iter().filter(|s| key.signs(pieces(), s));
        right.count() > 0
    }

    /// What is signed beside the body, if a time is among it.
    pub(super) fn once(&self) -> Option<Declared> {
        let texts = || self.pieces.iter().flatten().cloned();
        self.timed.then(|| texts().collect())
    }
}

/// Reads what the headers say, and checks the time.
pub(super) fn read(
    signature: &Signature,
    headers: &HeaderMap,
    now_ms: u64,
) -> Result<Claim, Unproved> {
    let text = single(headers, signature.header)?.trim();
    let items: Vec<&str> = match signature.form {
        SignatureForm::One => vec![text],
        SignatureForm::Spaced => text.split(' ').take(MOST).collect(),
        SignatureForm::Pairs => text.split(',').map(str::trim).take(MOST).collect(),
    };
    let signatures: Vec<Vec<u8>> = items
        .iter()
        .filter_map(|item| item.strip_prefix(signature.prefix))
        .filter_map(|text| decoded(text, signature.encoding))
        .collect();
    if signatures.is_empty() {
        return Err(Unproved);
    }
    let time = match signature.time {
        None => None,
        Some(time) => {
            let text = match time.header {
                Some(header) => single(headers, header)?,
                None => items
                    .iter()
                    .find_map(|item| item.strip_prefix(TIME))
                    .ok_or(Unproved)?,
            };
            if millis(text)?.abs_diff(now_ms) > time.tolerance_ms {
                return Err(Unproved);
            }
            Some(text)
        }
    };
    let piece = |piece: &Signed| {
        Ok(match piece {
            Signed::Body => None,
            Signed::Text(text) => Some((*text).to_owned()),
            Signed::Time => Some(time.ok_or(Unproved)?.to_owned()),
            Signed::Header(name) => Some(single(headers, name)?.to_owned()),
        })
    };
    Ok(Claim {
        signatures,
        pieces: signature
            .signed
            .iter()
            .map(piece)
            .collect::<Result<_, _>>()?,
        timed: time.is_some(),
    })
}

/// A time in seconds or milliseconds, in milliseconds.
fn millis(text: &str) -> Result<u64, Unproved> {
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Unproved);
    }
    let time: u64 = text.parse().map_err(|_| Unproved)?;
    Ok(match time < MILLIS_FROM {
        true => time * 1000,
        false => time,
    })
}

fn decoded(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex(text),
        Encoding::Base64 => BASE64.decode(text).ok(),
    }
}

/// Decodes hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |c: u8| {
        char::from(c)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}
