//! Automatic replay of events whose type was unknown when they came, by a build that knows it.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{ReplayError, Replayer, Totals};
use crate::broker::Broker;
use crate::contract::{Input, Intake, Pipeline};
use crate::dead_letter::Class;
use crate::sink::clickhouse::dead_letters::{DeadLetters, Selection};

/// Maximum number of dead letters of one pass; the next pass continues.
const MOST: u64 = 20_000;

/// Maximum rate, in dead letters a second.
const RATE: NonZeroU32 = NonZeroU32::new(500).expect("it is not 0");

/// Exclusive queue that serves as a lock between instances.
const LOCK: &str = "event_grpc.replay_lock";

/// Looks for such dead letters at intervals until `stop`. One that fails again, because an older instance works on the
/// same queue, rests that long before it is replayed again, and longer each time.
pub async fn watch(
    letters: DeadLetters,
    pipeline: &'static Pipeline,
    broker: Arc<dyn Broker>,
    every: Duration,
    stop: CancellationToken,
) {
    let replayer = Replayer {
        letters,
        pipeline,
        broker,
        rate: Some(RATE),
        stop: stop.clone(),
    };
    let mut tick = tokio::time::interval(every);
    // A pass ends by itself when `stop` is cancelled.
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match pass(&replayer, every).await {
            Ok(Some(totals)) if totals.sent > 0 => tracing::info!(
                replayed = totals.sent,
                refused = totals.refused,
                "Dead letters of event types that this build knows were replayed."
            ),
            // Dead letters that can't be replayed are tried in the next pass, too.
            Ok(_) => {}
            Err(error) => tracing::warn!(
                %error,
                "Dead letters of event types that this build knows could not be replayed; the next pass retries."
            ),
        }
    }
}

/// Runs one pass; none if there is nothing to do, or another instance holds the lock.
pub async fn pass(replayer: &Replayer, rest: Duration) -> Result<Option<Totals>, ReplayError> {
    let selection = Selection {
        classes: vec![Class::UnknownType.name().to_owned()],
        types: known(replayer.pipeline),
        // While an older instance works on the same queue, a replayed dead letter may fail there again.
        rest: Some(rest),
        limit: Some(MOST),
        ..Selection::default()
    };
    // Counted first, because that reads no bodies.
    if selection.types.is_empty() || replayer.letters.counts(&selection).await?.is_empty() {
        return Ok(None);
    }
    let Some(lock) = replayer.broker.lock(LOCK).await else {
        return Ok(None);
    };
    // Read again: another instance may have replayed them until now.
    let totals = match replayer.letters.keys(&selection).await {
        Ok(keys) => replayer.replay(&keys, |_, _| {}).await,
        Err(error) => Err(error.into()),
    };
    lock.release().await;
    totals.map(|totals| Some(totals).filter(|totals| *totals != Totals::default()))
}

/// Names of the known event types in dead letters: their numbers, and their JSON names.
fn known(pipeline: &Pipeline) -> Vec<String> {
    let of_sources = pipeline.sources.iter().filter_map(|s| match s.intake {
        Intake::Grpc { envelope, .. } => Some(envelope),
        Intake::Post { .. } => None,
    });
    let of_queues = pipeline.queues.iter().filter_map(|q| match q.input {
        Input::Events(envelope) => Some(envelope),
        Input::Json(_) | Input::DeadLetters(_) => None,
    });
    let mut names = BTreeSet::new();
    for envelope in of_sources.chain(of_queues) {
        for kind in envelope.types {
            names.insert(kind.number.to_string());
            if let Some((_, field)) = envelope.event_shape.field(kind.number) {
                names.extend([field.name, field.json_name].map(str::to_owned));
            }
        }
    }
    names.into_iter().collect()
}
