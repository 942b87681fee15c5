//! Senders of hostile inputs, and their answers.

mod amqp;
mod call;
mod frames;
mod talk;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use tonic::transport::{Channel, Endpoint};

use super::attack::{Attack, Port};
use amqp::{Address, Connection};

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
    amqp: Option<Address>,
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
        deadline: Duration,
    ) -> anyhow::Result<Self> {
        Ok(Places {
            grpc: socket(grpc)?,
            http: socket(http)?,
            ops: socket(ops)?,
            amqp: amqp.map(Address::parse).transpose()?,
            deadline,
        })
    }

    fn of(&self, port: Port) -> SocketAddr {
        match port {
            Port::Grpc => self.grpc,
            Port::Http => self.http,
            Port::Ops => self.ops,
        }
    }
}

fn socket(url: &str) -> anyhow::Result<SocketAddr> {
    let place = url.trim_start_matches("http://").trim_end_matches('/');
    place
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
        let endpoint = Endpoint::from_shared(format!("http://{}", places.grpc))?
            .local_address(Some(from))
            // An answer that nobody reads stays where it was made.
            .initial_stream_window_size(1 << 14)
            .connect_timeout(places.deadline);
        Ok(Lane {
            places: places.clone(),
            from,
            channel: endpoint.connect_lazy(),
            amqp: None,
        })
    }

    /// Sends it, and says how that ended. What is good comes from an address of its own.
    pub(super) async fn send(&mut self, attack: &Attack, good: bool) -> Outcome {
        let deadline = self.places.deadline;
        match attack {
            Attack::Call(call) => {
                let sent = call::send(self.channel.clone(), call);
                match tokio::time::timeout(deadline, sent).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome::Unanswered(format!("nothing for {deadline:?}")),
                }
            }
            Attack::Talk(talk) => {
                let from = match good {
                    true => self.places.http.ip(),
                    false => self.from,
                };
                talk::send(from, self.places.of(talk.port), talk, deadline).await
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
}
