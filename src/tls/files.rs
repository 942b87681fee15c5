//! PEM files of TLS: what they hold, and what is wrong with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ring::digest::{Digest, SHA256, digest};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::options::Options;

/// What should be in each file.
const AUTHORITIES: &str = "certificates of authorities";
const CERTIFICATE: &str = "client certificate";
const KEY: &str = "private key without a password";

/// Error in what the options name. It tells the file and never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{} with the {what} can't be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM form", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// A certificate comes without a key, or a key without a certificate.
    #[error("a client certificate needs both its file and that of its key: set both of {0}")]
    Half(&'static str),
    /// The key belongs to another certificate, or is of an unknown kind.
    #[error(
        "the key in {} can't be used with the client certificate in {}: {error}",
        key.display(),
        certificate.display()
    )]
    Pair {
        /// File of the certificate.
        certificate: PathBuf,
        /// File of the key.
        key: PathBuf,
        /// What rustls says.
        error: rustls::Error,
    },
    /// There is nothing to verify certificates by.
    #[error(
        "this machine has no root certificates to verify servers by; install ca-certificates, or name a file of authorities \
         by {0}"
    )]
    NoRoots(&'static str),
    /// The host is no name that a certificate could have.
    #[error("`{0}` is neither a host name nor an IP address")]
    Host(String),
    /// The library refuses the configuration.
    #[error("TLS can't be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The files as they are.
pub(super) struct Files {
    ca: Option<Vec<u8>>,
    certificate: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    /// Digest of them all; none if there are none.
    pub(super) content: Option<Digest>,
}

impl Files {
    pub(super) fn read(options: &Options) -> Result<Self, TlsError> {
        if options.certificate.is_some() != options.key.is_some() {
            return Err(TlsError::Half(options.names.certificate));
        }
        let ca = read(options.ca.as_deref(), AUTHORITIES)?;
        let certificate = read(options.certificate.as_deref(), CERTIFICATE)?;
        let key = read(options.key.as_deref(), KEY)?;
        let mut all = Vec::new();
        for file in [&ca, &certificate, &key].into_iter().flatten() {
            all.extend_from_slice(digest(&SHA256, file).as_ref());
        }
        let content = (!all.is_empty()).then(|| digest(&SHA256, &all));
        Ok(Files {
            ca,
            certificate,
            key,
            content,
        })
    }

    /// Authorities to verify by.
    pub(super) fn roots(&self, options: &Options) -> Result<Arc<RootCertStore>, TlsError> {
        let (Some(file), Some(pem)) = (&options.ca, &self.ca) else {
            return machine(options);
        };
        let mut roots = match options.machine_too {
            true => machine(options).map_or_else(|_| RootCertStore::empty(), |r| (*r).clone()),
            false => RootCertStore::empty(),
        };
        let (added, _) = roots.add_parsable_certificates(certificates(pem));
        if added == 0 {
            return Err(TlsError::Empty {
                file: file.clone(),
                what: AUTHORITIES,
            });
        }
        Ok(Arc::new(roots))
    }

    /// The client certificate and its key.
    pub(super) fn pair(
        &self,
        certificate: &Path,
        key: &Path,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let empty = |file: &Path, what| TlsError::Empty {
            file: file.to_owned(),
            what,
        };
        let chain = certificates(self.certificate.as_deref().unwrap_or_default());
        if chain.is_empty() {
            return Err(empty(certificate, CERTIFICATE));
        }
        let secret = PrivateKeyDer::from_pem_slice(self.key.as_deref().unwrap_or_default());
        Ok((chain, secret.map_err(|_| empty(key, KEY))?))
    }
}

fn read(file: Option<&Path>, what: &'static str) -> Result<Option<Vec<u8>>, TlsError> {
    let Some(file) = file else {
        return Ok(None);
    };
    let content = fs::read(file).map_err(|error| TlsError::Unreadable {
        file: file.to_owned(),
        what,
        error,
    })?;
    Ok(Some(content))
}

/// The certificates of a PEM file, as far as it can be read.
fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem)
        .map_while(Result::ok)
        .collect()
}

/// Authorities of this machine, which are read once: there are hundreds of them.
fn machine(options: &Options) -> Result<Arc<RootCertStore>, TlsError> {
    static MACHINE: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = MACHINE.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    match roots.is_empty() {
        true => Err(TlsError::NoRoots(options.names.ca)),
        false => Ok(Arc::clone(roots)),
    }
}
