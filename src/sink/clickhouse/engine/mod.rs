//! The embedded ClickHouse: the real engine in a child process, for when no server is configured.
//!
//! [`provision`] finds the engine or fetches it, [`process`] runs it, [`supervise`] keeps it
//! running. The child itself is the hidden command `event-grpc engine`, outside of this library.

pub mod error;
mod fetch;
mod launch;
pub mod process;
pub mod provision;
mod release;
pub mod supervise;

pub use error::EngineError;
pub use process::{Engine, EngineConfig};
