//! The embedded ClickHouse: data outlives a kill, the child never outlives its parent, and nobody gets in but whom the
//! server lets in.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod process;
mod rights;
mod tools;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use event_grpc::sink::clickhouse::engine::{Engine, EngineConfig, EngineError, supervise};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio_util::sync::CancellationToken;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_event-grpc");

/// The variable that makes a test's process a parent that waits to be killed, on this directory.
const PARENT_OF: &str = "EVENT_GRPC_TEST_PARENT_OF";

fn config(directory: &Path) -> EngineConfig {
    EngineConfig {
        executable: Some(EXECUTABLE.into()),
        quiet: true,
        ..EngineConfig::new(directory)
    }
}

/// A client with the account of the server.
fn client(engine: &Engine) -> clickhouse::Client {
    clickhouse::Client::default()
        .with_url(engine.url())
        .with_user(engine.user())
        .with_password(engine.password())
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(raw.try_into().unwrap()).unwrap()
}

/// True if the process ends in time. The caller has it reaped, by waiting or by being no parent.
fn ends_within(process: Pid, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if test_kill_process(process).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

async fn fill(engine: &Engine) {
    let client = client(engine);
    for statement in [
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id UInt64, name LowCardinality(String)) ENGINE = ReplacingMergeTree ORDER BY id",
        "INSERT INTO shop.orders SELECT number, toString(number % 7) FROM numbers(10000)",
    ] {
        client.query(statement).execute().await.unwrap();
    }
}

async fn rows(engine: &Engine) -> (u64, u64) {
    let query = "SELECT count(), sum(id) FROM shop.orders FINAL";
    client(engine)
        .query(query)
        .fetch_one::<(u64, u64)>()
        .await
        .unwrap()
}

#[tokio::test]
async fn rows_outlive_a_kill_and_a_stop() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(&config(directory.path())).await.unwrap();
    fill(&engine).await;
    let (url, first) = (engine.url().to_owned(), engine.pid());

    kill_process(pid(first), Signal::KILL).unwrap();
    let status = engine.exited().await.unwrap();
    assert!(!status.success());
    engine.restart().await.unwrap();
    assert_eq!(engine.url(), url);
    assert_ne!(engine.pid(), first);
    assert_eq!(rows(&engine).await, (10_000, 49_995_000));

    let second = engine.pid();
    engine.stop().await.unwrap();
    assert!(
        test_kill_process(pid(second)).is_err(),
        "stop returned before the engine was gone"
    );

    let engine = Engine::start(&config(directory.path())).await.unwrap();
    assert_eq!(rows(&engine).await, (10_000, 49_995_000));
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    let error = Engine::start(&config(directory.path())).await.unwrap_err();
    assert!(matches!(error, EngineError::InUse { .. }), "{error}");
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "{error}");
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn the_data_directory_is_private_and_the_ports_are_local() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let engine = Engine::start(&config(&data)).await.unwrap();
    for path in [data.clone(), data.join("clickhouse")] {
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            0o700,
            "{}",
            path.display()
        );
    }
    let address = engine.address();
    assert!(address.ip().is_loopback());
    assert!(std::net::TcpStream::connect(address).is_ok());
    // Every other address of the loopback network is as far away as one of another machine.
    assert!(std::net::TcpStream::connect(("127.0.0.2", address.port())).is_err());
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn a_supervised_engine_comes_back_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    fill(&engine).await;
    let (client, first) = (client(&engine), pid(engine.pid()));
    let stop = CancellationToken::new();
    let running = tokio::spawn(supervise::supervise(engine, stop.clone()));

    kill_process(first, Signal::KILL).unwrap();
    let start = Instant::now();
    let count = loop {
        // Wait for the killed process to be reaped, so that the answer comes from the new one.
        let query = client.query("SELECT count() FROM shop.orders");
        if test_kill_process(first).is_err()
            && let Ok(count) = query.fetch_one::<u64>().await
        {
            break count;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the engine didn't come back"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(count, 10_000);

    stop.cancel();
    running.await.unwrap().unwrap();
    assert!(
        client.query("SELECT 1").fetch_one::<u8>().await.is_err(),
        "the engine runs on after stop"
    );
}

#[tokio::test]
async fn an_engine_that_can_not_start_is_explained_with_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let broken = directory.path().join("libchdb.so");
    std::fs::write(&broken, "not a library").unwrap();
    let config = EngineConfig {
        engine_path: Some(broken),
        ..config(&directory.path().join("data"))
    };
    let error = Engine::start(&config).await.unwrap_err();
    assert!(matches!(error, EngineError::Ended { .. }), "{error}");
    assert!(
        error.to_string().contains("can't load the engine"),
        "{error}"
    );
}

