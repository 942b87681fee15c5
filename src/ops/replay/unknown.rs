//! Events of types that were not known when they came: a build that knows them sends them again by itself.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{ReplayError, Replayer, Totals};
use crate::broker::Broker;
use crate::contract::{Input, Intake, Pipeline};
use crate::dead_letter::Class;
use crate::sink::clickhouse::letters::{Letters, Selection};

/// How many are sent in one pass, at most; the next pass goes on.
const MOST: u64 = 20_000;

/// How many are sent a second, at most.
const RATE: NonZeroU32 = NonZeroU32::new(500).expect("it is not 0");

/// Held by the instance that is at it.
const LOCK: &str = "event_grpc.replay_lock";

/// Looks for such letters now and again and again, until `stop`. One that fails once more, because an older instance
/// works on the same queue, rests as long as that before it is sent again, and longer each time.
pub async fn watch(
    letters: Letters,
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
    // A pass ends by itself when it is to stop.
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match pass(&replayer, every).await {
            Ok(Some(totals)) if totals.sent > 0 => tracing::info!(
                replayed = totals.sent,
                refused = totals.refused,
                "Dead letters of event types that this build knows were sent again."
            ),
            // Those that can't be sent are there in the next pass, too.
            Ok(_) => {}
            Err(error) => tracing::warn!(
                %error,
                "Dead letters of event types that this build knows can't be sent again now."
            ),
        }
    }
}

/// One look; none if there is nothing to do, or another instance is at it.
pub async fn pass(replayer: &Replayer, rest: Duration) -> Result<Option<Totals>, ReplayError> {
    let selection = Selection {
        classes: vec![Class::UnknownType.name().to_owned()],
        types: known(replayer.pipeline),
        // While an older instance works on the same queue, what is sent again may fail there again.
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
    // Asked again: another instance may have been at it until now.
    let totals = match replayer.letters.keys(&selection).await {
        Ok(keys) => replayer.replay(&keys, |_, _| {}).await,
        Err(error) => Err(error.into()),
    };
    lock.release().await;
    totals.map(|totals| Some(totals).filter(|totals| *totals != Totals::default()))
}

/// What letters call the event types that this build knows: their numbers, and the names that JSON has for them.
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
