//! The secrets of the compose stack, which `deploy/compose/secrets.sh` makes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use super::{ended, path, succeeds, text};

/// Servers that have a certificate, by the name under which the others reach them.
const SERVERS: [&str; 4] = ["event-grpc", "rabbitmq", "clickhouse", "postgres"];

fn script(folder: &Path, keys: Option<&str>) -> Command {
    let mut script = Command::new("sh");
    script.arg(path("deploy/compose/secrets.sh"));
    script
        .env("SECRETS", folder)
        .env("EVENT_GRPC", env!("CARGO_BIN_EXE_event-grpc"));
    match keys {
        Some(name) => script.env("KEYS", name),
        None => script.env_remove("KEYS"),
    };
    script
}

/// All files of a folder, and of those in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.path().is_dir() {
            true => found.extend(
                files(&entry.path())
                    .into_iter()
                    .map(|(n, b)| (format!("{name}/{n}"), b)),
            ),
            false => drop(found.insert(name, std::fs::read(entry.path()).unwrap())),
        }
    }
    found
}

#[tokio::test]
async fn the_stack_gets_certificates_and_passwords_that_fit_each_other_once() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("secrets");
    let (good, said) = ended(&mut script(&folder, None)).await;
    assert!(!good && said.contains("KEYS=NAME"), "{said}");
    let said = succeeds(&mut script(&folder, Some("shop-backend"))).await;
    assert!(said.contains("eg_live_"), "no key was printed: {said}");
    let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "others can read the secrets");

    let made = files(&folder);
    let read = |name: &str| {
        String::from_utf8(made[name].clone())
            .unwrap()
            .trim()
            .to_owned()
    };
    for server in SERVERS {
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-CAfile", "ca.pem", "-verify_hostname", server]);
        succeeds(verify.arg(format!("{server}.pem")).current_dir(&folder)).await;
    }
    let hash = Sha256::digest(read("clickhouse-password"));
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(read("clickhouse-users.yaml").contains(&hash));
    let users: Value = serde_json::from_str(&read("rabbitmq-users.json")).unwrap();
    let stored = users["users"][0]["password_hash"].as_str().unwrap();
    assert_eq!(rabbit_hash(stored, &read("amqp-url")), stored);
    assert!(read("keys/keys.yaml").contains("shop-backend"));
    // Again, nothing is made anew.
    succeeds(&mut script(&folder, None)).await;
    assert_eq!(files(&folder), made);
    // And all that the stack mounts is there.
    let stack: serde_yaml::Value =
        serde_yaml::from_str(&text("deploy/compose/compose.yaml")).unwrap();
    for (name, secret) in stack["secrets"].as_mapping().unwrap() {
        let file = secret["file"].as_str().unwrap();
        let file = file
            .strip_prefix("./secrets/")
            .unwrap_or_else(|| panic!("{name:?}: {file}"));
        assert!(made.contains_key(file), "secrets.sh doesn't make {file}");
    }
}

/// What RabbitMQ stores of the password in a URL, with the salt of a hash.
fn rabbit_hash(stored: &str, url: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let salt = &STANDARD.decode(stored).unwrap()[..4];
    let url = url::Url::parse(url).unwrap();
    let hash = Sha256::digest([salt, url.password().unwrap().as_bytes()].concat());
    STANDARD.encode([salt, &hash].concat())
}
