//! `event-grpc doctor`: looks at everything that an instance needs, before it is started and after.

mod finding;
mod host;
mod rabbitmq;
mod stores;
mod versions;

use std::path::PathBuf;

use anyhow::Context as _;

use super::places::Places;
use super::{config, plan, say, serve, settings, told};
use crate::app::check;
use crate::app::environment::Environment;
use crate::broker::Address;
use crate::generated::PIPELINE;
use crate::ops::live::{Kind, Plan};
use crate::ops::logging;
use finding::{Findings, Level};

/// Look at everything that an instance with these settings needs: the settings themselves, files and certificates, this
/// machine, and RabbitMQ, ClickHouse and PostgreSQL with their versions, clocks, disks, rights, topology and tables. Nothing
/// is changed. Each finding says what to do. Exit status 1 if there is a problem. See docs/operations.md.
#[derive(Debug, clap::Args)]
#[group(id = "doctor_args")]
pub(super) struct Args {
    #[command(flatten)]
    serve: serve::Args,
    /// Definitions of RabbitMQ, which hold the bindings and policies that AMQP doesn't list: written by rabbitmqctl
    /// export_definitions FILE; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    definitions: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command; false if there is a problem.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "off")?;
    let mut findings = Findings::default();
    for odd in config::odd(&Environment::of_process()) {
        findings.add(
            Level::Warning,
            "settings",
            odd,
            "unset it, or spell it right",
        );
    }
    if let Some(open) = readable_secret() {
        findings.add(
            Level::Warning,
            "settings",
            open,
            "chmod 600, or name files with the secrets in it",
        );
    }
    let config = match args.serve.clone().config() {
        Ok(config) => config,
        Err(error) => {
            findings.add(
                Level::Problem,
                "settings",
                told(&error),
                "event-grpc config shows where each is from",
            );
            return tell(&findings, args.json);
        }
    };
    findings.good("settings", "they can be read, and fit each other");
    let judged = check::check(&config, &PIPELINE);
    for (part, why) in judged.wrong {
        findings.add(
            Level::Problem,
            part,
            why,
            "an instance doesn't start like this",
        );
    }
    for (part, what) in judged.odd {
        findings.add(Level::Warning, part, what, "");
    }
    for (what, how) in judged.off {
        findings.add(Level::Note, "settings", what, how);
    }
    if let Some(tls) = &judged.tls {
        host::certificate(tls, &mut findings);
    }
    host::check(&config, &mut findings);

    let address = config.amqp_url.as_deref().map(Address::parse).transpose();
    let address = address.context("--amqp-url");
    let broker = match &address {
        Ok(None) => {
            findings.add(
                Level::Note,
                "rabbitmq",
                "none is given: the broker is in memory",
                "give --amqp-url for events to survive a restart before they are stored",
            );
            None
        }
        Ok(Some(address)) => rabbitmq::check(address, &mut findings).await,
        // It has been told among the settings.
        Err(_) => None,
    };
    let places = Places::of(&args.serve.clickhouse, &args.serve.postgres)?;
    if config.clickhouse.is_none() {
        findings.add(
            Level::Note,
            "clickhouse",
            "none is given: it is embedded, and looked at when an instance runs",
            "",
        );
    }
    let mut answering = Vec::new();
    for place in places.all() {
        if stores::check(&place, &mut findings).await {
            answering.push(place);
        }
    }
    let vhost = address.ok().flatten();
    let vhost = vhost.as_ref().map_or("/", Address::vhost);
    let definitions = args.definitions.as_deref();
    let definitions = definitions.map(|path| plan::definitions(path, vhost));
    let definitions = definitions.transpose()?;
    if let Some(definitions) = &definitions {
        rabbitmq::policies(definitions, &mut findings)?;
    }
    if broker.is_some() || !answering.is_empty() {
        let broker = Ok(broker);
        let (plan, errors) = plan::live(definitions.as_ref(), 0, &broker, &answering).await;
        differences(plan, errors, &mut findings);
        if let Ok(Some(broker)) = &broker {
            broker.close().await;
        }
    }
    tell(&findings, args.json)
}

/// What a comparison of this build with the servers that answer found.
fn differences(plan: Plan, errors: Vec<anyhow::Error>, findings: &mut Findings) {
    if !plan.differs() && errors.is_empty() {
        let what = "the servers that answer have what this build declares";
        findings.good("plan", what);
    }
    for finding in plan.findings {
        // Which servers there are has been told.
        if finding.kind == Kind::Unseen && finding.how.starts_with("give ") {
            continue;
        }
        let in_rabbitmq = finding.place == "rabbitmq";
        let is_harmless = finding.how.ends_with("(harmless)");
        let (level, fix) = match finding.kind {
            Kind::Missing if in_rabbitmq => (Level::Note, ""),
            Kind::Missing | Kind::Pending => (
                Level::Problem,
                "event-grpc migrate, before instances of this build start",
            ),
            Kind::Differs if is_harmless => (Level::Note, ""),
            Kind::Differs if in_rabbitmq => (
                Level::Problem,
                "event-grpc cutover --check, and docs/cutover.md",
            ),
            Kind::Differs => (Level::Problem, "event-grpc migrate --check says more"),
            Kind::Retired => (Level::Note, "event-grpc apply takes it away"),
            Kind::Orphan => (Level::Warning, "unbind it if nobody needs it"),
            Kind::Letters => (Level::Warning, "event-grpc plan --against-live says more"),
            Kind::Unseen => (Level::Note, ""),
        };
        let what = format!("{} {}", finding.kind.name(), finding.what);
        let what = match finding.how.as_str() {
            "" => what,
            how => format!("{what}: {how}"),
        };
        findings.add(level, finding.place, what, fix);
    }
    for error in errors {
        let fix = "let the server answer, and ask again";
        findings.add(Level::Problem, "servers", told(&error), fix);
    }
}

/// What is wrong with the mode of the configuration file, if others may read a secret in it.
fn readable_secret() -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let in_force = settings::in_force();
    let path = in_force.path.as_ref()?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let is_open = mode & 0o044 != 0;
    (is_open && in_force.has_secret()).then(|| {
        format!(
            "{} holds a secret, and others may read it (mode {:o})",
            path.display(),
            mode & 0o777
        )
    })
}

fn tell(findings: &Findings, json: bool) -> anyhow::Result<bool> {
    match json {
        true => say(&serde_json::to_string_pretty(findings)?),
        false => findings.print(),
    }
    Ok(findings.are_good())
}
