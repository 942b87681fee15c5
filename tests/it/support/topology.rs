//! A virtual host of the test's RabbitMQ, and whether it holds what `generated/definitions.json` says.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

/// The longest until the broker has imported definitions, which it does in the background.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A virtual host.
pub(crate) struct Vhost {
    name: String,
}

impl Vhost {
    /// Makes an empty one. A test that fails leaves it behind, to be looked at.
    pub(crate) fn create() -> Vhost {
        let name = format!("it_python_{}", Uuid::now_v7().simple());
        rabbitmqctl(&["add_vhost", &name]);
        let user = amqp_url().username().to_owned();
        rabbitmqctl(&["set_permissions", "-p", &name, &user, ".*", ".*", ".*"]);
        Vhost { name }
    }

    /// Lets the user write to, and read from, what matches, and configure everything.
    pub(crate) fn permit(&self, write: &str, read: &str) {
        let user = amqp_url().username().to_owned();
        rabbitmqctl(&[
            "set_permissions",
            "-p",
            &self.name,
            &user,
            ".*",
            write,
            read,
        ]);
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let mut url = amqp_url();
        url.set_path(&self.name);
        url.into()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The definitions of the server, of all virtual hosts.
    pub(crate) fn export(&self) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        rabbitmqctl(&["export_definitions", file.path().to_str().unwrap()]);
        std::fs::read(file.path()).unwrap()
    }

    /// Removes it with all that is in it.
    pub(crate) fn delete(&self) {
        rabbitmqctl(&["delete_vhost", &self.name]);
    }

    /// Compares exchanges, queues and bindings with the definitions.
    pub(crate) fn holds_the_definitions(&self) {
        let definitions = self.definitions();
        let exchanges = self.list(
            "list_exchanges",
            "name type durable auto_delete internal arguments",
        );
        // Every virtual host has these.
        let own = exchanges.into_iter().filter(|exchange| {
            let name = exchange["name"].as_str().unwrap();
            !(name.is_empty() || name.starts_with("amq."))
        });
        same(own, entries(&definitions, "exchanges"), "exchanges");

        let queues = self.list("list_queues", "name durable auto_delete arguments");
        same(queues, entries(&definitions, "queues"), "queues");

        // And each queue is bound by its name to the exchange that has none.
        let bindings = self.list(
            "list_bindings",
            "source_name destination_name destination_kind routing_key arguments",
        );
        let own = bindings
            .into_iter()
            .filter(|binding| binding["source_name"] != "");
        let defined = entries(&definitions, "bindings").map(|mut binding| {
            for (theirs, ours) in [
                ("source_name", "source"),
                ("destination_name", "destination"),
                ("destination_kind", "destination_type"),
            ] {
                let value = binding.remove(ours).expect(ours);
                binding.insert(theirs.into(), value);
            }
            binding
        });
        same(own, defined, "bindings");
    }

    /// Imports the definitions as an operator does, and waits until the policies, which come last, are there.
    pub(crate) async fn import_the_definitions(&self) {
        self.import(&self.definitions()).await;
    }

    /// Imports definitions, which are for this virtual host, and waits likewise.
    pub(crate) async fn import(&self, definitions: &Value) {
        let file = tempfile::NamedTempFile::new().unwrap();
        serde_json::to_writer(&file, definitions).unwrap();
        rabbitmqctl(&["import_definitions", file.path().to_str().unwrap()]);
        let policies: BTreeSet<String> = entries(definitions, "policies")
            .map(|policy| policy["name"].to_string())
            .collect();
        assert!(!policies.is_empty());
        let end = Instant::now() + TIME_LIMIT;
        loop {
            let found = self.list("list_policies", "");
            let found: BTreeSet<String> = found
                .iter()
                .map(|policy| policy["name"].to_string())
                .collect();
            if found == policies {
                return;
            }
            assert!(
                Instant::now() < end,
                "policies {found:?}, defined are {policies:?}"
            );
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// The generated definitions, for this virtual host in place of the usual one.
    fn definitions(&self) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/definitions.json");
        let mut definitions: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for (section, entries) in definitions.as_object_mut().unwrap() {
            for entry in entries.as_array_mut().into_iter().flatten() {
                let key = if section == "vhosts" { "name" } else { "vhost" };
                if let Some(vhost) = entry.get_mut(key) {
                    *vhost = json!(self.name);
                }
            }
        }
        definitions
    }

    /// List of this virtual host, from `rabbitmqctl`.
    pub(crate) fn list(&self, command: &str, columns: &str) -> Vec<Map<String, Value>> {
        let mut arguments = vec!["--quiet", "--formatter", "json", command, "-p", &self.name];
        arguments.extend(columns.split_whitespace());
        let mut rows: Vec<Map<String, Value>> =
            serde_json::from_str(&rabbitmqctl(&arguments)).unwrap();
        for row in &mut rows {
            if let Some(arguments) = row.get_mut("arguments") {
                // They come as a list of name, type and value.
                *arguments = arguments
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|argument| {
                        (
                            argument[0].as_str().unwrap().to_owned(),
                            argument[2].clone(),
                        )
                    })
                    .collect::<Map<_, _>>()
                    .into();
            }
        }
        rows
    }
}

/// The entries of a section of the definitions, without the virtual host that they are for.
fn entries<'a>(
    definitions: &'a Value,
    section: &str,
) -> impl Iterator<Item = Map<String, Value>> + 'a {
    let entries = definitions[section]
        .as_array()
        .expect("a section of the definitions");
    entries.iter().map(|entry| {
        let mut entry = entry.as_object().unwrap().clone();
        entry.remove("vhost").expect("vhost");
        entry
    })
}

/// Compares two lists whose order means nothing.
fn same(
    found: impl IntoIterator<Item = Map<String, Value>>,
    defined: impl IntoIterator<Item = Map<String, Value>>,
    what: &str,
) {
    let sorted = |entries: Vec<Map<String, Value>>| {
        let mut lines: Vec<String> = entries
            .into_iter()
            .map(|entry| Value::from(entry).to_string())
            .collect();
        lines.sort();
        lines
    };
    let (found, defined) = (
        sorted(found.into_iter().collect()),
        sorted(defined.into_iter().collect()),
    );
    assert_eq!(
        found, defined,
        "{what} of the broker, and of the definitions"
    );
}

/// Runs the server's administration command and returns what it says.
fn rabbitmqctl(arguments: &[&str]) -> String {
    let program = env::var("EVENT_GRPC_TEST_RABBITMQCTL")
        .expect("EVENT_GRPC_TEST_RABBITMQCTL is not set; run the tests with `cargo xtask test`");
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "rabbitmqctl {arguments:?}: {text}{errors}"
    );
    text
}

fn amqp_url() -> Url {
    let url = env::var("EVENT_GRPC_TEST_AMQP_URL")
        .expect("EVENT_GRPC_TEST_AMQP_URL is not set; run the tests with `cargo xtask test`");
    Url::parse(&url).unwrap()
}
