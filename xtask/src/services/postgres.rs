//! Private PostgreSQL server.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, START_LIMIT, install, ports};

/// Variables for tests.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_POSTGRES_URL"];

/// Creates a cluster in `$2`, unless there is one, and becomes its server, with the programs in `$1` and on port `$3`.
/// PostgreSQL's durability isn't under test, so neither step waits for the disk.
const START: &str = r#"
[ -s "$2/PG_VERSION" ] ||
    "$1/initdb" --pgdata="$2" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync || exit
exec "$1/postgres" -D "$2" -c port="$3" -c unix_socket_directories="$2" -c listen_addresses=127.0.0.1 \
    -c max_connections=200 -c fsync=off
"#;

/// User and group.
type Account = (u32, u32);

/// Server that can be restarted over the same data.
pub(crate) struct Server {
    programs: PathBuf,
    account: Option<Account>,
    data: PathBuf,
    log: PathBuf,
    port: u16,
}

/// Creates a cluster, starts its server and waits until it accepts connections.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let server = Server::prepare(directory)?;
    let kept = server.start(Some(directory))?;
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip([url(server.port)]).collect(),
        restart: None,
    })
}

/// URL of a server, or of a proxy in front of it.
pub(crate) fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

impl Server {
    /// Server with its data in this directory.
    pub(crate) fn prepare(directory: &Path) -> Result<Self> {
        let programs =
            install::postgres_programs().context("the PostgreSQL server is not installed")?;
        let account = if install::is_root()? {
            Some(account()?)
        } else {
            None
        };
        let data = directory.join("data");
        fs::create_dir(&data)?;
        if let Some((user, group)) = account {
            chown(&data, Some(user), Some(group))?;
        }
        Ok(Server {
            programs,
            account,
            data,
            log: directory.join("log"),
            port: ports::free()?,
        })
    }

    /// Starts it and waits until it accepts connections. The directory, if one is named, is removed with it.
    pub(crate) fn start(&self, directory: Option<&Path>) -> Result<Kept> {
        let mut server = as_account(self.account, "sh");
        server.args(["-c", START, "sh"]).arg(&self.programs);
        server.arg(&self.data).arg(self.port.to_string());
        server.current_dir(&self.data);
        // Its immediate shutdown: the data is removed with it, but shared memory has to be released.
        let keep = Keep {
            name: "postgres",
            signal: "QUIT",
            directory,
            log: Some(&self.log),
        };
        let former = self.state().0;
        let mut kept = Kept::spawn(&keep, &server)?;
        kept.wait_until(START_LIMIT, || {
            let (pid, state) = self.state();
            pid != former && state == "ready"
        })?;
        Ok(kept)
    }

    /// Port, on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sends a signal to the server and the process of each of its connections, which are in groups of their own.
    pub(crate) fn signal(&self, kept: &Kept, signal: &str) -> Result<()> {
        // Suspended, it doesn't replace those that end.
        kept.signal("STOP")?;
        let mut kill = Command::new("pkill");
        kill.args([&format!("-{signal}"), "-P", &self.state().0]);
        kill.status().context("cannot run pkill")?;
        kept.signal(signal)
    }

    /// Its process and its state, which are the first and the eighth line of its pid file.
    fn state(&self) -> (String, String) {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let line = |at| file.lines().nth(at).unwrap_or_default().trim().to_owned();
        (line(0), line(7))
    }
}

/// User and group to run as instead of root, as which PostgreSQL refuses to run.
fn account() -> Result<Account> {
    let number = |option: &str| -> Result<u32> {
        for name in ["postgres", "nobody"] {
            let output = Command::new("id")
                .args([option, name])
                .output()
                .context("cannot run id")?;
            if output.status.success() {
                return Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?);
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody"
        )
    };
    Ok((number("-u")?, number("-g")?))
}

/// Command that runs as `account`. It becomes the program, and not its parent, so that signals reach it.
fn as_account(account: Option<Account>, program: &str) -> Command {
    let Some((user, group)) = account else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={group}"))
        .arg("--clear-groups")
        .arg("--");
    command.arg(program);
    command
}
