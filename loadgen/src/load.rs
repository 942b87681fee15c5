//! `loadgen load`: a load of app events on a running server, and what it took.
//!
//! Every event has an id of its own that begins with the run's, so that in the end ClickHouse can be asked whether
//! each one that was acknowledged is there.

mod counted;
mod report;
pub(crate) mod send;
mod stored;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::beside;
use crate::broker;
use crate::connect::ConnectArgs;
use crate::door::Form;
use crate::pattern::{self, Mix, Patterns};
use crate::poison::{Pace, Poison};
use crate::process::{self, Watched};
use event_grpc::cli::{ClickHouseArgs, say};
use event_grpc::sink::clickhouse::ClickHouse;
use report::{Figures, Report};
use send::Load;
use stored::Stored;

/// Load a server with app events, and report what it acknowledged, what is stored, and what that took.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's gRPC address, or HTTP address for `--form json`; several share the load.
    #[arg(long, default_value = "http://127.0.0.1:8017", value_name = "URL")]
    to: Vec<String>,
    /// Number of events to send.
    #[arg(long, default_value_t = 1_000_000, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    events: u64,
    /// Events in one request.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Event types: four usual ones in equal parts, or all types, distributed by Zipf's law.
    #[arg(long, value_enum, default_value = "shop")]
    mix: Mix,
    /// Bytes of text that each event has more than usual.
    #[arg(long, default_value_t = 0, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pad: u32,
    /// Protocol: protobuf over gRPC, or JSON over HTTP.
    #[arg(long, value_enum, default_value = "protobuf")]
    form: Form,
    /// Connections to each address.
    #[arg(long, default_value_t = 4, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Requests that may be unanswered on one connection.
    #[arg(long, default_value_t = 16, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    in_flight: u16,
    /// Events a second; as fast as they are answered if not given.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// How long a request may be retried, and afterwards how long the last rows may take, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
    /// Processes whose CPU time and memory are reported, as in server=1234; may be given several times.
    #[arg(long, value_name = "NAME=PID", value_parser = process::named)]
    process: Vec<(String, u32)>,
    /// For tests: RabbitMQ, which gets events among the others that no table can take.
    #[arg(long, hide = true, value_name = "URL")]
    poison_amqp_url: Option<String>,
    /// For tests: Kafka, for those of its events whose queue is there.
    #[arg(long, hide = true, value_name = "LIST")]
    poison_kafka_brokers: Option<String>,
    #[command(flatten)]
    beside: beside::Places,
    /// For tests: the events of every other request have no id.
    #[arg(long, hide = true)]
    without_ids: bool,
    /// For tests: each request is sent once more, some time after it was taken and to another address if there are several.
    #[arg(long, hide = true)]
    again: bool,
    /// For tests: no further request is sent once this file is there.
    #[arg(long, hide = true, value_name = "FILE")]
    until: Option<PathBuf>,
    #[command(flatten)]
    counted: counted::Asked,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the load; true if nothing that was acknowledged is missing.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    args.counted.listen().await?;
    let patience = Duration::from_secs(args.patience);
    let store = args
        .clickhouse
        .address()?
        .map(ClickHouse::new)
        .transpose()?;
    let run: u64 = rand::random();
    let patterns = Patterns::padded(args.mix, args.batch, args.pad, run, args.form)?;
    let patterns = match args.without_ids {
        true => patterns.every_other_without_ids()?,
        false => patterns,
    };
    let load = Arc::new(Load {
        patterns,
        events: args.events,
        rate: args.rate,
        patience,
        again: args.again,
        until: args.until,
        proof: args.connect.proof()?,
    });
    let channels = send::connect(&args.to, args.connections, &args.connect).await?;
    let pace = Pace::beside(args.events, args.rate);
    let (poison, beside) = match &args.poison_amqp_url {
        Some(url) => {
            let broker = broker::connect(url, args.poison_kafka_brokers.as_deref())?;
            let beside = args.beside.beside(broker.clone(), run, pace, patience);
            let (instances, proof) = (channels.clone(), args.connect.proof()?);
            let stores = beside.is_some();
            let poison = Poison::new(broker, instances, proof, run, pace, patience, stores)?;
            (Some(poison), beside)
        }
        None => (None, None),
    };
    let mut watched: Vec<Watched> = args
        .process
        .iter()
        .map(|(name, pid)| Watched::begin(name, *pid))
        .collect::<Result<_, _>>()?;

    let poisoning = async {
        match &poison {
            Some(poison) => Some((poison, poison.run().await)),
            None => None,
        }
    };
    let going_beside = async {
        match &beside {
            Some(beside) => Some((beside, beside.run().await)),
            None => None,
        }
    };
    let loading = load.run(channels, args.in_flight);
    let (sent, poisoned, went_beside) = tokio::join!(loading, poisoning, going_beside);
    let stored = store.as_ref().map(|store| {
        Stored::new(
            store,
            &pattern::prefix(run),
            args.without_ids,
            &sent,
            patience,
        )
    });
    let at = match &stored {
        Some(stored) => stored.wait().await,
        None => sent.ended,
    };
    // Later use isn't caused by the load.
    let processes = watched
        .iter_mut()
        .map(Watched::end)
        .collect::<Result<_, _>>()?;
    let arrived = match stored {
        Some(stored) => Some(
            stored
                .check(at)
                .await
                .context("ClickHouse can't be asked what is stored")?,
        ),
        None => None,
    };
    let found = match (&store, poisoned) {
        (Some(store), Some((poison, sent))) => Some(
            poison
                .found(store, &sent)
                .await
                .context("ClickHouse can't be asked what became of the poison")?,
        ),
        _ => None,
    };
    let beside = match (&store, went_beside) {
        (Some(store), Some((beside, sent))) => Some(
            beside
                .found(store, &sent)
                .await
                .context("servers can't be asked what became of the messages beside the events")?,
        ),
        _ => None,
    };
    let report = Report::new(&Figures {
        sent,
        arrived,
        poison: found,
        beside,
        processes,
        bytes_an_event: load.patterns.bytes_an_event(),
    });
    say(&if args.json {
        serde_json::to_string(&report)?
    } else {
        report.to_string()
    });
    args.counted.stay().await?;
    Ok(report.complete())
}
