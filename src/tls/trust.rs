//! Trust of a command in the server that it talks to.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use super::pem;

/// Configuration of a client that trusts the authorities of a PEM file; without one, those of this machine if `machine`
/// is set, and otherwise nobody.
///
/// # Errors
/// Names the file that can't be used.
pub fn trusting(ca: Option<&Path>, machine: bool) -> anyhow::Result<ClientConfig> {
    let roots = match ca {
        Some(file) => pem::authorities(file, &pem::read(file)?)?,
        None if machine => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
        None => RootCertStore::empty(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
