//! Reading what only webhooks and JSON messages have: `verify` and `messages`.

use super::scalars::{Fields, texts, word};
use super::{Located, Message, Verify, Way};
use crate::diagnostic::Diagnostics;
use crate::model::Encoding;
use crate::yaml::Entry;

/// The keys of `verify` that name a way.
const WAYS: [(&str, Way); 4] = [
    ("shopify", Way::Shopify),
    ("hmac", Way::Hmac),
    ("bearer", Way::Bearer),
    ("basic", Way::Basic),
];

/// `verify` of a source.
pub(super) fn verify(entry: &Entry, out: &mut Diagnostics) -> Option<Verify> {
    let mut known = WAYS.map(|(key, _)| key).to_vec();
    known.extend(["header", "encoding", "prefix"]);
    let span = entry.key.span;
    let fields = Fields::open("`verify`", span, &entry.node, &known, out)?;
    let way = |(key, value): &(&str, Way), out: &mut Diagnostics| {
        let span = fields.get(key)?.key.span;
        let way = Located {
            value: *value,
            span,
        };
        Some((way, fields.text(key, out)?))
    };
    let encodings = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
    Some(Verify {
        span,
        ways: WAYS.iter().filter_map(|found| way(found, out)).collect(),
        header: fields.text("header", out),
        encoding: fields
            .get("encoding")
            .and_then(|e| word("`encoding`", &e.node, &encodings, out)),
        prefix: fields.text("prefix", out),
    })
}

/// What is said of a message.
pub(super) fn message(entry: &Entry, out: &mut Diagnostics) -> Message {
    let name = entry.key.clone();
    let what = format!("message `{}`", name.value);
    let fields = Fields::open(what, name.span, &entry.node, &["any_of"], out);
    let any_of = fields.as_ref().and_then(|f| f.require("any_of", out));
    Message {
        name,
        any_of: any_of.map_or_else(Vec::new, |e| texts("`any_of`", &e.node, out)),
    }
}
