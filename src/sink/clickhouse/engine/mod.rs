//! The embedded ClickHouse: the real engine in a child process, for when no server is configured.
//!
//! [`provision`] finds the engine or fetches it, [`process`] runs it with the [`accounts`] that may use it, and
//! [`supervise`] keeps it running. [`confine`] is what the child gives up, and [`endpoint`] where others find it. The child
//! itself is the hidden command `event-grpc engine`, outside of this library.

pub mod accounts;
pub mod confine;
pub mod endpoint;
pub mod error;
mod fetch;
mod launch;
mod place;
pub mod process;
pub mod provision;
mod release;
pub mod supervise;

pub use error::EngineError;
pub use process::{Engine, EngineConfig};
