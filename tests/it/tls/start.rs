//! Start: files that can't be used are errors that name them and say what is wrong.

use std::process::Command;

use event_grpc::listen::Limits;
use event_grpc::tls::{ClientCertificates, ServerTls};

use super::certificates::{Authority, Files, Pair};
use super::clients::Trust;
use super::{counted, serve};

/// What `open` says of a pair.
fn told(pair: &Pair) -> String {
    let files = Files::new(pair, None);
    let error = ServerTls::open(files.server()).unwrap_err().to_string();
    let folder = files.path("").display().to_string();
    assert!(error.starts_with(&folder), "{error}");
    error.replace(&folder, "")
}

#[test]
fn a_bad_file_is_named_with_what_is_wrong() {
    let authority = Authority::new();
    let good = authority.server();
    let with = |certificate: &str, key: &str| {
        told(&Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        })
    };
    let error = with("", &good.key);
    assert!(
        error.starts_with("tls.crt: it holds no certificate"),
        "{error}"
    );
    let error = with(&good.key, &good.key);
    assert!(
        error.starts_with("tls.crt: it holds no certificate"),
        "{error}"
    );
    let error = with(&good.certificate[..200], &good.key);
    assert!(error.contains("damaged or not complete"), "{error}");
    let error = with(&good.certificate, &good.certificate);
    assert!(
        error.starts_with("tls.key: it holds no private key"),
        "{error}"
    );
    let error = with(&good.certificate, &authority.server().key);
    assert!(
        error.starts_with("tls.key: its key doesn't belong"),
        "{error}"
    );
    // The chain in the wrong order.
    let chain = format!("{}{}", authority.pem, good.certificate);
    let error = with(&chain, &good.key);
    assert!(error.contains("has to be the server's own"), "{error}");

    let files = Files::new(&good, Some("no authority"));
    let error = ServerTls::open(files.asking(ClientCertificates::Required)).unwrap_err();
    assert!(error.to_string().contains("ca.crt: "), "{error}");
    let files = Files::new(&good, None);
    let error = ServerTls::open(files.asking(ClientCertificates::Optional)).unwrap_err();
    assert!(error.to_string().contains("can't be read"), "{error}");
}

#[test]
fn an_expired_certificate_is_told_and_served() {
    let files = Files::new(&Authority::new().server_until(2020), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let trouble = tls.trouble().unwrap().to_string();
    assert!(trouble.contains("expired at 2020-01-01"), "{trouble}");
    let files = Files::new(&Authority::new().server(), None);
    assert_eq!(ServerTls::open(files.server()).unwrap().trouble(), None);
    // Other tests set it, too.
    assert!(counted("event_grpc_tls_certificate_expiry_seconds") > 1e9);
}

/// Key of a kind and in a format of openssl, and a certificate for it.
fn by_openssl(make: &str, format: &str) -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{make} -out made.pem && {format} -in made.pem -out key.pem && openssl req -x509 -new -key key.pem -days 2 \
         -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -out certificate.pem"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path());
    let output = shell.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {errors}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    Pair {
        certificate: read("certificate.pem"),
        key: read("key.pem"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_taken_in_the_formats_that_openssl_writes() {
    let rsa = "openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let elliptic = "openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let edwards = "openssl genpkey -algorithm ED25519";
    for (make, format, head) in [
        (rsa, "openssl pkey", "BEGIN PRIVATE KEY"),
        (rsa, "openssl rsa -traditional", "BEGIN RSA PRIVATE KEY"),
        (elliptic, "openssl pkey", "BEGIN PRIVATE KEY"),
        (elliptic, "openssl ec", "BEGIN EC PRIVATE KEY"),
        (edwards, "openssl pkey", "BEGIN PRIVATE KEY"),
    ] {
        let pair = by_openssl(make, format);
        assert!(pair.key.contains(head), "{format}");
        let files = Files::new(&pair, None);
        let tls = ServerTls::open(files.server()).unwrap();
        let port = serve(&tls, Limits::default()).await;
        let trust = Trust::of_pem(&pair.certificate);
        assert_eq!(
            trust.get(port, "/").await.unwrap(),
            "hello nobody",
            "{format}"
        );
    }
}
