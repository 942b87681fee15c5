//! Private RabbitMQ broker: its node name, its Erlang port mapper, its cookie and all of its files are its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, START_LIMIT, install, ports};

/// Variables for tests: the address, and a command that is `rabbitmqctl` for this broker.
pub(super) const VARIABLES: [&str; 2] = ["EVENT_GRPC_TEST_AMQP_URL", "EVENT_GRPC_TEST_RABBITMQCTL"];

/// Starts the port mapper in the same process group as the broker. Otherwise the broker would start one that outlives
/// it.
const START: &str = r#"
port=$ERL_EPMD_PORT
epmd -port "$port" -address 127.0.0.1 &
exec "$1" -noinput
"#;

/// Broker that can be restarted over the same data.
pub(crate) struct Broker {
    programs: PathBuf,
    port: u16,
    environment: Vec<(&'static str, String)>,
    control: PathBuf,
    log: PathBuf,
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
        let programs = install::rabbitmq_programs().context("rabbitmq-server is not installed")?;
        let port = ports::free()?;
        let environment = settings(directory, port)?;
        let control = directory.join("rabbitmqctl");
        fs::write(&control, control_script(&programs, &environment))?;
        fs::set_permissions(&control, fs::Permissions::from_mode(0o755))?;
        Ok(Broker {
            programs,
            port,
            environment,
            control,
            log: directory.join("log"),
        })
    }

    /// Starts it and waits until it speaks AMQP. The directory, if one is named, is removed with it.
    pub(crate) fn start(&self, directory: Option<&Path>) -> Result<Kept> {
        let mut server = Command::new("sh");
        server
            .args(["-c", START, "sh"])
            .arg(self.programs.join("rabbitmq-server"))
            .envs(self.environment.iter().cloned());
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

/// Variables that confine the broker and its command line tool to `directory` and to loopback.
fn settings(directory: &Path, port: u16) -> Result<Vec<(&'static str, String)>> {
    let file = |name: &str| directory.join(name).display().to_string();
    let (epmd, distribution) = (ports::free()?, ports::free()?);
    fs::create_dir(directory.join("home"))?;
    fs::write(directory.join("rabbitmq-env.conf"), "")?;
    fs::write(directory.join("enabled_plugins"), "[].\n")?;
    fs::write(
        directory.join("rabbitmq.conf"),
        format!("listeners.tcp.1 = 127.0.0.1:{port}\n"),
    )?;

    let loopback = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false";
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
        ("RABBITMQ_NODENAME", format!("event-grpc-{port}@localhost")),
        ("RABBITMQ_PID_FILE", file("pid")),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            format!("{idle} {loopback}"),
        ),
    ])
}

/// Wrapper of the command line tool, which needs the same variables as the broker.
fn control_script(programs: &Path, environment: &[(&str, String)]) -> String {
    let exports: String = environment
        .iter()
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .collect();
    format!(
        "#!/bin/sh\n{exports}exec '{}' \"$@\"\n",
        programs.join("rabbitmqctl").display()
    )
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