/// Starts this test binary as a server that owns an engine.
fn start_parent(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::the_engine_ends_when_its_parent_is_killed",
        ])
        .env(PARENT_OF, directory)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for the process id that another process writes to a file.
fn written_pid(file: &Path) -> Pid {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        // Only a whole line is a whole number.
        if let Some(raw) = text.strip_suffix('\n') {
            return pid(raw.parse().unwrap());
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{} was not written",
            file.display()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Process that is to be killed: it owns an engine with rows in it, and goes on.
async fn be_a_parent(directory: &Path) {
    let engine = Engine::start(&config(directory)).await.unwrap();
    fill(&engine).await;
    std::fs::write(directory.join("pid"), format!("{}\n", engine.pid())).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn the_engine_ends_when_its_parent_is_killed() {
    // The parent is this same test in a process of its own.
    if let Some(directory) = std::env::var_os(PARENT_OF) {
        return be_a_parent(Path::new(&directory)).await;
    }
    for signal in [Signal::KILL, Signal::TERM] {
        let directory = tempfile::tempdir().unwrap();
        let mut parent = start_parent(directory.path());
        let engine = written_pid(&directory.path().join("pid"));
        assert!(test_kill_process(engine).is_ok());
        kill_process(Pid::from_child(&parent), signal).unwrap();
        parent.wait().unwrap();
        assert!(
            ends_within(engine, Duration::from_secs(5)),
            "the engine outlived its parent ({signal:?})"
        );

        let engine = Engine::start(&config(directory.path())).await.unwrap();
        assert_eq!(rows(&engine).await, (10_000, 49_995_000));
        engine.stop().await.unwrap();
    }
}

/// Starts the hidden command for a script in place of the `clickhouse` binary, which writes its pid.
fn start_for_script(directory: &Path, script: &str) -> Child {
    let binary = directory.join("clickhouse");
    let text = format!("#!/bin/sh\n{script}\necho $$ > pid; while :; do sleep 0.1; done\n");
    // A shell writes it, because a file that this process has open for writing can't be run by a
    // thread that starts a process at the same moment.
    let write = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
    assert!(
        Command::new("/bin/sh")
            .args(["-c", write])
            .arg(&binary)
            .arg(text)
            .status()
            .unwrap()
            .success()
    );
    Command::new(EXECUTABLE)
        .args([
            "engine",
            "--http-port",
            "1",
            "--tcp-port",
            "2",
            "--path",
            "data",
            "--binary",
        ])
        .arg(&binary)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_binary_ends_when_the_pipe_closes_even_if_it_ignores_the_signal() {
    for script in ["", "trap '' TERM"] {
        let directory = tempfile::tempdir().unwrap();
        let mut supervisor = start_for_script(directory.path(), script);
        let binary = written_pid(&directory.path().join("pid"));
        drop(supervisor.stdin.take());
        assert!(
            ends_within(binary, Duration::from_secs(5)),
            "it runs on after the pipe closed ({script:?})"
        );
        assert!(!supervisor.wait().unwrap().success());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_binary_ends_when_its_supervisor_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut supervisor = start_for_script(directory.path(), "");
    let binary = written_pid(&directory.path().join("pid"));
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    assert!(
        ends_within(binary, Duration::from_secs(5)),
        "it outlived its supervisor"
    );
}
