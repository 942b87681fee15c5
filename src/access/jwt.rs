//! JWT: a signed token that names a client (RFC 7519), as another proof of who sends.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::Jwks;
use super::written::Moment;

/// Maximum size of a token, in bytes.
const LARGEST: usize = 8 << 10;

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 30;

/// What a token must say.
#[derive(Debug, Clone)]
pub struct Expected {
    /// One of these must be its audience.
    pub audience: Vec<String>,
    /// Its issuer must be this, if one is given.
    pub issuer: Option<String>,
    /// Claim that names the client.
    pub claim: String,
}

impl Default for Expected {
    fn default() -> Self {
        Expected {
            audience: Vec::new(),
            issuer: None,
            claim: "sub".to_owned(),
        }
    }
}

/// Reason why a token isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadToken {
    #[error("the token has more than {LARGEST} bytes")]
    TooLarge,
    #[error("what is presented is neither a key nor a JWT")]
    Form,
    #[error("the token's header has critical extensions, which this server doesn't know")]
    Critical,
    #[error("the token is signed with a key that this server doesn't know")]
    Key,
    #[error("the token's algorithm is not that of its key")]
    Algorithm,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token's claims can't be read")]
    Claims,
    #[error("the token has no exp, and one that never expires isn't taken")]
    NoExpiry,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token doesn't name a client in the claim that this server reads")]
    NoClient,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

/// Verifies a token and answers with the client's name.
pub(super) fn verify(token: &str, jwks: &Jwks, expected: &Expected) -> Result<String, BadToken> {
    verify_at(token, jwks, expected, Moment::now().0)
}

fn verify_at(token: &str, jwks: &Jwks, expected: &Expected, now: i64) -> Result<String, BadToken> {
    if token.len() > LARGEST {
        return Err(BadToken::TooLarge);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(BadToken::Form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Form);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| BadToken::Form)?;
    if header.crit.is_some() {
        return Err(BadToken::Critical);
    }
    let key = jwks.key(header.kid.as_deref()).ok_or(BadToken::Key)?;
    if key.algorithm != header.alg {
        return Err(BadToken::Algorithm);
    }
    let (claims, signature) = (decode(claims)?, decode(signature)?);
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(BadToken::Signature);
    }
    let claims = serde_json::from_slice(&claims).map_err(|_| BadToken::Claims)?;
    check(&claims, expected, now)
}

/// Checks the claims of a token whose signature is right.
fn check(claims: &Map<String, Value>, expected: &Expected, now: i64) -> Result<String, BadToken> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(BadToken::Claims),
    };
    let now = now as f64;
    let leeway = LEEWAY as f64;
    let expires = time("exp")?.ok_or(BadToken::NoExpiry)?;
    if expires + leeway <= now {
        return Err(BadToken::Expired);
    }
    if time("nbf")?.is_some_and(|from| from - leeway > now) {
        return Err(BadToken::NotYet);
    }
    let is_ours = |audience: &Value| {
        let audience = audience.as_str().unwrap_or_default();
        expected.audience.iter().any(|ours| ours == audience)
    };
    let is_for_us = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if !is_for_us {
        return Err(BadToken::Audience);
    }
    let issuer = claims.get("iss").and_then(Value::as_str);
    if expected.issuer.is_some() && issuer != expected.issuer.as_deref() {
        return Err(BadToken::Issuer);
    }
    let client = claims.get(&expected.claim).and_then(Value::as_str);
    client.map(str::to_owned).ok_or(BadToken::NoClient)
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests;
