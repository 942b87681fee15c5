//! PostgreSQL with TLS and client certificates: a server of the test's own.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use event_grpc::sink::Fault;
use event_grpc::sink::health::{Server, ServerState, reporter};
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::{Address, Postgres, health};
use event_grpc::sink::{Store as _, StoreError};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

use super::kept::{Kept, folder_of, free_port};
use crate::postgres::support::{KEEP, number, plain, put};
use crate::support::certificates::{Certificates, Pair};

/// Makes a cluster in `$2` and becomes its server, with the programs in `$1` and on port `$3`.
const START: &str = r#"
"$1/initdb" --pgdata="$2" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null || exit
cp "$2/../pg_hba.conf" "$2/pg_hba.conf"
exec "$1/postgres" -D "$2" -c port="$3" -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off \
    -c shared_buffers=1MB -c max_connections=40 -c ssl=on -c ssl_ca_file="$2/../ca.pem" \
    -c ssl_cert_file="$2/../server.pem" -c ssl_key_file="$2/../server.key"
"#;

/// Who needs what: `ingest` a certificate of its name, `writer` TLS, and `postgres` nothing.
const ACCOUNTS: &str = "\
hostssl   all ingest   127.0.0.1/32 cert
hostssl   all writer   127.0.0.1/32 trust
hostnossl all postgres 127.0.0.1/32 trust
";

/// The server.
struct Host {
    folder: TempDir,
    account: Option<(u32, u32)>,
    port: u16,
    _kept: Kept,
}

