//! `event-grpc find`: where an event is and has been.

mod look;
mod mask;
mod story;

use std::process::ExitCode;

use super::ops::AskArgs;
use super::serve::{ClickHouseArgs, PostgresArgs};
use super::{say, time};
use crate::ops::logging;
use crate::sink::found::Search;
use story::Story;

/// Show where events are and have been: rows in all tables, dead letters and what was decided about them. Personal
/// values are masked. Exit status 0 if something is found, 1 if nothing is, 2 if a store that may have it could not be asked. See docs/seeing.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of an event, a message or a dead letter; may be repeated.
    #[arg(value_name = "ID", required_unless_present_any = ["user", "key", "indexes"])]
    ids: Vec<String>,
    /// Of this user: the column user_id.
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// With this value of a column, as in session_id=s-1; may be repeated. Tables without the column aren't looked at.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    key: Vec<(String, String)>,
    /// Only events of this type; may be repeated.
    #[arg(long = "type", value_name = "NAME")]
    event_type: Vec<String>,
    /// Stored or failed then or later: an RFC 3339 time, or an age like 2h. Makes it quicker.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<i64>,
    /// Stored or failed before.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<i64>,
    /// Maximum number of ids of each table, and of dead letters.
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    limit: u64,
    /// Operations address of an instance, to say what it holds of queues that nobody can look into; may be repeated.
    #[arg(
        long = "instance",
        visible_alias = "ops-url",
        env = "EVENT_GRPC_LEDGER_INSTANCES",
        value_delimiter = ',',
        value_name = "URL"
    )]
    instances: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    /// Show personal values: ids, and what reasons of dead letters quote.
    #[arg(long)]
    unmasked: bool,
    /// Names of fields that are masked as personal beside the usual ones, as of `serve`.
    #[arg(
        long,
        env = "EVENT_GRPC_PERSONAL",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    personal: Vec<String>,
    /// Print the statements that add indexes for this to ClickHouse's tables, for the ids and the columns of --user and
    /// --key, and look for nothing.
    #[arg(long)]
    indexes: bool,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let pair = pair.ok_or_else(|| format!("`{text}` should be a column, `=` and a value"))?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    logging::start(logging::Format::Text, "warn")?;
    let mut values = args.key.clone();
    values.extend(args.user.clone().map(|user| ("user_id".to_owned(), user)));
    let search = Search {
        ids: args.ids.clone(),
        values,
        types: args.event_type.clone(),
        since_ms: args.since,
        until_ms: args.until,
        limit: args.limit.clamp(1, 10_000),
    };
    if args.indexes {
        for statement in look::indexes(&args, &search)? {
            say(&format!("{statement};"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let story: Story = look::look(&args, &search).await?;
    match args.json {
        true => say(&story.json().to_string()),
        false => story.lines().iter().for_each(|line| say(line)),
    }
    Ok(match (story.is_empty(), story.unasked.is_empty()) {
        (false, _) => ExitCode::SUCCESS,
        (true, true) => ExitCode::from(1),
        (true, false) => ExitCode::from(2),
    })
}
