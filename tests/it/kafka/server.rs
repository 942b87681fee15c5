//! A Kafka broker of a test's own, which the test may kill and start again, or which asks for an account and speaks TLS.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::certificates::Pair;

/// A broker with its data; it ends with the test.
pub(super) struct Server {
    jars: PathBuf,
    directory: TempDir,
    port: u16,
    /// Ports where an account is asked for: over TLS, and without.
    secured: [u16; 2],
    child: Option<Child>,
}

/// The account that a secured broker knows.
pub(super) const USER: &str = "events";
pub(super) const PASSWORD: &str = "c4nary-of-kafka";

impl Server {
    /// Starts a broker; none where there are no jars.
    pub(super) fn start() -> Option<Server> {
        Self::with(None)
    }

    /// Starts a broker that has ports for an account as well, and shows this certificate.
    pub(super) fn secured(pair: &Pair) -> Option<Server> {
        Self::with(Some(pair))
    }

    fn with(pair: Option<&Pair>) -> Option<Server> {
        let jars = PathBuf::from(std::env::var_os("EVENT_GRPC_TEST_KAFKA_JARS")?);
        let directory = tempfile::tempdir().unwrap();
        let [port, controller] = [free(), free()];
        let secured = [free(), free()];
        let [tls, plain] = secured;
        let (more, advertised, security) = match pair {
            None => Default::default(),
            Some(pair) => (
                format!(",TLS://127.0.0.1:{tls},PLAIN://127.0.0.1:{plain}"),
                format!(",TLS://localhost:{tls},PLAIN://127.0.0.1:{plain}"),
                security(pair, directory.path()),
            ),
        };
        let settings = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SASL_SSL,PLAIN:SASL_PLAINTEXT\n\
             {security}log.dirs={}\n\
             offsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\ngroup.initial.rebalance.delay.ms=0\n\
             auto.create.topics.enable=false\n",
            directory.path().join("data").display()
        );
        fs::write(directory.path().join("server.properties"), settings).unwrap();
        let mut server = Server {
            jars,
            directory,
            port,
            secured,
            child: None,
        };
        let mut format = server.java("kafka.tools.StorageTool");
        format.args(["format", "-t", "ZXZlbnQtZ3JwYy10ZXN0cw", "-c"]);
        format.arg(server.settings());
        if pair.is_some() {
            for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                let account = format!("{mechanism}=[name={USER},password={PASSWORD}]");
                format.args(["--add-scram", &account]);
            }
        }
        let formatted = format.status().unwrap();
        assert!(formatted.success());
        server.go_on();
        Some(server)
    }

    /// Its address.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its address for those with an account, over TLS.
    pub(super) fn over_tls(&self) -> String {
        format!("kafkas://127.0.0.1:{}", self.secured[0])
    }

    /// Its address for those with an account, without TLS.
    pub(super) fn without_tls(&self) -> String {
        format!("kafka://127.0.0.1:{}", self.secured[1])
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again over its data.
    pub(super) fn go_on(&mut self) {
        let mut broker = self.java("kafka.Kafka");
        broker.arg(self.settings());
        self.child = Some(broker.spawn().unwrap());
    }

    fn settings(&self) -> PathBuf {
        self.directory.path().join("server.properties")
    }

    fn java(&self, class: &str) -> Command {
        let mut java = Command::new("java");
        java.args([
            "-Xms64m",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]);
        java.arg("-cp").arg(self.jars.join("*")).arg(class);
        java.stdout(Stdio::null()).stderr(Stdio::null());
        java
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Settings of the ports that ask for an account.
fn security(pair: &Pair, directory: &Path) -> String {
    let store = directory.join("keystore.pem");
    let [key, certificate] = [&pair.key, &pair.certificate].map(|file| fs::read(file).unwrap());
    fs::write(&store, [key, certificate].concat()).unwrap();
    let mut settings = format!(
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\nlistener.name.tls.ssl.keystore.type=PEM\n\
         listener.name.tls.ssl.keystore.location={}\n",
        store.display()
    );
    let modules = "org.apache.kafka.common.security";
    for listener in ["tls", "plain"] {
        let of = format!("listener.name.{listener}");
        settings += &format!(
            "{of}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n"
        );
        for mechanism in ["scram-sha-256", "scram-sha-512"] {
            settings += &format!(
                "{of}.{mechanism}.sasl.jaas.config={modules}.scram.ScramLoginModule required;\n"
            );
        }
    }
    settings
}

fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
