//! Requests that prove where they come from, and those that do not.

#![allow(clippy::unwrap_used)]

use http::HeaderValue;

use super::*;

const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";
/// Of the body under `key`.
const HEX: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
const IN_BASE64: &str = "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=";

fn hmac(encoding: Encoding, prefix: &'static str) -> Scheme {
    Scheme::Hmac {
        header: "x-signature",
        encoding,
        prefix,
    }
}

fn verifier(scheme: Scheme, secrets: &'static [(&'static str, &'static str)]) -> Verifier {
    let verify = Verify {
        variable: "SECRET",
        scheme,
    };
    Verifier::new(&verify, &|name: &str| {
        let found = secrets.iter().find(|(known, _)| *known == name);
        found.map(|(_, secret)| (*secret).to_owned())
    })
}

fn accepts(verifier: &Verifier, name: &'static str, value: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    let proof = verifier.read(&headers);
    proof.is_ok_and(|proof| verifier.verify(&proof, BODY).is_ok())
}

#[test]
fn a_signature_is_the_hmac_of_the_body() {
    let plain = verifier(hmac(Encoding::Hex, ""), &[("SECRET", "key")]);
    let prefixed = verifier(hmac(Encoding::Hex, "sha256="), &[("SECRET", "key")]);
    let base64 = verifier(hmac(Encoding::Base64, ""), &[("SECRET", "key")]);
    assert!(accepts(&plain, "x-signature", HEX));
    assert!(accepts(&plain, "x-signature", &HEX.to_uppercase()));
    assert!(accepts(&prefixed, "x-signature", &format!("sha256={HEX}")));
    assert!(accepts(&base64, "x-signature", IN_BASE64));
    let other = HEX.replace("f7", "f8");
    for wrong in [
        "",
        "f",
        "xy",
        &other,
        &HEX[..62],
        &format!("sha256={HEX}"),
        IN_BASE64,
    ] {
        assert!(!accepts(&plain, "x-signature", wrong), "{wrong}");
    }
    assert!(!accepts(&prefixed, "x-signature", HEX));
    assert!(!accepts(&base64, "x-signature", HEX));
    assert!(!accepts(&plain, "x-other", HEX));
}

#[test]
fn a_signature_that_is_there_twice_is_none() {
    let plain = verifier(hmac(Encoding::Hex, ""), &[("SECRET", "key")]);
    let mut headers = HeaderMap::new();
    for _ in 0..2 {
        headers.append("x-signature", HeaderValue::from_static(HEX));
    }
    assert!(plain.read(&headers).is_err());
}

#[test]
fn the_secret_before_is_accepted_too() {
    let both = verifier(
        hmac(Encoding::Hex, ""),
        &[("SECRET", "new"), ("SECRET_PREVIOUS", "key")],
    );
    assert!(accepts(&both, "x-signature", HEX));
    let new = verifier(hmac(Encoding::Hex, ""), &[("SECRET", "new")]);
    assert!(!accepts(&new, "x-signature", HEX));
}

#[test]
fn without_a_secret_nothing_is_proved() {
    let unset: [&[(&str, &str)]; 3] = [&[], &[("SECRET", "")], &[("SECRET_PREVIOUS", "key")]];
    for secrets in unset {
        for scheme in [hmac(Encoding::Hex, ""), Scheme::Bearer, Scheme::Basic] {
            let verifier = verifier(scheme, secrets);
            assert!(verifier.is_off());
            assert!(!accepts(&verifier, "x-signature", HEX));
            assert!(!accepts(&verifier, "authorization", "Bearer "));
        }
    }
}

#[test]
fn tokens_and_passwords_are_in_the_authorization_header() {
    let bearer = verifier(Scheme::Bearer, &[("SECRET", "t0ken")]);
    assert!(accepts(&bearer, "authorization", "Bearer t0ken"));
    assert!(accepts(&bearer, "authorization", "bearer  t0ken"));
    for wrong in ["t0ken", "Bearer t0kens", "Bearer", "Bearer ", "Basic t0ken"] {
        assert!(!accepts(&bearer, "authorization", wrong), "{wrong}");
    }
    let basic = verifier(Scheme::Basic, &[("SECRET", "user:pass")]);
    let right = format!("Basic {}", BASE64.encode("user:pass"));
    assert!(accepts(&basic, "authorization", &right));
    let wrong = format!("Basic {}", BASE64.encode("user:past"));
    for wrong in [&wrong, "Basic user:pass", "Bearer user:pass"] {
        assert!(!accepts(&basic, "authorization", wrong), "{wrong}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", verifier(Scheme::Bearer, &[("SECRET", "t0ken")]));
    assert!(!shown.contains("t0ken"), "{shown}");
}
