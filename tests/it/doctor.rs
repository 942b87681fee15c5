//! `event-grpc doctor`: what is wrong with settings, files and servers is found with what to do about it, and nothing is
//! changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use event_grpc::sink::clickhouse::ClickHouse;
use serde_json::Value;

use crate::clickhouse::support::{in_database, number, run_there};
use crate::postgres::support::in_database as in_postgres;
use crate::support::topology::Vhost;

/// What is in every secret.
const CANARY: &str = "c4nary-of-a-password";

/// What a run found.
struct Found {
    good: bool,
    findings: Vec<Value>,
    text: String,
}

impl Found {
    /// The finding at this place that says this.
    fn one(&self, level: &str, place: &str, what: &str) -> &Value {
        let text = |one: &Value, member: &str| one[member].as_str().unwrap_or_default().to_owned();
        let found = self.findings.iter().find(|one| {
            one["level"] == level
                && text(one, "place").starts_with(place)
                && text(one, "what").contains(what)
        });
        found.unwrap_or_else(|| panic!("no {level} at {place} says {what}: {}", self.text))
    }

    /// Problems, but for disks of the machine that the test runs on.
    fn problems(&self) -> Vec<&Value> {
        let problems: Vec<&Value> = self
            .findings
            .iter()
            .filter(|one| one["level"] == "problem")
            .collect();
        assert_eq!(self.good, problems.is_empty(), "{}", self.text);
        let is_of_disk = |one: &&Value| one["what"].as_str().unwrap().starts_with("disk ");
        problems
            .into_iter()
            .filter(|one| !is_of_disk(one))
            .collect()
    }
}

