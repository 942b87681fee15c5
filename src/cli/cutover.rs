//! `event-grpc cutover`: replaces RabbitMQ queues that were declared differently.

use anyhow::Context as _;

use super::say;
use crate::app::environment::{self, Secret};
use crate::broker::{Address, Cutover, Found, QueueSpec, Topology};
use crate::generated::PIPELINE;

/// Replace queues that RabbitMQ has in another form than pipeline.yaml, while producers go on publishing. See
/// docs/cutover.md.
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
    /// Change nothing; list the differences. Exit status 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Only this queue; may be repeated.
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
}

/// Runs the command; false if something differs and was not replaced.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let url = environment::option("EVENT_GRPC_AMQP_URL", args.amqp_url.as_ref())?;
    let url = url.context("--amqp-url (or EVENT_GRPC_AMQP_URL) is required")?;
    let address = Address::parse(&url).context("--amqp-url")?;
    let topology = Topology::of(&PIPELINE, |_| true);
    for name in &args.queues {
        let known = topology.queues.iter().any(|queue| queue.name == name);
        anyhow::ensure!(known, "pipeline.yaml declares no queue {name}");
    }
    let cutover = Cutover::dial(&address).await?;
    let good = all(&cutover, &topology, &args).await;
    cutover.close().await;
    good
}

async fn all(cutover: &Cutover, topology: &Topology, args: &Args) -> anyhow::Result<bool> {
    let mut good = true;
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
