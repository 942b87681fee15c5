//! Private Kafka broker, or a few of them: Apache Kafka from Maven Central in KRaft mode, with all of its files and ports
//! its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, START_LIMIT, kafka_jars, ports};

/// Variables for tests: the address, and the directory of the jars, for tests that break a broker of their own.
pub(super) const VARIABLES: [&str; 2] = ["EVENT_GRPC_TEST_KAFKA", "EVENT_GRPC_TEST_KAFKA_JARS"];

/// Options of the JVM: it is small, and starts quickly rather than that it runs fast for hours.
const JVM: [&str; 4] = [
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
];

/// Options of one whose speed matters: the memory that it has in the field, and all of the compiler.
const ROOMY_JVM: [&str; 2] = ["-Xms1g", "-Xmx1g"];

/// Id of the cluster: 16 bytes in base64.
const CLUSTER: &str = "ZXZlbnQtZ3JwYy10ZXN0cw";

/// One node of a cluster, which can be restarted over the same data.
pub(crate) struct Node {
    jars: PathBuf,
    settings: PathBuf,
    log: PathBuf,
    port: u16,
    jvm: &'static [&'static str],
    /// Port behind the proxy, if there is one.
    behind: u16,
}

/// Starts a broker and waits until it answers.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let nodes = cluster(directory, 1, &[])?;
    let Some(node) = nodes.into_iter().next() else {
        bail!("a cluster has one node at least");
    };
    let kept = node.start(Some(directory))?;
    let values = [node.address(), node.jars.display().to_string()];
    let directory = directory.to_owned();
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip(values).collect(),
        restart: Some(Box::new(move || node.start(Some(&directory)))),
    })
}

/// Writes the settings and formats the storage of so many nodes, which are one cluster. Each is a broker and a
/// controller. Where there are proxies, a port for each node, clients go by them, and the nodes among themselves don't.
pub(crate) fn cluster(directory: &Path, nodes: usize, proxies: &[u16]) -> Result<Vec<Node>> {
    let jars = kafka_jars::fetch()?;
    let listeners: Vec<[u16; 2]> = (0..nodes)
        .map(|_| Ok([ports::free()?, ports::free()?]))
        .collect::<Result<_>>()?;
    let voters: Vec<String> = listeners
        .iter()
        .enumerate()
        .map(|(at, [_, controller])| format!("{}@127.0.0.1:{controller}", at + 1))
        .collect();
    let mut cluster = Vec::new();
    for (at, [port, controller]) in listeners.into_iter().enumerate() {
        let place = directory.join(format!("kafka-{}", at + 1));
        fs::create_dir(&place)?;
        let settings = place.join("server.properties");
        let data = place.join("data");
        let copies = nodes.min(3);
        let behind = ports::free()?;
        let proxied = proxies.get(at).map(|proxy| {
            let clients = |port: u16| format!(",CLIENTS://127.0.0.1:{port}");
            (clients(behind), clients(*proxy), ",CLIENTS:PLAINTEXT")
        });
        let (listener, advertised, protocol) = proxied.unwrap_or_default();
        fs::write(
            &settings,
            format!(
                "process.roles=broker,controller\nnode.id={}\ncontroller.quorum.voters={}\n\
                 listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listener}\n\
                 advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}\ncontroller.listener.names=CONTROLLER\n\
                 inter.broker.listener.name=PLAINTEXT\n\
                 listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocol}\nlog.dirs={}\n\
                 offsets.topic.replication.factor={copies}\noffsets.topic.num.partitions=4\n\
                 transaction.state.log.replication.factor={copies}\ntransaction.state.log.min.isr=1\n\
                 transaction.state.log.num.partitions=4\n\
                 min.insync.replicas={}\ngroup.initial.rebalance.delay.ms=0\nauto.create.topics.enable=false\n\
                 log.retention.check.interval.ms=1000\n",
                at + 1,
                voters.join(","),
                data.display(),
                copies.div_ceil(2),
            ),
        )?;
        let node = Node {
            jars: jars.clone(),
            settings,
            log: place.join("log"),
            port,
            jvm: &JVM,
            behind,
        };
        node.format()?;
        cluster.push(node);
    }
    Ok(cluster)
}

impl Node {
    /// The node with a JVM as it has in the field.
    pub(crate) fn with_room(self) -> Self {
        Node {
            jvm: &ROOMY_JVM,
            ..self
        }
    }

    /// Starts it and waits until it answers. The directory, if one is named, is removed with it.
    pub(crate) fn start(&self, directory: Option<&Path>) -> Result<Kept> {
        let mut server = self.java();
        server.arg("kafka.Kafka").arg(&self.settings);
        // Its data is removed with it, so there is nothing that a slow and orderly end would save.
        let keep = Keep {
            name: "kafka",
            signal: "KILL",
            directory,
            log: Some(&self.log),
        };
        let mut kept = Kept::spawn(&keep, &server)?;
        kept.wait_until(START_LIMIT, || answers(self.port).unwrap_or(false))?;
        Ok(kept)
    }

    /// Host and port, on loopback.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Port for its proxy, on loopback.
    pub(crate) fn behind(&self) -> u16 {
        self.behind
    }

    fn format(&self) -> Result<()> {
        let mut format = self.java();
        format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]);
        let output = format.arg(&self.settings).output()?;
        if !output.status.success() {
            let text =
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            bail!("the storage of Kafka can't be formatted: {text}");
        }
        Ok(())
    }

    fn java(&self) -> Command {
        let mut java = Command::new("java");
        java.args(self.jvm).arg("-cp").arg(self.jars.join("*"));
        java
    }
}

/// True if it answers which versions of the protocol it speaks. The port is open earlier.
fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    // ApiVersions (18), version 0, correlation id 7, no client id.
    stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])?;
    let mut head = [0; 10];
    stream.read_exact(&mut head)?;
    // After the length come the correlation id and the error code.
    Ok(head[4..] == [0, 0, 0, 7, 0, 0])
}
