//! `requests: { NAME: ... }` as written, and how it is read.

use super::Located;
use super::kafka::format;
use super::scalars::{Fields, count, map, text, texts, wrong};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{Format, Rate};
use crate::rules::kafka::RECORDS;
use crate::rules::reading::{OUT_OF_BOUNDS, WRONG_TYPE};
use crate::rules::requests::TARGET;
use crate::syntax::yaml::{Entry, Node, Text, Value};

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    /// Its name.
    pub(crate) name: Text,
    /// The comment above it.
    pub(crate) doc: String,
    /// `by: EXPRESSION` that chooses among several targets.
    pub(crate) by: Option<Text>,
    /// `to: TARGET` or `to: { VALUE: TARGET }`: each with the value that chooses it.
    pub(crate) to: Vec<(Option<Text>, Target)>,
    /// `body: EXPRESSION`, or its `"*"`; the whole message if absent.
    pub(crate) whole: Option<Text>,
    /// True if `body` is a mapping.
    pub(crate) made: bool,
    /// `body: { MEMBER: EXPRESSION }`.
    pub(crate) members: Vec<(Text, Text)>,
    /// `timeout: 10s` of one attempt, in milliseconds.
    pub(crate) timeout: Option<Located<u64>>,
    /// `concurrency: 8` attempts at once at each target.
    pub(crate) concurrency: Option<Located<u64>>,
    /// `rate: 50/s` at each target.
    pub(crate) rate: Option<Rate>,
    /// `retried: [429, 5xx]`.
    pub(crate) retried: Option<Vec<Text>>,
    /// `refused: [400]`.
    pub(crate) refused: Option<Vec<Text>>,
    /// `idempotency_key: HEADER`.
    pub(crate) idempotency_key: Option<Text>,
}

/// Target of a request.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where it is.
    pub(crate) to: To,
    /// `headers: { NAME: VALUE }`.
    pub(crate) headers: Vec<(Text, Text)>,
}

/// Where a target is.
#[derive(Debug)]
pub(crate) enum To {
    /// An HTTP API.
    Url {
        /// `POST`, `PUT` or `PATCH`.
        method: &'static str,
        /// The address.
        url: Text,
    },
    /// `topic: NAME`: a topic of Kafka.
    Topic {
        /// Its name.
        name: Text,
        /// `key: EXPRESSION` of its records.
        key: Option<Text>,
        /// `format: json` or `protobuf` of their values.
        format: Option<Located<Format>>,
    },
}

const METHODS: [(&str, &str); 3] = [("post", "POST"), ("put", "PUT"), ("patch", "PATCH")];

/// Decodes a request.
pub(super) fn request(entry: &Entry, out: &mut Diagnostics) -> Request {
    let name = entry.key.clone();
    let known = [
        "by",
        "to",
        "body",
        "timeout",
        "concurrency",
        "rate",
        "retried",
        "refused",
        "idempotency_key",
    ];
    let mut request = Request {
        name: name.clone(),
        doc: entry.doc.clone(),
        by: None,
        to: Vec::new(),
        whole: None,
        made: false,
        members: Vec::new(),
        timeout: None,
        concurrency: None,
        rate: None,
        retried: None,
        refused: None,
        idempotency_key: None,
    };
    let what = format!("request `{}`", name.value);
    let Some(fields) = Fields::open(what, name.span, &entry.node, &known, out) else {
        return request;
    };
    request.by = fields.text("by", out);
    if let Some(to) = fields.require("to", out) {
        request.to = targets(to, request.by.as_ref(), out);
        if request.by.is_some() {
            fields.filled("to", request.to.is_empty(), to, out);
        }
    }
    if let Some(body) = fields.get("body") {
        read_body(&mut request, &body.node, out);
    }
    request.timeout = fields.duration("timeout", 10..=300_000, out);
    request.concurrency = fields.count("concurrency", 1..=1000, out);
    request.rate = fields.get("rate").and_then(|e| rate(&e.node, out));
    let statuses = |key: &str, out: &mut Diagnostics| {
        let entry = fields.get(key)?;
        Some(texts(&format!("`{key}`"), &entry.node, out))
    };
    request.retried = statuses("retried", out);
    request.refused = statuses("refused", out);
    request.idempotency_key = fields.text("idempotency_key", out);
    request
}

/// One target, or with `by` one for each of its values.
fn targets(to: &Entry, by: Option<&Text>, out: &mut Diagnostics) -> Vec<(Option<Text>, Target)> {
    let entries = map("`to`", &to.node, out).unwrap_or_default();
    let is_method = |entry: &Entry| {
        let key = entry.key.value.as_str();
        key == "topic" || METHODS.iter().any(|(method, _)| *method == key)
    };
    let is_target = |entry: &Entry| matches!(entry.node.value, Value::Map(_));
    match by {
        Some(by) if entries.iter().any(is_method) => {
            out.push(
                Diagnostic::new(&TARGET, "with `by`, `to` has a target for each value")
                    .at(to.key.span, "a single target")
                    .and(Some(by.span), "chooses among several")
                    .help("write `to: { VALUE: { post: ... } }`, or leave `by` out"),
            );
            Vec::new()
        }
        Some(_) => entries
            .iter()
            .filter_map(|entry| {
                let target = target(&entry.node, entry.key.span, out)?;
                Some((Some(entry.key.clone()), target))
            })
            .collect(),
        None if !entries.is_empty()
            && !entries.iter().any(is_method)
            && entries
                .iter()
                .all(|entry| is_target(entry) && entry.key.value != "headers") =>
        {
            out.push(
                Diagnostic::new(&TARGET, "`by` is missing: it chooses among the targets")
                    .at(to.key.span, "several targets")
                    .help("for example `by: body.appType | default(\"USER\")`"),
            );
            Vec::new()
        }
        None => target(&to.node, to.key.span, out)
            .map(|target| vec![(None, target)])
            .unwrap_or_default(),
    }
}

