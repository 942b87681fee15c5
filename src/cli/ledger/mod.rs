//! `event-grpc ledger`: checks that every message is accounted for.

pub(super) mod ask;
mod print;
mod read;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::kafka::KafkaArgs;
use super::ops::AskArgs;
use super::say;
use crate::app::environment::Secret;
use crate::generated::PIPELINE;
use crate::ops::ledger::{Ledger, Reading};
use crate::ops::logging;

/// Compare, for each queue, what was published with what was settled and what is there, and show what remains. Exit
/// status 1 if messages are missing without an explanation. See docs/ledger.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Operations address of an instance; give all of them.
    #[arg(
        long = "instance",
        env = "EVENT_GRPC_LEDGER_INSTANCES",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8018",
        value_name = "URL"
    )]
    instances: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost. Not needed if the instances' brokers are in memory.
    #[arg(
        long,
        env = "EVENT_GRPC_AMQP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    amqp_url: Option<Secret>,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Saved reading to compare with: shows what has happened since.
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Save the reading, as the opening of a later one.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// How long to wait for a moment at which nothing moves, in seconds. Otherwise the figures are ranges.
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    wait: u64,
    /// Include queues without any messages.
    #[arg(long)]
    all: bool,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Runs the command; false if messages are missing.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let opening = args.opening.as_deref().map(open).transpose()?;
    let now = read::reading(&args).await?;
    if let Some(path) = &args.save {
        save(path, &now)?;
    }
    let ledger = Ledger::of(&PIPELINE, opening.as_ref(), &now);
    match args.json {
        true => say(&print::json(&ledger, &now)?),
        false => print::text(&ledger, opening.as_ref(), &now, args.all),
    }
    Ok(ledger.is_explained())
}

fn open(path: &Path) -> anyhow::Result<Reading> {
    let text = std::fs::read(path).with_context(|| format!("--opening {}", path.display()))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("--opening {} is no reading", path.display()))
}

fn save(path: &Path, reading: &Reading) -> anyhow::Result<()> {
    let text = serde_json::to_vec(reading)?;
    std::fs::write(path, text).with_context(|| format!("--save {}", path.display()))
}
