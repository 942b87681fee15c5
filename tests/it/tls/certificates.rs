//! Certificates of a test: an authority, what it signs, and the files that a server reads.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use event_grpc::tls::{ClientCertificates, ServerFiles};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A certificate authority.
pub(crate) struct Authority {
    /// Its certificate, in PEM.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            // Clients find authorities by their names.
            .push(
                DnType::CommonName,
                format!("Authority {}", uuid::Uuid::now_v7()),
            );
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Certificate of a server on this machine.
    pub(crate) fn server(&self) -> Pair {
        self.server_until(4000)
    }

    /// The same, which expires at the beginning of a year.
    pub(crate) fn server_until(&self, year: i32) -> Pair {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        self.signed(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Certificate of a client with this common name.
    pub(crate) fn client(&self, name: &str) -> Pair {
        self.client_until(name, 4000)
    }

    /// The same, which expires at the beginning of a year.
    pub(crate) fn client_until(&self, name: &str, year: i32) -> Pair {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = date_time_ymd(year, 1, 1);
        self.signed(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Certificate of a client with an alternative name, a URI, and no other one.
    pub(crate) fn client_of_uri(&self, name: &str) -> Pair {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
        self.signed(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn signed(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Pair {
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Pair {
    /// SHA-256 of the certificate, as OpenSSL prints it.
    pub(crate) fn fingerprint(&self) -> String {
        let der = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let digest = Sha256::digest(&der);
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }
}

/// Files in a folder of their own, in the way that Kubernetes mounts them: each is a link to a file below `..data`, which
/// is a link to a folder, and is swapped.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn new(pair: &Pair, client_ca: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { folder };
        files.swap(pair, client_ca);
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            std::os::unix::fs::symlink(format!("..data/{name}"), files.path(name)).unwrap();
        }
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes others and makes them the current ones in one step.
    pub(crate) fn swap(&self, pair: &Pair, client_ca: Option<&str>) {
        let next = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        write(&next.join("tls.crt"), &pair.certificate);
        write(&next.join("tls.key"), &pair.key);
        if let Some(client_ca) = client_ca {
            write(&next.join("ca.crt"), client_ca);
        }
        let link = self.path("..next");
        std::os::unix::fs::symlink(&next, &link).unwrap();
        std::fs::rename(&link, self.path("..data")).unwrap();
    }

    /// Overwrites one of the current files.
    pub(crate) fn overwrite(&self, name: &str, content: &str) {
        write(&self.path(name), content);
    }

    /// Files for a server that asks no client for a certificate.
    pub(crate) fn server(&self) -> ServerFiles {
        ServerFiles {
            certificate: self.path("tls.crt"),
            key: self.path("tls.key"),
            client_ca: None,
            clients: ClientCertificates::Optional,
        }
    }

    /// Files for a server that asks for certificates.
    pub(crate) fn asking(&self, clients: ClientCertificates) -> ServerFiles {
        ServerFiles {
            client_ca: Some(self.path("ca.crt")),
            clients,
            ..self.server()
        }
    }
}

fn write(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
