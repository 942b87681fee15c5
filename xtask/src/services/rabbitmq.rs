//! Private RabbitMQ broker: its node name, its Erlang port mapper, its cookie and all of its files are its own.

mod release;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, START_LIMIT, ports};

use release::Release;
pub(crate) use release::{choices, choose};

/// Variables for tests: the address, and a command that is `rabbitmqctl` for this broker.
pub(super) const VARIABLES: [&str; 2] = ["EVENT_GRPC_TEST_AMQP_URL", "EVENT_GRPC_TEST_RABBITMQCTL"];

/// Starts the port mapper in the same process group as the broker. Otherwise the broker would start one that outlives
/// it. Where other nodes of a cluster have one already, this one ends at once.
const START: &str = r#"
port=$ERL_EPMD_PORT
epmd -port "$port" -address 127.0.0.1 &
exec "$1" -noinput
"#;

/// Broker that can be restarted over the same data.
pub(crate) struct Broker {
    release: Release,
    port: u16,
    environment: Vec<(&'static str, String)>,
    control: PathBuf,
    log: PathBuf,
}

/// What the nodes of a cluster have in common.
struct Peers {
    /// Port of the port mapper.
    epmd: u16,
    /// AMQP ports, by which nodes are called; none of a broker of one node.
    ports: Vec<u16>,
}

/// Starts a broker and waits until it speaks AMQP.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let broker = Broker::prepare(directory)?;
    let kept = broker.start(Some(directory))?;
    let values = [broker.url(), broker.control.display().to_string()];
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip(values).collect(),
        restart: None,
    })
}

impl Broker {
    /// Writes the configuration of a broker in this directory.
    pub(crate) fn prepare(directory: &Path) -> Result<Self> {
        Self::prepare_at(directory, ports::free()?, &Peers::alone()?)
    }

    /// Writes the configurations of the nodes of a cluster, each in a directory of its own in this one. They find each other
    /// when they start, side by side.
    pub(crate) fn prepare_cluster(directory: &Path, nodes: usize) -> Result<Vec<Self>> {
        let ports = (0..nodes)
            .map(|_| ports::free())
            .collect::<Result<Vec<_>>>()?;
        let peers = Peers {
            epmd: ports::free()?,
            ports: ports.clone(),
        };
        let prepare = |port: u16| {
            let place = directory.join(format!("node-{port}"));
            fs::create_dir(&place)?;
            Self::prepare_at(&place, port, &peers)
        };
        ports.into_iter().map(prepare).collect()
    }

    fn prepare_at(directory: &Path, port: u16, peers: &Peers) -> Result<Self> {
        let release = release::chosen()?;
        let environment = settings(directory, port, peers)?;
        let control = directory.join("rabbitmqctl");
        fs::write(&control, control_script(&release, &environment))?;
        fs::set_permissions(&control, fs::Permissions::from_mode(0o755))?;
        Ok(Broker {
            release,
            port,
            environment,
            control,
            log: directory.join("log"),
        })
    }

    /// Starts it and waits until it speaks AMQP. The directory, if one is named, is removed with it.
    pub(crate) fn start(&self, directory: Option<&Path>) -> Result<Kept> {
        let program = self.release.program("rabbitmq-server");
        let words = self.release.command(&["sh", "-c", START, "sh", &program]);
        let (first, rest) = words.split_first().context("there is no command")?;
        let mut server = Command::new(first);
        server.args(rest).envs(self.environment.iter().cloned());
        // Its data is removed with it, so there is nothing that a slow and orderly end would save.
        let keep = Keep {
            name: "rabbitmq",
            signal: "KILL",
            directory,
            log: Some(&self.log),
        };
        let mut kept = Kept::spawn(&keep, &server)?;
        kept.wait_until(START_LIMIT, || speaks_amqp(self.port).unwrap_or(false))?;
        Ok(kept)
    }

    /// AMQP port, on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// URL with its account.
    pub(crate) fn url(&self) -> String {
        url(self.port)
    }

