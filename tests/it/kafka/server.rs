//! A Kafka broker of a test's own, which the test may kill and start again.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A broker with its data; it ends with the test.
pub(super) struct Server {
    jars: PathBuf,
    directory: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts a broker; none where there are no jars.
    pub(super) fn start() -> Option<Server> {
        let jars = PathBuf::from(std::env::var_os("EVENT_GRPC_TEST_KAFKA_JARS")?);
        let directory = tempfile::tempdir().unwrap();
        let [port, controller] = [free(), free()];
        let settings = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\nlog.dirs={}\n\
             offsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\ngroup.initial.rebalance.delay.ms=0\n\
             auto.create.topics.enable=false\n",
            directory.path().join("data").display()
        );
        fs::write(directory.path().join("server.properties"), settings).unwrap();
        let mut server = Server {
            jars,
            directory,
            port,
            child: None,
        };
        let mut format = server.java("kafka.tools.StorageTool");
        format.args(["format", "-t", "ZXZlbnQtZ3JwYy10ZXN0cw", "-c"]);
        let formatted = format.arg(server.settings()).status().unwrap();
        assert!(formatted.success());
        server.go_on();
        Some(server)
    }

    /// Its address.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
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

fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
