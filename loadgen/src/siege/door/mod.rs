//! Senders of hostile inputs, and their answers.

mod amqp;
mod call;
mod frames;
mod talk;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tonic::transport::{Channel, Endpoint};

use super::attack::{Attack, Port, Proof, Talk};
use crate::proofs::Proofs;
use amqp::{Address, Connection};
use event_grpc::tls::https::Https;
use futures_util::future::join_all;
use hyper_util::client::legacy::connect::HttpConnector;
pub(super) use talk::connect;

/// Outcome of an attack, as its sender saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken: OK, or confirmed.
    Taken,
    /// It was refused, with this.
    Refused(String),
    /// The connection was closed without an answer.
    Closed,
    /// No answer came, and its sender left as intended.
    Left,
    /// An answer was waited for in vain.
    Unanswered(String),
}

/// Addresses under attack.
#[derive(Debug, Clone)]
pub(super) struct Places {
    grpc: SocketAddr,
    http: SocketAddr,
    ops: SocketAddr,
    engine: Option<SocketAddr>,
    amqp: Option<Address>,
    /// What a sender can prove, if the server has TLS and asks for proofs.
    pub(super) proofs: Option<Arc<Proofs>>,
    /// Timeout of an answer.
    deadline: Duration,
}

/// One sender with connections of its own.
pub(super) struct Lane {
    places: Places,
    /// Source address of hostile connections, so that a limit for one peer is met by those that it is for.
    from: IpAddr,
    channel: Channel,
    amqp: Option<Connection>,
}

impl Places {
    /// Reads the addresses.
    pub(super) fn new(
        grpc: &str,
        http: &str,
        ops: &str,
        amqp: Option<&str>,
        engine: Option<&str>,
        proofs: Option<Arc<Proofs>>,
        deadline: Duration,
    ) -> anyhow::Result<Self> {
        Ok(Places {
            grpc: socket(grpc)?,
            http: socket(http)?,
            ops: socket(ops)?,
            engine: engine.map(socket).transpose()?,
            amqp: amqp.map(Address::parse).transpose()?,
            proofs,
            deadline,
        })
    }

    /// Address of a port.
    pub(super) fn of(&self, port: Port) -> SocketAddr {
        match port {
            Port::Engine => self.engine.unwrap_or(self.http),
            Port::Grpc => self.grpc,
            Port::Http => self.http,
            Port::Ops => self.ops,
        }
    }

    /// Line of a request's head that proves who sends, where that is asked for.
    pub(super) fn proof(&self, port: Port) -> Option<String> {
        let proofs = self.proofs.as_ref()?;
        let secret = match port {
            Port::Ops => proofs.token.clone(),
            Port::Grpc | Port::Http | Port::Engine => proofs.key("siege"),
        };
        Some(format!("Authorization: Bearer {secret}\r\n"))
    }
}

fn socket(url: &str) -> anyhow::Result<SocketAddr> {
    let place = url
        .trim_start_matches("http://")
        .trim_start_matches("https://");
    place
        .trim_end_matches('/')
        .parse()
        .with_context(|| format!("{url} should be http:// and an IP address with a port"))
}

impl Lane {
    /// The sender with this number.
    pub(super) fn new(places: &Places, number: usize) -> anyhow::Result<Self> {
        // All of 127/8 is this machine. Elsewhere everybody comes from the one address that there is.
        let last = u8::try_from(2 + number % 200).unwrap_or(2);
        let from = match places.grpc.ip().is_loopback() {
            true => Ipv4Addr::new(127, 0, 0, last).into(),
            false => Ipv4Addr::UNSPECIFIED.into(),
        };
        let scheme = match places.proofs {
            Some(_) => "https",
            None => "http",
        };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", places.grpc))?
            .local_address(Some(from))
            // An answer that nobody reads stays where it was made.
            .initial_stream_window_size(1 << 14)
            .connect_timeout(places.deadline);
        let channel = match &places.proofs {
            Some(proofs) => {
                let mut http = HttpConnector::new();
                http.set_local_address(Some(from));
                endpoint.connect_with_connector_lazy(Https::new(http, proofs.tls(None)))
            }
            None => endpoint.connect_lazy(),
        };
        Ok(Lane {
            places: places.clone(),
            from,
            channel,
            amqp: None,
        })
    }

    /// Sends it, and says how that ended. What is good comes from an address of its own.
    pub(super) async fn send(&mut self, attack: &Attack, good: bool) -> Outcome {
        let deadline = self.places.deadline;
        match attack {
            Attack::Call(call) => {
                let proofs = self.places.proofs.as_ref();
                let key = proofs.filter(|_| call.proof == Proof::Usual);
                let sent = call::send(self.channel.clone(), call, key.map(|p| p.key("siege")));
                match tokio::time::timeout(deadline, sent).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome::Unanswered(format!("nothing for {deadline:?}")),
                }
            }
            Attack::Talk(talk) => self.talk(talk, good).await,
            Attack::Row(talks) => {
                let mut told = Outcome::Left;
                for (at, talk) in talks.iter().enumerate() {
                    told = self.talk(talk, good).await;
                    if at + 1 < talks.len() && told != Outcome::Taken {
                        break;
                    }
                }
                told
            }
            Attack::Flood(talks) => {
                let all = join_all(talks.iter().map(|talk| self.talk(talk, good))).await;
                worst(all)
            }
            Attack::Publish(message) => {
                let Some(address) = self.places.amqp.clone() else {
                    return Outcome::Unanswered("there is no RabbitMQ".to_owned());
                };
                let sent = amqp::publish(&mut self.amqp, &address, message);
                let outcome = tokio::time::timeout(deadline, sent).await;
                outcome.unwrap_or_else(|_| {
                    // A late answer would be taken for another's.
                    self.amqp = None;
                    Outcome::Unanswered(format!("no confirm for {deadline:?}"))
                })
            }
        }
    }

    /// Says it on a connection of its own.
    async fn talk(&self, talk: &Talk, good: bool) -> Outcome {
        let from = match good {
            true => self.places.http.ip(),
            false => self.from,
        };
        talk::send(from, &self.places, talk).await
    }
}

/// The outcome of several that is told: they all end alike, or the worst is.
fn worst(all: Vec<Outcome>) -> Outcome {
    let is_bad = |outcome: &&Outcome| matches!(outcome, Outcome::Unanswered(_));
    let taken = all.iter().find(|outcome| **outcome == Outcome::Taken);
    let told = all.iter().find(is_bad).or(taken).or(all.first());
    told.cloned().unwrap_or(Outcome::Left)
}
