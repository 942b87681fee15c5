//! `loadgen senders`: plays the scenarios of client libraries against a scripted server.
//!
//! `clients/scenarios/README.md` says what a driver is and how a scenario reads.

mod answer;
mod driver;
pub(crate) mod faults;
mod pattern;
mod play;
mod proxy;
mod request;
mod scenario;
mod server;
pub(crate) mod speed;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use event_grpc::cli::say;

use driver::Library;
use scenario::Scenario;

/// Play the scenarios of client libraries, and print which of them each library passes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A library and the command that starts its driver, as in python="python3 tests/driver.py".
    #[arg(long = "library", value_name = "NAME=COMMAND", value_parser = driver::library, required = true)]
    libraries: Vec<Library>,
    /// Folder of the scenarios.
    #[arg(long, default_value = "clients/scenarios", value_name = "FOLDER")]
    scenarios: PathBuf,
    /// Only scenarios with this text in the names of their files.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Plays all scenarios with all libraries, the libraries at the same time; true if all went as written.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let scenarios = scenario::all(&args.scenarios, args.only.as_deref())?;
    if scenarios.is_empty() {
        bail!("no scenario in {}", args.scenarios.display());
    }
    let mut tasks = Vec::new();
    for library in &args.libraries {
        let (library, scenarios) = (library.clone(), scenarios.clone());
        tasks.push(tokio::spawn(
            async move { all_of(&library, &scenarios).await },
        ));
    }
    let mut columns: Vec<Vec<Option<String>>> = Vec::new();
    for task in tasks {
        columns.push(task.await.context("a library's scenarios ended early")?);
    }
    say(&matrix(&args.libraries, &scenarios, &columns));
    let failed = columns.iter().flatten().flatten().count();
    if failed > 0 {
        for (library, outcomes) in args.libraries.iter().zip(&columns) {
            for (scenario, failure) in scenarios.iter().zip(outcomes) {
                if let Some(failure) = failure {
                    say(&format!("{}: {}: {failure}", library.name, scenario.name));
                }
            }
        }
    }
    let played = scenarios.len() * args.libraries.len();
    say(&format!("{} passed, {failed} failed", played - failed));
    Ok(failed == 0)
}

/// What went wrong in each scenario; none where nothing did.
async fn all_of(library: &Library, scenarios: &[Scenario]) -> Vec<Option<String>> {
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        let played = play::play(library, scenario).await;
        outcomes.push(played.err().map(|error| format!("{error:#}")));
    }
    outcomes
}

/// Scenarios down, libraries across.
fn matrix(
    libraries: &[Library],
    scenarios: &[Scenario],
    columns: &[Vec<Option<String>>],
) -> String {
    let mut lines = Vec::new();
    let names: Vec<&str> = libraries.iter().map(|l| l.name.as_str()).collect();
    lines.push(format!("| scenario | {} |", names.join(" | ")));
    lines.push(format!("| --- |{}", " --- |".repeat(names.len())));
    for (at, scenario) in scenarios.iter().enumerate() {
        let mut row = format!("| {} |", scenario.title);
        for outcomes in columns {
            let passed = outcomes.get(at).is_some_and(Option::is_none);
            row.push_str(if passed { " yes |" } else { " NO |" });
        }
        lines.push(row);
    }
    lines.join("\n")
}
