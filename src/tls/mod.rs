//! TLS: configurations of rustls, made of PEM files that are read again as they change.

mod any_name;
mod certificate;
pub mod client;
mod files;
pub mod https;
mod options;
mod pem;
mod pinned;
mod reload;
mod server;
mod trouble;

pub use certificate::PeerCertificate;
pub use files::TlsError;
pub use options::{Names, Options};
pub use pem::{FileError, first_certificate};
pub use pinned::pinned;
pub use reload::watch;
pub use server::{ClientCertificates, ServerFiles, ServerTls};
pub use trouble::{HandshakeError, refusal, silent_end};
