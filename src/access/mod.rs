//! Access: who may send which events, and how much of them: write keys, tokens, permissions and rates.
//!
//! A source with `auth: keys` takes a request only from a sender that proves who it is, by a key of the key file, by a
//! token that a key of the JWKS file signed, or by a client certificate that the key file names. This is checked before a
//! byte of the body is read, in constant time, and costs a hash of the key and one look into a map.
//!
//! Without a key file such a source takes events from anybody on a loopback address, so that a first try needs no key,
//! and from nobody elsewhere: what leaves the machine is never open by omission. `--unverified` opens what it names.

mod certificates;
mod clients;
mod config;
mod credential;
mod denied;
pub mod edit;
mod exposure;
mod failures;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
mod jwks;
mod jwt;
mod key;
mod known;
mod report;
mod rule;
mod sender;
mod unverified;
mod written;

pub use config::{Config, Listener};
pub use denied::{Denied, Kind, Reason};
pub use files::{Access, StartError};
pub use gate::Gate;
pub use jwt::Expected;
pub use key::{Made, PATTERN, is_environment, make, make_of};
pub use sender::Sender;
pub use unverified::{UnknownSource, Unverified};
pub use written::{
    BadFile, Moment, Size, Use, Written, WrittenCertificate, WrittenClient, WrittenKey, read,
};
