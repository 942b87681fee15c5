//! `event-grpc clickhouse` and the fixed port: how tools find the embedded ClickHouse.

use std::net::TcpListener;
use std::process::Output;

use event_grpc::sink::clickhouse::engine::{Engine, EngineConfig, EngineError};
use tokio::process::Command;

use super::{EXECUTABLE, config};
use crate::support::server::{Server, command, reader};

/// A free port.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn it_listens_on_the_port_that_is_asked_for_or_says_why_not() {
    let directory = tempfile::tempdir().unwrap();
    let port = free();
    let fixed = EngineConfig {
        port: Some(port),
        ..config(directory.path())
    };
    for _ in 0..2 {
        let engine = Engine::start(&fixed).await.unwrap();
        assert_eq!(engine.url(), format!("http://127.0.0.1:{port}"));
        engine.stop().await.unwrap();
    }
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let error = Engine::start(&fixed).await.unwrap_err();
    assert!(matches!(error, EngineError::Port { .. }), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

async fn told(data: &str) -> Output {
    let mut command = command("clickhouse");
    command.args(["--data", data]);
    command.output().await.unwrap()
}

#[tokio::test]
async fn a_command_tells_how_to_query_what_an_instance_has_stored() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("the data");
    let name = data.to_str().unwrap();
    let before = told(name).await;
    assert!(!before.status.success());
    let error = String::from_utf8_lossy(&before.stderr).into_owned();
    assert!(error.contains("is no data directory"), "{error}");

    let port = free().to_string();
    let server = Server::start(directory.path(), &["--data", name, "--engine-port", &port]).await;
    let output = told(name).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{output:?}",
        output = output.stderr
    );
    let (user, password) = reader(&data);
    assert!(text.contains(&format!("http://127.0.0.1:{port}")), "{text}");
    assert!(text.contains(&format!("user      {user}")), "{text}");
    assert!(text.contains("reader.password"), "{text}");
    assert!(!text.contains(&password), "{text}");

    // The example is run as it is printed, with another query.
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("curl")).unwrap();
    let example = lines[at..at + 2].join("\n");
    let (line, _) = example.split_once("'SELECT").unwrap();
    let line = format!("{line}'SELECT currentUser(), count() FROM event FINAL'");
    let output = Command::new("sh")
        .args(["-c", &line])
        .output()
        .await
        .unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(answer, "reader\t0\n", "{line}\n{output:?}");

    // The operator's commands, with the variables as they are printed.
    let exports: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("export "))
        .collect();
    assert_eq!(exports.len(), 2, "{text}");
    for command in ["dlq list", "unknown"] {
        let line = format!("{}\n{EXECUTABLE} {command}", exports.join("\n"));
        let output = Command::new("sh")
            .args(["-c", &line])
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{line}\n{output:?}");
    }
    server.kill().await;

    let after = told(name).await;
    assert!(!after.status.success());
    let error = String::from_utf8_lossy(&after.stderr).into_owned();
    assert!(error.contains("no instance"), "{error}");
}
