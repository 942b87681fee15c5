//! `event-grpc plan`: compares this build with the running servers.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;

use super::places::{Place, Places};
use super::serve::{ClickHouseArgs, PostgresArgs};
use super::{one_line, say, settings, told};
use crate::app::environment::{self, Secret};
use crate::broker::{Address, Cutover, Sample};
use crate::generated::PIPELINE;
use crate::ops::live::definitions::Definitions;
use crate::ops::live::{Kind, Plan, letters, rabbitmq, stores};
use crate::ops::logging;

/// After so many bytes of a queue no further message of it is read.
const SAMPLE_BYTES: usize = 32 << 20;

/// Exit status if something differs.
pub(super) const DIFFERS: u8 = 2;

/// Show what this build would change on the running servers, and what it would not understand. Nothing is changed. Exit
/// status 0 if nothing differs, 2 if something does, 1 if a server can't tell. See docs/changes.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Compare with the running servers. `cargo xtask plan` compares with what is released.
    #[arg(long, required = true)]
    against_live: bool,
    #[command(flatten)]
    servers: Servers,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// The servers, and how closely to look at them.
#[derive(Debug, clap::Args)]
pub(super) struct Servers {
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost.
    #[arg(
        long,
        env = "EVENT_GRPC_AMQP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    amqp_url: Option<Secret>,
    #[command(flatten)]
    pub(super) clickhouse: ClickHouseArgs,
    #[command(flatten)]
    pub(super) postgres: PostgresArgs,
    /// Definitions of RabbitMQ, which hold bindings and queues that AMQP doesn't list: written by rabbitmqctl
    /// export_definitions FILE, or answered by the management plugin at /api/definitions; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    definitions: Option<PathBuf>,
    /// Number of messages of each queue that are tried out; 0 for none. They stay in their queues, marked as delivered
    /// before.
    #[arg(
        long,
        default_value_t = 100,
        value_parser = clap::value_parser!(u16).range(0..=1000),
        value_name = "N"
    )]
    sample: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    logging::start(logging::Format::Text, "warn")?;
    let places = Places::of(&args.servers.clickhouse, &args.servers.postgres)?;
    let server = args.servers.rabbitmq().await;
    let (plan, errors) = args.servers.live(&server, &places.all()).await?;
    if let Ok(Some(server)) = &server {
        server.close().await;
    }
    match args.format {
        Format::Text => show(&plan),
        Format::Json => say(&serde_json::to_string_pretty(&plan)?),
    }
    ended(&plan, errors)
}

/// Exit status after a plan: an error if a server could not tell.
pub(super) fn ended(plan: &Plan, errors: Vec<anyhow::Error>) -> anyhow::Result<ExitCode> {
    let texts: Vec<String> = errors.iter().map(told).collect();
    anyhow::ensure!(texts.is_empty(), "{}", texts.join("; "));
    Ok(match plan.differs() {
        true => ExitCode::from(DIFFERS),
        false => ExitCode::SUCCESS,
    })
}

/// Compares with all servers that are given. One that can't tell doesn't keep others from telling.
pub(super) async fn live(
    definitions: Option<&Definitions>,
    sample: u16,
    server: &anyhow::Result<Option<Cutover>>,
    places: &[Place<'_>],
) -> (Plan, Vec<anyhow::Error>) {
    let (mut plan, mut errors) = (Plan::default(), Vec::new());
    match server {
        Ok(Some(server)) => {
            let compared = async {
                rabbitmq::compare(server, &PIPELINE, definitions, &mut plan).await?;
                let bounds = Sample {
                    messages: sample.into(),
                    bytes: SAMPLE_BYTES,
                };
                match sample {
                    0 => Ok(()),
                    _ => letters::sample(server, &PIPELINE, bounds, &mut plan).await,
                }
            };
            errors.extend(compared.await.err().map(anyhow::Error::from));
        }
        Ok(None) => plan.add(
            "rabbitmq",
            Kind::Unseen,
            "queues and exchanges",
            "give --amqp-url or EVENT_GRPC_AMQP_URL",
        ),
        Err(error) => errors.push(anyhow::anyhow!("{}", told(error))),
    }
    if places.is_empty() {
        let how = "give --clickhouse-url or EVENT_GRPC_CLICKHOUSE_URL, --postgres-url or EVENT_GRPC_POSTGRES_URL";
        plan.add("stores", Kind::Unseen, "tables", how);
    }
    for place in places {
        match place.check().await {
            Ok(report) => match place.touched(&report.pending).await {
                Ok(touched) => stores::tell(&place.short(), &report, &touched, &mut plan),
                Err(error) => errors.push(error.context(place.name())),
            },
            Err(error) => errors.push(error.context(place.name())),
        }
    }
    (plan, errors)
}

/// Reads definitions of RabbitMQ, of which those of this virtual host are compared.
pub(super) fn definitions(path: &Path, vhost: &str) -> anyhow::Result<Definitions> {
    let mut text = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut text).map(drop),
        false => std::fs::read(path).map(|read| text = read),
    };
    let shown = path.display();
    read.with_context(|| format!("--definitions {shown}"))?;
    // What is wrong is told without the text, which holds hashes of passwords.
    let parsed = Definitions::parse(&text, vhost);
    parsed.map_err(|error| {
        anyhow::anyhow!(
            "--definitions {shown} is no export of definitions: line {}, column {}",
            error.line(),
            error.column()
        )
    })
}

/// Prints a plan.
pub(super) fn show(plan: &Plan) {
    for finding in &plan.findings {
        let place = &finding.place;
        let line = format!("{:<9} {place}: {}", finding.kind.name(), finding.what);
        let line = match finding.how.as_str() {
            "" => line,
            how => format!("{line}: {how}"),
        };
        say(&one_line(&line));
    }
    if !plan.differs() {
        say("nothing differs");
    }
}

// === impl Servers ===

impl Servers {
    /// Compares with all of them.
    pub(super) async fn live(
        &self,
        server: &anyhow::Result<Option<Cutover>>,
        places: &[Place<'_>],
    ) -> anyhow::Result<(Plan, Vec<anyhow::Error>)> {
        let definitions = self.definitions()?;
        Ok(live(definitions.as_ref(), self.sample, server, places).await)
    }

    /// Connects to RabbitMQ, if it is given.
    pub(super) async fn rabbitmq(&self) -> anyhow::Result<Option<Cutover>> {
        match self.amqp()? {
            Some(address) => Ok(Some(Cutover::dial(&address).await?)),
            None => Ok(None),
        }
    }

    fn amqp(&self) -> anyhow::Result<Option<Address>> {
        let url = environment::option("EVENT_GRPC_AMQP_URL", self.amqp_url.as_ref())?;
        let address =
            url.map(|url| Address::parse(&url).with_context(|| settings::named("amqp-url")));
        address.transpose()
    }

    fn definitions(&self) -> anyhow::Result<Option<Definitions>> {
        let Some(path) = &self.definitions else {
            return Ok(None);
        };
        let address = self.amqp()?;
        let address =
            address.context("--definitions needs --amqp-url, whose virtual host is compared")?;
        definitions(path, address.vhost()).map(Some)
    }
}
