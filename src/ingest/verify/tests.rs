//! Requests that prove where they come from, and those that do not.

#![allow(clippy::unwrap_used)]

use http::HeaderValue;

use super::*;
use crate::contract::{Encoding, SecretForm, Signature, SignatureForm, Signed, SignedTime};

const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";
/// Of the body under `key`.
const HEX: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
const IN_BASE64: &str = "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=";

fn hmac(encoding: Encoding, prefix: &'static str) -> Scheme {
    Scheme::Hmac(Signature::of_body("x-signature", encoding, prefix))
}

const NOW_MS: u64 = 1_760_000_000_000;

fn verifier(scheme: Scheme, secrets: &'static [(&'static str, &'static str)]) -> Verifier {
    let verify = Verify {
        variable: "SECRET",
        scheme,
    };
    let variable = |name: &str| {
        let found = secrets.iter().find(|(known, _)| *known == name);
        found.map(|(_, secret)| (*secret).to_owned())
    };
    Verifier::new(&verify, false, &variable).unwrap()
}

fn accepts(verifier: &Verifier, name: &'static str, value: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    let proof = verifier.read(&headers, "", NOW_MS);
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
    assert!(plain.read(&headers, "", NOW_MS).is_err());
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

/// Hexadecimal HMAC-SHA256 under `key` of the body behind `1760000000.`.
const TIMED: &str = "85ae3cd3226485685524a3281b2c55f8f6b46ace2a74b5797b627e0084afd80c";

fn timed(form: SignatureForm, header: Option<&'static str>) -> Scheme {
    Scheme::Hmac(Signature {
        form,
        signed: &[Signed::Time, Signed::Text("."), Signed::Body],
        time: Some(SignedTime {
            header,
            tolerance_ms: 300_000,
        }),
        ..Signature::of_body("x-signature", Encoding::Hex, "v1=")
    })
}

#[test]
fn a_signed_time_is_near_and_signed() {
    let pairs = verifier(timed(SignatureForm::Pairs, None), &[("SECRET", "key")]);
    let at = |text: &str, now_ms: u64| {
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", HeaderValue::from_str(text).unwrap());
        let proof = pairs.read(&headers, "", now_ms);
        proof.is_ok_and(|proof| pairs.verify(&proof, BODY).is_ok())
    };
    let good = format!("t=1760000000,v1={TIMED}");
    assert!(at(&good, NOW_MS));
    assert!(at(&good, NOW_MS + 300_000));
    assert!(at(&good, NOW_MS - 300_000));
    assert!(!at(&good, NOW_MS + 300_001));
    assert!(!at(&good, NOW_MS - 300_001));
    // One of several is enough, of which there are not too many; a space behind a comma is nothing.
    let two = format!("t=1760000000, v0=00, v1={HEX}, v1={TIMED}");
    assert!(at(&two, NOW_MS));
    let many = format!("t=1760000000,{}v1={TIMED}", "v1=00,".repeat(8));
    assert!(!at(&many, NOW_MS));
    for wrong in [
        format!("t=1760000001,v1={TIMED}"),
        format!("v1={TIMED}"),
        format!("t=,v1={TIMED}"),
        format!("t=+1760000000,v1={TIMED}"),
        format!("t=99999999999999999999999,v1={TIMED}"),
        "t=1760000000".to_owned(),
        "t=1760000000,v1=".to_owned(),
    ] {
        assert!(!at(&wrong, NOW_MS), "{wrong}");
    }
}

#[test]
fn what_is_signed_with_a_time_is_one_request() {
    let spaced = verifier(
        timed(SignatureForm::Spaced, Some("x-time")),
        &[("SECRET", "key")],
    );
    let mut headers = HeaderMap::new();
    let two = format!("v1=00 v1={TIMED}");
    headers.insert("x-signature", HeaderValue::from_str(&two).unwrap());
    assert!(spaced.read(&headers, "", NOW_MS).is_err());
    headers.insert("x-time", HeaderValue::from_static("1760000000"));
    let proof = spaced.read(&headers, "", NOW_MS).unwrap();
    assert!(spaced.verify(&proof, BODY).is_ok());
    let once = ["1760000000", "."].map(str::to_owned).to_vec();
    assert_eq!(proof.signed_once(), Some(once));
    // Without a time two equal requests may both be meant.
    let plain = verifier(hmac(Encoding::Hex, ""), &[("SECRET", "key")]);
    headers.insert("x-signature", HeaderValue::from_static(HEX));
    assert_eq!(
        plain.read(&headers, "", NOW_MS).unwrap().signed_once(),
        None
    );
}

#[test]
fn a_secret_can_be_a_segment_of_the_path() {
    const SECRET: &str = "0123456789abcdef";
    let secrets: &[(&str, &str)] = &[("SECRET", SECRET)];
    let path = verifier(Scheme::Path, secrets);
    let takes = |segment: &str| path.read(&HeaderMap::new(), segment, NOW_MS).is_ok();
    assert!(takes(SECRET));
    for wrong in [
        "",
        "0123456789abcdeF",
        "0123456789abcde",
        "x/0123456789abcdef",
    ] {
        assert!(!takes(wrong), "{wrong}");
    }
    assert_eq!(path.challenge(), None);
}

#[test]
fn a_secret_that_cannot_be_used_is_an_error_that_does_not_show_it() {
    let standard = Scheme::Hmac(Signature {
        secret: SecretForm::Base64,
        ..Signature::of_body("x-signature", Encoding::Base64, "")
    });
    for (scheme, secret) in [
        (Scheme::Path, "hush"),
        (Scheme::Path, "hush/hush/hush/hush"),
        (Scheme::Path, "hush hush hush hush"),
        (standard, "whsec_hush!"),
    ] {
        for name in ["SECRET", "SECRET_PREVIOUS"] {
            let verify = Verify {
                variable: "SECRET",
                scheme,
            };
            let variable = |asked: &str| match (asked == name, scheme) {
                (true, _) => Some(secret.to_owned()),
                (false, Scheme::Path) => Some("0123456789abcdef".to_owned()),
                (false, _) => Some("whsec_AAAA".to_owned()),
            };
            let told = Verifier::new(&verify, false, &variable).unwrap_err();
            let told = format!("{told} {told:?}");
            assert!(told.contains(name) && !told.contains("hush"), "{told}");
        }
    }
}

#[test]
fn what_is_open_takes_everything() {
    let verify = Verify {
        variable: "SECRET",
        scheme: hmac(Encoding::Hex, ""),
    };
    let open = Verifier::new(&verify, true, &|_: &str| None).unwrap();
    assert!(!open.is_off() && !open.reads_first());
    let proof = open.read(&HeaderMap::new(), "", NOW_MS).unwrap();
    assert!(open.verify(&proof, BODY).is_ok());
}
