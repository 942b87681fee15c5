//! Webhook: a source of JSON messages, one object a request, checked by a dry run and published as it came. A message
//! that can't be stored is kept as a dead letter, and its sender is told.

mod bad;
mod taken;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Uri};
use metrics::Counter;
use tokio::time::timeout;

pub use taken::Taken;

use super::clients;
use super::deliveries::{Deliveries, Delivery};
use super::dispatch::{Asked, LONGEST, count, counted, joined, received};
use super::dry_run::DryRun;
use super::identity::Identity;
use super::judge::MessageBuilder;
use super::keeper::Keeper;
use super::kept_headers;
use super::pool::{Admitted, Pool, PoolShare};
use super::publisher::Publisher;
use super::reading::Budget;
use super::response::Refusal;
use super::seen;
use super::verify::{Proof, Verifier};
use crate::access::Denied;
use crate::broker::{Outgoing, Topology};
use crate::client::Client;
use crate::contract::{self, IdFrom, Intake, OnBad, Pipeline, RoutingKey, Source};
use crate::identity::Declared;
use crate::json::{Map, Value, without_mark};
use crate::metrics::intake;
use crate::protobuf::Shape;
use crate::switches::Switches;
use crate::tap::{Seen, Shown, Stage};
use crate::time::now_ms;
use crate::trace::{TraceContext, Tracer};

/// Size from which a body is handled on a separate thread, in bytes.
const LARGE: usize = 256 << 10;

/// Source of JSON messages.
#[derive(Debug)]
pub struct Webhook {
    source: &'static Source,
    max_request: usize,
    pool: Pool,
    publisher: Arc<Publisher>,
    verifier: Option<Verifier>,
    /// Client of verified requests.
    verified: Client,
    /// Path without a slash at its end.
    path: &'static str,
    /// Deliveries by the ids that their headers declare, if the source's requests are signed.
    deliveries: Option<Deliveries>,
    judge: MessageBuilder,
    keeper: Keeper,
    on_bad: OnBad,
    switches: Arc<Switches>,
    received: Counter,
    accepted: Counter,
    kept: Counter,
}

/// Configuration of a webhook.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// Shape of the body.
    pub message: &'static Shape,
    /// Routing key, or how to compute it.
    pub routing_key: &'static RoutingKey,
    /// True if the request's headers are kept.
    pub headers: bool,
    /// Rule for the id.
    pub id: IdFrom,
    /// Policy for messages that can't be stored.
    pub on_bad: OnBad,
}

/// Verified headers of a request.
#[derive(Debug)]
pub struct VerifiedHeaders {
    proof: Proof,
    /// Headers that are kept.
    headers: Map<String, Value>,
    /// Id that they declare.
    declared: Option<Declared>,
    /// What is signed beside the body, with a time.
    signed: Option<Declared>,
}

impl Webhook {
    /// Creates the source of these messages, with this pool. `topology` tells which queues they reach.
    pub fn new(
        (pipeline, topology): (&'static Pipeline, &Topology),
        source: &'static Source,
        takes: Takes,
        verifier: Option<Verifier>,
        sizes: contract::Pool,
        publisher: Arc<Publisher>,
    ) -> Self {
        let name = takes.message.name;
        let reads_first = verifier.as_ref().is_some_and(Verifier::reads_first);
        let by_header = matches!(takes.id, IdFrom::Header(_));
        Webhook {
            source,
            max_request: sizes.max_request as usize,
            pool: match reads_first {
                true => Pool::of_unproved(source.name, sizes),
                false => Pool::new(source.name, sizes),
            },
            publisher,
            path: path(source),
            deliveries: (reads_first && by_header).then(Deliveries::default),
            verifier,
            verified: Client::named(source.name).unwrap_or_default(),
            judge: MessageBuilder {
                source,
                schema: pipeline.schema(),
                shape: takes.message,
                routing_key: takes.routing_key,
                keeps_headers: takes.headers,
                identity: Identity::new(source, takes.id),
                dry_run: DryRun::new(pipeline, topology, source),
            },
            keeper: Keeper::new(source, pipeline.fingerprint),
            on_bad: takes.on_bad,
            switches: Arc::default(),
            received: received(source.name, name),
            accepted: counted(source.name, name, "accepted"),
            kept: counted(source.name, name, "kept"),
        }
    }

    /// Refuses the messages that these switches refuse.
    pub fn with_switches(self, switches: Arc<Switches>) -> Self {
        Webhook { switches, ..self }
    }

    /// Challenge for requests without credentials.
    pub fn challenge(&self) -> Option<&'static str> {
        self.verifier.as_ref().and_then(Verifier::challenge)
    }