    /// Runs `rabbitmqctl` for it; returns its output.
    pub(crate) fn control(&self, args: &[&str]) -> Result<String> {
        let output = Command::new(&self.control).args(args).output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("rabbitmqctl {} failed: {text}", args.join(" "));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// URL of a broker, or of a proxy in front of it.
pub(crate) fn url(port: u16) -> String {
    format!("amqp://guest:guest@127.0.0.1:{port}/%2f")
}

/// URL of the nodes of a cluster.
pub(crate) fn url_of(ports: &[u16]) -> String {
    let hosts: Vec<String> = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    format!("amqp://guest:guest@{}/%2f", hosts.join(","))
}

/// Variables that confine the broker and its command line tool to `directory` and to loopback.
fn settings(directory: &Path, port: u16, peers: &Peers) -> Result<Vec<(&'static str, String)>> {
    let file = |name: &str| directory.join(name).display().to_string();
    let (epmd, distribution) = (peers.epmd, ports::free()?);
    fs::create_dir(directory.join("home"))?;
    let cookie = directory.join("home/.erlang.cookie");
    // Of all nodes of a cluster the same; of no use to anybody who doesn't reach its ports on loopback.
    fs::write(&cookie, format!("EVENTGRPC{epmd}"))?;
    fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400))?;
    fs::write(directory.join("rabbitmq-env.conf"), "")?;
    fs::write(directory.join("enabled_plugins"), "[].\n")?;
    fs::write(
        directory.join("rabbitmq.conf"),
        format!(
            "listeners.tcp.1 = 127.0.0.1:{port}\n{}",
            peers.configuration()
        ),
    )?;

    // A node that is silent for so many seconds is cut off.
    let loopback =
        "-kernel inet_dist_use_interface {127,0,0,1} -kernel net_ticktime 8 -start_epmd false";
    // Schedulers that spin while idle would take time from the tests.
    let idle = "+sbwt none +sbwtdcpu none +sbwtdio none";
    Ok(vec![
        // The cookie is created in the home directory.
        ("HOME", file("home")),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("ERL_EPMD_PORT", epmd.to_string()),
        ("RABBITMQ_ALLOW_INPUT", "1".into()),
        ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
        ("RABBITMQ_CONF_ENV_FILE", file("rabbitmq-env.conf")),
        ("RABBITMQ_CTL_ERL_ARGS", loopback.into()),
        ("RABBITMQ_DIST_PORT", distribution.to_string()),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", file("config")),
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_LOG_BASE", file("logs")),
        ("RABBITMQ_MNESIA_BASE", file("mnesia")),
        ("RABBITMQ_NODENAME", node_name(port)),
        ("RABBITMQ_PID_FILE", file("pid")),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            format!("{idle} {loopback}"),
        ),
    ])
}

/// Wrapper of the command line tool, which needs the same variables as the broker.
fn control_script(release: &Release, environment: &[(&str, String)]) -> String {
    let exports: String = environment
        .iter()
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .collect();
    let program = release.program("rabbitmqctl");
    let words = release.command(&[&program]);
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
        .collect();
    format!("#!/bin/sh\n{exports}exec {} \"$@\"\n", quoted.join(" "))
}

// === impl Peers ===

impl Peers {
    /// A broker of one node.
    fn alone() -> Result<Self> {
        Ok(Peers {
            epmd: ports::free()?,
            ports: Vec::new(),
        })
    }

    /// What a node's configuration says of the others.
    fn configuration(&self) -> String {
        let mut text = String::new();
        if self.ports.is_empty() {
            return text;
        }
        text.push_str("cluster_partition_handling = pause_minority\n");
        text.push_str("cluster_formation.peer_discovery_backend = classic_config\n");
        for (at, port) in self.ports.iter().enumerate() {
            let (number, name) = (at + 1, node_name(*port));
            text.push_str(&format!(
                "cluster_formation.classic_config.nodes.{number} = {name}\n"
            ));
        }
        text
    }
}

fn node_name(port: u16) -> String {
    format!("event-grpc-{port}@localhost")
}

/// True if it speaks AMQP: the port is open earlier, and only an answer to the protocol header shows that it serves.
fn speaks_amqp(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    // The first frame is a method frame (1) on channel 0 that holds connection.start.
    let mut head = [0; 3];
    stream.read_exact(&mut head)?;
    Ok(head == [1, 0, 0])
}
