//! RabbitMQ with TLS, client certificates and external authentication: a broker of the test's own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use event_grpc::broker::{Address, Depths, Link, Outgoing, Settled};
use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use tempfile::TempDir;

use super::kept::{Kept, folder_of, free_port};
use crate::broker::fixture::{Fixture, receive, text};
use crate::broker::rabbit::{connected, until};
use crate::support::certificates::{Certificates, Pair};
use crate::support::server::command;

/// Starts the port mapper in the process group of the broker, so that it ends with it.
const START: &str = r#"
epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 &
exec "$1" -noinput
"#;

/// One account with a password, and one that only a certificate proves.
const DEFINITIONS: &str = r#"{
    "vhosts": [{"name": "/"}],
    "users": [
        {"name": "guest", "password": "guest", "tags": ["administrator"], "limits": {}},
        {"name": "ingest", "password_hash": "", "tags": [], "limits": {}}
    ],
    "permissions": [
        {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": "ingest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    ]
}"#;

/// A broker that takes only clients with a certificate of its authority.
struct Rabbitmq {
    folder: TempDir,
    tls: u16,
    plain: u16,
    _kept: Kept,
}

impl Rabbitmq {
    fn start(authority: &Certificates) -> Rabbitmq {
        let folder = tempfile::tempdir().unwrap();
        let (tls, plain) = (free_port(), free_port());
        fs::copy(authority.ca(), folder.path().join("ca.pem")).unwrap();
        show(folder.path(), &authority.server());
        let mut broker = Command::new("sh");
        broker.args(["-c", START, "sh"]);
        broker.arg(
            folder_of("rabbitmq-server", vec!["/usr/lib/rabbitmq/bin".into()])
                .join("rabbitmq-server"),
        );
        broker.envs(settings(folder.path(), tls, plain));
        let log = folder.path().join("log");
        let kept = Kept::start(&broker, "KILL", &log, || {
            speaks_amqp(plain).unwrap_or(false)
        });
        Rabbitmq {
            folder,
            tls,
            plain,
            _kept: kept,
        }
    }

    /// Shows another certificate to connections from now on.
    fn shows(&self, pair: &Pair) {
        show(self.folder.path(), pair);
    }

    /// URL of the TLS listener, with the authority and a client certificate.
    fn url(&self, host: &str, authority: &Certificates, client: &Pair) -> String {
        format!(
            "amqps://{host}:{}/%2f?cacertfile={}&certfile={}&keyfile={}",
            self.tls,
            authority.ca().display(),
            client.certificate.display(),
            client.key.display()
        )
    }
}

fn show(folder: &Path, pair: &Pair) {
    fs::copy(&pair.certificate, folder.join("server.pem")).unwrap();
    fs::copy(&pair.key, folder.join("server.key")).unwrap();
}

/// Writes the configuration, and returns the variables that keep the broker to its folder and to loopback.
fn settings(folder: &Path, tls: u16, plain: u16) -> Vec<(&'static str, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    fs::create_dir(folder.join("home")).unwrap();
    write("rabbitmq-env.conf", "");
    write("enabled_plugins", "[rabbitmq_auth_mechanism_ssl].\n");
    write("definitions.json", DEFINITIONS);
    let configuration = [
        format!("listeners.tcp.1 = 127.0.0.1:{plain}"),
        format!("listeners.ssl.1 = 127.0.0.1:{tls}"),
        format!("load_definitions = {}", file("definitions.json")),
        format!("ssl_options.cacertfile = {}", file("ca.pem")),
        format!("ssl_options.certfile = {}", file("server.pem")),
        format!("ssl_options.keyfile = {}", file("server.key")),
        "ssl_options.verify = verify_peer".into(),
        "ssl_options.fail_if_no_peer_cert = true".into(),
        "ssl_cert_login_from = common_name".into(),
        "auth_mechanisms.1 = EXTERNAL".into(),
        "auth_mechanisms.2 = PLAIN".into(),
    ];
    write("rabbitmq.conf", &(configuration.join("\n") + "\n"));
    let loopback = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false";
    // Certificates are read for each connection.
    let uncached = "-ssl bypass_pem_cache true";
    let idle = "+sbwt none +sbwtdcpu none +sbwtdio none";
    vec![
        ("HOME", file("home")),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("ERL_EPMD_PORT", free_port().to_string()),
        ("RABBITMQ_ALLOW_INPUT", "1".into()),
        ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
        ("RABBITMQ_CONF_ENV_FILE", file("rabbitmq-env.conf")),
        ("RABBITMQ_DIST_PORT", free_port().to_string()),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", file("config")),
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_LOG_BASE", file("logs")),
        ("RABBITMQ_MNESIA_BASE", file("mnesia")),
        (
            "RABBITMQ_NODENAME",
            format!("event-grpc-tls-{plain}@localhost"),
        ),
        ("RABBITMQ_PID_FILE", file("pid")),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            format!("{idle} {loopback} {uncached}"),
        ),
    ]
}

/// True if it answers to the protocol header, which it does after the port is open.
fn speaks_amqp(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    let mut head = [0; 3];
    stream.read_exact(&mut head)?;
    Ok(head == [1, 0, 0])
}

