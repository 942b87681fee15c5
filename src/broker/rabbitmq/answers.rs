//! Broker answers to published messages: confirms, returned messages, and closed channels.

use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::{Channel, Error, ErrorKind, PublisherConfirm};
use tokio::time::timeout;

use super::lane::Job;
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;

/// Reason of a closed channel, from the broker or the library.
pub(super) struct Reason {
    pub(super) code: u16,
    pub(super) text: String,
}

/// Answer of the broker to a message.
pub(super) struct Answered {
    job: Job,
    outcome: Outcome,
}

enum Outcome {
    Confirmed {
        taken: bool,
        /// A message that nothing took: this one or another.
        returned: Option<Box<BasicReturnMessage>>,
    },
    /// The channel or the connection broke.
    Broken(Reason),
}

/// Waits for the confirm of a message.
pub(super) async fn wait(job: Job, confirm: PublisherConfirm, patience: Duration) -> Answered {
    let outcome = match timeout(patience, confirm).await {
        Ok(Ok(confirmation)) => Outcome::Confirmed {
            taken: confirmation.is_ack(),
            returned: confirmation.take_message().map(Box::new),
        },
        Ok(Err(error)) => Outcome::Broken(error.into()),
        Err(_) => Outcome::Broken(Reason {
            code: 0,
            text: format!(
                "the broker has not answered within {} s",
                patience.as_secs()
            ),
        }),
    };
    Answered { job, outcome }
}

/// Gathers the confirms that one frame of the broker has brought.
///
/// A message that comes back is handed out by the library with whichever confirm it resolves next, and the confirms
/// of one frame are resolved in any order. So before one is believed, all of its frame must be here. The library
/// holds a lock while it resolves them, and this takes the same lock once: `wait_for_confirms` does so when it is
/// first polled, and is not waited for.
pub(super) fn all_of_one_answer<F: Future<Output = Answered>>(
    first: Answered,
    unanswered: &mut FuturesUnordered<F>,
    channel: &Channel,
) -> Vec<Answered> {
    drop(channel.wait_for_confirms().now_or_never());
    let mut batch = vec![first];
    while let Some(Some(answered)) = unanswered.next().now_or_never() {
        batch.push(answered);
    }
    batch
}

/// Answers a batch; an error says why the channel is broken. A message that came back is matched by what it holds, and may
/// have come with the confirm of another one, in this batch or before.
pub(super) fn settle(
    batch: Vec<Answered>,
    returned: &mut Vec<BasicReturnMessage>,
) -> Result<(), Reason> {
    let mut confirmed = Vec::with_capacity(batch.len());
    let mut whole = Ok(());
    for Answered { job, outcome } in batch {
        match outcome {
            Outcome::Broken(reason) => {
                job.answer(Err(unknown(reason.text.clone())));
                whole = Err(reason);
            }
            Outcome::Confirmed {
                taken,
                returned: back,
            } => {
                returned.extend(back.map(|back| *back));
                confirmed.push((job, taken));
            }
        }
    }
    for (job, taken) in confirmed {
        let came_back = returned.iter().position(|back| same(back, &job.message));
        let result = match came_back {
            Some(at) => {
                returned.swap_remove(at);
                Err(PublishError::Unroutable {
                    exchange: job.message.exchange.to_string(),
                    routing_key: job.message.routing_key.to_string(),
                })
            }
            None if taken => Ok(()),
            None => Err(PublishError::Refused),
        };
        job.answer(result);
    }
    whole
}

fn same(back: &BasicReturnMessage, sent: &Outgoing) -> bool {
    back.delivery.exchange.as_str() == sent.exchange
        && back.delivery.routing_key.as_str() == sent.routing_key
        && back.delivery.data == sent.body
}

/// The fate of a message that nobody has answered.
pub(super) fn unknown(reason: String) -> PublishError {
    PublishError::Unknown { reason }
}

// === impl Reason ===

impl Reason {
    /// Nothing broke.
    pub(super) fn none() -> Self {
        Reason {
            code: 0,
            text: String::new(),
        }
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ProtocolError(refusal) if error.is_amqp_soft_error() => Reason {
                code: refusal.get_id(),
                text: refusal.get_message().to_string(),
            },
            _ => Reason {
                code: 0,
                text: error.to_string(),
            },
        }
    }
}
