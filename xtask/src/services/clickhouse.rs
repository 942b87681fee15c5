//! The embedded ClickHouse on its own, as the `event-grpc` executable runs it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::keeper::{Keep, Kept};
use super::{Running, ports};

/// What a test is told.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_CLICKHOUSE_URL"];

/// On a new machine the engine is fetched first, which is a big download.
const START_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The executable ends when its standard input does, so it gets the keeper's pipe.
const START: &str = r#"exec "$@" <&3 3<&-"#;

/// Builds the executable, starts its engine and waits until that answers.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let executable = build()?;
    let port = ports::free()?;
    let data = directory.join("data");
    fs::create_dir(&data)?;

    let mut server = Command::new("sh");
    server.args(["-c", START, "sh"]).arg(executable);
    server.arg("engine").arg("--path").arg(&data);
    server.arg("--http-port").arg(port.to_string());
    server.arg("--tcp-port").arg(ports::free()?.to_string());
    // As the server runs it: a config.xml of the working directory would be the engine's, and so would our time zone.
    server.current_dir(&data).env("TZ", "UTC");
    let keep = Keep {
        name: "clickhouse",
        signal: "TERM",
        directory: Some(directory),
    };
    let mut kept = Kept::spawn(&keep, &server)?;
    kept.wait_until(START_LIMIT, || answers(port).unwrap_or(false))?;
    let url = format!("http://127.0.0.1:{port}");
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip([url]).collect(),
    })
}

/// Builds `event-grpc` and says where it is. The whole workspace is selected, so that what the tests share with it is
/// built only once.
fn build() -> Result<PathBuf> {
    let output = crate::cargo()
        .args(["build", "--workspace", "--bin", "event-grpc"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("event-grpc, which runs the engine, does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo did not say where it put the event-grpc executable")
}

fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.ends_with("Ok.\n"))
}