/// Why a connection can't be made.
async fn refused(url: &str) -> String {
    match Depths::dial(&Address::parse(url).unwrap(), "test").await {
        Ok(_) => panic!("{url} is connected"),
        Err(error) => error.to_string(),
    }
}

async fn connects(url: &str) {
    let depths = Depths::dial(&Address::parse(url).unwrap(), "test").await;
    depths
        .unwrap_or_else(|error| panic!("{url}: {error}"))
        .close()
        .await;
}

/// A message that the AMQP client can't read: a list in a list, and so on.
async fn publish_unreadable(port: u16, exchange: &str, key: &str) {
    let url = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");
    let connection = lapin::Connection::connect(&url, lapin::ConnectionProperties::default());
    let connection = connection.await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let deep = (0..100).fold(AMQPValue::Void, |inner, _| {
        AMQPValue::FieldArray(FieldArray::from(vec![inner]))
    });
    let mut headers = FieldTable::default();
    headers.insert("deep".into(), deep);
    let properties = BasicProperties::default().with_headers(headers);
    let options = BasicPublishOptions::default();
    let sent = channel.basic_publish(exchange.into(), key.into(), options, b"deep", properties);
    sent.await.unwrap().await.unwrap();
    connection.close(200, "OK".into()).await.unwrap();
}

/// Messages come and go, one of them larger than a record of TLS, and one that only the frame filter can read.
async fn carries(broker: &Rabbitmq, url: &str) {
    let names = Fixture::new();
    let connected = connected(&names, url).await;
    let one = connected.consume(names.one).unwrap();
    publish_unreadable(broker.plain, names.direct, "one").await;
    let deep = receive(&one).await;
    assert_eq!(text(&deep), "deep");
    assert_eq!(deep.ack.ack().await, Settled::Done);
    let large = "x".repeat(3 << 20);
    let message = Outgoing::new(names.direct, "one", large.clone());
    connected.publish(message).await.unwrap();
    let delivery = receive(&one).await;
    assert!(text(&delivery) == large && !delivery.redelivered);
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    assert!(matches!(connected.status().borrow().link, Link::Up));
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_is_verified_and_knows_a_client_by_its_certificate() {
    let (own, other) = (Certificates::new("own"), Certificates::new("other"));
    let broker = Rabbitmq::start(&own);
    let client = own.client("ingest");
    let url = broker.url("localhost", &own, &client);
    let external = format!("{url}&auth_mechanism=external");
    carries(&broker, &external).await;
    // An account with a password, by an address in place of a name.
    connects(&broker.url("guest:guest@127.0.0.1", &own, &client)).await;

    // The client's certificate.
    let no_user = broker.url("localhost", &own, &own.client("nobody"));
    let no_user = refused(&format!("{no_user}&auth_mechanism=external")).await;
    assert!(
        no_user.contains("ACCESS_REFUSED") || no_user.contains("refused"),
        "{no_user}"
    );
    let ca_only = url.split('&').next().unwrap();
    let missing = refused(ca_only).await;
    assert!(missing.contains("certfile and keyfile"), "{missing}");
    let foreign = refused(&broker.url("localhost", &own, &other.client("ingest"))).await;
    assert!(foreign.contains("certfile and keyfile"), "{foreign}");

    // The broker's certificate, as each command sees it.
    broker.shows(&own.wrong_name());
    let wrong = refused(&external).await;
    assert!(
        wrong.contains("elsewhere.example")
            && wrong.contains("not for localhost")
            && wrong.contains("server_name_indication"),
        "{wrong}"
    );
    connects(&format!(
        "{external}&server_name_indication=elsewhere.example"
    ))
    .await;
    broker.shows(&own.expired());
    let expired = refused(&external).await;
    assert!(
        expired.contains("expired on 2020-01-01") && expired.contains("localhost"),
        "{expired}"
    );
    let output = command("cutover")
        .args(["--check", "--amqp-url", &external])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("expired on 2020-01-01"),
        "{said}"
    );
    broker.shows(&other.server());
    let unknown = refused(&external).await;
    assert!(
        unknown.contains("unknown authority") && unknown.contains("cacertfile"),
        "{unknown}"
    );
    let machine = refused(&format!("amqps://guest:hush@localhost:{}", broker.tls)).await;
    assert!(
        machine.contains("those of this machine") && !machine.contains("hush"),
        "{machine}"
    );

    // It is told in the state of the link, and ends as soon as the certificate is right.
    let address = Address::parse(&external).unwrap();
    let topology = Fixture::new().topology;
    let link = event_grpc::broker::Rabbit::connect(address, topology, Default::default());
    let told = |link: &Link| matches!(link, Link::Down { reason, .. } if reason.contains("unknown authority"));
    until(&link, told).await;
    broker.shows(&own.server());
    until(&link, |link| *link == Link::Up).await;
    let output = command("cutover")
        .args(["--check", "--amqp-url", &external])
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // A listener that speaks no TLS.
    let plain = refused(&format!("amqps://localhost:{}", broker.plain)).await;
    assert!(plain.contains("doesn't answer in TLS"), "{plain}");
}
