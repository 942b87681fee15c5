//! Backup and restore of RabbitMQ's definitions, as docs/backup.md says.

use serde_json::Value;

use super::succeeds;
use crate::support::server::{Server, command};
use crate::support::topology::Vhost;

/// What an instance declared, and the policies that an operator imported, come back in a broker that has neither.
#[tokio::test(flavor = "multi_thread")]
async fn exported_definitions_restore_queues_bindings_and_policies() {
    let (vhost, restored) = (Vhost::create(), Vhost::create());
    vhost.import_the_definitions().await;
    let place = tempfile::tempdir().unwrap();
    let (url, nowhere) = (vhost.url(), "http://127.0.0.1:9/nowhere");
    let server = Server::start(
        place.path(),
        &["--amqp-url", &url, "--clickhouse-url", nowhere],
    )
    .await;
    server.stop_with_complaints().await;
    vhost.holds_the_definitions();

    let exported: Value = serde_json::from_slice(&vhost.export()).unwrap();
    restored
        .import(&of(&exported, vhost.name(), restored.name()))
        .await;
    restored.holds_the_definitions();
    let mut check = command("cutover");
    let said = succeeds(check.args(["--check", "--amqp-url", &restored.url()])).await;
    assert!(said.contains("nothing differs"), "{said}");
    vhost.delete();
    restored.delete();
}

/// The definitions of one virtual host, for another one.
fn of(exported: &Value, from: &str, to: &str) -> Value {
    let mut kept = serde_json::Map::new();
    for part in ["exchanges", "queues", "bindings", "policies"] {
        let mut entries: Vec<Value> = exported[part]
            .as_array()
            .expect(part)
            .iter()
            .filter(|entry| entry["vhost"] == from)
            .cloned()
            .collect();
        assert!(!entries.is_empty(), "no {part} were exported");
        entries
            .iter_mut()
            .for_each(|entry| entry["vhost"] = to.into());
        kept.insert(part.to_owned(), entries.into());
    }
    kept.into()
}
