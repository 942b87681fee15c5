//! Secrets of a server and of the commands: each one is a canary, everything is out of order, and nothing that anybody
//! can read holds a canary.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use event_grpc::access::Unverified;
use event_grpc::app::environment::Environment;
use event_grpc::generated::PIPELINE;
use event_grpc::traffic::proof::variables;
use http::Method;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::http::request;
use crate::support::server::command;

/// What is in every secret.
const CANARY: &str = "c4nary";

/// Time limit for a start, and for a command.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A port of this machine that nobody listens on.
const NOBODY: &str = "127.0.0.1:1";

/// Variables that hold secrets, where servers are at these places.
fn secrets(amqp: Option<&str>, clickhouse: &str, postgres: &str) -> Vec<(String, String)> {
    let secret = |name: &str| {
        let number = name
            .bytes()
            .fold(7_u64, |sum, byte| sum * 31 % 99_991 + u64::from(byte));
        format!("{CANARY}-{number:016}")
    };
    let url = |name: &str| format!("http://{NOBODY}/in/{0}/v1?key={0}", secret(name));
    let mut found = vec![
        (
            "EVENT_GRPC_CLICKHOUSE_URL",
            format!("http://writer:{}@{clickhouse}/events", secret("a")),
        ),
        (
            "EVENT_GRPC_POSTGRES_URL",
            format!("postgres://writer@{postgres}/events"),
        ),
        ("EVENT_GRPC_POSTGRES_PASSWORD", secret("c")),
        (
            "EVENT_GRPC_TRACE_ENDPOINT",
            format!("http://{NOBODY}/v1/traces?key={}", secret("traces")),
        ),
        (
            "EVENT_GRPC_TRACE_HEADERS",
            format!("x-key={}", secret("headers")),
        ),
        ("WEBENGAGE_EVENTS_URL", url("d")),
        ("WEBENGAGE_BRAND_EVENTS_URL", url("e")),
        ("WEBENGAGE_USERS_URL", url("f")),
        ("WEBENGAGE_BRAND_USERS_URL", url("g")),
        ("WEBENGAGE_KEY", secret("h")),
        ("WEBENGAGE_BRAND_KEY", secret("i")),
        ("SHOPIFY_WEBHOOK_SECRET", secret("shopify")),
        ("SHOPIFY_WEBHOOK_SECRET_PREVIOUS", secret("k")),
        ("BRANCH_WEBHOOK_SECRET", secret("l")),
        ("GRAPHY_WEBHOOK_SECRET", secret("graphy")),
        ("VIDOOLY_WEBHOOK_SECRET", secret("n")),
        ("WEBENGAGE_WEBHOOK_SECRET", secret("o")),
        ("WEBENGAGE_USERS_WEBHOOK_SECRET", secret("users")),
    ];
    if let Some(amqp) = amqp {
        found.push((
            "EVENT_GRPC_AMQP_URL",
            format!("amqp://writer:{}@{amqp}/%2f", secret("q")),
        ));
    }
    found
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The value of one of them.
fn value<'a>(secrets: &'a [(String, String)], name: &str) -> &'a str {
    let found = secrets.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// The same variables as files.
fn as_files(secrets: &[(String, String)], folder: &Path) -> Vec<(String, String)> {
    let file = |(name, value): &(String, String)| {
        let path = folder.join(name);
        fs::write(&path, format!("{value}\n")).unwrap();
        (format!("{name}_FILE"), path.to_str().unwrap().to_owned())
    };
    secrets.iter().map(file).collect()
}

fn tell_no_canary(what: &str, text: &str) {
    let told = text.lines().find(|line| line.contains(CANARY));
    assert_eq!(told, None, "{what}");
}