fn target(node: &Node, place: Span, out: &mut Diagnostics) -> Option<Target> {
    let known = ["post", "put", "patch", "topic", "key", "format", "headers"];
    let fields = Fields::open("a target", place, node, &known, out)?;
    let to = match fields.get("topic") {
        Some(topic) => to_topic(&fields, topic, out)?,
        None => to_url(&fields, place, out)?,
    };
    let mut headers = Vec::new();
    if let Some(entry) = fields.get("headers") {
        for header in map("`headers`", &entry.node, out).unwrap_or_default() {
            let what = format!("header `{}`", header.key.value);
            if let Some(value) = text(&what, &header.node, out) {
                headers.push((header.key.clone(), value));
            }
        }
    }
    Some(Target { to, headers })
}

fn to_topic(fields: &Fields<'_>, topic: &Entry, out: &mut Diagnostics) -> Option<To> {
    let mut methods = METHODS.iter().filter_map(|(key, _)| fields.get(key));
    if let Some(other) = methods.next() {
        out.push(
            Diagnostic::new(&TARGET, "a target is a URL or a topic")
                .at(other.key.span, "a URL")
                .and(Some(topic.key.span), "a topic of Kafka"),
        );
        return None;
    }
    Some(To::Topic {
        name: fields.text("topic", out)?,
        key: fields.text("key", out),
        format: format(fields, out),
    })
}

fn to_url(fields: &Fields<'_>, place: Span, out: &mut Diagnostics) -> Option<To> {
    let mut methods = METHODS
        .iter()
        .filter_map(|(key, method)| Some((*method, fields.get(key)?)));
    let Some((method, entry)) = methods.next() else {
        out.push(
            Diagnostic::new(&TARGET, "a target has a method and a URL")
                .at(
                    place,
                    "neither `post` nor `put` nor `patch`, and no `topic`",
                )
                .help("for example `post: $EVENTS_URL`"),
        );
        return None;
    };
    if let Some((_, other)) = methods.next() {
        out.push(
            Diagnostic::new(&TARGET, "a target has one method")
                .at(other.key.span, "another one")
                .and(Some(entry.key.span), "the first one"),
        );
        return None;
    }
    let of_topics = [
        ("key", "put it into the body, or into a header"),
        ("format", "leave it out: an HTTP API gets JSON"),
    ];
    for (name, help) in of_topics {
        if let Some(of_topic) = fields.get(name) {
            let message = format!("`{name}` is of the records of a topic");
            out.push(
                Diagnostic::new(&RECORDS, message)
                    .at(of_topic.key.span, "an HTTP request has none")
                    .and(Some(entry.key.span), "a URL")
                    .help(help),
            );
        }
    }
    let url = text(&format!("`{}`", entry.key.value), &entry.node, out)?;
    Some(To::Url { method, url })
}

fn read_body(request: &mut Request, node: &Node, out: &mut Diagnostics) {
    match &node.value {
        Value::Scalar(whole) => request.whole = Some(whole.clone()),
        Value::Map(entries) => {
            request.made = true;
            for entry in entries {
                let what = format!("member `{}`", entry.key.value);
                let Some(from) = text(&what, &entry.node, out) else {
                    continue;
                };
                match entry.key.value.as_str() {
                    "*" => request.whole = Some(from),
                    _ => request.members.push((entry.key.clone(), from)),
                }
            }
        }
        _ => out.push(wrong("`body`", "an expression or a mapping", node)),
    }
}

/// `50/s`.
fn rate(node: &Node, out: &mut Diagnostics) -> Option<Rate> {
    let text = text("`rate`", node, out)?;
    let units = [("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let read = text.value.split_once('/').and_then(|(number, unit)| {
        let (_, per_ms) = units.iter().find(|(name, _)| *name == unit.trim())?;
        Some((count(number.trim())?, *per_ms))
    });
    let Some((number, per_ms)) = read else {
        let message = format!(
            "`rate` must be a rate such as 50/s, 300/m or 10_000/h, not `{}`",
            text.value
        );
        out.push(Diagnostic::new(&WRONG_TYPE, message).at(text.span, "can't be read"));
        return None;
    };
    match u32::try_from(number) {
        Ok(count @ 1..=1_000_000) => Some(Rate { count, per_ms }),
        _ => {
            out.push(
                Diagnostic::new(&OUT_OF_BOUNDS, "`rate` is out of bounds").at(
                    text.span,
                    "from 1 to 1_000_000 in a second, a minute or an hour",
                ),
            );
            None
        }
    }
}
