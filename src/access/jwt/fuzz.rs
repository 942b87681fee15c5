//! Fuzz target: tokens, and the claims of tokens whose signature is right.

use super::super::jwks::{Jwks, read};
use super::{Expected, check, verify_at};

/// The clock of all runs, in seconds since the epoch, so that a finding can be repeated.
const NOW: i64 = 1_760_000_000;

/// A public key whose private one nobody here has.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Verifies a token.
///
/// # Panics
///
/// If it is taken: it is forged.
pub(in super::super) fn forged(token: &str) {
    thread_local! {
        static KNOWN: Option<Jwks> = read(KEYS).ok();
    }
    KNOWN.with(|known| {
        let verified = known
            .as_ref()
            .map(|known| verify_at(token, known, &expected(), NOW));
        assert!(
            matches!(verified, Some(Err(_))),
            "a forged token: {verified:?}"
        );
    });
}

/// Checks claims.
///
/// # Panics
///
/// If they are taken without what they must have.
pub(in super::super) fn claims(text: &[u8]) {
    let Ok(claims) = serde_json::from_slice(text) else {
        return;
    };
    if let Ok(client) = check(&claims, &expected(), NOW) {
        let text = |name: &str| claims.get(name).and_then(|value| value.as_str());
        assert_eq!(text("sub"), Some(client.as_str()));
        assert_eq!(text("iss"), Some("issuer"));
        let expires = claims.get("exp").and_then(serde_json::Value::as_f64);
        assert!(expires.is_some_and(|at| at > 1_759_999_000.0), "{claims:?}");
    }
}

fn expected() -> Expected {
    Expected {
        audience: vec!["events".to_owned()],
        issuer: Some("issuer".to_owned()),
        ..Expected::default()
    }
}
