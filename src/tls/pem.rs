//! PEM files: certificates and private keys, with errors that name the file and never quote a key.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_pki_types::pem::{Error, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::PeerCertificate;

/// A file of certificates or keys that can't be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct FileError {
    file: PathBuf,
    reason: String,
}

impl FileError {
    pub(super) fn new(file: &Path, reason: impl Into<String>) -> Self {
        FileError {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Content of a file.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(file).map_err(|error| FileError::new(file, format!("it can't be read: {error}")))
}

/// Certificates of a file's content, in their order; at least one.
pub(super) fn certificates(
    file: &Path,
    content: &[u8],
) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let found: Result<Vec<_>, Error> = CertificateDer::pem_slice_iter(content).collect();
    match found {
        Ok(found) if found.is_empty() => Err(FileError::new(
            file,
            "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)",
        )),
        Ok(found) => Ok(found),
        Err(_) => Err(FileError::new(
            file,
            "a certificate in it is damaged or not complete",
        )),
    }
}

/// The first certificate of a PEM file, which is whose file it is: nothing verifies it here.
///
/// # Errors
///
/// If the file can't be read, or holds no certificate.
pub fn first_certificate(file: &Path) -> Result<PeerCertificate, FileError> {
    let found = certificates(file, &read(file)?)?;
    let first = found.first().map(|first| PeerCertificate::of_der(first));
    first.ok_or_else(|| FileError::new(file, "it holds no certificate"))
}

/// Certificate authorities of a file's content; at least one.
pub(super) fn authorities(file: &Path, content: &[u8]) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file, content)? {
        roots.add(certificate).map_err(|error| {
            FileError::new(
                file,
                format!("a certificate in it is no certificate authority: {error}"),
            )
        })?;
    }
    Ok(roots)
}

/// Private key of a file's content: the first one in PKCS#8, SEC1 or PKCS#1.
pub(super) fn key(file: &Path, content: &[u8]) -> Result<PrivateKeyDer<'static>, FileError> {
    let encrypted = |content: &[u8]| {
        let mut lines = content.split(|byte| *byte == b'\n');
        // `-----BEGIN ENCRYPTED PRIVATE KEY-----` of PKCS#8, and `Proc-Type: 4,ENCRYPTED` of the older formats.
        lines.any(|line| line.windows(9).any(|part| part == b"ENCRYPTED"))
    };
    if encrypted(content) {
        return Err(FileError::new(
            file,
            "its key is encrypted; take the passphrase off with: openssl pkey -in FILE -out PLAIN",
        ));
    }
    PrivateKeyDer::from_pem_slice(content).map_err(|error| {
        let reason = match error {
            Error::NoItemsFound => "it holds no private key in PEM (PKCS#8, SEC1 or PKCS#1)",
            _ => "the key in it is damaged or not complete",
        };
        FileError::new(file, reason)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_and_what_is_wrong() {
        let file = Path::new("a.pem");
        let told = |content: &str| {
            let certificate = certificates(file, content.as_bytes()).unwrap_err();
            let key = key(file, content.as_bytes()).unwrap_err();
            (certificate.to_string(), key.to_string())
        };
        let (certificate, key) = told("");
        assert!(certificate.starts_with("a.pem: it holds no certificate"));
        assert!(key.starts_with("a.pem: it holds no private key"));
        let (certificate, _) = told("-----BEGIN CERTIFICATE-----\nMIIB\n");
        assert!(certificate.contains("not complete"), "{certificate}");
        let (_, key) = told("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n");
        assert!(key.contains("not complete"), "{key}");
        let (_, key) = told("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END");
        assert!(key.contains("openssl pkey"), "{key}");
        assert!(read(Path::new("nowhere/a.pem")).is_err());
    }
}
