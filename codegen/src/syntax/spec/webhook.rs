//! Reading what only webhooks and JSON messages have: `verify`, `id`, `on_bad` and `messages`.

use super::scalars::{Fields, texts, word};
use super::{Id, IdWay, Located, Message, Verify, Way};
use crate::base::diagnostic::Diagnostics;
use crate::model::{Auth, Encoding, OnBad};
use crate::syntax::yaml::{Entry, Value};

/// The keys of `verify` that name a way.
const WAYS: [(&str, Way); 4] = [
    ("shopify", Way::Shopify),
    ("hmac", Way::Hmac),
    ("bearer", Way::Bearer),
    ("basic", Way::Basic),
];

/// `auth` of a source.
pub(super) fn auth(entry: &Entry, out: &mut Diagnostics) -> Option<Located<Auth>> {
    let words = [("keys", Auth::Keys), ("none", Auth::None)];
    word("`auth`", &entry.node, &words, out)
}

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

/// `id` of a source or queue.
pub(super) fn id(entry: &Entry, out: &mut Diagnostics) -> Id {
    Id {
        span: entry.key.span,
        ways: ways(entry, out),
    }
}

fn ways(entry: &Entry, out: &mut Diagnostics) -> Option<Vec<IdWay>> {
    let span = entry.key.span;
    if let Value::Scalar(_) = &entry.node.value {
        let words = [("request", true), ("message_id", false)];
        let found = word("`id`", &entry.node, &words, out)?;
        return Some(vec![match found.value {
            true => IdWay::Request(found.span),
            false => IdWay::MessageId(found.span),
        }]);
    }
    let fields = Fields::open("`id`", span, &entry.node, &["header", "fields"], out)?;
    let header = fields.text("header", out).map(IdWay::Header);
    let named = fields.get("fields").map(|e| {
        let named = texts("`fields`", &e.node, out);
        fields.filled("fields", named.is_empty(), e, out);
        named
    });
    Some(header.into_iter().chain(named.map(IdWay::Fields)).collect())
}

/// `on_bad` of a source.
pub(super) fn on_bad(entry: &Entry, out: &mut Diagnostics) -> Option<Located<OnBad>> {
    let words = [("keep", OnBad::Keep), ("refuse", OnBad::Refuse)];
    word("`on_bad`", &entry.node, &words, out)
}

/// Reads the rules for a message.
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