    /// Source in the pipeline.
    pub(super) fn source(&self) -> &'static Source {
        self.source
    }

    /// Counts and refuses a request whose sender may not send it, before its body is read.
    pub fn denied(&self, denied: Denied) -> Refusal {
        let refused: Result<(), Refusal> = Err(Refusal::Denied(denied.clone()));
        count(self.source.name, &refused);
        Refusal::Denied(denied)
    }

    /// True if a secret is expected behind its path.
    pub fn has_secret_in_path(&self) -> bool {
        self.verifier.as_ref().is_some_and(Verifier::is_in_path)
    }

    /// Checks a request's head, before its body is read.
    pub fn verify_head(&self, uri: &Uri, headers: &HeaderMap) -> Result<VerifiedHeaders, Refusal> {
        let verified_headers = self.read(uri, headers);
        if verified_headers.is_err() {
            count(self.source.name, &verified_headers);
        }
        verified_headers
    }

    fn read(&self, uri: &Uri, headers: &HeaderMap) -> Result<VerifiedHeaders, Refusal> {
        let mut secret = "";
        let proof = match &self.verifier {
            None => Proof::Done,
            Some(verifier) if verifier.is_off() => return Err(Refusal::Off),
            Some(verifier) => {
                if verifier.is_in_path() {
                    let behind = uri.path().strip_prefix(self.path).unwrap_or_default();
                    secret = behind.trim_matches('/');
                }
                let now_ms = now_ms().unsigned_abs();
                let proof = verifier.read(headers, secret, now_ms);
                proof.map_err(|_| Refusal::Unauthorized)?
            }
        };
        let signature = self.verifier.as_ref().and_then(Verifier::signature_header);
        let declared = self.judge.identity.of_headers(headers);
        let headers = match self.judge.keeps_headers {
            true => kept_headers::keep(headers, signature, secret)?,
            false => Map::new(),
        };
        Ok(VerifiedHeaders {
            signed: proof.signed_once(),
            proof,
            headers,
            declared,
        })
    }

    /// Sender of a request: the client that a key proved, or else, of a request whose proof holds, the source itself.
    pub fn client(&self, extensions: &Extensions) -> Client {
        let client = Client::of(extensions);
        let proves = self.verifier.as_ref().is_some_and(Verifier::proves);
        match client.is_unknown() && proves {
            true => self.verified.clone(),
            false => client,
        }
    }

    /// What records spans.
    pub(super) fn tracer(&self) -> &Tracer {
        self.publisher.tracer()
    }

    /// Budget of requests that are still being read.
    pub fn reading(&self) -> &Budget {
        self.pool.reading()
    }

    /// Maximum size of a request, in bytes.
    pub fn max_request(&self) -> usize {
        self.max_request
    }

    /// Handles a message of a client, in a span if it is recorded, and answers when it is confirmed by the broker, or kept.
    pub async fn take(
        self: &Arc<Self>,
        verified_headers: VerifiedHeaders,
        (client, trace): (Client, Option<TraceContext>),
        body: Bytes,
    ) -> Result<Taken, Refusal> {
        let asked = Asked::of(self.source.name);
        let is_new = self
            .judge
            .identity
            .is_new(verified_headers.declared.as_ref());
        // True if a repetition of the message would be another one.
        let is_new = Arc::new(AtomicBool::new(is_new));
        let answer = timeout(
            LONGEST,
            self.admit(
                (verified_headers, client.clone(), trace),
                body,
                Arc::clone(&is_new),
            ),
        )
        .await
        .unwrap_or(Err(Refusal::Late));
        let answer = match answer {
            Err(refusal) if is_new.load(Ordering::Relaxed) => Err(refusal.not_repeatable()),
            answer => answer,
        };
        let outcome = match &answer {
            Ok(Taken::Good { .. }) => Some(intake::ACCEPTED),
            Ok(Taken::Kept { .. }) => Some(intake::KEPT),
            Err(refusal) => refusal.is_of_content().then_some(intake::REJECTED),
        };
        if let Some(outcome) = outcome {
            clients::count(&client, outcome, 1);
        }
        match &answer {
            Ok(Taken::Kept { .. }) => asked.ended("kept"),
            answer => asked.answered(answer),
        }
        answer
    }

    async fn admit(
        self: &Arc<Self>,
        (verified_headers, client, trace): (VerifiedHeaders, Client, Option<TraceContext>),
        body: Bytes,
        is_new: Arc<AtomicBool>,
    ) -> Result<Taken, Refusal> {
        if body.len() > self.max_request {
            return Err(Refusal::TooLarge {
                limit: self.max_request,
            });
        }
        if let Some(verifier) = &self.verifier {
            let verified = verifier.verify(&verified_headers.proof, &body);
            verified.map_err(|_| Refusal::Unauthorized)?;
        }
        if let Some(switch) = self.switches.of_message(self.source.name, client.name()) {
            return Err(Refusal::SwitchedOff(switch));
        }
        let declared = verified_headers.declared.as_ref();
        let delivery = match (&self.deliveries, declared) {
            (Some(deliveries), Some(id)) => {
                let delivery = Delivery::new(id, &body);
                if deliveries.is_replay(delivery) {
                    return Err(Refusal::Replayed);
                }
                Some(delivery)
            }
            _ => None,
        };
        // A signature covers the bytes that were received; JSON begins after a byte order mark, which some senders put
        // before it.
        let body = body.slice_ref(without_mark(&body));
        let admitted = self.pool.admit(body.len() as u64).await?;
        let sent = (verified_headers, client, trace);
        let task = tokio::spawn(Arc::clone(self).process(sent, body, admitted, is_new));
        let taken = joined(self.source.name, task).await?;
        if let (Some(deliveries), Some(delivery)) = (&self.deliveries, delivery) {
            deliveries.took(delivery);
        }
        Ok(taken)
    }

    async fn process(
        self: Arc<Self>,
        (verified_headers, client, trace): (VerifiedHeaders, Client, Option<TraceContext>),
        body: Bytes,
        admitted: Admitted,
        is_new: Arc<AtomicBool>,
    ) -> Result<Taken, Refusal> {
        let Admitted { worker, bytes } = admitted;
        let _bytes: PoolShare = bytes;
        let VerifiedHeaders {
            headers,
            declared,
            signed,
            ..
        } = verified_headers;
        let name = client.clone();
        let mut judged = match body.len() > LARGE {
            false => self
                .judge
                .judge((&headers, &client), (declared, signed), body)?,
            true => {
                let (this, this_source) = (Arc::clone(&self), self.source.name);
                let judge = move || {
                    let sent = (&headers, &client);
                    this.judge.judge(sent, (declared, signed), body)
                };
                let judged = tokio::task::spawn_blocking(judge).await;
                judged.map_err(|error| {
                    tracing::error!(source = this_source, %error, "Preparing a request panicked.");
                    Refusal::Internal("the server failed on this request".to_owned())
                })??
            }
        };
        judged.message.properties.trace = trace;
        drop(worker);
        if judged.found.reached > judged.found.bad.len()
            && let Some(look) = self.publisher.taps().at(Stage::Received)
        {
            let seen = Seen {
                event_type: self.judge.shape.name,
                id: &judged.id.text,
                ..seen::at_source(self.source.name, name.name())
            };
            look.offer(&seen, Shown::Text(&judged.message.body));
        }
        is_new.store(!judged.id.comes_again, Ordering::Relaxed);
        if judged.found.reached > 0 && judged.found.bad.is_empty() {
            self.publish(judged.message).await?;
            self.accepted.increment(1);
            return Ok(Taken::Good { id: judged.id.text });
        }
        let taken = self.bad(judged).await?;
        self.kept.increment(1);
        Ok(taken)
    }

    async fn publish(&self, message: Outgoing) -> Result<(), Refusal> {
        self.received.increment(1);
        Ok(self.publisher.publish(message).await?)
    }
}

/// Path of a webhook, without a slash at its end.
fn path(source: &'static Source) -> &'static str {
    match source.intake {
        Intake::Post { path, .. } => path.trim_end_matches('/'),
        Intake::Grpc { .. } => "",
    }
}
