//! Backup and restore of the embedded ClickHouse, by `deploy/backup.sh` and as docs/backup.md says.

use std::path::Path;

use tokio::process::Command;

use super::{ended, path, succeeds};
use crate::app::support::eventually;
use crate::clickhouse::support::number;
use crate::http::request;
use crate::support::server::{Server, reader};

/// Events of a request, by their ids.
fn events(ids: std::ops::Range<u32>) -> String {
    let events = ids.map(|id| {
        format!(
            r#"{{"id": "b-{id}", "timestamp": "1760000000123", "addToCartEvent": {{"productId": "{id}"}}}}"#
        )
    });
    let events: Vec<String> = events.collect();
    format!(
        r#"{{"header": {{"userId": "7"}}, "events": [{}]}}"#,
        events.join(",")
    )
}

async fn send(server: &Server, ids: std::ops::Range<u32>) {
    let json = [("content-type", "application/json")];
    let url = format!("{}/event/dispatch", server.http);
    let answer = request(http::Method::POST, &url, &json, events(ids)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn script(arguments: [&str; 3]) -> Command {
    let mut script = Command::new("sh");
    script.arg(path("deploy/backup.sh")).args(arguments);
    script
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Rows of the table, each by what it says.
const ROWS: &str = "SELECT sum(cityHash64(event_id, event_name, toString(event_params), event_timestamp, insert_timestamp)) \
     FROM DB.event FINAL";
const COUNT: &str = "SELECT count() FROM DB.event FINAL";

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_clickhouse_is_restored_elsewhere_with_every_row_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let folder = place.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let (first, second) = (folder("first"), folder("second"));
    let data = first.join("data");
    let file = place.path().join("backup.tar.gz");

    let server = Server::start(&first, &[]).await;
    send(&server, 0..200).await;
    eventually(&server.store, COUNT, 200).await;
    let rows = number(&server.store, ROWS).await;
    // A copy of what is being written is worth nothing.
    let (good, said) = ended(&mut script(["save", text(&data), text(&file)])).await;
    assert!(!good && said.contains("stop it first"), "{said}");
    assert!(!file.exists());
    server.stop().await;
    succeeds(&mut script(["save", text(&data), text(&file)])).await;
    let (_, password) = reader(&data);

    // What came after the backup isn't in it.
    let server = Server::start(&first, &[]).await;
    send(&server, 200..210).await;
    eventually(&server.store, COUNT, 210).await;
    server.stop().await;
    let (good, said) = ended(&mut script(["restore", text(&file), text(&data)])).await;
    assert!(!good && said.contains("not empty"), "{said}");

    // Elsewhere, as on a new machine.
    let elsewhere = second.join("data");
    succeeds(&mut script(["restore", text(&file), text(&elsewhere)])).await;
    let server = Server::start(&second, &[]).await;
    assert_eq!(number(&server.store, COUNT).await, 200);
    assert_eq!(number(&server.store, ROWS).await, rows);
    // Tools go on with the password that they have.
    assert_eq!(reader(&elsewhere).1, password);
    // Senders repeat what they are not sure of: what is there is stored once, and the rest is stored again.
    send(&server, 150..210).await;
    eventually(&server.store, COUNT, 210).await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_backup_is_not_saved_and_not_restored() {
    let place = tempfile::tempdir().unwrap();
    let (empty, file) = (place.path().join("empty"), place.path().join("a.tar"));
    std::fs::create_dir(&empty).unwrap();
    let (good, said) = ended(&mut script(["save", text(&empty), text(&file)])).await;
    assert!(
        !good && said.contains("is not the data of an instance"),
        "{said}"
    );
    let mut tar = Command::new("tar");
    succeeds(tar.arg("-cf").arg(&file).arg("-C").arg(&empty).arg(".")).await;
    let there = place.path().join("there");
    let (good, said) = ended(&mut script(["restore", text(&file), text(&there)])).await;
    assert!(!good && said.contains("is no backup"), "{said}");
}
