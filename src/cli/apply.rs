//! `event-grpc apply`: carries out what `event-grpc plan --against-live` shows, in order.

use std::process::ExitCode;

use super::drops::Drops;
use super::places::{Place, Places};
use super::plan::{DIFFERS, Servers, ended, show};
use super::{one_line, say};
use crate::broker::Cutover;
use crate::generated::PIPELINE;
use crate::ops::live::retire;
use crate::ops::logging;

/// The lock that keeps two of these from running at once, by the name of its queue.
const LOCK: &str = "event_grpc.apply";

/// Migrate the databases, declare what is missing, move what waits in queues under former names, and take away what is
/// retired: bindings, queues that are empty and unused, exchanges that are unused. Without --yes the plan is shown only.
/// Each step may be repeated, so what was broken off is finished by running it again. See docs/changes.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    servers: Servers,
    /// Carry it out.
    #[arg(long)]
    yes: bool,
    /// Delete nothing in RabbitMQ: for while instances of the former build run, which store what waits in queues that are
    /// retired.
    #[arg(long, requires = "yes")]
    unbind: bool,
    #[command(flatten)]
    drops: Drops,
}

/// Runs the command. Exit status 0 if nothing is left to do, 2 if something is, 1 if a step failed.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    logging::start(
        logging::Format::Text,
        "warn,event_grpc::sink::clickhouse::migrate=info",
    )?;
    args.drops.names()?;
    let places = Places::of(&args.servers.clickhouse, &args.servers.postgres)?;
    let server = args.servers.rabbitmq().await;
    if !args.yes {
        let (plan, errors) = args.servers.live(&server, &places.all()).await?;
        if let Ok(Some(server)) = &server {
            server.close().await;
        }
        show(&plan);
        if plan.differs() {
            say("nothing was changed; --yes carries it out");
        }
        return ended(&plan, errors);
    }
    let server = server?;
    let done = match &server {
        None => databases(&args, &places.all()).await,
        Some(server) => match server.lock(LOCK).await {
            None => Err(anyhow::anyhow!(
                "another event-grpc apply is under way at this virtual host; wait until it has ended"
            )),
            Some(lock) => {
                let done = all(&args, server, &places.all()).await;
                lock.release().await;
                done
            }
        },
    };
    if let Some(server) = &server {
        server.close().await;
    }
    Ok(match done? {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(DIFFERS),
    })
}

/// All steps; false if something is left. Databases come first: a build of before ignores columns that it doesn't know.
async fn all(args: &Args, server: &Cutover, places: &[Place<'_>]) -> anyhow::Result<bool> {
    let migrated = databases(args, places).await?;
    let tell = |done: retire::Step| step(done.done, &done.what);
    let retired = retire::carry_out(server, &PIPELINE, !args.unbind, tell);
    Ok(retired.await? && migrated)
}

/// Applies pending migrations. Those that drop stored data are left unless they are named.
async fn databases(args: &Args, places: &[Place<'_>]) -> anyhow::Result<bool> {
    let mut good = true;
    for place in places {
        for name in place.apply(args.drops.names()?).await? {
            step("applied", &format!("migration {name}, {}", place.short()));
        }
        for left in place.left().await? {
            step("left", &left);
            good = false;
        }
    }
    Ok(good)
}

fn step(done: &str, what: &str) {
    say(&one_line(&format!("{done:<9} {what}")));
}
