//! PostgreSQL on two hosts of which one takes writes, and not always the same.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use event_grpc::contract::Table;
use event_grpc::sink::health::{Server, ServerState, reporter};
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::{Address, Postgres, health};
use event_grpc::sink::{Fault, Store as _};
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

use crate::postgres::support::{KEEP, number, plain, put};

/// Makes a cluster in `$2` and becomes its server, with the programs in `$1` and on port `$3`.
const START: &str = r#"
"$1/initdb" --pgdata="$2" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null || exit
exec "$1/postgres" -D "$2" -c port="$3" -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off \
    -c shared_buffers=1MB -c max_connections=40
"#;

/// A server of the test's own, which ends with it.
struct Host {
    server: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Host {
    fn start() -> Host {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = match account() {
            None => Command::new("sh"),
            // It refuses to run as root.
            Some((user, group)) => {
                for path in [directory.path(), &data] {
                    std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
                }
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"));
                command.args(["--clear-groups", "--", "sh"]);
                command
            }
        };
        command
            .args(["-c", START, "sh"])
            .arg(programs())
            .arg(&data)
            .arg(port.to_string());
        command
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = command.spawn().unwrap();
        let host = Host {
            server,
            port,
            _directory: directory,
        };
        let ready = || {
            let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            state
                .lines()
                .nth(7)
                .is_some_and(|state| state.trim() == "ready")
        };
        let begun = Instant::now();
        while !ready() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "PostgreSQL does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        host
    }

    async fn client(&self) -> Client {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("SET default_transaction_read_only = off")
            .await
            .unwrap();
        client
    }

    /// Makes it one that takes no writes, as a replica does, or takes that back. Connections stay.
    async fn read_only(&self, on: bool) {
        let client = self.client().await;
        let state = if on { "on" } else { "off" };
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {state}");
        client.batch_execute(&set).await.unwrap();
        client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    fn signal(&self, signal: &str) {
        let pid = self.server.id().to_string();
        Command::new("kill").args([signal, &pid]).status().unwrap();
    }

    fn stop(&mut self) {
        self.signal("-QUIT");
        self.server.wait().unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if matches!(self.server.try_wait(), Ok(None)) {
            self.signal("-QUIT");
            self.server.wait().ok();
        }
    }
}

/// The user and group to run as in place of root.
fn account() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    if number(&["-u"]) != Some(0) {
        return None;
    }
    let of = |name| Some((number(&["-u", name])?, number(&["-g", name])?));
    of("postgres").or_else(|| of("nobody"))
}

/// The newest server of those that are installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|entry| {
        let version: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((
            version,
            PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")),
        ))
    });
    let installed = versions
        .filter(|(_, bin)| bin.join("initdb").exists())
        .max();
    installed.expect("the PostgreSQL server is not installed").1
}

fn store(text: &str) -> Postgres {
    Postgres::new(Address::parse(text).unwrap(), Hooks::default()).unwrap()
}

/// Asks until rows are taken, as a worker does.
async fn taken(store: &Postgres, table: &'static Table) {
    let begun = Instant::now();
    while let Err(error) = store.probe(table).await {
        assert!(begun.elapsed() < Duration::from_secs(15), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn count(client: &Client) -> i64 {
    number(client, "SELECT count(*) FROM plain").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_that_takes_writes_is_found_and_found_again() {
    let (mut a, b) = (Host::start(), Host::start());
    let (at_a, at_b) = (a.client().await, b.client().await);
    for client in [&at_a, &at_b] {
        client.batch_execute(KEEP.ddl).await.unwrap();
    }
    let one = plain(&KEEP, &[(1, 1, "a")]);
    let (first, second) = (a.port, b.port);

    // The first takes writes, and then doesn't: the connections to it are good for reading, and for nothing else.
    b.read_only(true).await;
    let url = format!("postgres://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres");
    let moving = store(&format!("{url}?target_session_attrs=read-write"));
    let unsaid = store(&url);
    for store in [&moving, &unsaid] {
        // Several connections, all of which lead to the first.
        let (x, y, z) = tokio::join!(put(store, &one), put(store, &one), put(store, &one));
        for stored in [x, y, z] {
            stored.unwrap();
        }
    }
    assert_eq!((count(&at_a).await, count(&at_b).await), (1, 0));
    let (reporter, mut servers, _tables) = reporter();
    let stop = CancellationToken::new();
    let watching = health::watch(moving.clone(), vec![&KEEP], reporter, stop.clone());
    let watching = tokio::spawn(watching);
    a.read_only(true).await;
    b.read_only(false).await;
    for store in [&moving, &unsaid] {
        let error = put(store, &one).await.unwrap_err();
        assert_eq!(error.fault, Fault::Destination, "{error}");
        assert!(error.message.contains("25006"), "{error}");
        taken(store, &KEEP).await;
        put(store, &one).await.unwrap();
    }
    assert_eq!(count(&at_b).await, 1);
    let up = servers.wait_for(|s| s[&Server::Postgres] == ServerState::Up);
    tokio::time::timeout(Duration::from_secs(10), up)
        .await
        .unwrap()
        .unwrap();
    stop.cancel();
    watching.await.unwrap();

    // Hosts that are gone from the start, one that refuses and one that takes connections and says nothing.
    a.stop();
    let two = plain(&KEEP, &[(2, 1, "b")]);
    let gone = store(&format!(
        "host=127.0.0.1,127.0.0.1 port={first},{second} user=postgres dbname=postgres target_session_attrs=primary"
    ));
    put(&gone, &two).await.unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|at| (silent, at.port())).unwrap();
    let past = store(&format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{second}/postgres?connect_timeout=1",
        silent.1
    ));
    let begun = Instant::now();
    put(&past, &plain(&KEEP, &[(3, 1, "c")])).await.unwrap();
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(6), "{waited:?}");
    // From now on the one that answers is asked first.
    let begun = Instant::now();
    let three = plain(&KEEP, &[(4, 1, "d")]);
    let (x, y, z) = tokio::join!(put(&past, &three), put(&past, &three), put(&past, &three));
    for stored in [x, y, z] {
        stored.unwrap();
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(count(&at_b).await, 4);
}
