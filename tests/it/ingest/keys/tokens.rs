//! Tokens: a JWT that a key of the JWKS file signed names a client of the key file.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use event_grpc::access::{Config, Expected};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tonic::Code;

use super::{Guarded, bearer};

const PATH: &str = "/event/dispatch";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn jwks(id: &str, pair: &Ed25519KeyPair) -> String {
    let x = encode(pair.public_key());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x }] }).to_string()
}

fn token(id: &str, algorithm: &str, pair: &Ed25519KeyPair, claims: &Value) -> String {
    let header = json!({ "alg": algorithm, "kid": id });
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn claims(client: &str, lives: i64) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now = i64::try_from(now).unwrap();
    json!({ "client": client, "aud": "events", "exp": now + lives })
}

async fn guarded() -> Guarded {
    let text = "clients:\n  shop: { types: [Empty] }\n  hooks: { sources: [hook] }\n";
    Guarded::start_with(text, |config| {
        let path = config.keys.as_ref().unwrap().with_file_name("jwks.json");
        std::fs::write(&path, jwks("one", &pair(1))).unwrap();
        Config {
            jwks: Some(path),
            tokens: Expected {
                audience: vec!["events".into()],
                issuer: None,
                claim: "client".into(),
            },
            ..config
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_proves_what_a_key_would() {
    let guarded = guarded().await;
    let good = bearer(&token("one", "EdDSA", &pair(1), &claims("shop", 60)));
    let answer = guarded.http(PATH, &[("authorization", &good)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        guarded
            .grpc(&[("authorization", &good)])
            .await
            .unwrap()
            .accepted,
        1
    );
    let mut elsewhere = claims("shop", 60);
    elsewhere["aud"] = json!("elsewhere");
    for (token, status, code, told) in [
        (
            token("one", "EdDSA", &pair(1), &claims("shop", -60)),
            401,
            Code::Unauthenticated,
            "expired",
        ),
        (
            token("one", "EdDSA", &pair(1), &elsewhere),
            401,
            Code::Unauthenticated,
            "audience",
        ),
        (
            token("one", "EdDSA", &pair(2), &claims("shop", 60)),
            401,
            Code::Unauthenticated,
            "signature",
        ),
        (
            token("two", "EdDSA", &pair(1), &claims("shop", 60)),
            401,
            Code::Unauthenticated,
            "doesn't know",
        ),
        (
            token("one", "none", &pair(1), &claims("shop", 60)),
            401,
            Code::Unauthenticated,
            "algorithm",
        ),
        (
            token("one", "HS256", &pair(1), &claims("shop", 60)),
            401,
            Code::Unauthenticated,
            "algorithm",
        ),
        (
            token("one", "EdDSA", &pair(1), &claims("nobody", 60)),
            403,
            Code::PermissionDenied,
            "no such client",
        ),
        (
            token("one", "EdDSA", &pair(1), &claims("hooks", 60)),
            403,
            Code::PermissionDenied,
            "source app",
        ),
    ] {
        let bearer = bearer(&token);
        let answer = guarded.http(PATH, &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, status, "{told} {answer:?}");
        assert!(answer.text.contains(told), "{told} {answer:?}");
        let refused = guarded
            .grpc(&[("authorization", &bearer)])
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), refused.message().contains(told)),
            (code, true),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_sign_tokens_are_replaced_without_a_restart() {
    let guarded = guarded().await;
    let of = |id: &str, seed| bearer(&token(id, "EdDSA", &pair(seed), &claims("shop", 60)));
    let status = async |bearer: String| {
        guarded
            .http(PATH, &[("authorization", &bearer)])
            .await
            .status
    };
    let path = guarded.file.with_file_name("jwks.json");
    std::fs::write(&path, "{}").unwrap();
    guarded.access.look();
    assert!(guarded.access.report(&[])["jwks"]["bad"].is_string());
    assert_eq!(status(of("one", 1)).await, 200);
    std::fs::write(&path, jwks("two", &pair(2))).unwrap();
    guarded.access.look();
    assert_eq!(status(of("one", 1)).await, 401);
    assert_eq!(status(of("two", 2)).await, 200);
}