/// Starts a server, asks it all that can be asked, and gives its log.
async fn asked(
    variables: &[(String, String)],
    secrets: &[(String, String)],
    folder: &Path,
) -> String {
    let log = folder.join("server.log");
    let mut server = command("serve");
    server.args([
        "--grpc-listen",
        "127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    server.args(["--log", "trace", "--log-format", "json"]);
    server.args(["--drain-seconds", "1"]);
    server.args(["--trace-ratio", "1"]);
    server.envs(variables.iter().cloned()).current_dir(folder);
    server
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap());
    let mut child = server.spawn().unwrap();
    let [http, ops] = listening(&log).await;
    let arguments = format!("/proc/{}/cmdline", child.id().unwrap());
    tell_no_canary(
        "the list of processes",
        &fs::read_to_string(arguments).unwrap(),
    );

    let url = |path: &str| match path {
        "/readyz" | "/metrics" => format!("http://{ops}{path}"),
        _ => format!("http://{http}{path}"),
    };
    let user = r#"{"userId":"7","attributes":{"a":1}}"#;
    let graphy = value(secrets, "GRAPHY_WEBHOOK_SECRET");
    let users = value(secrets, "WEBENGAGE_USERS_WEBHOOK_SECRET");
    let mut statuses = Vec::new();
    for (method, path, body) in [
        (
            Method::POST,
            format!("/graphy/event/{graphy}"),
            r#"{"a":1}"#,
        ),
        (Method::POST, format!("/graphy/event/{graphy}/"), "{"),
        (
            Method::POST,
            format!("/webengage/event/users/{users}"),
            user,
        ),
        (Method::POST, format!("/graphy/event/x{graphy}"), "{}"),
        (Method::POST, format!("/graphy/event/{graphy}/more"), "{}"),
        (Method::POST, format!("/graphy/{graphy}"), "{}"),
        (Method::GET, format!("/graphy/event/{graphy}"), ""),
        (
            Method::POST,
            format!("/branch/event/?secret={graphy}"),
            "{}",
        ),
        (Method::GET, "/readyz".to_owned(), ""),
        (Method::GET, "/metrics".to_owned(), ""),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = request(method, &url(&path), &headers, body.to_owned()).await;
        statuses.push(answer.status);
        tell_no_canary("an answer", &format!("{answer:?}"));
        if path == "/readyz" {
            assert!(answer.text.contains("\"ready\""), "{answer:?}");
        } else if path != "/metrics" {
            // Nor of the places that stand behind.
            for place in ["127.0.0.1", "ClickHouse", "RabbitMQ", ".dx"] {
                assert!(!answer.text.contains(place), "{answer:?}");
            }
        }
    }
    assert_ne!(statuses[0], 401, "the secret is known: {statuses:?}");
    assert_eq!(statuses[3..8], [401, 404, 404, 405, 401], "{statuses:?}");
    // As soon as the server has tried to connect, and to forward, a few times.
    sleep(Duration::from_secs(3)).await;
    let ready = request(Method::GET, &url("/readyz"), &[], "").await;
    tell_no_canary("/readyz", &ready.text);
    child.kill().await.unwrap();
    fs::read_to_string(&log).unwrap()
}

/// Waits for a server's HTTP and operations addresses in its log.
async fn listening(log: &Path) -> [String; 2] {
    let start = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap();
        let lines = text.lines().filter(|line| line.contains("\"Serving.\""));
        for line in lines {
            if let Ok(line) = serde_json::from_str::<serde_json::Value>(line) {
                return ["http", "ops"].map(|name| line[name].as_str().unwrap().to_owned());
            }
        }
        assert!(
            start.elapsed() < TIME_LIMIT,
            "the server doesn't serve: {text}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a command, and gives all that it says.
async fn said(mut command: Command) -> String {
    let output = timeout(TIME_LIMIT, command.output())
        .await
        .unwrap()
        .unwrap();
    let (out, errors) = (output.stdout, output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&errors)
    )
}

/// Host and port of a server of the tests.
fn place(variable: &str) -> String {
    let url = std::env::var(variable).unwrap();
    let behind = url.split_once("://").unwrap().1;
    let authority = behind.split(['/', '?']).next().unwrap();
    authority.rsplit('@').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_when_everything_is_out_of_order() {
    let (amqp, clickhouse, postgres) = (
        place("EVENT_GRPC_TEST_AMQP_URL"),
        place("EVENT_GRPC_TEST_CLICKHOUSE_URL"),
        place("EVENT_GRPC_TEST_POSTGRES_URL"),
    );
    // Servers that aren't there, servers that don't know the password, and requests that fail.
    let gone = secrets(Some(NOBODY), NOBODY, NOBODY);
    let refusing = secrets(Some(&amqp), &clickhouse, &postgres);
    let forwarding = secrets(None, NOBODY, NOBODY);
    for (what, secrets) in [
        ("gone", gone),
        ("refusing", refusing),
        ("forwarding", forwarding),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let variables = match what {
            "refusing" => as_files(&secrets, folder.path()),
            _ => secrets.clone(),
        };
        let log = asked(&variables, &secrets, folder.path()).await;
        tell_no_canary(what, &log);
        for arguments in [
            vec!["config"],
            vec!["config", "--json"],
            vec!["serve", "--help"],
            vec!["migrate"],
            vec!["migrate", "--check"],
            vec!["cutover", "--check"],
            vec!["dlq", "list"],
            vec!["dlq", "replay", "--yes"],
            vec!["ledger", "--wait", "0"],
            vec!["unknown"],
            vec!["reprocess"],
            vec![
                "serve",
                "--strict",
                "--grpc-listen",
                "127.0.0.1:0",
                "--http-listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
            ],
        ] {
            let mut command = command(arguments[0]);
            command
                .args(&arguments[1..])
                .envs(variables.iter().cloned());
            let said = said(command).await;
            assert!(!said.is_empty(), "{arguments:?}");
            tell_no_canary(&format!("{what} {arguments:?}"), &said);
        }
        if what == "forwarding" {
            assert!(log.contains("in/***/v1"), "the request was tried: {log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_secret_is_told_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let path = file.to_str().unwrap();
    fs::write(&file, CANARY).unwrap();
    let bad = |url: &str| url.replace('#', CANARY);
    for (variables, told) in [
        (
            vec![("EVENT_GRPC_AMQP_URL", bad("amqp://u:#@host:port/"))],
            "AMQP URL",
        ),
        (
            vec![("EVENT_GRPC_CLICKHOUSE_URL", bad("http://u:#@host:port/"))],
            "--clickhouse-url",
        ),
        (
            vec![("EVENT_GRPC_CLICKHOUSE_URL", bad("u:#@host"))],
            "--clickhouse-url",
        ),
        (
            vec![(
                "EVENT_GRPC_POSTGRES_URL",
                bad("postgres://u:#@host:port/db"),
            )],
            "--postgres-url",
        ),
        (
            vec![("BRANCH_WEBHOOK_SECRET", bad("#"))],
            "BRANCH_WEBHOOK_SECRET",
        ),
        (
            vec![
                ("WEBENGAGE_KEY", bad("#")),
                ("WEBENGAGE_KEY_FILE", path.to_owned()),
            ],
            "WEBENGAGE_KEY and WEBENGAGE_KEY_FILE are both set",
        ),
        (
            vec![("SHOPIFY_WEBHOOK_SECRET_FILE", "/nowhere/secret".to_owned())],
            "SHOPIFY_WEBHOOK_SECRET_FILE: /nowhere/secret can't be read",
        ),
        (
            vec![("EVENT_GRPC_UNVERIFIED", "shopfy".to_owned())],
            "the sources are app, shopify",
        ),
    ] {
        let mut serve = command("serve");
        serve.args([
            "--grpc-listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ]);
        // Nothing gets as far as the embedded engine.
        serve.env("EVENT_GRPC_CLICKHOUSE_URL", format!("http://{NOBODY}"));
        serve.envs(variables.iter().cloned());
        let said = said(serve).await;
        assert!(said.contains(told), "{variables:?}: {said}");
        tell_no_canary(told, &said);
    }
}

#[test]
fn all_secrets_of_the_pipeline_can_be_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "s3cret\n").unwrap();
    let mut names: Vec<String> = variables(&PIPELINE).map(str::to_owned).collect();
    names.extend(names.clone().iter().map(|name| format!("{name}_PREVIOUS")));
    let targets = PIPELINE.requests.iter().flat_map(|request| request.targets);
    names.extend(
        targets
            .flat_map(|target| target.variables())
            .map(str::to_owned),
    );
    assert!(names.len() > 15, "{names:?}");
    let file = |name: &String| (format!("{name}_FILE"), path.display().to_string());
    let environment: Environment = names.iter().map(file).collect();
    let environment = environment.with_secrets_of(&PIPELINE).unwrap();
    for name in &names {
        assert_eq!(environment.get(name).as_deref(), Some("s3cret"), "{name}");
    }
}

#[test]
fn only_sources_that_are_there_are_opened() {
    let found = Unverified::new(["shopify", " branch ", "", "app"], &PIPELINE).unwrap();
    for name in ["shopify", "branch", "app"] {
        assert!(found.opens(name), "{name}");
    }
    assert!(!found.opens("graphy"));
    let told = Unverified::new(["shopfy"], &PIPELINE).unwrap_err();
    let told = told.to_string();
    for word in ["\"shopfy\"", "shopify", "webengage_users", "--unverified"] {
        assert!(told.contains(word), "{told}");
    }
}
