//! Proofs of simulated webhook senders: what a source's `verify` asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::contract::{
    Encoding, Intake, Pipeline, Scheme, SecretForm, Signature, SignatureForm, Signed, Verify,
};
use crate::time::now;

/// Id that simulated senders give a message, where it is signed.
const ID: &str = "msg_1";

/// Where a sender posts, and the headers that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The path.
    pub path: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Variables that hold the secrets of a pipeline's webhooks.
pub fn variables(pipeline: &Pipeline) -> impl Iterator<Item = &'static str> {
    let sources = pipeline.sources.iter();
    sources.filter_map(|source| match &source.intake {
        Intake::Post { verify, .. } => verify.as_ref().map(|verify| verify.variable),
        Intake::Grpc { .. } => None,
    })
}

/// What a request to a path needs with this body. Without a secret, or if anybody may send there, it is the path alone.
pub fn prove(
    pipeline: &Pipeline,
    path: &str,
    body: &[u8],
    secret: impl Fn(&str) -> Option<String>,
) -> Proved {
    let mut proved = Proved {
        path: path.to_owned(),
        headers: Vec::new(),
    };
    let Some(verify) = verify(pipeline, path) else {
        return proved;
    };
    let Some(secret) = secret(verify.variable) else {
        return proved;
    };
    match verify.scheme {
        Scheme::Path => proved.path = format!("{}/{secret}", path.trim_end_matches('/')),
        Scheme::Bearer => {
            let bearer = format!("Bearer {secret}");
            proved.headers.push(("authorization", bearer));
        }
        Scheme::Basic => {
            let basic = format!("Basic {}", BASE64.encode(secret));
            proved.headers.push(("authorization", basic));
        }
        Scheme::Hmac(signature) => {
            let time = now().as_secs().to_string();
            proved.headers = signed(&signature, &secret, &time, body);
        }
    }
    proved
}

/// Headers of a request that is signed at this time.
pub fn signed(
    signature: &Signature,
    secret: &str,
    time: &str,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let key = match signature.secret {
        SecretForm::Text => secret.as_bytes().to_vec(),
        SecretForm::Base64 => BASE64
            .decode(secret.trim_start_matches("whsec_"))
            .unwrap_or_default(),
    };
    let mut headers = Vec::new();
    // HMAC accepts keys of any length, so there always is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return headers;
    };
    for piece in signature.signed {
        match piece {
            Signed::Text(text) => mac.update(text.as_bytes()),
            Signed::Time => mac.update(time.as_bytes()),
            Signed::Body => mac.update(body),
            Signed::Header(name) => {
                mac.update(ID.as_bytes());
                headers.push((*name, ID.to_owned()));
            }
        }
    }
    let mac = mac.finalize().into_bytes();
    let text = match signature.encoding {
        Encoding::Hex => mac.iter().map(|byte| format!("{byte:02x}")).collect(),
        Encoding::Base64 => BASE64.encode(mac),
    };
    let text = format!("{}{text}", signature.prefix);
    let text = match signature.form {
        SignatureForm::Pairs => format!("t={time},{text}"),
        SignatureForm::One | SignatureForm::Spaced => text,
    };
    headers.push((signature.header, text));
    if let Some(header) = signature.time.and_then(|time| time.header) {
        headers.push((header, time.to_owned()));
    }
    headers
}

fn verify<'p>(pipeline: &'p Pipeline, path: &str) -> Option<&'p Verify> {
    let wanted = path.trim_end_matches('/');
    pipeline
        .sources
        .iter()
        .find_map(|source| match &source.intake {
            Intake::Post { path, verify, .. } if path.trim_end_matches('/') == wanted => {
                verify.as_ref()
            }
            _ => None,
        })
}
