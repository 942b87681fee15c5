//! Target of a replay: the queue in which the dead letter failed, or, if it never reached one, its exchange.

use std::fmt;

use serde_json::{Map, Value};

use crate::broker::Topology;
use crate::contract::headers as h;
use crate::contract::{Envelope, Input, Intake, Pipeline, Queue};
use crate::dead_letter::Class;
use crate::events::{Verdict, refused, scan, verdicts};
use crate::protobuf::wire::{self, WireType};
use crate::sink::clickhouse::dead_letters::StoredDeadLetter;

/// Target of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Its queue, past all exchanges: other queues have had it.
    Queue(&'static str),
    /// Its exchange: no queue had it.
    Exchange {
        /// The exchange.
        exchange: &'static str,
        /// The routing key.
        routing_key: String,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Queue(name) => write!(f, "queue {name}"),
            Target::Exchange {
                exchange,
                routing_key,
            } => write!(f, "exchange {exchange}, routing key {routing_key}"),
        }
    }
}

/// Target of a dead letter, or the reason why it has none.
pub fn target(pipeline: &'static Pipeline, letter: &StoredDeadLetter) -> Result<Target, String> {
    whole(&letter.headers)?;
    // A queue may have had another name when the letter was written.
    let today = pipeline.retired.renamed(&letter.queue);
    let name = today.unwrap_or(&letter.queue);
    let queue = pipeline.queues.iter().find(|q| q.name == name);
    // A partition may be no more; what is in none is in the queue.
    let of = name.rsplit_once('.');
    let of = of.filter(|(_, index)| index.parse::<u16>().is_ok());
    let is_whole = |q: &&Queue| of.is_some_and(|(of, _)| of == q.name);
    if let Some(queue) = queue.or_else(|| pipeline.queues.iter().find(is_whole)) {
        if let Input::Events(envelope) = queue.input {
            known(envelope, letter)?;
        }
        return Ok(Target::Queue(queue.name));
    }
    if let Some(source) = pipeline.sources.iter().find(|s| s.name == letter.queue) {
        let Intake::Grpc { envelope, .. } = source.intake else {
            return Err(format!("source {} keeps no messages", source.name));
        };
        return Ok(Target::Exchange {
            exchange: source.exchange,
            routing_key: match letter.content_type == h::JSON {
                true => taken_in_as_json(envelope, &letter.body())?,
                false => taken_in(envelope, &letter.body())?,
            }
            .to_owned(),
        });
    }
    if !letter.queue.is_empty() {
        return Err(format!(
            "this pipeline has no queue or source {} to send it to",
            letter.queue
        ));
    }
    let exchange = pipeline
        .exchanges
        .iter()
        .find(|e| e.name == letter.exchange)
        .ok_or_else(|| format!("this pipeline has no exchange {}", letter.exchange))?;
    if !Topology::of(pipeline, |_| true).is_bound(exchange.name, &letter.routing_key) {
        return Err(format!(
            "no queue is bound to exchange {} with routing key {} yet",
            exchange.name, letter.routing_key
        ));
    }
    Ok(Target::Exchange {
        exchange: exchange.name,
        routing_key: letter.routing_key.clone(),
    })
}

/// Checks that a dead letter is complete: a cut one would be another message.
fn whole(headers: &str) -> Result<(), String> {
    let headers: Map<String, Value> = serde_json::from_str(headers).unwrap_or_default();
    let said = |name: &str| {
        let said = headers.get(name)?;
        Some(
            said.as_str()
                .map_or_else(|| said.to_string(), str::to_owned),
        )
    };
    if let Some(cut) = said(h::CUT_BODY) {
        return Err(format!(
            "its body was cut; only its sender may still have the whole message ({}: {cut})",
            h::CUT_BODY
        ));
    }
    match said(h::CUT_HEADERS) {
        Some(cut) => Err(format!(
            "headers of its message were cut, so it would be another message ({}: {cut})",
            h::CUT_HEADERS
        )),
        None => Ok(()),
    }
}

/// Checks that an event's type is known now; otherwise it would only fail again.
fn known(envelope: &Envelope, letter: &StoredDeadLetter) -> Result<(), String> {
    let number = letter.event_type.parse().ok();
    match number.filter(|_| letter.class == Class::UnknownType.name()) {
        Some(number) if envelope.event_type(number).is_none() => Err(format!(
            "this build doesn't know event type {number} either"
        )),
        _ => Ok(()),
    }
}

/// Routing key of events that were refused at intake, if intake would accept one of them now. Others of the same dead
/// letter become dead letters of the queues that can't store them.
fn taken_in(envelope: &'static Envelope, batch: &[u8]) -> Result<&'static str, String> {
    let request = only_request(envelope, batch)
        .ok_or("the body is not an EventBatch of one request, which intake writes")?;
    let request = scan(request, envelope).map_err(|refused| refused.to_string())?;
    let verdicts = request.events.into_iter().map(|event| event.verdict);
    key_of(verdicts)
}

/// Routing key of refused events in JSON, likewise.
fn taken_in_as_json(envelope: &'static Envelope, text: &[u8]) -> Result<&'static str, String> {
    key_of(verdicts(envelope, text).map_err(|unread| refused(&unread))?)
}

/// Routing key of the events that intake would accept.
fn key_of(verdicts: impl IntoIterator<Item = Verdict>) -> Result<&'static str, String> {
    let (mut key, mut first) = (None, None);
    for verdict in verdicts {
        match (verdict, key) {
            (Verdict::Good(kind), Some(key)) if kind.name != key => {
                return Err(format!(
                    "it holds events of types {key} and {}, which go different ways",
                    kind.name
                ));
            }
            (Verdict::Good(kind), _) => key = Some(kind.name),
            (bad, _) => first = first.or(Some(bad)),
        }
    }
    key.ok_or_else(|| match first {
        Some(bad) => format!("intake would refuse it again: {}", bad.reason()),
        None => "it holds no events".to_owned(),
    })
}

fn only_request<'a>(envelope: &Envelope, batch: &'a [u8]) -> Option<&'a [u8]> {
    let mut at = 0;
    let (number, wire_type) = wire::key(batch, &mut at).ok()?;
    if number != envelope.batches || wire_type != WireType::LengthDelimited {
        return None;
    }
    let request = wire::delimited(batch, &mut at).ok()?;
    (at == batch.len()).then_some(request)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_cut_is_not_sent_again() {
        let told = |headers: &str| super::whole(headers).err().unwrap_or_default();
        assert_eq!(told(""), "");
        assert_eq!(told(r#"{"x-mine": "a", "x-http-headers": "{}"}"#), "");
        let body = told(r#"{"x-cut-body": "20 bytes", "x-cut-headers": "x-big"}"#);
        assert!(body.starts_with("its body was cut;"), "{body}");
        assert!(body.ends_with("(x-cut-body: 20 bytes)"), "{body}");
        let headers = told(r#"{"x-cut-headers": "x-big"}"#);
        assert!(
            headers.starts_with("headers of its message were cut"),
            "{headers}"
        );
    }
}
