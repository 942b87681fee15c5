//! Files of TLS to a server, and what is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ring::digest::{Digest, SHA256, digest};
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::options::Options;
use super::pem::{self, FileError};

/// Error in what the options name. It tells the file and never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or holds something else.
    #[error(transparent)]
    File(#[from] FileError),
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
        let read = |file: &Option<PathBuf>| file.as_deref().map(pem::read).transpose();
        let ca = read(&options.ca)?;
        let certificate = read(&options.certificate)?;
        let key = read(&options.key)?;
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
        let (Some(file), Some(content)) = (&options.ca, &self.ca) else {
            return machine(options);
        };
        let mut roots = pem::authorities(file, content)?;
        if options.machine_too
            && let Ok(machine) = machine(options)
        {
            roots.roots.extend(machine.roots.iter().cloned());
        }
        Ok(Arc::new(roots))
    }

    /// The client certificate and its key.
    pub(super) fn pair(
        &self,
        certificate: &Path,
        key: &Path,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let chain = self.certificate.as_deref().unwrap_or_default();
        let secret = self.key.as_deref().unwrap_or_default();
        Ok((
            pem::certificates(certificate, chain)?,
            pem::key(key, secret)?,
        ))
    }
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
