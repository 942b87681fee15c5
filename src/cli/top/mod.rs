//! `event-grpc top`: rates, latencies, depths and problems of instances, as they change.

mod screen;
mod tables;

use std::io::IsTerminal as _;
use std::time::Duration;

use futures_util::future::join_all;

use super::ask::Asks;
use super::ops::AskArgs;
use super::say;
use crate::ops::board::{Board, Page, problems};
use crate::ops::logging;

/// Show rates by source, type, queue and table, latencies, depths and problems of one or several instances, as they change.
/// q ends it. Without a terminal it shows them once. See docs/seeing.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Operations address of an instance; may be repeated.
    #[arg(
        long = "instance",
        visible_alias = "ops-url",
        env = "EVENT_GRPC_LEDGER_INSTANCES",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8018",
        value_name = "URL"
    )]
    instances: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// Interval between two readings, in seconds.
    #[arg(long, default_value_t = 2, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// Show them once, and end.
    #[arg(long)]
    once: bool,
    /// Show them once as JSON, for programs.
    #[arg(long)]
    json: bool,
    /// Show what is quiet, too.
    #[arg(long)]
    all: bool,
}

/// Readings of the instances that answered, by address, and problems.
struct Reading {
    pages: Vec<(String, Page)>,
    problems: Vec<String>,
}

/// Runs the command; false if an instance doesn't answer when it is shown once.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let asks = Asks::new(&args.ask)?;
    let once = args.once || args.json || !std::io::stdout().is_terminal();
    let interval = Duration::from_secs(args.interval);
    let mut before = reading(&asks, &args.instances).await;
    if once {
        tokio::time::sleep(interval).await;
        let after = reading(&asks, &args.instances).await;
        let good = after.pages.len() == args.instances.len();
        let board = board(&before, after.pages.clone(), after.problems.clone());
        match args.json {
            true => say(&serde_json::to_string(&board)?),
            false => tables::lines(&board, args.all)
                .iter()
                .for_each(|line| say(line)),
        }
        return Ok(good);
    }
    let mut screen = screen::Screen::open()?;
    loop {
        if !screen.goes_on(interval).await {
            break;
        }
        let after = reading(&asks, &args.instances).await;
        let board = board(&before, after.pages.clone(), after.problems.clone());
        screen.show(&tables::lines(&board, args.all))?;
        before = after;
    }
    Ok(true)
}

fn board(before: &Reading, after: Vec<(String, Page)>, problems: Vec<String>) -> Board {
    let pairs = after.into_iter().filter_map(|(url, page)| {
        let earlier = before.pages.iter().find(|(known, _)| *known == url);
        Some((earlier?.1.clone(), page))
    });
    let pairs: Vec<_> = pairs.collect();
    Board {
        problems,
        ..Board::between(&pairs)
    }
}

async fn reading(asks: &Asks, urls: &[String]) -> Reading {
    let asked = urls.iter().map(async |url| (url, one(asks, url).await));
    let mut reading = Reading {
        pages: Vec::new(),
        problems: Vec::new(),
    };
    for (url, answer) in join_all(asked).await {
        match answer {
            Ok((page, problems)) => {
                reading.pages.push((url.clone(), page));
                let problems = problems.into_iter();
                reading
                    .problems
                    .extend(problems.map(|problem| format!("{url}: {problem}")));
            }
            Err(error) => reading.problems.push(format!("{url}: {error:#}")),
        }
    }
    reading
}

/// Metrics and problems of an instance. One that isn't ready answers 503, and says why.
async fn one(asks: &Asks, url: &str) -> anyhow::Result<(Page, Vec<String>)> {
    let text = asks.metrics(url).await?;
    let page = Page::read(&text);
    let page =
        page.ok_or_else(|| anyhow::anyhow!("its answer is not the metrics of event-grpc"))?;
    let report = asks.readiness(url).await?;
    Ok((page, problems(&report)))
}
