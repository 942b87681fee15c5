//! A source of JSON messages: one object a request, checked and published as it came.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use metrics::Counter;
use tokio::time::timeout;
use uuid::Uuid;

use super::dispatch::{Asked, LONGEST, count, counted, joined, received};
use super::kept_headers;
use super::pool::{Admitted, Held, Pool};
use super::publisher::{Publisher, now};
use super::reading::Budget;
use super::response::Refusal;
use super::verify::{Proof, Verifier};
use crate::broker::{HeaderValue, Outgoing, Properties};
use crate::contract::json::{self, Map, Value, limits};
use crate::contract::{self, Bad, Message, RoutingKey, Shape, Source, headers};

/// The longest routing key that AMQP allows, in bytes.
const LONGEST_KEY: usize = 255;

/// A body of more bytes is read on a thread where nobody else waits.
const LARGE: usize = 256 << 10;

/// A source of JSON messages.
#[derive(Debug)]
pub struct Webhook {
    source: &'static Source,
    message: &'static Shape,
    routing_key: &'static RoutingKey,
    max_request: usize,
    pool: Pool,
    publisher: Arc<Publisher>,
    keeps_headers: bool,
    verifier: Option<Verifier>,
    received: Counter,
    accepted: Counter,
}

/// What a webhook takes.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// What the body looks like.
    pub message: &'static Shape,
    /// Where it goes.
    pub routing_key: &'static RoutingKey,
    /// Whether the request's headers are kept.
    pub headers: bool,
}

/// What is known of a request from its headers.
#[derive(Debug)]
pub struct Greeted {
    proof: Proof,
    /// The headers that are kept.
    headers: Map<String, Value>,
}

impl Webhook {
    /// The source of these messages, with this pool.
    pub fn new(
        source: &'static Source,
        takes: Takes,
        verifier: Option<Verifier>,
        sizes: contract::Pool,
        publisher: Arc<Publisher>,
    ) -> Self {
        Webhook {
            source,
            message: takes.message,
            routing_key: takes.routing_key,
            max_request: sizes.max_request as usize,
            pool: Pool::new(source.name, sizes),
            publisher,
            keeps_headers: takes.headers,
            verifier,
            received: received(source.name, takes.message.name),
            accepted: counted(source.name, takes.message.name, "accepted"),
        }
    }

