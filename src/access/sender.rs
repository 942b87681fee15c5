//! Sender of a request, as far as it was proved, and what it may still do once the body is read.

use std::sync::Arc;

use super::denied::{Denied, Reason};
use super::known::Known;
use crate::client::Client;
use crate::metrics::access::{CLIENT_DENIED, DENIED, NOT_ALLOWED};

/// Sender of a request. By default it is unknown, and may send everything.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    known: Option<Arc<Known>>,
    /// Who it is, if something else has proved it.
    client: Client,
    source: &'static str,
    /// Bytes of the body that were announced, and are taken from the rate already.
    announced: u64,
}

impl Sender {
    /// A known sender to a source. Takes the announced size of the body from its rate.
    pub(super) fn new(
        known: Arc<Known>,
        source: &'static str,
        announced: u64,
    ) -> Result<Self, Denied> {
        if let Some(limit) = &known.bytes {
            limit.take(announced).map_err(|wait| {
                let (name, most) = (known.client.name(), limit.a_second());
                Reason::Bytes.until(
                    wait,
                    format!("client {name} is over its rate of {most} bytes a second; slow down"),
                )
            })?;
        }
        Ok(Sender {
            client: known.client.clone(),
            known: Some(known),
            source,
            announced,
        })
    }

    /// A sender that may send everything, whoever it is.
    pub(super) fn unrestricted(client: Client) -> Self {
        Sender {
            client,
            ..Sender::default()
        }
    }

    /// Who it is.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Takes the rest of the body's size from the rate of bytes, once it is known. `bytes` is the size unpacked.
    pub fn came(&self, bytes: usize) {
        let limit = self.known.as_ref().and_then(|known| known.bytes.as_ref());
        let more = (bytes as u64).saturating_sub(self.announced);
        if let Some(limit) = limit.filter(|_| more > 0) {
            limit.rate.spend(more);
        }
    }

    /// Takes so many events from the rate.
    ///
    /// # Errors
    ///
    /// If the client is over its rate.
    pub fn take(&self, events: usize) -> Result<(), Denied> {
        let Some(known) = &self.known else {
            return Ok(());
        };
        let Some(limit) = &known.events else {
            return Ok(());
        };
        limit.take(events as u64).map_err(|wait| {
            let (name, most) = (known.client.name(), limit.a_second());
            let text =
                format!("client {name} is over its rate of {most} events a second; slow down");
            let denied = Reason::Events.until(wait, text);
            count(self.source, &denied, Some(known));
            denied
        })
    }

    /// True if it may send events of all types, those that no build knows yet among them.
    pub fn may_send_all(&self) -> bool {
        let known = self.known.as_ref();
        known.is_none_or(|known| known.may_send_all_types())
    }

    /// True if it may send events of the type with this field number.
    pub fn may_send(&self, number: u32) -> bool {
        let known = self.known.as_ref();
        known.is_none_or(|known| known.may_send(number))
    }

    /// Counts events that it may not send.
    pub fn tried(&self, events: u64) {
        if events > 0 {
            let client = self.client().name().to_owned();
            NOT_ALLOWED.with([client]).increment(events);
        }
    }
}

/// Counts a denial, by the client too if it is known.
pub(super) fn count(source: &'static str, denied: &Denied, known: Option<&Arc<Known>>) {
    let reason = denied.reason.word();
    DENIED.with([source, reason]).increment(1);
    if let Some(known) = known {
        let client = known.client.name().to_owned();
        CLIENT_DENIED.with([client, reason.to_owned()]).increment(1);
    }
}
