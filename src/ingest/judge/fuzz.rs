//! Fuzz target: requests of webhooks, from their bytes to the messages that their queues get.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::dry_run::{DryRun, Found};
use super::super::identity::Identity;
use super::super::kept_headers;
use super::{LONGEST_KEY, MessageBuilder};
use crate::broker::{Outgoing, Topology};
use crate::client::Client;
use crate::contract::{Intake, Pipeline};
use crate::json::{Map, without_mark};

/// Makes and checks messages of all webhooks of a pipeline, as they do.
#[derive(Debug)]
pub struct Webhooks(Vec<MessageBuilder>);

/// Message of a request, and what its dry run found.
#[derive(Debug)]
pub struct Judged {
    /// The message, as it would be published.
    pub message: Outgoing,
    /// Reason why no queue can store it, if it is one that doesn't depend on the queue.
    pub wrong: Option<String>,
    /// Number of queues that get it.
    pub reached: usize,
    /// Queues that can't store it, and why.
    pub bad: Vec<(&'static str, String)>,
}

impl Webhooks {
    /// Begins, for the webhooks of a pipeline on a broker with this topology.
    pub fn new(pipeline: &'static Pipeline, topology: &Topology) -> Self {
        let builders = pipeline.sources.iter().filter_map(|source| {
            let Intake::Post {
                message,
                routing_key,
                headers,
                id,
                ..
            } = &source.intake
            else {
                return None;
            };
            Some(MessageBuilder {
                source,
                schema: pipeline.schema(),
                shape: message,
                routing_key,
                keeps_headers: *headers,
                identity: Identity::new(source, *id),
                dry_run: DryRun::new(pipeline, topology, source),
            })
        });
        Webhooks(builders.collect())
    }

    /// Judges a request: the first byte tells the webhook, lines up to an empty one are headers, and the rest is the
    /// body. None if its headers are refused.
    ///
    /// # Panics
    ///
    /// If the message isn't one that a broker can hold, or isn't the same when the request is repeated.
    pub fn run(&self, bytes: &[u8]) -> Option<Judged> {
        let (which, request) = bytes.split_first()?;
        let builder = self.0.get(usize::from(*which) % self.0.len())?;
        let (headers, body) = request_of(request);
        let sent = match builder.keeps_headers {
            true => kept_headers::keep(&headers, None, "").ok()?,
            false => Map::new(),
        };
        let body = Bytes::copy_from_slice(without_mark(body));
        let judge = || {
            let declared = builder.identity.of_headers(&headers);
            let sent = (&sent, &Client::default());
            builder.judge(sent, (declared, None), body.clone()).ok()
        };
        let judged = judge()?;
        let key = &judged.message.routing_key;
        assert!(key.len() <= LONGEST_KEY && !key.contains('.'), "{key}");
        assert_eq!(judged.message.body, body);
        let again = judge()?;
        assert_eq!(again.message.routing_key, judged.message.routing_key);
        assert_eq!(told(&again.found), told(&judged.found));
        assert!(!judged.id.comes_again || again.id == judged.id, "its id");
        Some(Judged {
            message: judged.message,
            wrong: judged.wrong.map(|bad| bad.to_string()),
            reached: judged.found.reached,
            bad: told(&judged.found),
        })
    }
}

/// Queues that can't store a message, and why.
fn told(found: &Found) -> Vec<(&'static str, String)> {
    let bad = found.bad.iter();
    bad.map(|(queue, bad)| (queue.name, bad.to_string()))
        .collect()
}

/// Headers and body of a request.
fn request_of(bytes: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default());
        let (Ok(name), Ok(value)) = (name, value) else {
            break;
        };
        headers.append(name, value);
    }
    (headers, rest)
}