    /// What is asked of those who don't prove where they come from.
    pub fn challenge(&self) -> Option<&'static str> {
        self.verifier.as_ref().and_then(Verifier::challenge)
    }

    /// Looks at a request's headers, before anything is done for it.
    pub fn greet(&self, headers: &HeaderMap) -> Result<Greeted, Refusal> {
        let greeted = self.read(headers);
        if greeted.is_err() {
            count(self.source.name, &greeted);
        }
        greeted
    }

    fn read(&self, headers: &HeaderMap) -> Result<Greeted, Refusal> {
        let proof = match &self.verifier {
            None => Proof::Done,
            Some(verifier) if verifier.is_off() => return Err(Refusal::Off),
            Some(verifier) => verifier.read(headers).map_err(|_| Refusal::Unauthorized)?,
        };
        let signature = self.verifier.as_ref().and_then(Verifier::signature_header);
        let headers = match self.keeps_headers {
            true => kept_headers::keep(headers, signature)?,
            false => Map::new(),
        };
        Ok(Greeted { proof, headers })
    }

    /// What bounds the requests that are still being read.
    pub fn reading(&self) -> &Budget {
        self.pool.reading()
    }

    /// The largest request, in bytes.
    pub fn max_request(&self) -> usize {
        self.max_request
    }

    /// Takes a message in, and answers with the id that it got when it is at the broker.
    pub async fn take(self: &Arc<Self>, greeted: Greeted, body: Bytes) -> Result<String, Refusal> {
        let asked = Asked::of(self.source.name);
        let answer = timeout(LONGEST, self.admit(greeted, body))
            .await
            .unwrap_or(Err(Refusal::Late));
        asked.answered(&answer);
        answer
    }

    async fn admit(self: &Arc<Self>, greeted: Greeted, body: Bytes) -> Result<String, Refusal> {
        if body.len() > self.max_request {
            return Err(Refusal::TooLarge {
                limit: self.max_request,
            });
        }
        if let Some(verifier) = &self.verifier {
            let verified = verifier.verify(&greeted.proof, &body);
            verified.map_err(|_| Refusal::Unauthorized)?;
        }
        // A signature is over what came; JSON begins after the mark that some put before it.
        let body = match body.strip_prefix(b"\xef\xbb\xbf") {
            Some(text) => body.slice_ref(text),
            None => body,
        };
        let admitted = self.pool.admit(body.len() as u64).await?;
        let task = tokio::spawn(Arc::clone(self).process(greeted.headers, body, admitted));
        joined(self.source.name, task).await
    }

    async fn process(
        self: Arc<Self>,
        sent: Map<String, Value>,
        body: Bytes,
        admitted: Admitted,
    ) -> Result<String, Refusal> {
        let Admitted { worker, bytes } = admitted;
        let _bytes: Held = bytes;
        // Made once, here: whatever happens to the message later, it stays this one.
        let id = Uuid::now_v7().to_string();
        let (sent, routing_key) = match body.len() > LARGE {
            false => {
                let routing_key = self.routing_key(&sent, &body, &id);
                (sent, routing_key)
            }
            true => {
                let (this, body, id) = (Arc::clone(&self), body.clone(), id.clone());
                let read = move || {
                    let routing_key = this.routing_key(&sent, &body, &id);
                    (sent, routing_key)
                };
                let read = tokio::task::spawn_blocking(read).await;
                read.map_err(|error| Refusal::Internal(error.to_string()))?
            }
        };
        let routing_key = routing_key?;
        let mut kept = Vec::new();
        if self.keeps_headers {
            let text = HeaderValue::Text(kept_headers::text(&sent)?);
            kept.push((headers::HTTP_HEADERS.into(), text));
        }
        drop(worker);
        let message = Outgoing::new(self.source.exchange, routing_key, body).with(Properties {
            content_type: Some(headers::JSON.into()),
            message_id: Some(id.clone()),
            kind: Some(self.message.name.into()),
            timestamp: Some(now().as_secs()),
            headers: kept,
        });
        self.received.increment(1);
        self.publisher.publish(message).await?;
        self.accepted.increment(1);
        Ok(id)
    }

    /// Checks the body, and says where it goes. No tree is made of its lists, which are what can be large.
    fn routing_key(
        &self,
        headers: &Map<String, Value>,
        body: &[u8],
        id: &str,
    ) -> Result<String, Refusal> {
        let body = limits::outline(body).map_err(refusal)?;
        json::check(&body, self.message).map_err(refusal)?;
        match self.routing_key {
            RoutingKey::Constant(key) => Ok((*key).to_owned()),
            RoutingKey::Computed(key) => {
                let message = Message {
                    body: &body,
                    id,
                    received_ms: i64::try_from(now().as_millis()).unwrap_or(i64::MAX),
                    headers,
                };
                let key = key(&message).map_err(refusal)?;
                Ok(encode(&key))
            }
        }
    }
}

fn refusal(bad: Bad) -> Refusal {
    match bad {
        Bad::Field(misfit) => Refusal::Field {
            field: misfit.place,
            reason: misfit.reason,
        },
        bad => Refusal::Invalid(bad.to_string()),
    }
}

/// A routing key that a binding of one word matches, whatever the body says.
fn encode(key: &str) -> String {
    if key.is_empty() {
        return "NO_EVENT_NAME".to_owned();
    }
    let mut key = key.replace('.', "_");
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}

#[cfg(test)]
mod tests {
    #[test]
    fn routing_keys_are_one_word_that_amqp_can_hold() {
        assert_eq!(super::encode(""), "NO_EVENT_NAME");
        assert_eq!(super::encode("a.b..c"), "a_b__c");
        assert_eq!(super::encode(&"ä".repeat(200)), "ä".repeat(127));
    }
}
