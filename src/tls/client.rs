//! TLS to the servers behind this one: configurations that follow the files that they are made of.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::Digest;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;

use super::any_name::AnyName;
use super::files::{Files, TlsError};
use super::options::Options;
use super::trouble::{self, HandshakeError};

/// TLS to one server. Clones share what they have read.
#[derive(Clone)]
pub struct Tls {
    options: Arc<Options>,
    last: Arc<Mutex<Option<Last>>>,
}

/// What was read last.
struct Last {
    content: Option<Digest>,
    config: Arc<ClientConfig>,
    /// Why newer files can't be used.
    refused: Option<String>,
}

impl Tls {
    /// Creates it; nothing is read yet.
    pub fn new(options: Options) -> Self {
        Tls {
            options: Arc::new(options),
            last: Arc::default(),
        }
    }

    /// Configuration for a new connection. The files are read each time, since certificates are replaced while a server
    /// runs: they are small, and connections last. Files that can't be used are logged and change nothing; only the
    /// first time they are an error.
    pub fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let files = Files::read(&self.options);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Ok(files), Some(last)) = (&files, last.as_mut())
            && same(files.content, last.content)
        {
            last.refused = None;
            return Ok(Arc::clone(&last.config));
        }
        let made = files.and_then(|files| Ok((files.content, self.make(files)?)));
        match (made, last.as_mut()) {
            (Ok((content, config)), _) => {
                let config = Arc::new(config);
                *last = Some(Last {
                    content,
                    config: Arc::clone(&config),
                    refused: None,
                });
                Ok(config)
            }
            (Err(error), None) => Err(error),
            (Err(error), Some(last)) => {
                let reason = error.to_string();
                if last.refused.as_ref() != Some(&reason) {
                    tracing::warn!(
                        reason,
                        "Certificates for the connections to a server have changed and can't be used; the earlier ones are."
                    );
                    last.refused = Some(reason);
                }
                Ok(Arc::clone(&last.config))
            }
        }
    }

    /// Name that the certificate of a host must have.
    pub fn server_name(&self, host: &str) -> Result<ServerName<'static>, TlsError> {
        let name = self.options.server_name.as_deref().unwrap_or(host);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Host(name.to_owned()))
    }

    /// Explains why a handshake with a host failed.
    pub fn failed(&self, host: &str, error: &(dyn StdError + 'static)) -> HandshakeError {
        trouble::handshake(host, &self.options, error)
    }

    fn make(&self, files: Files) -> Result<ClientConfig, TlsError> {
        let options = &self.options;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let roots = files.roots(options)?;
        let builder = match options.any_name {
            false => builder.with_root_certificates(roots),
            true => {
                let verifier = any_name(roots, provider, options)?;
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier)
            }
        };
        let (Some(certificate), Some(key)) = (&options.certificate, &options.key) else {
            return Ok(builder.with_no_client_auth());
        };
        let (chain, secret) = files.pair(certificate, key)?;
        builder
            .with_client_auth_cert(chain, secret)
            .map_err(|error| TlsError::Pair {
                certificate: certificate.clone(),
                key: key.clone(),
                error,
            })
    }
}

fn any_name(
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    options: &Options,
) -> Result<Arc<AnyName>, TlsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
    let verifier = verifier.map_err(|_| TlsError::NoRoots(options.names.ca))?;
    Ok(Arc::new(AnyName::new(verifier)))
}

/// Whether two contents are the same. Nothing of it is secret.
fn same(a: Option<Digest>, b: Option<Digest>) -> bool {
    a.as_ref().map(Digest::as_ref) == b.as_ref().map(Digest::as_ref)
}
