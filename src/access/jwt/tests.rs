//! Tokens that are good, and all that is wrong with others.

#![allow(clippy::unwrap_used)]

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::json;

use super::super::jwks::read;
use super::*;

const NOW: i64 = 1_700_000_000;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn jwks(pair: &Ed25519KeyPair, more: &[Value]) -> Jwks {
    let mut keys = vec![
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(pair.public_key()) }),
    ];
    keys.extend(more.iter().cloned());
    read(&json!({ "keys": keys }).to_string()).unwrap()
}

fn expected() -> Expected {
    Expected {
        audience: vec!["events".to_owned(), "others".to_owned()],
        issuer: Some("https://id.example".to_owned()),
        claim: "sub".to_owned(),
    }
}

fn good() -> Value {
    json!({ "sub": "shop", "exp": NOW + 60, "nbf": NOW, "aud": ["a", "events"], "iss": "https://id.example" })
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

fn signed(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let signature = encode(pair.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn verified(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> Result<String, BadToken> {
    let token = signed(pair, header, claims);
    verify_at(&token, &jwks(pair, &[]), &expected(), NOW)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

#[test]
fn a_good_token_names_its_client() {
    let pair = ed25519();
    let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" });
    for claims in [
        good(),
        with("aud", json!("others")),
        with("exp", json!(NOW - 29)),
        with("exp", json!((NOW + 1) as f64 + 0.5)),
        with("nbf", json!(NOW + 29)),
    ] {
        assert_eq!(
            verified(&pair, &header, &claims).as_deref(),
            Ok("shop"),
            "{claims}"
        );
    }
    // The only key needn't be named.
    assert!(verified(&pair, &json!({ "alg": "EdDSA" }), &good()).is_ok());
}

#[test]
fn a_bad_token_is_told_what_is_wrong_with_it() {
    let pair = ed25519();
    let header = json!({ "alg": "EdDSA", "kid": "ed" });
    for (claims, bad) in [
        (with("exp", json!(NOW - 30)), BadToken::Expired),
        (with("exp", Value::Null), BadToken::Claims),
        (with("exp", json!("2030")), BadToken::Claims),
        (
            json!({ "sub": "shop", "aud": "events" }),
            BadToken::NoExpiry,
        ),
        (with("nbf", json!(NOW + 31)), BadToken::NotYet),
        (with("aud", json!("elsewhere")), BadToken::Audience),
        (with("aud", json!([])), BadToken::Audience),
        (with("aud", Value::Null), BadToken::Audience),
        (with("iss", json!("https://evil.example")), BadToken::Issuer),
        (with("sub", json!(7)), BadToken::NoClient),
        (json!([]), BadToken::Claims),
    ] {
        assert_eq!(verified(&pair, &header, &claims), Err(bad), "{claims}");
    }
    for (header, bad) in [
        (json!({ "alg": "none", "kid": "ed" }), BadToken::Algorithm),
        (json!({ "alg": "HS256", "kid": "ed" }), BadToken::Algorithm),
        (json!({ "alg": "RS256", "kid": "ed" }), BadToken::Algorithm),
        (json!({ "alg": "EdDSA", "kid": "other" }), BadToken::Key),
        (
            json!({ "alg": "EdDSA", "kid": "ed", "crit": ["b64"], "b64": false }),
            BadToken::Critical,
        ),
        (json!({ "kid": "ed" }), BadToken::Form),
        (json!("EdDSA"), BadToken::Form),
    ] {
        assert_eq!(verified(&pair, &header, &good()), Err(bad), "{header}");
    }
}

#[test]
fn nothing_that_is_signed_can_be_changed() {
    let pair = ed25519();
    let keys = jwks(&pair, &[]);
    let header = json!({ "alg": "EdDSA", "kid": "ed" });
    let token = signed(&pair, &header, &good());
    let check = |token: &str| verify_at(token, &keys, &expected(), NOW);
    assert!(check(&token).is_ok());
    let forged = unsigned(&header, &with("sub", json!("other")));
    let signature = token.rsplit('.').next().unwrap();
    assert_eq!(
        check(&format!("{forged}.{signature}")),
        Err(BadToken::Signature)
    );
    assert_eq!(check(&format!("{forged}.")), Err(BadToken::Signature));
    for wrong in [
        "",
        "a",
        "a.b",
        "..",
        &format!("{token}."),
        &format!("{token}="),
        &token[1..],
    ] {
        assert_eq!(check(wrong), Err(BadToken::Form), "{wrong}");
    }
    let long = format!("{token}{}", "a".repeat(LARGEST));
    assert_eq!(check(&long), Err(BadToken::TooLarge));
    // A key that is public must not serve as a secret, as where the token chooses the algorithm.
    let confused = unsigned(&json!({ "alg": "HS256", "kid": "ed" }), &good());
    let secret = pair.public_key().as_ref();
    let mac = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret),
        confused.as_bytes(),
    );
    assert_eq!(
        check(&format!("{confused}.{}", encode(mac))),
        Err(BadToken::Algorithm)
    );
}

#[test]
fn several_keys_are_told_apart_by_their_names() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
        .unwrap();
    let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
    let ec_key = json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256", "x": encode(x), "y": encode(y) });
    let pair = ed25519();
    let keys = jwks(&pair, &[ec_key]);
    assert_eq!(keys.len(), 2);
    let text = unsigned(&json!({ "alg": "ES256", "kid": "ec" }), &good());
    let token = format!(
        "{text}.{}",
        encode(ec.sign(&random, text.as_bytes()).unwrap())
    );
    assert_eq!(
        verify_at(&token, &keys, &expected(), NOW).as_deref(),
        Ok("shop")
    );
    let crossed = signed(&pair, &json!({ "alg": "EdDSA", "kid": "ec" }), &good());
    assert_eq!(
        verify_at(&crossed, &keys, &expected(), NOW),
        Err(BadToken::Algorithm)
    );
    let unnamed = signed(&pair, &json!({ "alg": "EdDSA" }), &good());
    assert_eq!(
        verify_at(&unnamed, &keys, &expected(), NOW),
        Err(BadToken::Key)
    );
}

/// Appendix A.2 of RFC 7515: its claims have no audience, which shows that the signature was taken.
#[test]
fn the_example_of_rs256_is_verified() {
    let key = json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx\
        HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-b\
        Sf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG\
        hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" });
    let keys = read(&json!({ "keys": [key] }).to_string()).unwrap();
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290\
        Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbd\
        s9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9\
        383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkW\
        ywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_eq!(
        verify_at(token, &keys, &expected(), 1_300_000_000),
        Err(BadToken::Audience)
    );
    let changed = token.replacen("cC4h", "cC4i", 1);
    assert_eq!(
        verify_at(&changed, &keys, &expected(), 1_300_000_000),
        Err(BadToken::Signature)
    );
}

#[test]
fn a_set_of_keys_is_taken_without_those_that_can_not_be_used() {
    let x = encode([1; 32]);
    let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x });
    let set = |keys: Vec<Value>| read(&json!({ "keys": keys }).to_string());
    let odd = [
        json!({ "kty": "oct", "k": "c2VjcmV0" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": x }),
        json!({ "kty": "EC", "crv": "P-384", "x": x, "y": x }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "key_ops": ["sign"] }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "ES256" }),
        json!({ "kty": "RSA", "n": encode([1; 128]), "e": "AQAB" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQ" }),
    ];
    let mut all = odd.to_vec();
    all.push(good.clone());
    let jwks = set(all).unwrap();
    assert_eq!((jwks.len(), jwks.odd.len()), (1, odd.len()));
    assert!(set(odd.to_vec()).is_err());
    assert!(set(vec![good.clone(), good]).is_err());
    assert!(
        set(vec![
            json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "d": x })
        ])
        .is_err()
    );
    assert!(read("{}").is_err());
}
