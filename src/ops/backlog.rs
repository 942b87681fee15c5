//! Backlog: what RabbitMQ says of the queues, asked at intervals over a connection of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::broker::{Address, Depth, Depths};
use crate::contract::{Destination, Pipeline};
use crate::metrics::broker::{QUEUE_CONSUMERS, QUEUE_READY, QUEUES_ASKED};
use crate::time::now;

/// Interval of the questions about queues of this pipeline.
const EVERY: Duration = Duration::from_secs(10);

/// Rounds after which retired queues are asked about, too.
const RETIRED_EVERY: u64 = 6;

/// Time limit for all questions of a round.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Time limit for the answer about one queue.
const PATIENCE: Duration = Duration::from_secs(5);

/// Name of the connection at the broker.
const NAME: &str = "event-grpc depths";

/// What was seen of the queues. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<Mutex<BTreeMap<&'static str, Seen>>>);

/// What was seen of a queue.
#[derive(Debug, Clone)]
struct Seen {
    depth: Depth,
    /// Names of the tables, their shards and targets that it leads to.
    into: Arc<[&'static str]>,
    /// Since when it has had ready messages.
    waiting: Option<Instant>,
    /// Since when messages have been ready that nobody consumes.
    alone: Option<SystemTime>,
    /// True if the pipeline declares it no more.
    retired: bool,
}

/// Queue with messages that nobody consumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alone {
    pub(super) queue: &'static str,
    pub(super) ready: u64,
    pub(super) since: SystemTime,
    /// Names of the tables, their shards and targets that it leads to.
    pub(super) into: Arc<[&'static str]>,
    /// True if the pipeline declares it no more.
    pub(super) retired: bool,
}

impl Backlog {
    /// Seconds for which a queue has been seen with ready messages.
    pub(super) fn waiting(&self, queue: &str) -> Option<f64> {
        let since = self.seen().get(queue)?.waiting?;
        Some(since.elapsed().as_secs_f64())
    }

    /// Queues with messages that nobody consumes.
    pub(super) fn alone(&self) -> Vec<Alone> {
        let seen = self.seen();
        let alone = seen.iter().filter_map(|(queue, seen)| {
            Some(Alone {
                queue,
                ready: seen.depth.ready,
                since: seen.alone?,
                into: Arc::clone(&seen.into),
                retired: seen.retired,
            })
        });
        alone.collect()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<&'static str, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what a queue holds; nothing if it isn't there.
    fn note(&self, asked: &Asked, depth: Option<Depth>) {
        let queue = asked.queue;
        let mut all = self.seen();
        let Some(depth) = depth else {
            if all.remove(queue).is_some() {
                QUEUE_READY.with([queue]).set(0.0);
                QUEUE_CONSUMERS.with([queue]).set(0.0);
            }
            return;
        };
        let before = all.get(queue);
        let waits = depth.ready > 0;
        let waiting = waits.then(|| {
            before
                .and_then(|seen| seen.waiting)
                .unwrap_or_else(Instant::now)
        });
        let alone = (waits && depth.consumers == 0).then(|| {
            before
                .and_then(|seen| seen.alone)
                .unwrap_or_else(SystemTime::now)
        });
        let seen = Seen {
            depth,
            waiting,
            alone,
            into: Arc::clone(&asked.into),
            retired: asked.retired,
        };
        all.insert(queue, seen);
        drop(all);
        QUEUE_READY.with([queue]).set(depth.ready as f64);
        QUEUE_CONSUMERS.with([queue]).set(depth.consumers as f64);
    }
}

/// Queue that is asked about.
#[derive(Debug, Clone)]
struct Asked {
    queue: &'static str,
    into: Arc<[&'static str]>,
    retired: bool,
}

impl Asked {
    /// Queues of a pipeline that are in RabbitMQ.
    fn declared(pipeline: &Pipeline) -> Vec<Self> {
        let in_rabbitmq = pipeline.queues.iter().filter(|queue| {
            let topic = queue.topic.as_ref();
            topic.is_none_or(|topic| topic.bridged)
        });
        let asked = in_rabbitmq.map(|queue| Asked {
            queue: queue.name,
            into: into(&queue.into).into(),
            retired: false,
        });
        asked.collect()
    }

