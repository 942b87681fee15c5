//! The command and a server process: keys are made, used and revoked, and never shown.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::support::server::command;
use crate::tls::certificates::Authority;

const TIME_LIMIT: Duration = Duration::from_secs(60);

struct Output {
    good: bool,
    out: String,
    told: String,
}

async fn keys(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command("keys");
    command.args(arguments).current_dir(folder);
    let output = timeout(TIME_LIMIT, command.output())
        .await
        .unwrap()
        .unwrap();
    Output {
        good: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        told: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn made(folder: &Path, arguments: &[&str]) -> String {
    let output = keys(folder, &[&["new"], arguments].concat()).await;
    assert!(output.good, "{}", output.told);
    assert_eq!(output.out.lines().count(), 1, "{}", output.out);
    output.out.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let settings = [
        "shop",
        "--public",
        "--type",
        "AddToCartEvent",
        "--origin",
        "https://shop.example",
    ];
    let first = made(folder, &settings).await;
    let second = made(
        folder,
        &["shop", "--env", "test", "--expires", "2999-01-01"],
    )
    .await;
    assert!(first.starts_with("eg_live_") && second.starts_with("eg_test_"));
    let id = |key: &str| key.split('_').nth(2).unwrap().to_owned();
    let text = std::fs::read_to_string(folder.join("keys.yaml")).unwrap();
    for key in [&first, &second] {
        let secret = key.rsplit('_').next().unwrap();
        assert!(text.contains(&id(key)) && !text.contains(secret), "{text}");
    }
    let revoked = keys(folder, &["revoke", &id(&first)]).await;
    assert!(revoked.good, "{}", revoked.told);
    let listed = keys(folder, &["list"]).await;
    let line = |key: &str| {
        let id = id(key);
        listed
            .out
            .lines()
            .find(|line| line.contains(&id))
            .unwrap()
            .to_owned()
    };
    assert!(
        line(&first).contains("revoked") && line(&first).contains("public"),
        "{}",
        listed.out
    );
    assert!(line(&second).contains("live until 2999"), "{}", listed.out);
    for (wrong, told) in [
        (vec!["revoke", "aaaaaaaaaaaa"], "no key has the id"),
        (vec!["new", "Shop"], "lower-case"),
        (vec!["new", "shop", "--public"], "there already"),
        (vec!["new", "other", "--expires", "2001-01-01"], "is over"),
        (
            vec!["new", "other", "--origin", "shop.example"],
            "no origin",
        ),
        (vec!["list", "--keys", "none.yaml"], "none.yaml"),
    ] {
        let output = keys(folder, &wrong).await;
        assert!(
            !output.good && output.told.contains(told),
            "{wrong:?} {}",
            output.told
        );
    }
    let noted = keys(folder, &["new", "other", "--type", "AddToCart"]).await;
    assert!(
        noted.good && noted.told.contains("did you mean `AddToCartEvent`?"),
        "{}",
        noted.told
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_added_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pair = Authority::new().client("shop-backend");
    std::fs::write(folder.join("client.pem"), &pair.certificate).unwrap();
    std::fs::write(folder.join("empty.pem"), "").unwrap();
    let added = keys(folder, &["certificate", "shop", "client.pem"]).await;
    assert!(added.good, "{}", added.told);
    let named = ["certificate", "partner", "--name", "partner.example"];
    let added = keys(folder, &[&named[..], &["--source", "app"]].concat()).await;
    assert!(added.good, "{}", added.told);
    let digits = pair.fingerprint().replace(':', "").to_lowercase();
    let text = std::fs::read_to_string(folder.join("keys.yaml")).unwrap();
    assert!(text.contains(&digits) && text.contains("\"app\""), "{text}");
    let revoked = keys(folder, &["revoke", "partner.example"]).await;
    assert!(revoked.good, "{}", revoked.told);
    let listed = keys(folder, &["list"]).await.out;
    let line = |word: &str| listed.lines().find(|line| line.contains(word)).unwrap();
    assert!(line(&digits[..12]).contains("live"), "{listed}");
    assert!(
        line("named partner.example").contains("revoked"),
        "{listed}"
    );
    assert!(keys(folder, &["revoke", &digits[..12]]).await.good);
    for (wrong, told) in [
        (
            vec!["certificate", "shop", "client.pem"],
            "listed for client `shop`",
        ),
        (
            vec!["certificate", "other", "client.pem"],
            "is listed for client",
        ),
        (
            vec!["certificate", "shop", "empty.pem"],
            "no certificate in PEM",
        ),
        (vec!["certificate", "shop", "none.pem"], "none.pem"),
        (vec!["certificate", "shop"], "FILE"),
        (
            vec!["certificate", "shop", "client.pem", "--name", "a"],
            "--name",
        ),
        (vec!["certificate", "shop", "--name", ""], "1 to 256 bytes"),
        (vec!["revoke", &digits], "already"),
        (vec!["revoke", &digits[..11]], "no certificate that name"),
    ] {
        let output = keys(folder, &wrong).await;
        assert!(
            !output.good && output.told.contains(told),
            "{wrong:?} {}",
            output.told
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let public = made(folder, &["web", "--public"]).await;
    let secret = made(folder, &["backend"]).await;
    let revoked = made(folder, &["gone", "--public"]).await;
    let id = revoked.split('_').nth(2).unwrap();
    assert!(keys(folder, &["revoke", id]).await.good);
    let log = folder.join("log");
    let mut server = command("serve");
    server.args([
        "--keys",
        "keys.yaml",
        "--log",
        "trace",
        "--log-format",
        "json",
    ]);
    server.args([
        "--grpc-listen",
        "127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
    ]);
    // Nothing needs to be stored here.
    server.args(["--clickhouse-url", "http://127.0.0.1:1"]);
    server
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut child = server.stderr(File::create(&log).unwrap()).spawn().unwrap();
    let http = serving(&log).await;
    let wrong = format!("{}{}", &public[..30], &secret[30..]);
    for (key, status) in [
        (&public, 400),
        (&secret, 403),
        (&revoked, 401),
        (&wrong, 401),
    ] {
        let json = [("content-type", "application/json")];
        let url = format!("http://{http}/event/dispatch?key={key}");
        let answer = crate::http::request(Method::POST, &url, &json, "{").await;
        assert_eq!(answer.status, status, "{answer:?}");
        let bearer = format!("Bearer {key}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-api-key", key.as_str()),
        ];
        let url = format!("http://{http}/event/dispatch");
        let answer = crate::http::request(Method::POST, &url, &headers, "{").await;
        assert_eq!(answer.status, 401, "{answer:?}");
        for path in ["nowhere", "readyz", "metrics"] {
            let url = format!("http://{http}/{path}?key={key}");
            let answer = crate::http::request(Method::GET, &url, &[], "").await;
            assert!(!answer.text.contains(&key[25..]), "{answer:?}");
        }
    }
    child.kill().await.unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(
        text.matches("A request was refused.").count() >= 8,
        "{text}"
    );
    for key in [&public, &secret, &revoked, &wrong] {
        assert!(!text.contains(&key[25..]), "a log line shows {key}");
    }
}

/// Waits until a server serves; its HTTP address.
async fn serving(log: &Path) -> String {
    let end = Instant::now() + TIME_LIMIT;
    loop {
        let text = std::fs::read_to_string(log).unwrap();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut serving = lines.filter(|line| line["message"] == "Serving.");
        if let Some(line) = serving.next() {
            return line["http"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < end, "{text}");
        sleep(Duration::from_millis(50)).await;
    }
}
