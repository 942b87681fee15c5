//! TLS: certificates and keys in files, and the configurations that are made of them.

mod certificate;
mod pem;
mod reload;
mod server;
mod trust;

pub use certificate::PeerCertificate;
pub use pem::FileError;
pub use server::{ClientCertificates, ServerFiles, ServerTls};
pub use trust::trusting;
