//! Instances with TLS, as their users start them and talk to them.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::event_service_client::EventServiceClient;
use event_grpc::generated::proto::event::{AddToCartEvent, Events, Header};
use event_grpc::sink::clickhouse::migrate;
use prost::Message as _;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use super::clients::Trust;
use crate::app::support::{event, eventually};
use crate::clickhouse::support::in_database;
use crate::support::server::{Server, clickhouse_url, command};

/// Calls a server as a client in Python does.
const PYTHON: &str = "
import sys, grpc
target, authority, request = sys.argv[1:]
credentials = grpc.ssl_channel_credentials(open(authority, 'rb').read())
call = grpc.secure_channel(target, credentials).unary_unary('/event.EventService/dispatch')
sys.stdout.buffer.write(call(open(request, 'rb').read(), timeout=20))
";

/// A request as JSON.
const SENT: &str = r#"{"header": {}, "events": [{"id": "sent", "addToCartEvent": {}}]}"#;

/// Runs the commands of a section of the page about TLS, in a folder.
async fn run_section(folder: &Path, heading: &str) {
    let page = include_str!("../../../docs/tls.md");
    let (_, section) = page.split_once(heading).expect(heading);
    let (_, block) = section.split_once("```sh\n").expect("a block of commands");
    let (block, _) = block.split_once("```").expect("the end of the block");
    let ran = Command::new("sh")
        .args(["-ec", block])
        .current_dir(folder)
        .output();
    let output = ran.await.unwrap();
    assert!(output.status.success(), "{block}\n{}", errors(&output));
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn ended(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    timeout(Duration::from_secs(60), output)
        .await
        .expect("it ends")
        .unwrap()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// A request with one event.
fn request(id: &str) -> Events {
    let now = event_grpc::time::now().as_millis().to_string();
    Events {
        header: Some(Header::default()),
        events: vec![event(
            id,
            &now,
            EventOf::AddToCartEvent(AddToCartEvent::default()),
        )],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_takes_events_over_tls_as_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    run_section(folder.path(), "## A certificate to try it").await;
    run_section(folder.path(), "## Client certificates").await;
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let file = |name: &str| path(&folder, name);
    let trust = Trust::of_pem(&read("ca.pem"));
    in_database("tls", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let url = clickhouse_url(&store);
        let (certificate, key, ca) = (file("server.pem"), file("server.key"), file("ca.pem"));
        let arguments = [
            "--clickhouse-url",
            &url,
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
            "--tls-client-ca",
            &ca,
        ];
        let server = Server::start(folder.path(), &arguments).await;
        let port = |address: &str| -> u16 { address.rsplit(':').next().unwrap().parse().unwrap() };
        let (grpc, http) = (port(&server.grpc), port(&server.http));

        // A load balancer.
        let beat = trust.get(http, "/heartbeat/").await.unwrap();
        assert!(!beat.is_empty());
        // tonic, with a certificate of its own.
        let pair = super::certificates::Pair {
            certificate: read("client.pem"),
            key: read("client.key"),
        };
        let channel = trust.clone().showing(pair).channel(grpc).await.unwrap();
        let mut client = EventServiceClient::new(channel);
        let answer = client.dispatch(request("tonic")).await.unwrap();
        assert_eq!(answer.into_inner().accepted, 1);
        // gRPC of Python.
        let python = std::env::var("EVENT_GRPC_TEST_PYTHON").expect("EVENT_GRPC_TEST_PYTHON");
        let recorded: PathBuf = folder.path().join("request");
        std::fs::write(&recorded, request("python").encode_to_vec()).unwrap();
        let mut call = Command::new(python);
        call.args(["-c", PYTHON, &format!("localhost:{grpc}"), &ca]);
        let output = ended(call.arg(&recorded)).await;
        assert!(output.status.success(), "{}", errors(&output));
        // `event-grpc send`, which trusts the authority only if it is told to.
        let events = folder.path().join("events.json");
        std::fs::write(&events, SENT).unwrap();
        let send = |trusting: &[&str]| {
            let mut send = command("send");
            send.arg(&events)
                .args(["--to", &format!("https://localhost:{http}")])
                .args(trusting);
            send
        };
        let output = ended(&mut send(&["--ca", &ca])).await;
        assert!(output.status.success(), "{}", errors(&output));
        let (certificate, key) = (file("client.pem"), file("client.key"));
        let showing = ["--ca", &ca, "--cert", &certificate, "--key", &key];
        let output = ended(&mut send(&showing)).await;
        assert!(output.status.success(), "{}", errors(&output));
        let output = ended(&mut send(&[])).await;
        assert!(!output.status.success());
        assert!(
            errors(&output).contains("unknown authority"),
            "{}",
            errors(&output)
        );

        eventually(&store, "SELECT count() FROM DB.event FINAL", 3).await;
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_does_not_start_with_a_key_of_another_certificate() {
    let folder = tempfile::tempdir().unwrap();
    run_section(folder.path(), "## A certificate to try it").await;
    let mut serve = command("serve");
    serve.args([
        "--grpc-listen",
        "127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    serve.args(["--clickhouse-url", "http://127.0.0.1:9/nowhere"]);
    serve.args(["--tls-cert", &path(&folder, "server.pem")]);
    serve.args(["--tls-key", &path(&folder, "ca.key")]);
    let output = ended(&mut serve).await;
    let told = errors(&output);
    assert!(
        !output.status.success() && told.contains("ca.key"),
        "{told}"
    );
    assert!(told.contains("doesn't belong"), "{told}");
}
