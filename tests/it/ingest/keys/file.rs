//! The key file while a server runs: rotation, revocation, and content that can't be used.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::access::{Access, Config, Moment, Unverified, WrittenKey, edit, make};
use tokio::time::{Instant, sleep};

use super::{Guarded, LOOPBACK, client, key_file, listeners};

const PATH: &str = "/event/dispatch";

async fn status(guarded: &Guarded, key: &str) -> u16 {
    guarded.http(PATH, &[("x-api-key", key)]).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_without_a_restart() {
    let shop = client("shop", "# ours\nuse: secret");
    let guarded = Guarded::start(&[&shop]).await;
    let watch = tokio::spawn(Arc::clone(&guarded.access).watch());
    let made = make("test");
    let key = WrittenKey {
        id: made.id.clone(),
        sha256: edit::digest(&made.text),
        created: Some(Moment::now()),
        expires: None,
        revoked: None,
    };
    edit::change(&guarded.file, |text| edit::add(text, "shop", key, None)).unwrap();
    becomes(&guarded, &made.text, 200).await;
    assert_eq!(status(&guarded, &shop.key).await, 200);
    edit::change(&guarded.file, |text| {
        edit::revoke(text, &shop.id, Moment::now())
    })
    .unwrap();
    becomes(&guarded, &shop.key, 401).await;
    assert_eq!(status(&guarded, &made.text).await, 200);
    let text = std::fs::read_to_string(&guarded.file).unwrap();
    assert!(text.contains("# ours"), "{text}");
    watch.abort();
}

async fn becomes(guarded: &Guarded, key: &str, wanted: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while status(guarded, key).await != wanted {
        assert!(Instant::now() < end, "it isn't {wanted}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_not_be_used_changes_nothing() {
    let (shop, next) = (client("shop", ""), client("next", ""));
    let guarded = Guarded::start(&[&shop]).await;
    let twice = format!(
        "{}{}",
        key_file(&[&shop]),
        next.yaml.replace(&next.id, &shop.id)
    );
    for (text, told) in [
        ("clients: [".to_owned(), "at line"),
        (twice, "another key"),
        (
            "clients:\n  shop: { source: [app] }\n".to_owned(),
            "did you mean `sources`?",
        ),
        ("clients:\n  Shop: {}\n".to_owned(), "lower-case"),
        (
            "clients:\n  shop: { sources: [] }\n".to_owned(),
            "leave it out",
        ),
        (
            "clients:\n  shop: { origins: [\"https://a.example/\"] }\n".to_owned(),
            "no origin",
        ),
        (
            "clients:\n  shop: { rate: { events: 0 } }\n".to_owned(),
            "lets nothing through",
        ),
        (
            "clients:\n  shop: { keys: [{ id: a, sha256: b }] }\n".to_owned(),
            "not the id",
        ),
        (
            "clients:\n  shop: { certificates: [{ sha256: b }] }\n".to_owned(),
            "not 64 hexadecimal",
        ),
        (
            "clients:\n  shop: { certificates: [{ created: 2026-01-01 }] }\n".to_owned(),
            "either `sha256` or `name`",
        ),
        (
            "clients:\n  shop: { certificates: [{ nam: a }] }\n".to_owned(),
            "did you mean `name`?",
        ),
        (
            "clients:\n  a: { certificates: [{ name: a }] }\n  b: { certificates: [{ name: a }] }\n"
                .to_owned(),
            "listed for client `a`, too",
        ),
    ] {
        std::fs::write(&guarded.file, &text).unwrap();
        guarded.access.look();
        let bad = guarded.access.report(&[])["keys"]["bad"].to_string();
        assert!(bad.contains(told), "{text}\n{bad}");
        assert_eq!(status(&guarded, &shop.key).await, 200, "{text}");
    }
    std::fs::remove_file(&guarded.file).unwrap();
    guarded.access.look();
    assert_eq!(status(&guarded, &shop.key).await, 200);
    std::fs::write(&guarded.file, key_file(&[&next])).unwrap();
    guarded.access.look();
    assert_eq!(
        guarded.access.report(&[])["keys"]["bad"],
        serde_json::Value::Null
    );
    assert_eq!(status(&guarded, &next.key).await, 200);
    assert_eq!(status(&guarded, &shop.key).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_build_does_not_know_is_told_and_allows_nothing() {
    let shop = client("shop", "types: [Emty]\nsources: [app, ap]");
    let guarded = Guarded::start(&[&shop]).await;
    let told = guarded.access.report(&[])["keys"]["no_effect"].to_string();
    assert!(told.contains("did you mean `Empty`?"), "{told}");
    assert!(
        told.contains("no source `ap`; did you mean `app`?"),
        "{told}"
    );
    assert_eq!(status(&guarded, &shop.key).await, 400);
    // Nobody is asked for a certificate here.
    let text = "clients:\n  shop: { certificates: [{ name: shop }] }\n";
    std::fs::write(&guarded.file, text).unwrap();
    guarded.access.look();
    let told = guarded.access.report(&[])["keys"]["no_effect"].to_string();
    assert!(told.contains("--tls-client-ca"), "{told}");
}

#[test]
fn a_start_with_files_that_can_not_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let pipeline = crate::ingest::pipeline::pipeline(crate::ingest::server::POOL);
    let start = |config: Config| {
        let started = Access::start(config, pipeline, listeners(LOOPBACK));
        started.map(|_| ()).unwrap_err().to_string()
    };
    let config = Config::default;
    let keys = || path("keys.yaml", "");
    let told = start(Config {
        keys: Some(folder.path().join("none")),
        ..config()
    });
    assert!(told.starts_with("--keys /"), "it names the file: {told}");
    assert!(told.contains("/none: it can't be read"), "{told}");
    assert!(told.contains("event-grpc keys new"), "{told}");
    let told = start(Config {
        jwks: path("jwks.json", "{}"),
        ..config()
    });
    assert!(told.contains("--jwks needs --keys"), "{told}");
    let told = start(Config {
        keys: keys(),
        jwks: path("jwks.json", "{}"),
        ..config()
    });
    assert!(told.contains("--jwt-audience"), "{told}");
    let told = Unverified::new(["appp"], pipeline).unwrap_err();
    let told = told.to_string();
    assert!(told.contains("did you mean \"app\"?"), "{told}");
}
