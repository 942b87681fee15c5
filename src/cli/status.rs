//! `event-grpc status`: whether instances are ready, and what is out of order in them.

use std::process::ExitCode;
use std::sync::LazyLock;

use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::ask::Asks;
use super::ops::AskArgs;
use super::{one_line, say};
use crate::build::BUILD;
use crate::generated::PIPELINE;
use crate::ops::logging;

/// Exit status if something is out of order, and if an instance isn't ready or doesn't answer.
const DEGRADED: u8 = 1;
const NOT_READY: u8 = 2;

/// Show whether instances are ready, and what is out of order in them: since when, and what to do. Exit status 1 if something
/// is, 2 if an instance is not ready or doesn't answer.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Operations address of an instance; several may be given.
    #[arg(
        long = "instance",
        env = "EVENT_GRPC_STATUS_INSTANCES",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8018",
        value_name = "URL"
    )]
    instances: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Version of this program, with the commit that it was built from and the schema of its pipeline.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let schema = PIPELINE.fingerprint;
    format!(
        "{} (commit {}, schema {schema})",
        BUILD.version, BUILD.commit
    )
});

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    logging::start(logging::Format::Text, "warn")?;
    let asks = Asks::new(&args.ask)?;
    let answers = join_all(args.instances.iter().map(|url| asks.readiness(url))).await;
    let states: Vec<State> = (args.instances.iter().zip(answers))
        .map(|(url, answer)| State::of(url, answer))
        .collect();
    if args.json {
        let states: Map<String, Value> = states.iter().map(State::json).collect();
        say(&serde_json::to_string_pretty(&states)?);
    } else {
        states
            .iter()
            .flat_map(State::lines)
            .for_each(|line| say(&line));
    }
    Ok(ExitCode::from(
        states.iter().map(State::code).max().unwrap_or_default(),
    ))
}

/// State of an instance.
struct State {
    url: String,
    ready: bool,
    /// Why it could not be asked.
    error: Option<String>,
    degraded: Vec<Value>,
}

impl State {
    fn of(url: &str, answer: anyhow::Result<Value>) -> Self {
        let (report, error) = match answer {
            Ok(report) => (report, None),
            Err(error) => (Value::Null, Some(format!("{error:#}"))),
        };
        let degraded = report.get("degraded").and_then(Value::as_array);
        State {
            url: url.to_owned(),
            ready: report.get("ready") == Some(&json!(true)),
            error,
            degraded: degraded.cloned().unwrap_or_default(),
        }
    }

    fn code(&self) -> u8 {
        match (self.ready, self.degraded.is_empty()) {
            (false, _) => NOT_READY,
            (true, false) => DEGRADED,
            (true, true) => 0,
        }
    }

    fn json(&self) -> (String, Value) {
        let state = match &self.error {
            Some(error) => json!({ "error": error }),
            None => json!({ "ready": self.ready, "degraded": self.degraded }),
        };
        (self.url.clone(), state)
    }

    fn lines(&self) -> Vec<String> {
        let word = match (&self.error, self.ready, self.degraded.len()) {
            (Some(error), _, _) => format!("no answer: {error}"),
            (None, false, _) => "not ready".to_owned(),
            (None, true, 0) => "ready".to_owned(),
            (None, true, 1) => "ready, and one thing is out of order".to_owned(),
            (None, true, many) => format!("ready, and {many} things are out of order"),
        };
        let mut lines = vec![one_line(&format!("{}: {word}", self.url))];
        for degraded in &self.degraded {
            let text = |name: &str| degraded.get(name).and_then(Value::as_str).unwrap_or("");
            let (code, subject) = (text("code"), text("subject"));
            let named = format!("  {code} {subject}");
            let since = text("since");
            lines.push(one_line(&format!("{} since {since}", named.trim_end())));
            lines.push(one_line(&format!("    {}", text("what"))));
            lines.push(one_line(&format!("    to do: {}", text("advice"))));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_order_is_told_and_decides_the_exit_status() {
        let of = |report: Value| State::of("http://a", Ok(report));
        let fine = of(json!({ "ready": true, "degraded": [] }));
        assert_eq!((fine.code(), fine.lines().len()), (0, 1));
        let paused = json!({
            "code": "table_paused", "subject": "event", "since": "2026-01-31T09:00:00Z",
            "what": "disk\nfull", "advice": "free it",
        });
        let degraded = of(json!({ "ready": true, "degraded": [paused.clone()] }));
        assert_eq!(degraded.code(), DEGRADED);
        let told = [
            "http://a: ready, and one thing is out of order",
            "  table_paused event since 2026-01-31T09:00:00Z",
            "    disk full",
            "    to do: free it",
        ];
        assert_eq!(degraded.lines(), told);
        assert_eq!(
            of(json!({ "ready": false, "degraded": [paused] })).code(),
            NOT_READY
        );
        let gone = State::of("http://a", Err(anyhow::anyhow!("refused")));
        assert_eq!((gone.code(), gone.lines().len()), (NOT_READY, 1));
        assert_eq!(gone.json().1, json!({ "error": "refused" }));
    }
}
