//! `event-grpc dlq replay`: publishes dead letters again, to the queues in which they failed.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{ask, one_line, select::Select};
use crate::app::environment::{self, Secret};
use crate::broker::{
    self, Address, Broker, KafkaAddress, KafkaOptions, Link, RabbitOptions, Topology,
};
use crate::cli::kafka::KafkaArgs;
use crate::cli::say;
use crate::cli::serve::ClickHouseArgs;
use crate::cli::settings;
use crate::contract::RetiredEvent;
use crate::generated::PIPELINE;
use crate::ops::replay::{self, ReplayOutcome, Replayer, Totals};
use crate::sink::clickhouse::dead_letters::{DeadLetters, Key, StoredDeadLetter};

/// Timeout for the connection to the broker.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// Replay dead letters, each to the queue in which it failed, or to its exchange if no queue had it. Replayed ones are
/// remembered and not sent twice, unless they fail again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
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
    #[command(flatten)]
    select: Select,
    /// At most so many, oldest first.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Change nothing; show where each would go.
    #[arg(long)]
    dry_run: bool,
    /// Maximum number a second.
    #[arg(long, value_name = "COUNT")]
    rate: Option<NonZeroU32>,
    /// Don't ask before more than one dead letter is replayed.
    #[arg(long)]
    yes: bool,
    /// Summary as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let letters = super::letters(&args.clickhouse)?;
    let selection = args.select.clone().selection(args.limit);
    let keys = letters.keys(&selection).await?;
    if args.dry_run {
        return dry_run(&letters, &keys, args.json).await;
    }
    let url = environment::option("EVENT_GRPC_AMQP_URL", args.amqp_url.as_ref())?.context(
        "--amqp-url (or EVENT_GRPC_AMQP_URL) is required: a replay publishes to RabbitMQ. An instance whose broker is \
         in memory can't be reached by this command; it replays dead letters of unknown types by itself",
    )?;
    if keys.is_empty() || !ask::go_on("replay", keys.len(), args.yes)? {
        summary(Totals::default(), &[], args.json);
        return Ok(true);
    }
    let broker = connect(&url, args.kafka.address()?.as_ref()).await?;
    let replayer = Replayer {
        letters,
        pipeline: &PIPELINE,
        broker: Arc::clone(&broker),
        rate: args.rate,
        stop: stopped_by_hand(),
    };
    let bar = bar(keys.len(), args.json)?;
    let mut refused = Vec::new();
    let done = replayer
        .replay(&keys, |letter, outcome| {
            bar.inc(1);
            let line = match outcome {
                ReplayOutcome::Sent(_) => return,
                ReplayOutcome::Discarded(event) => retired(letter, event),
                ReplayOutcome::Refused(reason) => {
                    refused
                        .push(json!({ "id": letter.id, "queue": letter.queue, "reason": reason }));
                    format!("{} stays: {reason}", letter.id)
                }
            };
            if !args.json {
                bar.suspend(|| say(&one_line(&line)));
            }
        })
        .await;
    bar.finish_and_clear();
    broker.close(Duration::from_secs(5)).await;
    let totals = done?;
    summary(totals, &refused, args.json);
    Ok(totals.refused == 0)
}

/// Token that Ctrl-C cancels, to end after what is under way.
fn stopped_by_hand() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopped.cancel();
        }
    });
    stop
}

fn bar(letters: usize, json: bool) -> anyhow::Result<ProgressBar> {
    if json {
        return Ok(ProgressBar::hidden());
    }
    // Hidden automatically without a terminal.
    let style = "replaying {bar:40} {pos}/{len} dead letters, {per_sec}, {eta} left";
    let bar = ProgressBar::new(letters as u64);
    Ok(bar.with_style(ProgressStyle::with_template(style)?))
}

async fn connect(url: &str, kafka: Option<&KafkaAddress>) -> anyhow::Result<Arc<dyn Broker>> {
    let address = Address::parse(url).with_context(|| settings::named("amqp-url"))?;
    let options = RabbitOptions {
        name: "event-grpc dlq".to_owned(),
        ..RabbitOptions::default()
    };
    let of_kafka = KafkaOptions {
        bridges: false,
        ..KafkaOptions::default()
    };
    let topology = Topology::of(&PIPELINE, |_| true);
    let broker = broker::connect(address, kafka, &topology, (options, of_kafka))?;
    let mut status = broker.status();
    let up = timeout(TIME_LIMIT, status.wait_for(|s| s.link == Link::Up)).await;
    anyhow::ensure!(
        matches!(up, Ok(Ok(_))),
        "the broker does not answer: {:?}",
        broker.status().borrow().link
    );
    Ok(broker)
}

/// Shows where each dead letter would go.
async fn dry_run(letters: &DeadLetters, keys: &[Key], as_json: bool) -> anyhow::Result<bool> {
    let mut plans = Vec::new();
    for key in keys {
        for letter in letters.letters(std::slice::from_ref(key)).await? {
            let discarded = replay::discarded(&PIPELINE, &letter);
            let (goes, line) = match (discarded, replay::target(&PIPELINE, &letter)) {
                (Some(event), _) => (false, retired(&letter, event)),
                (None, Ok(target)) => (true, format!("{} goes to {target}", letter.id)),
                (None, Err(reason)) => (false, format!("{} stays: {reason}", letter.id)),
            };
            match as_json {
                true => plans.push(json!({ "id": letter.id, "queue": letter.queue, "replayable": goes, "plan": line })),
                false => say(&one_line(&line)),
            }
        }
    }
    match as_json {
        true => say(&json!({ "letters": plans }).to_string()),
        false => say(&format!("{} dead letters; nothing was sent", keys.len())),
    }
    Ok(true)
}

/// A dead letter that is discarded instead of replayed.
fn retired(letter: &StoredDeadLetter, event: &RetiredEvent) -> String {
    format!(
        "{} is discarded: its type `{}` is retired, and events of it are not stored",
        letter.id, event.name
    )
}

fn summary(totals: Totals, refused: &[serde_json::Value], as_json: bool) {
    let Totals {
        sent, discarded, ..
    } = totals;
    match as_json {
        true => say(
            &json!({ "replayed": sent, "discarded": discarded, "refused": refused }).to_string(),
        ),
        false if discarded > 0 => say(&format!(
            "{sent} replayed, {discarded} discarded, {} refused",
            totals.refused
        )),
        false => say(&format!("{sent} replayed, {} refused", totals.refused)),
    }
}
