//! `loadgen publish`: messages of a service that publishes to RabbitMQ, each until it is confirmed.

use std::io::BufRead as _;

use anyhow::Context as _;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};

/// Publish each line of standard input as a JSON message to an exchange of RabbitMQ. Nothing is declared: the exchange is
/// somebody else's.
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
}

/// Publishes all of them; fails at the first that RabbitMQ doesn't take, or has no queue for.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&args.amqp_url, properties).await;
    let connection = connection.context("--amqp-url")?;
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(2);
        let (exchange, key) = (args.exchange.as_str().into(), args.key.as_str().into());
        let published = channel.basic_publish(exchange, key, options, line.as_bytes(), properties);
        let confirmed = published.await?.await?;
        anyhow::ensure!(
            matches!(confirmed, Confirmation::Ack(None)),
            "RabbitMQ does not take it: {confirmed:?}"
        );
    }
    connection.close(0, "".into()).await?;
    Ok(true)
}
