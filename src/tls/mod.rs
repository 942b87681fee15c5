//! TLS: configurations of rustls, made of PEM files that are read again as they change.

mod any_name;
pub mod client;
mod files;
pub mod https;
mod options;
mod trouble;

pub use files::TlsError;
pub use options::{Names, Options};
pub use trouble::{HandshakeError, refusal, silent_end};
