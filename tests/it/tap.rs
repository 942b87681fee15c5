//! Taps: events as they go by, of a whole instance, through the command that operators use.

mod bounds;
mod stages;

use std::process::Stdio;
use std::time::Duration;

use event_grpc::app::App;
use event_grpc::generated::PIPELINE;
use event_grpc::ops::access::{Options, TokenSource};
use event_grpc::sink::clickhouse::migrate;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use crate::app::support::{Instance, config, started};
use crate::clickhouse::support::in_database;
use crate::support::server::command;

const LONGEST: Duration = Duration::from_secs(30);

/// A token of operators.
const TOKEN: &str = "a-token-of-operators-who-look";

/// A running `event-grpc tap`.
struct Tapping {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tapping {
    /// Starts one and waits until it is open.
    async fn start(instance: &Instance, options: &[&str]) -> Tapping {
        let mut command = command("tap");
        command.args(["--instance", &instance.ops_url(""), "--json", "--for", "60"]);
        command.args(options).env("EVENT_GRPC_OPS_TOKEN", TOKEN);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut tapping = Tapping { child, lines };
        let first = tapping.line().await.expect("it opens");
        assert_eq!(first["tap"]["state"], "open", "{first}");
        tapping
    }

    /// Next line; none at the end.
    async fn line(&mut self) -> Option<Value> {
        let line = timeout(LONGEST, self.lines.next_line()).await;
        let line = line.expect("it says something").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Next event; lines about the tap are passed over.
    async fn event(&mut self) -> Value {
        loop {
            let line = self.line().await.expect("it goes on");
            if line.get("tap").is_none() {
                return line;
            }
        }
    }

    /// Events until the tap ends by itself, and what it says at the end.
    async fn rest(mut self) -> (Vec<Value>, Value) {
        let (mut events, mut last) = (Vec::new(), Value::Null);
        while let Some(mut line) = self.line().await {
            match line.get_mut("tap") {
                Some(tap) => last = tap.take(),
                None => events.push(line),
            }
        }
        assert!(self.child.wait().await.unwrap().success());
        (events, last)
    }
}

/// Runs a test against an instance whose operations ask for a token.
async fn guarded(name: &str, test: impl AsyncFnOnce(&App, &Instance)) {
    in_database(name, async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let token = TokenSource::of(Some(TOKEN.to_owned()), None).unwrap();
        let mut config = config(&store);
        config.ops = Options {
            token,
            ..Options::at(config.ops.listen)
        };
        let (app, instance) = started(config).await;
        test(&app, &instance).await;
        drop(instance);
        app.stop().await;
    })
    .await;
}

/// Output of a tap that is refused.
async fn refused(instance: &Instance, options: &[&str], token: Option<&str>) -> String {
    let mut command = command("tap");
    command
        .args(["--instance", &instance.ops_url("")])
        .args(options);
    if let Some(token) = token {
        command.env("EVENT_GRPC_OPS_TOKEN", token);
    }
    let output = timeout(LONGEST, command.output()).await.unwrap().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
