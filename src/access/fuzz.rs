//! Fuzz target: credentials as requests present them.

use http::{HeaderMap, HeaderValue, header};

use super::credential::{API_KEY, Credential, find};
use super::jwt::fuzz::{claims, forged};

/// Reads the credential of a request. The first byte tells where it stands, or that the rest is the claims of a token.
///
/// # Panics
///
/// If a token is taken that nobody signed, or claims without what they must have.
pub fn credential(bytes: &[u8]) {
    let Some((place, text)) = bytes.split_first() else {
        return;
    };
    if place % 4 == 3 {
        return claims(text);
    }
    let mut headers = HeaderMap::new();
    let mut query = None;
    // A line is a credential, so that there may be several.
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            return;
        };
        match (usize::from(*place) + at) % 4 {
            0 => drop(headers.append(header::AUTHORIZATION, value)),
            1 => drop(headers.append(API_KEY, value)),
            _ => query = std::str::from_utf8(line).ok(),
        }
    }
    match find(&headers, query) {
        Ok(Some(Credential::Key { key, .. })) => drop(key.digest()),
        Ok(Some(Credential::Token(token))) => forged(token),
        Ok(None) => {}
        Err(denied) => drop(denied.to_string()),
    }
}
