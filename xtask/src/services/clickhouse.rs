//! Embedded ClickHouse on its own, as the `event-grpc` executable runs it.

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

/// Variables for tests.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_CLICKHOUSE_URL"];

/// Start timeout; on a new machine the engine is fetched first, which is a big download.
const START_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Shell command that gives the executable the keeper's pipe as its standard input, with which it ends.
const START: &str = r#"exec "$@" <&3 3<&-"#;

/// Engine that can be restarted over the same data.
pub(crate) struct Engine {
    executable: PathBuf,
    data: PathBuf,
    log: PathBuf,
    ports: [u16; 2],
}

/// Builds the executable, starts its engine and waits until that answers.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let engine = Engine::prepare(build(&[])?, directory)?;
    let kept = engine.start(Some(directory))?;
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip([url(engine.port())]).collect(),
    })
}

impl Engine {
    /// Engine with its data in this directory.
    pub(crate) fn prepare(executable: PathBuf, directory: &Path) -> Result<Self> {
        let data = directory.join("data");
        fs::create_dir(&data)?;
        Ok(Engine {
            executable,
            data,
            log: directory.join("log"),
            ports: [ports::free()?, ports::free()?],
        })
    }

    /// Starts it and waits until it answers. The directory, if one is named, is removed with it.
    pub(crate) fn start(&self, directory: Option<&Path>) -> Result<Kept> {
        let [http, tcp] = self.ports;
        let mut server = Command::new("sh");
        server.args(["-c", START, "sh"]).arg(&self.executable);
        server.arg("engine").arg("--path").arg(&self.data);
        server.arg("--http-port").arg(http.to_string());
        server.arg("--tcp-port").arg(tcp.to_string());
        // As the server runs it: the engine would read a config.xml of the working directory, and use this time zone.
        server.current_dir(&self.data).env("TZ", "UTC");
        let keep = Keep {
            name: "clickhouse",
            signal: "TERM",
            directory,
            log: Some(&self.log),
        };
        let mut kept = Kept::spawn(&keep, &server)?;
        kept.wait_until(START_LIMIT, || answers(http).unwrap_or(false))?;
        Ok(kept)
    }

    /// HTTP port, on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.ports[0]
    }

    /// Runs a statement and returns its answer.
    pub(crate) fn run(&self, sql: &str) -> Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port()))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(
            stream,
            "POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n{sql}",
            sql.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.lines().next().unwrap_or_default();
        if !status.contains(" 200 ") {
            bail!("{sql}: {}", answer.lines().last().unwrap_or_default());
        }
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok(body.to_owned())
    }
}

/// URL of an engine, or of a proxy in front of it.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Builds `event-grpc` and returns its path. `args` are further arguments of `cargo build`.
///
/// A development build shares dependencies with the tests: the whole workspace is selected, and the examples, of which
/// there are none, because features that only tests ask for are otherwise left out, and everything above tokio would be
/// built once more without them. A release build has to do without those features.
pub(crate) fn build(args: &[&str]) -> Result<PathBuf> {
    let like_tests: &[&str] = match args.contains(&"--release") {
        true => &[],
        false => &["--examples"],
    };
    let output = crate::cargo()
        .args(["build", "--workspace", "--bin", "event-grpc"])
        .args(like_tests)
        .arg("--message-format=json-render-diagnostics")
        .args(args)
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
