//! Fuzz target: the proofs of webhooks.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::{
    Encoding, Scheme, SecretForm, Signature, SignatureForm, Signed, SignedTime, Verify,
};
use crate::ingest::verify::Verifier;

/// A webhook's proof: the first byte tells the scheme, a line the header or segment, and the rest is the body.
pub(super) fn proof(bytes: &[u8]) {
    const NOW_MS: u64 = 1_760_000_000_000;
    let Some((which, rest)) = bytes.split_first() else {
        return;
    };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let value = parts.next().unwrap_or_default();
    let body = parts.next().unwrap_or_default();
    let scheme = match which % 6 {
        0 => Scheme::Bearer,
        1 => Scheme::Basic,
        2 => Scheme::Path,
        3 => Scheme::Hmac(signature(SignatureForm::One, Encoding::Hex)),
        4 => Scheme::Hmac(signature(SignatureForm::Spaced, Encoding::Base64)),
        _ => Scheme::Hmac(signature(SignatureForm::Pairs, Encoding::Hex)),
    };
    let name = match scheme {
        Scheme::Hmac(ref signature) => HeaderName::from_static(signature.header),
        Scheme::Bearer | Scheme::Basic | Scheme::Path => http::header::AUTHORIZATION,
    };
    let verify = Verify {
        variable: "SECRET",
        scheme,
    };
    // Nobody guesses it in a run, so that whatever is taken is forged.
    let secret = |_: &str| Some("5f0c1b7f7c3d4a0f9a4be5ad4f2b7d01".to_owned());
    let Ok(verifier) = Verifier::new(&verify, false, &secret) else {
        return;
    };
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let segment = value.to_str().unwrap_or_default().to_owned();
    let headers = HeaderMap::from_iter([(name, value)]);
    if let Ok(proof) = verifier.read(&headers, &segment, NOW_MS) {
        assert!(verifier.verify(&proof, body).is_err(), "a forged proof");
    }
}

/// Signature whose header has this form, with a time where the form has one.
fn signature(form: SignatureForm, encoding: Encoding) -> Signature {
    let time = matches!(form, SignatureForm::Pairs).then_some(SignedTime {
        header: None,
        tolerance_ms: 300_000,
    });
    Signature {
        header: "x-signature",
        encoding,
        prefix: "",
        form,
        secret: SecretForm::Text,
        signed: match form {
            SignatureForm::Pairs => &[Signed::Time, Signed::Text("."), Signed::Body],
            _ => &[Signed::Body],
        },
        time,
    }
}