impl Host {
    fn start(authority: &Certificates) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::copy(authority.ca(), folder.path().join("ca.pem")).unwrap();
        fs::write(folder.path().join("pg_hba.conf"), ACCOUNTS).unwrap();
        let account = account();
        let mut server = match account {
            None => Command::new("sh"),
            // It refuses to run as root.
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}"));
                command.arg(format!("--regid={group}"));
                command.args(["--clear-groups", "--", "sh"]);
                command
            }
        };
        for file in ["", "data", "ca.pem", "pg_hba.conf"] {
            own(&folder.path().join(file), account);
        }
        show(folder.path(), &authority.server(), account);
        let port = free_port();
        server.args(["-c", START, "sh"]).arg(programs()).arg(&data);
        server.arg(port.to_string()).current_dir(&data);
        let ready = || {
            let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            let state = state.lines().nth(7);
            state.is_some_and(|state| state.trim() == "ready")
        };
        let kept = Kept::start(&server, "QUIT", &folder.path().join("log"), ready);
        Host {
            folder,
            account,
            port,
            _kept: kept,
        }
    }

    /// Shows another certificate to connections from now on.
    async fn shows(&self, pair: &Pair, client: &Client) {
        show(self.folder.path(), pair, self.account);
        let loaded = "SELECT pg_conf_load_time()::text";
        let before: String = client.query_one(loaded, &[]).await.unwrap().get(0);
        client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        loop {
            let now: String = client.query_one(loaded, &[]).await.unwrap().get(0);
            if now != before {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        // The process that takes connections may be a moment behind the one that was asked.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }

    /// A connection without TLS.
    async fn client(&self) -> Client {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

fn show(folder: &Path, pair: &Pair, account: Option<(u32, u32)>) {
    for (from, name) in [(&pair.certificate, "server.pem"), (&pair.key, "server.key")] {
        let to = folder.join(name);
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        own(&to, account);
    }
}

fn own(path: &Path, account: Option<(u32, u32)>) {
    if let Some((user, group)) = account {
        chown(path, Some(user), Some(group)).unwrap();
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

/// The folder of the newest server that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    folder_of("initdb", folders)
}

async fn stored(text: &str, id: i64) -> Result<(), StoreError> {
    let store = Postgres::new(Address::parse(text).unwrap(), Hooks::default()).unwrap();
    put(&store, &plain(&KEEP, &[(id, 1, "a")])).await
}

/// Why a server can't be used, by which its tables are paused.
async fn refused(text: &str) -> String {
    let error = stored(text, 0).await.unwrap_err();
    assert_eq!(error.fault, Fault::Destination, "{error}");
    error.message
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_verified_as_its_url_says_and_knows_a_client_by_its_certificate() {
    let (own, other) = (Certificates::new("own"), Certificates::new("other"));
    let host = Host::start(&own);
    let client = host.client().await;
    client.batch_execute(KEEP.ddl).await.unwrap();
    client
        .batch_execute(
            "CREATE ROLE ingest LOGIN; CREATE ROLE writer LOGIN; GRANT ALL ON plain TO ingest, writer",
        )
        .await
        .unwrap();
    let (port, ca) = (host.port, own.ca().display().to_string());
    let full =
        format!("postgres://writer@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={ca}");
    let by_ca =
        format!("postgres://writer@localhost:{port}/postgres?sslmode=verify-ca&sslrootcert={ca}");
    // A server elsewhere, as far as its name tells: verified without being asked for it.
    let elsewhere = format!(
        "host=elsewhere.example hostaddr=127.0.0.1 port={port} user=writer dbname=postgres sslrootcert='{ca}'"
    );

    stored(&full, 1).await.unwrap();
    stored(&by_ca, 2).await.unwrap();
    // The first host is down.
    let several = full.replace(
        "@localhost:",
        &format!("@127.0.0.1:{},localhost:", free_port()),
    );
    stored(&several, 3).await.unwrap();
    let wrong = refused(&elsewhere).await;
    assert!(
        wrong.contains("is for localhost, 127.0.0.1, and not for elsewhere.example")
            && wrong.contains("verify-ca"),
        "{wrong}"
    );
    let machine = refused(&format!(
        "postgres://writer:hush@localhost:{port}/postgres?sslmode=require"
    ))
    .await;
    assert!(
        machine.contains("those of this machine") && machine.contains("sslrootcert"),
        "{machine}"
    );
    assert!(!machine.contains("hush"), "{machine}");

    // The client's certificate.
    let ingest = full.replace("writer@", "ingest@");
    let with = |pair: &Pair| {
        let (certificate, key) = (pair.certificate.display(), pair.key.display());
        format!("{ingest}&sslcert={certificate}&sslkey={key}")
    };
    stored(&with(&own.client("ingest")), 4).await.unwrap();
    let missing = refused(&ingest).await;
    assert!(missing.contains("valid client certificate"), "{missing}");
    let foreign = refused(&with(&other.client("ingest"))).await;
    assert!(foreign.contains("sslcert and sslkey"), "{foreign}");
    let another = refused(&with(&own.client("another"))).await;
    assert!(
        another.contains("certificate authentication failed"),
        "{another}"
    );

    // The server's certificate.
    host.shows(&own.wrong_name(), &client).await;
    let wrong = refused(&full).await;
    assert!(
        wrong.contains("elsewhere.example, and not for localhost"),
        "{wrong}"
    );
    stored(&by_ca, 5).await.unwrap();
    stored(&elsewhere, 6).await.unwrap();
    host.shows(&own.expired(), &client).await;
    for url in [&full, &by_ca] {
        let expired = refused(url).await;
        assert!(expired.contains("expired on 2020-01-01"), "{expired}");
    }
    host.shows(&other.server(), &client).await;
    for url in [&full, &by_ca] {
        let unknown = refused(url).await;
        assert!(unknown.contains("unknown authority"), "{unknown}");
    }

    // Its health tells, until the certificate is right.
    let store = Postgres::new(Address::parse(&full).unwrap(), Hooks::default()).unwrap();
    let (reporter, mut servers, _tables) = reporter();
    let stop = CancellationToken::new();
    let watching = tokio::spawn(health::watch(
        store.clone(),
        vec![&KEEP],
        reporter,
        stop.clone(),
    ));
    let told = |state: &ServerState| matches!(state, ServerState::Down(why) if why.contains("unknown authority"));
    servers
        .wait_for(|s| told(&s[&Server::Postgres]))
        .await
        .unwrap();
    host.shows(&own.server(), &client).await;
    servers
        .wait_for(|s| s[&Server::Postgres] == ServerState::Up)
        .await
        .unwrap();
    store.probe(&KEEP).await.unwrap();
    stop.cancel();
    watching.await.unwrap();
    assert_eq!(number(&client, "SELECT count(*) FROM plain").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_elsewhere_that_speaks_no_tls_gets_nothing_unless_the_url_says_so() {
    let url: tokio_postgres::Config = env::var("EVENT_GRPC_TEST_POSTGRES_URL")
        .unwrap()
        .parse()
        .unwrap();
    let (port, user) = (url.get_ports()[0], url.get_user().unwrap());
    let elsewhere =
        format!("host=db.example hostaddr=127.0.0.1 port={port} user={user} dbname=postgres");
    let refused = refused(&elsewhere).await;
    assert!(refused.contains("sslmode=disable"), "{refused}");
    let plain = Address::parse(&format!("{elsewhere} sslmode=disable")).unwrap();
    let store = Postgres::new(plain, Hooks::default()).unwrap();
    // It is connected, and has no such table.
    let error = store.probe(&KEEP).await.unwrap_err();
    assert!(error.message.contains("table plain"), "{error}");
}
