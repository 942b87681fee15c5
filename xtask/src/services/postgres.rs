//! Private PostgreSQL server.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::keeper::{Keep, Kept};
use super::{Running, START_LIMIT, install, ports};

/// Variables for tests.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_POSTGRES_URL"];

/// Creates a cluster in `$2` and becomes its server, with the programs in `$1` and on port `$3`. PostgreSQL's
/// durability isn't under test, so neither step waits for the disk.
const START: &str = r#"
"$1/initdb" --pgdata="$2" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync || exit
exec "$1/postgres" -D "$2" -c port="$3" -c unix_socket_directories="$2" -c listen_addresses=127.0.0.1 \
    -c max_connections=200 -c fsync=off
"#;

/// Creates a cluster, starts its server and waits until it accepts connections.
pub(super) fn start(directory: &Path) -> Result<Running> {
    let programs =
        install::postgres_programs().context("the PostgreSQL server is not installed")?;
    let port = ports::free()?;
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

    let mut server = as_account(account, "sh");
    server.args(["-c", START, "sh"]).arg(&programs).arg(&data);
    server.arg(port.to_string()).current_dir(&data);
    // Its immediate shutdown: the data is removed with it, but shared memory has to be released.
    let keep = Keep {
        name: "postgres",
        signal: "QUIT",
        directory: Some(directory),
        log: None,
    };
    let mut kept = Kept::spawn(&keep, &server)?;
    kept.wait_until(START_LIMIT, || takes_connections(&data))?;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok(Running {
        kept: Some(kept),
        environment: VARIABLES.into_iter().zip([url]).collect(),
        restart: None,
    })
}

/// User and group to run as instead of root, as which PostgreSQL refuses to run.
fn account() -> Result<(u32, u32)> {
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
fn as_account(account: Option<(u32, u32)>, program: &str) -> Command {
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

/// The server writes its state into the eighth line of its pid file.
fn takes_connections(data: &Path) -> bool {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    file.lines()
        .nth(7)
        .is_some_and(|state| state.trim() == "ready")
}
