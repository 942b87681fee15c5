//! The way of a newcomer to TLS and keys, with the commands of its page.

use std::path::Path;
use std::process::Stdio;

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::migrate;
use tokio::process::Command;

use crate::app::support::eventually;
use crate::clickhouse::support::in_database;
use crate::support::server::{Server, clickhouse_url};

/// Runs the first block of commands below a heading, with the server's HTTP port in place of the page's. Returns what it
/// prints.
async fn run(folder: &Path, heading: &str, port: &str) -> String {
    let page = include_str!("../../../docs/quickstart-secure.md");
    let (_, section) = page.split_once(heading).expect(heading);
    let (_, block) = section.split_once("```sh\n").expect("a block of commands");
    let (block, _) = block.split_once("```").expect("the end of the block");
    let block = block.replace("localhost:8019", &format!("localhost:{port}"));
    let binary = Path::new(env!("CARGO_BIN_EXE_event-grpc")).parent();
    let others = std::env::var("PATH").unwrap();
    let path = format!("{}:{others}", binary.unwrap().display());
    let mut command = Command::new("sh");
    command.args(["-ec", &block]).current_dir(folder);
    let ran = command.env("PATH", path).stdin(Stdio::null()).output();
    let output = ran.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{block}\n{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_to_tls_and_keys_by_the_commands_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, "## A certificate", "").await;
    let listed = run(folder, "## Two keys", "").await;
    assert!(listed.contains("http://localhost:3000"), "{listed}");
    in_database("quickstart", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let url = clickhouse_url(&store);
        let files = [
            ["--keys", "keys.yaml"],
            ["--tls-cert", "server.pem"],
            ["--tls-key", "server.key"],
            ["--clickhouse-url", url.as_str()],
        ];
        let server = Server::start(folder, &files.concat()).await;
        let log = server.log();
        assert!(log.contains("localhost, 127.0.0.1"), "{log}");
        let port = server.http.rsplit(':').next().unwrap();
        for heading in ["## Send", "## From Python"] {
            let told = run(folder, heading, port).await;
            assert!(told.contains("\"accepted\":1"), "{heading}: {told}");
        }
        let stored = "SELECT count() FROM DB.event FINAL WHERE client = 'shop-backend'";
        eventually(&store, stored, 2).await;
        server.stop().await;
    })
    .await;
}
