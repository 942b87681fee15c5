//! Settles a message: its dead letters are published and confirmed, then it is acknowledged.

use std::time::Duration;

use super::append::Failed;
use super::dead_letter;
use super::prepare::Prepared;
use super::{Setup, now_ms};
use crate::broker::Settled;

/// A message was not settled because the server gives up waiting; it goes back to its queue.
pub(super) struct GivenUp;

/// A message that is dealt with, but for what failed of it.
#[derive(Debug)]
pub(super) struct Finished {
    /// The message.
    pub message: Prepared,
    /// What is a dead letter.
    pub failed: Vec<Failed>,
    /// How often that was tried.
    pub attempts: u32,
}

/// Publishes a message's dead letters, then acknowledges it.
pub(super) async fn settle(setup: &Setup, finished: Finished) -> Result<(), GivenUp> {
    let Finished {
        message,
        failed,
        attempts,
    } = finished;
    let queue = message.queue;
    for failed in &failed {
        let Some(route) = queue.dead_letter else {
            break;
        };
        let mut pause = Duration::from_millis(100);
        loop {
            let letter =
                dead_letter::outgoing(setup.pipeline, &message, route, failed, attempts, now_ms());
            match setup.broker.publish(letter).await {
                Ok(()) => break,
                Err(error) if error.retry_helps() => {
                    tracing::warn!(queue = queue.name, reason = %error, "A dead letter waits for the broker.");
                    sleep(setup, pause).await?;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(error) => {
                    tracing::error!(queue = queue.name, reason = %error, "A dead letter can't be published.");
                    return Err(GivenUp);
                }
            }
        }
        metrics::counter!("event_grpc_dead_letters_total", "queue" => queue.name, "class" => failed.class)
            .increment(1);
    }
    let outcome = match message.delivery.ack.ack().await {
        Settled::Done => "acknowledged",
        Settled::Lost => "lost",
    };
    metrics::counter!("event_grpc_settled_total", "queue" => queue.name, "outcome" => outcome)
        .increment(1);
    Ok(())
}

/// Waits, unless the server gives up.
pub(super) async fn sleep(setup: &Setup, time: Duration) -> Result<(), GivenUp> {
    let slept = setup
        .give_up
        .run_until_cancelled(tokio::time::sleep(time))
        .await;
    slept.ok_or(GivenUp)
}
