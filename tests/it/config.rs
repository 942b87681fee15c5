//! Settings from options, the environment and the configuration file: which counts, where each comes from, what is wrong
//! with one; and the filter of the log, which changes while a server runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::http::request;
use crate::support::server::{Server, command};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What is in every secret.
const CANARY: &str = "c4nary-of-a-password";

struct Output {
    status: Option<i32>,
    out: String,
    told: String,
}

async fn run(folder: &Path, name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(name);
    command.args(arguments).current_dir(folder);
    command.envs(variables.iter().copied());
    let output = timeout(TIME_LIMIT, command.output())
        .await
        .unwrap()
        .unwrap();
    Output {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        told: String::from_utf8(output.stderr).unwrap(),
    }
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("c.yaml"), text).unwrap();
}

/// The settings by their names, each with its value and where it comes from.
async fn settings(
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> BTreeMap<String, (Value, String)> {
    let arguments = [&["--json"], arguments].concat();
    let output = run(folder, "config", &arguments, variables).await;
    assert_eq!(output.status, Some(0), "{}{}", output.out, output.told);
    let report: Value = serde_json::from_str(&output.out).unwrap();
    let all = report["settings"].as_array().unwrap().iter();
    all.map(|one| {
        let from = &one["from"];
        let from = match from["kind"].as_str().unwrap() {
            "file" => format!("{}:{}", from["path"].as_str().unwrap(), from["line"]),
            "variable" => from["name"].as_str().unwrap().to_owned(),
            kind => kind.to_owned(),
        };
        (
            one["name"].as_str().unwrap().to_owned(),
            (one["value"].clone(), from),
        )
    })
    .collect()
}

const FILE: &str = "# ours
grpc-listen: 127.0.0.1:9017
http-listen: 127.0.0.1:9019
idle-seconds: 40
drain-seconds: 41
strict: true
unverified:
  - shopify
  - graphy
clickhouse-url: http://writer:c4nary-of-a-password@ch:8123/events
amqp-url-file: amqp
environment:
  SHOPIFY_WEBHOOK_SECRET: c4nary-of-a-password
  EVENT_WORKER_POOL_SIZE: 3
";

#[tokio::test]
async fn a_flag_counts_more_than_a_variable_more_than_the_file_more_than_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, FILE);
    fs::write(
        folder.join("amqp"),
        format!("amqp://u:{CANARY}@mq:5672/v\n"),
    )
    .unwrap();
    let arguments = ["--config", "c.yaml", "--grpc-listen=127.0.0.1:7017"];
    let variables = [
        ("EVENT_GRPC_LISTEN", "127.0.0.1:8117"),
        ("EVENT_GRPC_IDLE_SECONDS", "50"),
        // An empty one isn't set.
        ("EVENT_GRPC_HTTP_LISTEN", ""),
    ];
    let all = settings(folder, &arguments, &variables).await;
    for (name, value, from) in [
        ("grpc-listen", "127.0.0.1:7017", "flag"),
        ("idle-seconds", "50", "EVENT_GRPC_IDLE_SECONDS"),
        ("http-listen", "127.0.0.1:9019", "c.yaml:3"),
        ("drain-seconds", "41", "c.yaml:5"),
        ("strict", "true", "c.yaml:6"),
        ("unverified", "shopify,graphy", "c.yaml:7"),
        (
            "clickhouse-url",
            "http://writer:***@ch:8123/events",
            "c.yaml:10",
        ),
        ("EVENT_GRPC_AMQP_URL_FILE", "amqp", "c.yaml:11"),
        ("SHOPIFY_WEBHOOK_SECRET", "***", "c.yaml:13"),
        ("EVENT_WORKER_POOL_SIZE", "3", "c.yaml:14"),
        ("ops-listen", "127.0.0.1:8018", "default"),
    ] {
        assert_eq!(all[name], (value.into(), from.to_owned()), "{name}");
    }
    assert_eq!(all["postgres-url"], (Value::Null, "unset".to_owned()));
    // The variable names the file as well.
    let by_variable = [
        ("EVENT_GRPC_CONFIG", "c.yaml"),
        ("EVENT_GRPC_AMQP_URL", "amqp://other:5672"),
    ];
    let all = settings(folder, &[], &by_variable).await;
    assert_eq!(all["drain-seconds"].1, "c.yaml:5");
    // A secret that a variable gives counts more than the file that the configuration names.
    assert_eq!(all["amqp-url"].1, "EVENT_GRPC_AMQP_URL");
    assert!(!all.contains_key("EVENT_GRPC_AMQP_URL_FILE"));
    let text = run(folder, "config", &arguments, &[("EVENT_GRPC_LISTN", "x")]).await;
    assert!(
        text.out.contains("127.0.0.1:9019  (c.yaml:3)"),
        "{}",
        text.out
    );
    assert!(
        text.out.contains("did you mean `EVENT_GRPC_LISTEN`?"),
        "{}",
        text.out
    );
    assert!(!format!("{}{}", text.out, text.told).contains(CANARY));
}

