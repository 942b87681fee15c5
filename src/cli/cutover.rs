//! `event-grpc cutover`: replaces RabbitMQ queues that were declared differently, empties those that Kafka carries now, and
//! topics of those that it carries no more.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::kafka::KafkaArgs;
use super::{say, settings};
use crate::app::environment::{self, Secret};
use crate::broker::{
    Address, Cutover, Drain, Found, Kafka, KafkaOptions, Link, QueueSpec, Topology, move_back,
};
use crate::generated::PIPELINE;

/// The lock that keeps two of these from running at once, by the name of its queue.
const LOCK: &str = "event_grpc.cutover";

/// How long Kafka may take to answer.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// Replace queues that RabbitMQ has in another form than pipeline.yaml, while producers go on publishing. See
/// docs/cutover.md. Queues that Kafka carries now are emptied into their topics and deleted; --from-topic empties the topic of
/// a queue that is in RabbitMQ again (docs/kafka.md).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost.
    #[arg(
        long,
        env = "EVENT_GRPC_AMQP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    amqp_url: Option<Secret>,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Change nothing; list the differences. Exit status 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Only this queue; may be repeated.
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Move what isn't settled in this Kafka topic, and in that of its retries, to the queue that --queue names, which Kafka
    /// carried before. Nothing else is done.
    #[arg(long, value_name = "TOPIC", requires = "queues")]
    from_topic: Option<String>,
}

/// Runs the command; false if something differs and was not replaced.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let url = environment::option("EVENT_GRPC_AMQP_URL", args.amqp_url.as_ref())?;
    let url = url.context("--amqp-url (or EVENT_GRPC_AMQP_URL) is required")?;
    let address = Address::parse(&url).with_context(|| settings::named("amqp-url"))?;
    let topology = Topology::of(&PIPELINE, |_| true);
    for name in &args.queues {
        let known = topology.queues.iter().any(|queue| queue.name == name);
        anyhow::ensure!(known, "pipeline.yaml declares no queue {name}");
    }
    let cutover = Cutover::dial(&address).await?;
    let good = alone(&cutover, &topology, &args).await;
    cutover.close().await;
    good
}

/// Runs it under a lock, unless nothing is changed: two at once would move messages twice.
async fn alone(cutover: &Cutover, topology: &Topology, args: &Args) -> anyhow::Result<bool> {
    let lock = match args.check {
        true => None,
        false => Some(cutover.lock(LOCK).await.context(
            "another event-grpc cutover is under way at this virtual host; wait until it has ended",
        )?),
    };
    let good = match &args.from_topic {
        Some(topic) => back(cutover, topology, topic, args).await,
        None => all(cutover, topology, args).await,
    };
    if let Some(lock) = lock {
        lock.release().await;
    }
    good
}

async fn all(cutover: &Cutover, topology: &Topology, args: &Args) -> anyhow::Result<bool> {
    let mut good = leave(cutover, topology, args).await?;
    let topology = &topology.in_rabbitmq();
    for exchange in &topology.exchanges {
        if let Found::Differs(how) = cutover.exchange(exchange).await? {
            say(&format!("differs     exchange {}: {how}", exchange.name));
            good = false;
        }
    }
    let chosen = |queue: &&QueueSpec| {
        args.queues.is_empty() || args.queues.iter().any(|name| name == queue.name)
    };
    for queue in topology.queues.iter().filter(chosen) {
        let found = cutover.queue(queue).await?;
        let what = match (&found, args.check) {
            (Found::Fits | Found::Missing, _) => continue,
            (Found::Differs(how), true) => format!("differs     queue {}: {how}", queue.name),
            (Found::Unfinished, true) => {
                format!(
                    "unfinished  queue {}: run event-grpc cutover again",
                    queue.name
                )
            }
            (_, false) => match cutover.replace(topology, queue).await {
                Ok(moved) => {
                    say(&format!(
                        "replaced    queue {}, {moved} messages moved",
                        queue.name
                    ));
                    continue;
                }
                Err(error) => format!("failed      queue {}: {error}", queue.name),
            },
        };
        say(&what);
        good = false;
    }
    if good && args.check {
        say(
            "nothing differs; missing queues and exchanges are declared when event-grpc serve starts",
        );
    }
    Ok(good)
}

