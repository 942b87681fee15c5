//! The files that TLS is made of: errors name them, and they are read again as they change.

use std::fs;
use std::sync::Arc;

use event_grpc::tls::client::Tls;
use event_grpc::tls::{Names, Options};

use crate::support::certificates::Certificates;

const NAMES: Names = Names {
    ca: "--ca",
    certificate: "--cert and --key",
    server_name: "--name",
};

fn error(options: Options) -> String {
    Tls::new(options).config().unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_name_and_without_its_content() {
    let (own, other) = (Certificates::new("own"), Certificates::new("other"));
    let (client, foreign) = (own.client("a"), other.client("b"));
    let good = Options {
        ca: Some(own.ca()),
        certificate: Some(client.certificate.clone()),
        key: Some(client.key.clone()),
        ..Options::new(&NAMES)
    };
    assert!(Tls::new(good.clone()).config().is_ok());

    let missing = error(Options {
        ca: Some(own.path("no.pem")),
        ..good.clone()
    });
    assert!(missing.contains("no.pem: it can't be read"), "{missing}");
    let no_certificate = error(Options {
        ca: Some(client.key.clone()),
        ..good.clone()
    });
    assert!(
        no_certificate.contains("a.key: it holds no certificate"),
        "{no_certificate}"
    );
    let half = error(Options {
        key: None,
        ..good.clone()
    });
    assert!(half.contains("--cert and --key"), "{half}");
    let no_key = error(Options {
        key: Some(own.ca()),
        ..good.clone()
    });
    assert!(
        no_key.contains("ca.pem: it holds no private key"),
        "{no_key}"
    );
    let pair = error(Options {
        key: Some(foreign.key.clone()),
        ..good.clone()
    });
    assert!(pair.contains("b.key") && pair.contains("a.pem"), "{pair}");
    let key = fs::read_to_string(&foreign.key).unwrap();
    let secret = key.lines().nth(1).unwrap();
    for said in [missing, no_certificate, half, no_key, pair] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn files_are_read_again_and_bad_ones_change_nothing() {
    let own = Certificates::new("own");
    let (first, second) = (own.client("first"), own.client("second"));
    let used = own.client("used");
    let take = |from: &crate::support::certificates::Pair| {
        fs::copy(&from.certificate, &used.certificate).unwrap();
        fs::copy(&from.key, &used.key).unwrap();
    };
    take(&first);
    let tls = Tls::new(Options {
        ca: Some(own.ca()),
        certificate: Some(used.certificate.clone()),
        key: Some(used.key.clone()),
        ..Options::new(&NAMES)
    });
    let begun = tls.config().unwrap();
    assert!(
        Arc::ptr_eq(&begun, &tls.config().unwrap()),
        "nothing changed"
    );
    // Half of a new pair is there.
    fs::copy(&second.certificate, &used.certificate).unwrap();
    assert!(Arc::ptr_eq(&begun, &tls.clone().config().unwrap()));
    fs::copy(&second.key, &used.key).unwrap();
    let renewed = tls.config().unwrap();
    assert!(!Arc::ptr_eq(&begun, &renewed));
    fs::remove_file(own.ca()).unwrap();
    assert!(Arc::ptr_eq(&renewed, &tls.config().unwrap()));
}
