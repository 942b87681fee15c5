//! Edits of key files, and their storing.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt as _;

use super::super::written::{Use, WrittenRate};
use super::*;

fn key(id: &str) -> WrittenKey {
    WrittenKey {
        id: id.to_owned(),
        sha256: digest(id),
        created: Some(Moment(1_700_000_000)),
        expires: None,
        revoked: None,
    }
}

#[test]
fn a_file_is_begun_with_its_first_client() {
    let settings = WrittenClient {
        purpose: Use::Public,
        origins: Some(vec!["https://shop.example".to_owned()]),
        rate: WrittenRate {
            events: Some(100),
            ..WrittenRate::default()
        },
        ..WrittenClient::default()
    };
    let text = add("", "shop", key("aaaaaaaaaaa1"), Some(settings)).unwrap();
    let text = add(&text, "true", key("aaaaaaaaaaa2"), None).unwrap();
    let text = add(&text, "shop", key("aaaaaaaaaaa3"), None).unwrap();
    let sha = |id| digest(id);
    let expected = format!(
        "# Who may send events: docs/keys.md. Keys are added and revoked by `event-grpc keys`; the rest is yours.
clients:
  shop:
    use: public
    origins: [\"https://shop.example\"]
    rate: {{ events: 100 }}
    keys:
      - id: aaaaaaaaaaa1
        sha256: \"{}\"
        created: 2023-11-14T22:13:20Z
      - id: aaaaaaaaaaa3
        sha256: \"{}\"
        created: 2023-11-14T22:13:20Z
  \"true\":
    keys:
      - id: aaaaaaaaaaa2
        sha256: \"{}\"
        created: 2023-11-14T22:13:20Z
",
        sha("aaaaaaaaaaa1"),
        sha("aaaaaaaaaaa3"),
        sha("aaaaaaaaaaa2")
    );
    assert_eq!(text, expected);
}

#[test]
fn what_people_wrote_around_the_keys_stays() {
    let text = "\
# Ours.
clients:
    # The shop's pages.
    keys:
        use: public   # on purpose
        keys:
        - id: aaaaaaaaaaa1    # the one of the spring
          sha256: \"00\"
        - { id: aaaaaaaaaaa2, sha256: \"00\" }

    # Another.
    shop:
        sources: [app]
    # The end.
";
    let edited = add(text, "shop", key("aaaaaaaaaaa3"), None).unwrap();
    let edited = add(&edited, "keys", key("aaaaaaaaaaa4"), None).unwrap();
    let at = Moment(1_700_000_000);
    let edited = revoke(&edited, "aaaaaaaaaaa1", at).unwrap();
    let edited = revoke(&edited, "aaaaaaaaaaa2", at).unwrap();
    let edited = add(&edited, "new", key("aaaaaaaaaaa5"), None).unwrap();
    let mut rest = edited.lines();
    for line in text.lines().filter(|line| !line.contains('{')) {
        assert!(rest.any(|other| other == line), "{line}\n{edited}");
    }
    let written = written::read(&edited).unwrap();
    let ids = |name: &str| -> Vec<String> {
        written.clients[name]
            .keys
            .iter()
            .map(|key| key.id.clone())
            .collect()
    };
    assert_eq!(
        ids("keys"),
        ["aaaaaaaaaaa1", "aaaaaaaaaaa2", "aaaaaaaaaaa4"]
    );
    assert_eq!(
        (ids("shop"), ids("new")),
        (vec!["aaaaaaaaaaa3".into()], vec!["aaaaaaaaaaa5".into()])
    );
    assert!(
        written.clients["keys"].keys[..2]
            .iter()
            .all(|key| key.revoked == Some(at))
    );
}

#[test]
fn what_cannot_be_edited_is_said_and_left_alone() {
    let flow = "clients: { shop: { keys: [] } }\n";
    let told = add(flow, "shop", key("aaaaaaaaaaa1"), None)
        .unwrap_err()
        .to_string();
    assert!(told.contains("- id: aaaaaaaaaaa1"), "{told}");
    let text = add("", "shop", key("aaaaaaaaaaa1"), None).unwrap();
    let settings = Some(WrittenClient::default());
    assert!(matches!(
        add(&text, "shop", key("aaaaaaaaaaa2"), settings),
        Err(EditError::Settings(_))
    ));
    assert!(matches!(
        revoke(&text, "aaaaaaaaaaa9", Moment(0)),
        Err(EditError::NoKey(_))
    ));
    let revoked = revoke(&text, "aaaaaaaaaaa1", Moment(0)).unwrap();
    assert!(matches!(
        revoke(&revoked, "aaaaaaaaaaa1", Moment(0)),
        Err(EditError::Revoked { .. })
    ));
    assert!(matches!(
        add("client:", "shop", key("aaaaaaaaaaa1"), None),
        Err(EditError::Bad(_))
    ));
}

#[test]
fn a_file_is_replaced_as_a_whole_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.yaml");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    change(&path, |text| Ok(format!("{text}one\n"))).unwrap();
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.yaml");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    change(&link, |text| Ok(format!("{text}two\n"))).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    assert_eq!(mode(), 0o640);
    assert!(link.is_symlink());
    let failed = change(&path, |_| Err(EditError::NoKey("x".to_owned())));
    assert!(failed.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
}

fn certificate(sha256: Option<&str>, name: Option<&str>) -> WrittenCertificate {
    WrittenCertificate {
        sha256: sha256.map(str::to_owned),
        name: name.map(str::to_owned),
        created: Some(Moment(1_700_000_000)),
        ..WrittenCertificate::default()
    }
}

#[test]
fn certificates_are_added_beside_keys_and_revoked_by_what_they_are_known_by() {
    let at = Moment(1_700_000_000);
    let digits = hex(&[0xab; 32]);
    let text = add_certificate("", "shop", certificate(Some(&digits), None), None).unwrap();
    assert!(text.contains(&format!(
        "  shop:\n    certificates:\n      - sha256: \"{digits}\"\n        created: 2023-11-14T22:13:20Z\n"
    )));
    let text = add(&text, "shop", key("aaaaaaaaaaa1"), None).unwrap();
    let text = add_certificate(&text, "shop", certificate(None, Some("shop-web")), None).unwrap();
    let text = add_certificate(&text, "shop", certificate(None, Some("shop")), None).unwrap();
    // As OpenSSL prints it.
    let text = format!(
        "{text}  other:\n    certificates:\n      - {{ sha256: 'ABCDEF012345:{}' }}\n",
        "0".repeat(52)
    );
    let revoked = |id: &str| {
        let written = written::read(&revoke(&text, id, at).unwrap()).unwrap();
        let all = written.clients.into_values();
        let all = all.flat_map(|client| client.certificates);
        let revoked = all.filter(|one| one.revoked == Some(at));
        let words: Vec<String> = revoked.map(|one| one.word().to_owned()).collect();
        words.join(" ")
    };
    assert_eq!(revoked("shop"), "shop");
    assert_eq!(revoked("shop-web"), "shop-web");
    assert_eq!(revoked(&digits), digits);
    assert_eq!(revoked("ABABABABABAB"), digits);
    assert!(revoked("ab:cd:ef:01:23:45:00").starts_with("ABCDEF"));
    for unknown in ["ababababab", "sho", "AB:AB"] {
        let refused = revoke(&text, unknown, at);
        assert!(matches!(refused, Err(EditError::NoKey(_))), "{unknown}");
    }
    let again = certificate(Some(&digits.to_uppercase()), None);
    let twice = add_certificate(&text, "other", again, None).unwrap();
    assert!(matches!(
        revoke(&twice, "abababababab", at),
        Err(EditError::Several(_))
    ));
    let done = revoke(&text, "shop", at).unwrap();
    let again = revoke(&done, "shop", at);
    assert!(matches!(again, Err(EditError::Revoked { .. })));
}
