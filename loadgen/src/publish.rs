//! `loadgen publish`: messages of a service that publishes to RabbitMQ, each until it is confirmed.

use std::io::BufRead as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::door::PAUSE;
use event_grpc::broker::{
    Address, Broker as _, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};

/// Publish each line of standard input as a JSON message to an exchange of RabbitMQ, which is not declared.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost.
    #[arg(long, value_name = "URL")]
    amqp_url: String,
    /// The exchange.
    #[arg(long)]
    exchange: String,
    /// The routing key.
    #[arg(long)]
    key: String,
    /// How long a message is retried, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    patience: u64,
}

/// Publishes all of them; fails at the first that RabbitMQ doesn't take.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let address = Address::parse(&args.amqp_url).context("--amqp-url")?;
    // Nothing is declared: what is published to is somebody else's.
    let topology = Topology {
        exchanges: Vec::new(),
        queues: Vec::new(),
        unrouted: "",
    };
    let options = RabbitOptions {
        name: "event-grpc loadgen".to_owned(),
        ..RabbitOptions::default()
    };
    let broker = Rabbit::connect(address, topology, options);
    let patience = Duration::from_secs(args.patience);
    for line in std::io::stdin().lock().lines() {
        let properties = Properties {
            content_type: Some("application/json".into()),
            ..Properties::default()
        };
        let message = Outgoing::new(args.exchange.clone(), args.key.clone(), line?.into_bytes());
        let message = message.with(properties);
        let began = Instant::now();
        while let Err(error) = broker.publish(message.clone()).await {
            anyhow::ensure!(
                error.retry_helps() && began.elapsed() < patience,
                "RabbitMQ does not take it: {error}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(true)
}