#[tokio::test]
async fn what_is_wrong_names_itself_where_it_came_from_and_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (text, told) in [
        (
            "grpc-lisen: x\n",
            "c.yaml:1: there is no setting `grpc-lisen` (did you mean `grpc-listen`?)",
        ),
        (
            "\ngrpc-listen: here\n",
            "c.yaml:2: grpc-listen: `here` can't be used",
        ),
        ("grpc-listen: here\n", "for example 127.0.0.1:8017"),
        (
            "idle-seconds: 0\n",
            "c.yaml:1: idle-seconds: `0` can't be used: 0 is not in 1..=86400",
        ),
        ("max-connections: many\n", "for example 2000"),
        ("log-format: xml\n", "it is one of text, json"),
        (
            "strict: maybe\n",
            "c.yaml:1: `strict` is true or false, and not `maybe`",
        ),
        ("data:\n", "c.yaml:1: `data` has no value"),
        ("data: [a]\n", "`data` takes one value, and this is a list"),
        (
            "data: a\ndata: b\n",
            "c.yaml:2: `data` is there twice, first in line 1",
        ),
        ("data: [\n", "not well-formed YAML"),
        (
            "- data\n",
            "c.yaml:1: options, each as a line `option: value`, should be here",
        ),
        (
            "environment: { SHOPIFY_WEBHOOK_SECRT: x }\n",
            "did you mean `SHOPIFY_WEBHOOK_SECRET`?",
        ),
        (
            "amqp-url: amqp://h\namqp-url-file: f\n",
            "c.yaml:2: this and line 1 give the same",
        ),
        ("log: '['\n", "is not a log filter"),
        (
            "clickhouse-url: ftp://u:c4nary-of-a-password@h/d\n",
            "c.yaml:1: clickhouse-url",
        ),
        ("tls-cert: a.pem\n", "--tls-key"),
        (
            "kafka-user: a\nkafka-brokers: 'kafka://a:1'\n",
            "EVENT_GRPC_KAFKA_PASSWORD",
        ),
    ] {
        write(folder, text);
        for command in ["serve", "config"] {
            let output = run(folder, command, &["--config", "c.yaml"], &[]).await;
            assert!(
                output.told.contains(told),
                "{command} {text:?}: {}",
                output.told
            );
            assert!(!output.told.contains(CANARY), "{}", output.told);
            assert_ne!(output.status, Some(0));
        }
    }
    write(folder, "data: 1\nnope: 2\nstrict: 3\n");
    let output = run(folder, "serve", &["--config", "c.yaml"], &[]).await;
    assert!(
        output.told.contains("c.yaml:2") && output.told.contains("c.yaml:3"),
        "{}",
        output.told
    );
    for (arguments, variables, told) in [
        (
            &["--idle-seconds", "no"][..],
            &[][..],
            "--idle-seconds: `no` can't be used",
        ),
        (
            &[],
            &[("EVENT_GRPC_IDLE_SECONDS", "no")],
            "EVENT_GRPC_IDLE_SECONDS (--idle-seconds): `no` can't be used",
        ),
        (
            &[],
            &[("EVENT_GRPC_POSTGRES_URL", "mysql://c4nary-of-a-password")],
            "--postgres-url (by EVENT_GRPC_POSTGRES_URL)",
        ),
        (
            &["--config", "gone.yaml"],
            &[],
            "the configuration file gone.yaml: it can't be read",
        ),
        (&["--idle-secs", "7"], &[], "'--idle-seconds'"),
    ] {
        let output = run(folder, "config", arguments, variables).await;
        assert!(output.told.contains(told), "{arguments:?}: {}", output.told);
        assert!(!output.told.contains(CANARY), "{}", output.told);
    }
}

#[tokio::test]
async fn other_commands_take_from_the_file_what_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(
        folder,
        "clickhouse-url: http://127.0.0.1:9/events\nkeys: mine.yaml\nidle-seconds: 7\n",
    );
    let variables = [("EVENT_GRPC_CONFIG", "c.yaml")];
    let output = run(folder, "migrate", &["--check"], &variables).await;
    let reached = "ClickHouse can't be reached";
    assert!(output.told.contains(reached), "{}", output.told);
    let made = run(folder, "keys", &["new", "shop"], &variables).await;
    assert_eq!(made.status, Some(0), "{}", made.told);
    assert!(folder.join("mine.yaml").exists());
    // An option before the inner command counts as well.
    let made = run(
        folder,
        "keys",
        &["--keys", "other.yaml", "new", "shop"],
        &variables,
    )
    .await;
    assert_eq!(made.status, Some(0), "{}", made.told);
    assert!(folder.join("other.yaml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_of_the_log_changes_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(
        path,
        "clickhouse-url: http://127.0.0.1:9/test\nlog: warn,event_grpc=info\n",
    );
    let server = Server::start(path, &["--config", "c.yaml"]).await;
    let filter = async || {
        let answer = request(Method::GET, &format!("{}/log", server.ops), &[], "").await;
        let told: Value = serde_json::from_str(&answer.text).unwrap();
        told["filter"].as_str().unwrap().to_owned()
    };
    assert_eq!(filter().await, "warn,event_grpc=info");
    write(path, "log: info,event_grpc::listen=debug\n");
    server.hang_up();
    let started = Instant::now();
    while filter().await != "info,event_grpc::listen=debug" {
        assert!(started.elapsed() < TIME_LIMIT, "{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    // A file that is wrong changes nothing, and the server goes on.
    write(path, "logs: debug\n");
    server.hang_up();
    while !server
        .log()
        .contains("The filter of the log stays as it is.")
    {
        assert!(started.elapsed() < TIME_LIMIT, "{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    assert!(
        server.log().contains("did you mean `log`?"),
        "{}",
        server.log()
    );
    let put = async |query: &str, headers: &[(&str, &str)]| {
        let url = format!("{}/log?{query}", server.ops);
        request(Method::PUT, &url, headers, "").await
    };
    assert_eq!(put("filter=error", &[]).await.status, 200);
    assert_eq!(filter().await, "error");
    for wrong in ["filter=%5B", "filter=", "level=info", ""] {
        let answer = put(wrong, &[]).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.text.contains("info,event_grpc"), "{}", answer.text);
    }
    // A page of a browser may not.
    assert_eq!(
        put("filter=trace", &[("origin", "http://evil.example")])
            .await
            .status,
        403
    );
    assert_eq!(filter().await, "error");
    server.stop_with_complaints().await;
}
