//! Reading what only webhooks and JSON messages have: `id`, `on_bad` and `messages`.

use super::scalars::{Fields, texts, word};
use super::{Id, IdWay, Located, Message};
use crate::base::diagnostic::Diagnostics;
use crate::model::{Auth, OnBad};
use crate::syntax::yaml::{Entry, Value};

/// `auth` of a source.
pub(super) fn auth(entry: &Entry, out: &mut Diagnostics) -> Option<Located<Auth>> {
    let words = [("keys", Auth::Keys), ("none", Auth::None)];
    word("`auth`", &entry.node, &words, out)
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
