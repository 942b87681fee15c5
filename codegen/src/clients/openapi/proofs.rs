//! Security schemes: how a request proves who sends it.

use super::node::{Node, object, text};
use crate::model::{Auth, Encoding, Intake, Model, Scheme, Signature, Signed, Source};

/// Schemes for write keys; any one of them will do.
const KEYS: [&str; 4] = ["bearer", "apiKey", "keyInQuery", "certificate"];

/// Security schemes by name.
pub(super) fn schemes(model: &Model) -> Vec<(String, Node)> {
    let mut schemes = Vec::new();
    if model.sources.iter().any(|source| source.auth == Auth::Keys) {
        schemes.extend(of_keys().map(|(name, scheme)| (name.to_owned(), scheme)));
    }
    for source in &model.sources {
        schemes.extend(of_webhook(source));
    }
    schemes
}

/// What a source asks for: any one of several, or nothing.
pub(super) fn of_source(source: &Source) -> Option<Node> {
    let own = of_webhook(source).map(|(name, _)| name);
    let with_own = |name: Option<&str>| {
        let names = name.map(str::to_owned).into_iter().chain(own.clone());
        object(names.map(|name| (name, Node::List(Vec::new()))))
    };
    match (source.auth, &own) {
        (Auth::Keys, _) => Some(Node::List(KEYS.map(|name| with_own(Some(name))).to_vec())),
        (Auth::None, Some(_)) => Some(Node::List(vec![with_own(None)])),
        (Auth::None, None) => None,
    }
}

fn of_keys() -> [(&'static str, Node); 4] {
    let [bearer, api_key, in_query, certificate] = KEYS;
    let kind = |kind: &str| ("type", text(kind));
    [
        (
            bearer,
            object([kind("http"), ("scheme", text("bearer"))]).described(
                "A write key, or a token (JWT) where the server takes them. An instance on loopback without keys takes \
                 requests without one.",
            ),
        ),
        (
            api_key,
            object([kind("apiKey"), ("in", text("header")), ("name", text("x-api-key"))])
                .described("A write key."),
        ),
        (
            in_query,
            object([kind("apiKey"), ("in", text("query")), ("name", text("key"))]).described(
                "A public write key, for requests of pages that can't set a header. A secret one is refused there.",
            ),
        ),
        (
            certificate,
            object([kind("mutualTLS")])
                .described("A client certificate, where the server asks for one."),
        ),
    ]
}

/// The proof of a webhook: its scheme, by name. One in the path is a parameter.
fn of_webhook(source: &Source) -> Option<(String, Node)> {
    let Intake::Post {
        verify: Some(verify),
        ..
    } = &source.intake
    else {
        return None;
    };
    let http = |scheme: &str| object([("type", text("http")), ("scheme", text(scheme))]);
    let secret = format!("The server has the secret in {}.", verify.variable);
    let scheme = match &verify.scheme {
        Scheme::Hmac(signature) => object([
            ("type", text("apiKey")),
            ("in", text("header")),
            ("name", text(&signature.header)),
        ])
        .described(&format!("{} {secret}", signed(signature))),
        Scheme::Bearer => http("bearer").described(&secret),
        Scheme::Basic => http("basic").described(&secret),
        Scheme::Path => return None,
    };
    Some((source.name.clone(), scheme))
}

/// What a signature is made of, as a sentence.
fn signed(signature: &Signature) -> String {
    let pieces: Vec<String> = signature
        .signed
        .iter()
        .map(|piece| match piece {
            Signed::Text(text) => format!("`{text}`"),
            Signed::Time => "the time".to_owned(),
            Signed::Header(name) => format!("the header `{name}`"),
            Signed::Body => "the body".to_owned(),
        })
        .collect();
    let encoding = match signature.encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
    };
    let behind = match signature.prefix.as_str() {
        "" => String::new(),
        prefix => format!(", behind `{prefix}`"),
    };
    format!(
        "The HMAC-SHA256 of {} in {encoding}{behind}.",
        pieces.join(" + ")
    )
}
