//! Reading `verify` of a webhook: the proof of its requests, as written.

use super::Located;
use super::scalars::{Fields, word};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::model::Encoding;
use crate::syntax::yaml::{Entry, Text, Value};

/// `verify: none`, or `verify: { shopify | bearer | path | hmac | …: VARIABLE }`, with more keys for signatures.
#[derive(Debug)]
pub(crate) struct Verify {
    /// The place of the key.
    pub(crate) span: Span,
    /// True for `none`.
    pub(crate) none: bool,
    /// The way, of which there should be one, and the variable that holds the secret; none if what is written could not
    /// be read, which is reported then.
    pub(crate) ways: Option<Vec<(Located<Way>, Text)>>,
    /// `header: NAME` that holds the signature.
    pub(crate) header: Option<Text>,
    /// `encoding: hex` or `base64` of the signature.
    pub(crate) encoding: Option<Located<Encoding>>,
    /// `prefix: TEXT` in front of the signature.
    pub(crate) prefix: Option<Text>,
    /// `signed: "{timestamp}.{body}"`: what is signed.
    pub(crate) signed: Option<Text>,
    /// `timestamp: { header: NAME, tolerance: 5m }` that is signed too.
    pub(crate) timestamp: Option<Timestamp>,
}

/// `timestamp: { header: NAME, tolerance: 5m }` of a signature.
#[derive(Debug)]
pub(crate) struct Timestamp {
    /// The place of the key.
    pub(crate) span: Span,
    /// The header that holds it.
    pub(crate) header: Option<Text>,
    /// How far it may be from the server's clock, in milliseconds.
    pub(crate) tolerance: Option<Located<u64>>,
}

/// A way to prove where a request comes from, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Shopify's signature.
    Shopify,
    /// GitHub's signature.
    GitHub,
    /// Slack's signature, with its time.
    Slack,
    /// Stripe's signature, with its time.
    Stripe,
    /// A signature of standardwebhooks.com, with its time and the message's id.
    StandardWebhooks,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A secret segment behind the source's path.
    Path,
    /// HMAC-SHA256 in some header.
    Hmac,
}

/// The keys of `verify` that name a way.
const WAYS: [(&str, Way); 9] = [
    ("shopify", Way::Shopify),
    ("github", Way::GitHub),
    ("slack", Way::Slack),
    ("stripe", Way::Stripe),
    ("standard_webhooks", Way::StandardWebhooks),
    ("path", Way::Path),
    ("hmac", Way::Hmac),
    ("bearer", Way::Bearer),
    ("basic", Way::Basic),
];

/// `verify` of a source. What can't be read is reported, and is there without a way.
pub(super) fn verify(entry: &Entry, out: &mut Diagnostics) -> Verify {
    let span = entry.key.span;
    if let Value::Scalar(_) = &entry.node.value {
        let none = word("`verify`", &entry.node, &[("none", ())], out).is_some();
        return Verify {
            none,
            ..nothing(span)
        };
    }
    let mut known = WAYS.map(|(key, _)| key).to_vec();
    known.extend(["header", "encoding", "prefix", "signed", "timestamp"]);
    let Some(fields) = Fields::open("`verify`", span, &entry.node, &known, out) else {
        return nothing(span);
    };
    let way = |(key, value): &(&str, Way), out: &mut Diagnostics| {
        let span = fields.get(key)?.key.span;
        let way = Located {
            value: *value,
            span,
        };
        Some((way, fields.text(key, out)?))
    };
    let encodings = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
    Verify {
        span,
        none: false,
        ways: Some(WAYS.iter().filter_map(|found| way(found, out)).collect()),
        header: fields.text("header", out),
        encoding: fields
            .get("encoding")
            .and_then(|e| word("`encoding`", &e.node, &encodings, out)),
        prefix: fields.text("prefix", out),
        signed: fields.text("signed", out),
        timestamp: fields.get("timestamp").and_then(|e| timestamp(e, out)),
    }
}

/// `verify` of which nothing could be read.
pub(super) fn nothing(span: Span) -> Verify {
    Verify {
        span,
        none: false,
        ways: None,
        header: None,
        encoding: None,
        prefix: None,
        signed: None,
        timestamp: None,
    }
}

fn timestamp(entry: &Entry, out: &mut Diagnostics) -> Option<Timestamp> {
    let span = entry.key.span;
    let known = ["header", "tolerance"];
    let fields = Fields::open("`timestamp`", span, &entry.node, &known, out)?;
    Some(Timestamp {
        span,
        header: fields.text("header", out),
        tolerance: fields.duration("tolerance", 1_000..=3_600_000, out),
    })
}
