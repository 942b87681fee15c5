//! The upgrade to the release under a load, the rollback, and the upgrade again: by the order of the plan, with full queues,
//! letters and tables.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::messages::Route;
use super::rounds::Rounds;
use super::stage::{Build, Builds};
use crate::ask;
use crate::chaos::cluster::{Cluster, Server};
use crate::chaos::{self, Extra, upgrade};
use crate::services::Kept;

/// Events a second.
const RATE: u64 = 100;

/// Time that all steps take.
const TIME: Duration = Duration::from_secs(150);

/// Time in which queues fill.
const FILLING: Duration = Duration::from_secs(4);

/// A message without a field that it must have: a dead letter that is there before the release.
const LETTER: (Route, &str) = (("vidooly_event.dx", "VIEWED"), r#"{"of":"letter"}"#);

/// A step.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Senders send.
    Round(Build),
    /// ClickHouse is stopped, and queues fill.
    Stop,
    /// ClickHouse is started.
    Start,
    /// What waits is tried out, tables are migrated, and what is retired is unbound and emptied.
    Prepare,
    /// All instances are replaced by those of a build.
    Replace(Build),
    /// Queues of another type are replaced while no instance runs.
    Cutover,
    /// What is retired is taken away.
    Apply,
    /// Data of what is retired is dropped.
    Drop,
}

const STEPS: [Step; 25] = {
    use Build::{New, Old};
    [
        Step::Round(Old),
        Step::Stop,
        Step::Round(Old),
        Step::Start,
        Step::Prepare,
        // What comes for both builds waits across the change.
        Step::Stop,
        Step::Replace(New),
        Step::Round(New),
        Step::Start,
        Step::Cutover,
        Step::Apply,
        Step::Round(New),
        // The rollback.
        Step::Stop,
        Step::Round(New),
        Step::Replace(Old),
        Step::Round(Old),
        Step::Start,
        Step::Round(Old),
        // Forward again.
        Step::Prepare,
        Step::Replace(New),
        Step::Apply,
        Step::Round(New),
        Step::Drop,
        Step::Round(New),
        Step::Apply,
    ]
};

/// Runs it; fails if anything is lost, doubled, or answered otherwise than the plan says.
pub(super) fn run(builds: &Builds, folder: &Path, interrupt: &Receiver<()>) -> Result<()> {
    let folder = folder.join("load");
    fs::create_dir(&folder)?;
    let mut cluster = Cluster::start(&builds.old, &folder)?;
    let events = TIME.as_secs() * RATE;
    let recovery = chaos::recovery(events);
    println!("upgrade: {events} events, {RATE} a second, each request twice");
    let extras = [Extra::Again];
    let mut load = chaos::load(&cluster, &builds.loadgen, RATE, events, recovery, &extras)?;
    let mut rounds = Rounds::new(&builds.loadgen);
    let went = go(&mut cluster, builds, &mut load, &mut rounds, interrupt)
        .and_then(|()| upgrade::verdict(&mut load, 3 * recovery, interrupt))
        .and_then(|()| rounds.check(&cluster))
        .and_then(|()| letters(&cluster));
    match went {
        Ok(()) => {
            println!(
                "All {events} events and {} are stored, each once; of letters there is the one that was there before.",
                rounds.told()
            );
            Ok(())
        }
        Err(error) => {
            println!(
                "{}\nStill in queues:\n{}",
                cluster.logs(),
                cluster.waiting()
            );
            Err(error.context("the upgrade under a load"))
        }
    }
}

fn go(
    cluster: &mut Cluster,
    builds: &Builds,
    load: &mut Kept,
    rounds: &mut Rounds<'_>,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let begun = Instant::now();
    ask::until("the first message is taken", || {
        ask::publish(
            &builds.loadgen,
            &cluster.amqp_url(),
            LETTER.0,
            &[LETTER.1.to_owned()],
        )
    })?;
    for step in STEPS {
        chaos::wait(interrupt, Duration::from_millis(500))?;
        if load.ended()?.is_some() {
            bail!(
                "the load ended before the last step: the machine is too slow, or something is wrong"
            );
        }
        println!("{:>7.1} s  {step:?}", begun.elapsed().as_secs_f64());
        take(step, cluster, builds, rounds).with_context(|| format!("{step:?}"))?;
        if matches!(step, Step::Stop) {
            chaos::wait(interrupt, FILLING)?;
        }
    }
    Ok(())
}

fn take(step: Step, cluster: &mut Cluster, builds: &Builds, rounds: &mut Rounds<'_>) -> Result<()> {
    let all = |cluster: &mut Cluster, build| -> Result<()> {
        (0..2).for_each(|number| cluster.end(number));
        (0..2).try_for_each(|number| cluster.replace(number, builds.of(build)))
    };
    match step {
        Step::Round(build) => rounds.send(cluster, build),
        Step::Stop => cluster.kill(Server::ClickHouse(0)),
        Step::Start => {
            let waiting = cluster.waiting();
            println!(
                "           in queues: {}",
                waiting.trim().replace('\n', "; ")
            );
            cluster.start_again(Server::ClickHouse(0))
        }
        Step::Prepare => {
            let plan = ["plan", "--against-live"];
            let text = operate(cluster, &builds.new, &plan)?;
            let letters: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("letters"))
                .collect();
            ensure!(
                letters.is_empty(),
                "it would make dead letters: {letters:?}"
            );
            operate(cluster, &builds.new, &["migrate"])?;
            operate(cluster, &builds.new, &["apply", "--yes", "--unbind"])?;
            ask::until("what is retired is empty", || {
                let retired = ["post_log_events_q_bkp", "activity_tracker_q"];
                let waiting = cluster.waiting();
                Ok(!retired.iter().any(|queue| waiting.contains(queue)))
            })?;
            rounds.failures(cluster)
        }
        Step::Replace(build) => all(cluster, build),
        Step::Cutover => {
            (0..2).for_each(|number| cluster.end(number));
            let queue = ["cutover", "--queue", "bigboss_votes_log_q"];
            operate(cluster, &builds.new, &queue)?;
            all(cluster, Build::New)
        }
        Step::Apply => {
            let text = operate(cluster, &builds.new, &["apply", "--yes"])?;
            let left = text.lines().filter(|line| line.starts_with("left"));
            let left: Vec<&str> = left.filter(|line| !line.contains("_drop_")).collect();
            ensure!(left.is_empty(), "it leaves {left:?}");
            Ok(())
        }
        Step::Drop => {
            let text = operate(cluster, &builds.new, &["migrate"])?;
            let name = super::rows::dropping(&text)?;
            operate(cluster, &builds.new, &["migrate", "--drop", &name]).map(drop)
        }
    }
}

/// Runs a command of a build against the cluster; its output.
fn operate(cluster: &Cluster, executable: &Path, args: &[&str]) -> Result<String> {
    let urls = (cluster.amqp_url(), cluster.clickhouse_url());
    let (status, text) = ask::command(executable, &urls, args)?;
    ensure!(
        status == 0 || status == 2,
        "{} ended with {status}: {text}",
        args.join(" ")
    );
    Ok(text)
}

/// Fails if there is another letter than the one that was there before.
fn letters(cluster: &Cluster) -> Result<()> {
    let query = "SELECT queue, class, reason FROM chaos.error_event FINAL LIMIT 5";
    let found = cluster.query(query)?;
    let right = found.lines().count() == 1 && found.starts_with("vidooly_event_q\tbad_field");
    ensure!(right, "the dead letters are: {found}");
    Ok(())
}
