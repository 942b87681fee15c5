//! `event-grpc dlq discard`: marks dead letters as not wanted.

use serde_json::json;

use super::{ask, select::Select};
use crate::cli::say;
use crate::cli::serve::ClickHouseArgs;
use crate::sink::clickhouse::decisions::Action;

/// Mark dead letters as discarded: they stay in their table, and are neither listed nor replayed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    select: Select,
    /// At most so many, oldest first.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Change nothing; show how many it would be.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask before more than one dead letter is discarded.
    #[arg(long)]
    yes: bool,
    /// Summary as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let letters = super::letters(&args.clickhouse)?;
    let selection = args.select.selection(args.limit);
    let keys = letters.keys(&selection).await?;
    let mut discarded = 0;
    if !args.dry_run && !keys.is_empty() && ask::go_on("discard", keys.len(), args.yes)? {
        letters.open_decisions().await?;
        letters.decide(Action::Discarded, &keys).await?;
        discarded = keys.len();
    }
    match args.json {
        true => say(&json!({ "selected": keys.len(), "discarded": discarded }).to_string()),
        false => say(&format!("{} selected, {discarded} discarded", keys.len())),
    }
    Ok(true)
}