    /// Queues that it declares no more.
    fn retired(pipeline: &Pipeline) -> Vec<Self> {
        let former = pipeline.retired.renamed.iter().map(|queue| &queue.former);
        let retired = pipeline.retired.queues.iter().chain(former);
        let asked = retired.map(|queue| Asked {
            queue: queue.name,
            into: Arc::default(),
            retired: true,
        });
        asked.collect()
    }
}

/// Names under which it is told that a destination accepts nothing.
fn into(destination: &Destination) -> Vec<&'static str> {
    match destination {
        Destination::Table(table) => {
            let shards = table.sharding().map_or(&[][..], |sharding| sharding.shards);
            [&[table.name], shards].concat()
        }
        Destination::Request(request) => {
            let targets = request.targets.iter();
            targets.map(|target| target.name).collect()
        }
    }
}

/// Asks until `stop`. While there is no answer, what was seen last stays.
pub async fn watch(
    address: Address,
    pipeline: &'static Pipeline,
    backlog: Backlog,
    stop: CancellationToken,
) {
    let (mut queues, mut retired) = (Asked::declared(pipeline), Asked::retired(pipeline));
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut depths = None;
    let mut told = false;
    let mut round = 0;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let rest: &mut [Asked] = match round % RETIRED_EVERY {
            0 => &mut retired,
            _ => &mut [],
        };
        round += 1;
        let asking = timeout(TIME_LIMIT, async {
            let declared = ask(&address, &mut depths, &backlog, &mut queues).await;
            declared.and(ask(&address, &mut depths, &backlog, rest).await)
        });
        let Some(asked) = stop.run_until_cancelled(asking).await else {
            break;
        };
        let why = match asked {
            Ok(Ok(())) => {
                told = false;
                QUEUES_ASKED.only().set(now().as_secs_f64());
                continue;
            }
            Ok(Err(why)) => why,
            Err(_) => {
                // The next round has a connection of its own.
                depths = None;
                format!("no answer within {} s", TIME_LIMIT.as_secs())
            }
        };
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(
                reason = why,
                "RabbitMQ doesn't tell the depths of all queues; the metrics of those stay as they were."
            );
        }
    }
    if let Some(depths) = depths {
        depths.close().await;
    }
}

/// Asks about each of these queues. What one of them doesn't tell holds up no other: the first such error is handed back at the
/// end, unless there is no connection at all.
async fn ask(
    address: &Address,
    depths: &mut Option<Depths>,
    backlog: &Backlog,
    queues: &mut [Asked],
) -> Result<(), String> {
    let mut failed = None;
    for _ in 0..queues.len() {
        let Some(asked) = queues.first().cloned() else {
            break;
        };
        // After a round that was cut off the next one begins with those that it didn't come to.
        queues.rotate_left(1);
        let dialled = match depths {
            Some(depths) => depths,
            None => {
                let dialled = Depths::dial(address, NAME).await;
                depths.insert(dialled.map_err(|error| error.to_string())?)
            }
        };
        let why = match timeout(PATIENCE, dialled.of(asked.queue)).await {
            Ok(Ok(depth)) => {
                backlog.note(&asked, depth);
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        failed.get_or_insert_with(|| format!("queue {}: {why}", asked.queue));
        if !dialled.is_up() {
            *depths = None;
        }
    }
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_waits_since_it_was_first_seen_so() {
        let backlog = Backlog::default();
        let asked = Asked {
            queue: "orders_q",
            into: Arc::new(["orders"]),
            retired: false,
        };
        let note = |ready, consumers| {
            backlog.note(&asked, Some(Depth { ready, consumers }));
            let alone = backlog.alone().first().map(|alone| alone.since);
            (backlog.waiting("orders_q").is_some(), alone)
        };
        assert_eq!(note(0, 0), (false, None));
        assert_eq!(note(5, 1), (true, None));
        let (waits, since) = note(5, 0);
        assert!(waits && since.is_some());
        assert_eq!(note(9, 0), (true, since));
        assert_eq!(note(9, 1), (true, None));
        backlog.note(&asked, None);
        assert_eq!(backlog.waiting("orders_q"), None);
    }
}
