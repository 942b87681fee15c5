//! JWKS: the public keys of whoever signs tokens (RFC 7517). The algorithm belongs to the key: a token can't choose it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;

use super::written::BadFile;

/// Maximum number of keys of a file.
const MOST: usize = 1000;

/// Sizes of an RSA modulus, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// Public keys of a JWKS file that can verify tokens.
#[derive(Debug)]
pub(super) struct Jwks {
    keys: Vec<PublicKey>,
    /// Keys that can't be used here, for the operator.
    pub(super) odd: Vec<String>,
}

/// Public key that verifies signatures of one algorithm.
#[derive(Debug)]
pub(super) struct PublicKey {
    id: Option<String>,
    /// Name of its algorithm in a token's header.
    pub(super) algorithm: &'static str,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct WrittenSet {
    keys: Vec<WrittenKey>,
}

#[derive(Deserialize)]
struct WrittenKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// Private or symmetric parts, which don't belong here.
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

/// Reads a JWKS file. Keys of other kinds and uses are left out.
///
/// # Errors
///
/// If it is no JWKS, holds a private key, or none of its keys can be used.
pub(super) fn read(text: &str) -> Result<Jwks, BadFile> {
    let set: WrittenSet =
        serde_json::from_str(text).map_err(|error| BadFile(format!("it is no JWKS: {error}")))?;
    if set.keys.len() > MOST {
        return Err(BadFile(format!("it has more than {MOST} keys")));
    }
    let mut jwks = Jwks {
        keys: Vec::new(),
        odd: Vec::new(),
    };
    for (at, written) in set.keys.iter().enumerate() {
        if written.d.is_some() {
            return Err(BadFile(format!(
                "key {at} is private; only public keys belong into this file"
            )));
        }
        match PublicKey::new(written) {
            Ok(key) if key.id.is_some() && jwks.keys.iter().any(|other| other.id == key.id) => {
                return Err(BadFile(format!("key {at} has the same kid as another one")));
            }
            Ok(key) => jwks.keys.push(key),
            Err(why) => jwks
                .odd
                .push(format!("key {at} of the JWKS is not used: {why}")),
        }
    }
    match jwks.keys.is_empty() {
        true => Err(BadFile(format!(
            "it has no key that verifies RS256, ES256 or EdDSA. {}",
            jwks.odd.join("; ")
        ))),
        false => Ok(jwks),
    }
}

impl Jwks {
    /// Number of keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key that a token names; if it names none, the only one.
    pub(super) fn key(&self, id: Option<&str>) -> Option<&PublicKey> {
        match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl PublicKey {
    fn new(written: &WrittenKey) -> Result<Self, String> {
        if written
            .purpose
            .as_deref()
            .is_some_and(|purpose| purpose != "sig")
        {
            return Err("it is not for signatures".to_owned());
        }
        if written
            .key_ops
            .as_ref()
            .is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err("it is not for verifying".to_owned());
        }
        if written.k.is_some() || written.kty == "oct" {
            return Err("it is symmetric: whoever verifies could sign, too".to_owned());
        }
        let (algorithm, material) = match (written.kty.as_str(), written.crv.as_deref()) {
            ("RSA", _) => ("RS256", rsa(written)?),
            ("EC", Some("P-256")) => ("ES256", p256(written)?),
            ("OKP", Some("Ed25519")) => {
                ("EdDSA", Material::Ed25519(part(&written.x, "x", 32..=32)?))
            }
            (kind, curve) => {
                return Err(format!(
                    "its kind is {kind:.20} {:.20}",
                    curve.unwrap_or_default()
                ));
            }
        };
        match written.alg.as_deref() {
            Some(other) if other != algorithm => Err(format!(
                "its algorithm is {other:.20}, and {algorithm} is taken here"
            )),
            _ => Ok(PublicKey {
                id: written.kid.clone(),
                algorithm,
                material,
            }),
        }
    }

    /// True if this is the signature of a message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Rsa { modulus, exponent } => {
                let components = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                components.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Ed25519(key) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}

fn rsa(written: &WrittenKey) -> Result<Material, String> {
    let exponent = part(&written.e, "e", 1..=8)?;
    Ok(Material::Rsa {
        modulus: part(&written.n, "n", MODULUS)?,
        exponent,
    })
}

fn p256(written: &WrittenKey) -> Result<Material, String> {
    let mut point = vec![4];
    point.extend(part(&written.x, "x", 32..=32)?);
    point.extend(part(&written.y, "y", 32..=32)?);
    Ok(Material::P256(point))
}

/// Decodes a part of a key.
fn part(
    text: &Option<String>,
    name: &str,
    sizes: std::ops::RangeInclusive<usize>,
) -> Result<Vec<u8>, String> {
    let text = text.as_ref().ok_or_else(|| format!("it has no {name}"))?;
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| format!("its {name} is no base64url"))?;
    match sizes.contains(&bytes.len()) {
        true => Ok(bytes),
        false => Err(format!("its {name} has {} bytes", bytes.len())),
    }
}
