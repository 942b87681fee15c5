//! Server configuration: certificate, key and client authority of the listeners, as they are in their files at present.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};

use super::certificate::{About, Validity, date};
use super::pem::{self, FileError};
use crate::metrics::tls::CERTIFICATE_EXPIRY;
use crate::time::now;

/// Protocols over TLS, the preferred one first. gRPC-Web and webhooks come over HTTP/1.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Files of a listener's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFiles {
    /// Certificate in PEM, and behind it those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key in PEM: PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
    /// Authorities in PEM that sign the certificates of clients. Without it clients are not asked for one.
    pub client_ca: Option<PathBuf>,
    /// Whether a client has to have one. Without `client_ca` this means nothing.
    pub clients: ClientCertificates,
}

/// Whether a client has to show a certificate. One that is shown has to be good in either case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientCertificates {
    /// A client may do without.
    #[default]
    Optional,
    /// Without one there is no connection, also for health checks.
    Required,
}

/// TLS of listeners, which follows its files while [`watch`](super::watch) is polled. Cheap to clone.
#[derive(Clone)]
pub struct ServerTls(Arc<Shared>);

struct Shared {
    files: ServerFiles,
    current: ArcSwap<Loaded>,
}

/// A configuration, and what it was made of.
pub(super) struct Loaded {
    config: Arc<ServerConfig>,
    pub(super) validity: Validity,
    about: About,
    /// Digest of the files' contents.
    pub(super) digest: [u8; 32],
}

impl ServerTls {
    /// Reads the files. Warns if others on this machine may read the key.
    ///
    /// # Errors
    /// Names the file that is missing, damaged or doesn't fit the others. An expired certificate is not an error: see
    /// [`ServerTls::trouble`].
    pub fn open(files: ServerFiles) -> Result<Self, FileError> {
        let loaded = Contents::read(&files)?.load(&files)?;
        warn_if_others_may_read(&files.key);
        loaded.tell(&files.certificate);
        CERTIFICATE_EXPIRY.only().set(loaded.validity.until as f64);
        Ok(ServerTls(Arc::new(Shared {
            files,
            current: ArcSwap::from_pointee(loaded),
        })))
    }

    /// Configuration for a new connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.load().config)
    }

    /// Why the certificate in use isn't valid now, if it isn't: it expired, or the time isn't there yet.
    pub fn trouble(&self) -> Option<FileError> {
        let reason = self.0.current.load().trouble()?;
        Some(FileError::new(&self.0.files.certificate, reason))
    }

    /// When the certificate in use expires, in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.0.current.load().validity.until
    }

    pub(super) fn files(&self) -> &ServerFiles {
        &self.0.files
    }

    pub(super) fn current(&self) -> Arc<Loaded> {
        self.0.current.load_full()
    }

    pub(super) fn replace(&self, loaded: Loaded) {
        CERTIFICATE_EXPIRY.only().set(loaded.validity.until as f64);
        self.0.current.store(Arc::new(loaded));
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.files.fmt(f)
    }
}

impl Loaded {
    /// Logs for which names it is, and warns if clients will refuse it by whatever name.
    pub(super) fn tell(&self, file: &Path) {
        let certificate = file.display();
        let names = self.about.names.join(", ");
        let expires = date(self.validity.until);
        tracing::info!(%certificate, names, expires, "The ports speak TLS.");
        if let Some(reason) = self.about.trouble() {
            tracing::warn!(%certificate, reason, "Clients will refuse the TLS certificate.");
        }
    }

    /// Why its certificate isn't valid now, if it isn't.
    pub(super) fn trouble(&self) -> Option<String> {
        let now = i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
        self.validity.trouble(now)
    }
}

/// Contents of the files. They hold a key, so they are never printed and not kept.
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Contents {
    pub(super) fn read(files: &ServerFiles) -> Result<Self, FileError> {
        Ok(Contents {
            certificate: pem::read(&files.certificate)?,
            key: pem::read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(pem::read).transpose()?,
        })
    }

    /// Digest, by which contents are told from each other.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let client_ca = self.client_ca.as_deref().unwrap_or_default();
        for content in [&self.certificate, &self.key, client_ca] {
            digest.update(Sha256::digest(content));
        }
        digest.finalize().into()
    }

    /// Makes a configuration of them.
    pub(super) fn load(&self, files: &ServerFiles) -> Result<Loaded, FileError> {
        let chain = pem::certificates(&files.certificate, &self.certificate)?;
        let validity = chain.first().and_then(|own| Validity::of(own));
        let validity = validity.ok_or_else(|| {
            FileError::new(&files.certificate, "its first certificate can't be read")
        })?;
        let about = chain.first().and_then(|own| About::of(own));
        let about = about.unwrap_or_default();
        if about.is_old {
            let reason = "its first certificate is of version 1 of X.509, which names no server: sign it with a subjectAltName \
                          (openssl x509 -req -copy_extensions copy)";
            return Err(FileError::new(&files.certificate, reason));
        }
        let key = pem::key(&files.key, &self.key)?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| FileError::new(&files.certificate, error.to_string()))?;
        let builder = match (&files.client_ca, &self.client_ca) {
            (Some(file), Some(content)) => {
                builder.with_client_cert_verifier(verifier(file, content, files.clients, provider)?)
            }
            _ => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| unfit(files, &error))?;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(Loaded {
            config: Arc::new(config),
            validity,
            about,
            digest: self.digest(),
        })
    }
}

fn verifier(
    file: &Path,
    content: &[u8],
    clients: ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, FileError> {
    let roots = Arc::new(pem::authorities(file, content)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
    let builder = match clients {
        ClientCertificates::Optional => builder.allow_unauthenticated(),
        ClientCertificates::Required => builder,
    };
    builder
        .build()
        .map_err(|error| FileError::new(file, error.to_string()))
}

/// Says which file is to blame for a pair that doesn't work.
fn unfit(files: &ServerFiles, error: &Error) -> FileError {
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => FileError::new(
            &files.key,
            format!(
                "its key doesn't belong to the first certificate in {}, which has to be the server's own",
                files.certificate.display()
            ),
        ),
        Error::InvalidCertificate(_) => FileError::new(
            &files.certificate,
            format!("its first certificate can't be used: {error}"),
        ),
        _ => FileError::new(&files.key, format!("its key can't be used: {error}")),
    }
}

fn warn_if_others_may_read(key: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(key).map(|about| about.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o007 != 0) {
        tracing::warn!(
            key = %key.display(),
            "Every user of this machine may read the TLS key; take that right away with: chmod o= FILE"
        );
    }
}
