//! Embedded ClickHouse on its own, as the `event-grpc` executable runs it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, ports};
use crate::build;

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
    let engine = Engine::prepare(build::server(&[])?, directory)?;
    let directory = directory.to_owned();
    let kept = engine.start(Some(&directory))?;
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip([url(engine.port())]).collect(),
        restart: Some(Box::new(move || engine.start(Some(&directory)))),
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

    /// Engines that are a cluster of this name, a shard each, with their data in this directory.
    pub(crate) fn prepare_shards(
        executable: &Path,
        directory: &Path,
        name: &str,
        shards: usize,
    ) -> Result<Vec<Self>> {
        let prepare = |at: usize| {
            let place = directory.join(format!("shard-{}", at + 1));
            fs::create_dir(&place)?;
            Self::prepare(executable.to_owned(), &place)
        };
        let engines = (0..shards).map(prepare).collect::<Result<Vec<_>>>()?;
        let shard = |engine: &Engine| {
            let [_, native] = engine.ports;
            format!("<shard><replica><host>127.0.0.1</host><port>{native}</port></replica></shard>")
        };
        let all: String = engines.iter().map(shard).collect();
        let text = format!(
            "<clickhouse><remote_servers><{name}>{all}</{name}></remote_servers></clickhouse>"
        );
        for engine in &engines {
            // The engine reads it in its working directory.
            fs::write(engine.data.join("config.xml"), &text)?;
        }
        Ok(engines)
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

    /// Makes it a shard of a cluster from its next start on: one of these engines, each of which is one.
    pub(crate) fn join(&self, cluster: &str, shards: &[&Engine]) -> Result<()> {
        let shard = |engine: &&Engine| {
            let [_, tcp] = engine.ports;
            format!("<shard><replica><host>127.0.0.1</host><port>{tcp}</port></replica></shard>")
        };
        let shards: String = shards.iter().map(shard).collect();
        let settings = format!(
            "<clickhouse><remote_servers><{cluster}>{shards}</{cluster}></remote_servers></clickhouse>"
        );
        // It reads this file of its working directory.
        fs::write(self.data.join("config.xml"), settings)?;
        Ok(())
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
    url_of(&[port])
}

/// URL of the shards of a cluster.
pub(crate) fn url_of(ports: &[u16]) -> String {
    let hosts: Vec<String> = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    format!("http://{}", hosts.join(","))
}

fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.ends_with("Ok.\n"))
}