/// Moves what waits in RabbitMQ for queues that Kafka carries now, and deletes their queues there. A queue behind a
/// bridge stays.
async fn leave(cutover: &Cutover, topology: &Topology, args: &Args) -> anyhow::Result<bool> {
    let gone = |queue: &&QueueSpec| {
        let chosen = args.queues.is_empty() || args.queues.iter().any(|name| name == queue.name);
        chosen && queue.topic.is_some_and(|topic| !topic.bridged)
    };
    let mut kafka = None;
    let mut good = true;
    for queue in topology.queues.iter().filter(gone) {
        let Some((mut messages, _)) = cutover.depth(queue.name).await? else {
            continue;
        };
        if args.check {
            for former in cutover.former_partitions(queue).await? {
                messages += cutover.depth(&former).await?.map_or(0, |(ready, _)| ready);
            }
            say(&format!(
                "left        queue {}: Kafka carries it, and {messages} messages wait in RabbitMQ",
                queue.name
            ));
            good = false;
            continue;
        }
        let kafka = match &kafka {
            Some(kafka) => kafka,
            None => kafka.insert(connect(topology, args).await?),
        };
        let publish = |message| kafka.publish_into(queue.name, message).boxed();
        match cutover.leave(queue, &publish).await {
            Ok(moved) => say(&format!(
                "moved       queue {}, {} messages moved to Kafka",
                queue.name,
                moved.unwrap_or(0)
            )),
            Err(error) => {
                say(&format!("failed      queue {}: {error}", queue.name));
                good = false;
            }
        }
    }
    if let Some(kafka) = kafka {
        kafka.close(TIME_LIMIT).await;
    }
    Ok(good)
}

/// Moves what waits in a topic to the queue that is in RabbitMQ again.
async fn back(
    cutover: &Cutover,
    topology: &Topology,
    topic: &str,
    args: &Args,
) -> anyhow::Result<bool> {
    let [name] = args.queues.as_slice() else {
        anyhow::bail!("--from-topic wants one --queue, to which its messages go");
    };
    let mut queues = topology.queues.iter();
    let queue = queues.find(|queue| queue.name == name);
    let queue = queue.filter(|queue| queue.topic.is_none()).with_context(|| {
        format!("queue {name} is in Kafka: take `kafka` out of pipeline.yaml and replace the instances first")
    })?;
    let reads = |queue: &&QueueSpec| queue.reads(topic);
    if let Some(reader) = topology.queues.iter().find(reads) {
        let reader = reader.name;
        anyhow::bail!(
            "topic {topic} is read by queue {reader}, whose messages it holds: --from-topic takes that of a queue which isn't in Kafka any more"
        );
    }
    let address = args.kafka.address()?;
    let address =
        address.context("--from-topic needs --kafka-brokers (or EVENT_GRPC_KAFKA_BROKERS)")?;
    if args.check {
        let waiting = Drain::open(&address, topic).await?.waiting().await?;
        say(&format!(
            "left        topic {topic}: {waiting} messages wait in Kafka for queue {name}"
        ));
        return Ok(waiting == 0);
    }
    let moved = move_back(cutover, &address, topic, queue.name).await?;
    say(&format!(
        "moved       topic {topic}, {moved} messages moved to queue {name}"
    ));
    Ok(true)
}

async fn connect(topology: &Topology, args: &Args) -> anyhow::Result<Kafka> {
    let address = args.kafka.address()?;
    let address = address.context(
        "queues are in Kafka: --kafka-brokers (or EVENT_GRPC_KAFKA_BROKERS) is required",
    )?;
    let kafka = Kafka::connect(&address, topology, KafkaOptions::default())?;
    let mut status = kafka.status();
    let up = timeout(TIME_LIMIT, status.wait_for(|s| s.link == Link::Up)).await;
    anyhow::ensure!(
        matches!(up, Ok(Ok(_))),
        "Kafka does not answer: {:?}",
        kafka.status().borrow().link
    );
    Ok(kafka)
}