fn event_grpc(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-grpc"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("EVENT_") {
            command.env_remove(variable);
        }
    }
    command.args(arguments).current_dir(folder);
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains(CANARY), "{errors}");
    // A migration tells how far it is.
    if arguments.contains(&"doctor") {
        assert_eq!(errors, "", "{arguments:?}");
    }
    (
        output.status.success(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn doctor(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Found {
    let ports = ["--grpc-listen", "--http-listen", "--ops-listen"];
    let mut all = vec!["doctor", "--json"];
    all.extend(ports.iter().flat_map(|port| [port, "127.0.0.1:0"]));
    all.extend(arguments);
    let (good, text) = event_grpc(folder, &all, variables);
    assert!(!text.contains(CANARY), "{text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    Found {
        good,
        findings: told["findings"].as_array().unwrap().clone(),
        text,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_servers_is_found_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let vhost = Vhost::create();
    in_database("doctor", async |store: ClickHouse| {
        let url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
        let url = format!("{url}/{}", store.address().database());
        let amqp = vhost.url();
        let servers = [
            ("EVENT_GRPC_CLICKHOUSE_URL", url.as_str()),
            ("EVENT_GRPC_AMQP_URL", amqp.as_str()),
        ];
        let place = format!("clickhouse {}", store.address().database());

        let found = doctor(folder, &[], &servers);
        assert!(!found.good, "{}", found.text);
        let pending = found.one("problem", &place, "pending migration");
        assert!(
            pending["fix"]
                .as_str()
                .unwrap()
                .contains("event-grpc migrate"),
            "{pending}"
        );
        found.one("problem", &place, "table event takes no rows");
        found.one("good", &place, "ClickHouse 2");
        found.one("good", &place, "its clock is within");
        found.one("note", "rabbitmq", "missing queue");
        assert!(vhost.list("list_queues", "name").is_empty());
        assert_eq!(
            number(
                &store,
                "SELECT count() FROM system.tables WHERE database = 'DB'"
            )
            .await,
            0
        );

        let (good, told) = event_grpc(folder, &["apply", "--yes"], &servers);
        assert!(good, "{told}");
        let found = doctor(folder, &[], &servers);
        assert_eq!(found.problems(), Vec::<&Value>::new());
        found.one("good", &place, "tables take rows");
        found.one("good", "rabbitmq", "connected to the virtual host");
        found.one(
            "good",
            "plan",
            "the servers that answer have what this build declares",
        );
        let rights = found.one("good", "rabbitmq", "it may publish to");
        assert!(
            !rights["what"].as_str().unwrap().contains(" 0 "),
            "{rights}"
        );
        // It tells each node's version, whichever it is.
        let node = |one: &&Value| one["what"].as_str().unwrap().starts_with("RabbitMQ ");
        assert_eq!(
            found.findings.iter().filter(node).count(),
            1,
            "{}",
            found.text
        );

        // Nothing that it tried is left.
        let messages = vhost.list("list_queues", "messages");
        assert!(
            messages.iter().all(|queue| queue["messages"] == 0),
            "{messages:?}"
        );
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 0);

        run_there(&store, "ALTER TABLE event DROP COLUMN os").await;
        vhost.permit("^(?!grpc_event\\.tx$)", "^(?!graphy_event_q$)");
        let found = doctor(folder, &[], &servers);
        assert!(!found.good, "{}", found.text);
        let publish = found.one(
            "problem",
            "rabbitmq",
            "may not publish to the exchange grpc_event.tx",
        );
        assert!(
            publish["fix"].as_str().unwrap().contains("set_permissions"),
            "{publish}"
        );
        found.one(
            "problem",
            "rabbitmq",
            "may not consume the queue graphy_event_q",
        );
        found.one("problem", &place, "table event");
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_looked_at_too() {
    let folder = tempfile::tempdir().unwrap();
    in_postgres("doctor", async |database| {
        let url = database.url();
        let servers = [("EVENT_GRPC_POSTGRES_URL", url.as_str())];
        let found = doctor(folder.path(), &[], &servers);
        found.one("problem", "postgres", "takes no rows");
        found.one("good", "postgres", "its clock is within");
        let (good, told) = event_grpc(folder.path(), &["apply", "--yes"], &servers);
        assert!(good, "{told}");
        let found = doctor(folder.path(), &[], &servers);
        assert_eq!(found.problems(), Vec::<&Value>::new());
        found.one("good", "postgres", "tables take rows");
        found.one("good", "postgres", "PostgreSQL 1");
        found.one("note", "rabbitmq", "the broker is in memory");
        database
    })
    .await;
}

#[test]
fn settings_and_files_are_judged_as_at_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = format!(
        "clickhouse-url: http://writer:{CANARY}@127.0.0.1:1/events\namqp-url: amqp://u:{CANARY}@127.0.0.1:1/v\nkeys: gone.yaml\n\
         switches: s.yaml\nenvironment: {{ GRAPHY_WEBHOOK_SECRET: {CANARY} }}\n"
    );
    let path = folder.join("c.yaml");
    fs::write(&path, config).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(folder.join("s.yaml"), "switches: { a: {} }\n").unwrap();
    let arguments = ["--config", "c.yaml"];
    let found = doctor(folder, &arguments, &[("EVENT_GRPC_LISTN", "x")]);
    assert!(!found.good);
    found.one(
        "warning",
        "settings",
        "EVENT_GRPC_LISTN is set, and nothing reads it",
    );
    found.one(
        "warning",
        "settings",
        "c.yaml holds a secret, and others may read it (mode 644)",
    );
    found.one("problem", "access", "--keys gone.yaml");
    found.one(
        "problem",
        "switches",
        "line 1: switch `a` applies to everything",
    );
    found.one("problem", "rabbitmq 127.0.0.1:1", "it can't be reached");
    found.one("problem", "clickhouse events", "it can't be asked");
    found.one("note", "settings", "source shopify is off");
    for problem in found.problems() {
        assert!(
            !problem["fix"].as_str().unwrap_or_default().is_empty(),
            "{problem}"
        );
    }

    // A setting that is wrong is told like at a start, and the rest isn't guessed.
    let wrong = [("EVENT_GRPC_POSTGRES_URL", "mysql://nowhere")];
    let found = doctor(folder, &[], &wrong);
    assert!(!found.good);
    found.one(
        "problem",
        "settings",
        "--postgres-url (by EVENT_GRPC_POSTGRES_URL)",
    );

    // Embedded, with nothing given: good as it is, with notes.
    let found = doctor(folder, &["--data", "data"], &[]);
    assert_eq!(found.problems(), Vec::<&Value>::new());
    found.one("note", "clickhouse", "it is embedded");

    // Policies are looked for in the definitions of RabbitMQ.
    fs::write(folder.join("d.json"), "{}").unwrap();
    let generated = concat!(env!("CARGO_MANIFEST_DIR"), "/generated/definitions.json");
    let with = |definitions| doctor(folder, &["--definitions", definitions], &[]);
    let missing = "there is no policy event-grpc-unrouted";
    let warning = with("d.json").one("warning", "rabbitmq", missing).clone();
    assert!(
        warning["fix"]
            .as_str()
            .unwrap()
            .contains("import_definitions")
    );
    let imported = with(generated);
    assert!(!imported.text.contains("no policy"), "{}", imported.text);
    let text = fs::read_to_string(generated).unwrap();
    let other = text.replace("graphy_event_q|", "");
    fs::write(folder.join("d.json"), other).unwrap();
    with("d.json").one("warning", "rabbitmq", "is for other names");
    let (good, text) = event_grpc(
        folder,
        &[
            "doctor",
            "--grpc-listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ],
        &[],
    );
    assert_eq!(good, text.contains("\n0 problems, "), "{text}");
    assert!(
        text.contains("note     clickhouse: none is given"),
        "{text}"
    );
    assert!(!folder.join("data").exists());
}
