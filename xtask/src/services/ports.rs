//! Free loopback ports.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Ports that were handed out; their users may not listen on them yet.
static TAKEN: Mutex<Vec<u16>> = Mutex::new(Vec::new());

/// Free port on 127.0.0.1.
///
/// Asking the system for port 0 would give one of those that outgoing connections use, and one of them could take it
/// again in the seconds until the server listens. These lie below that range, and are drawn at random so that two runs
/// on one machine don't try the same ones in the same order.
pub(crate) fn free() -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..1000 {
        // Fresh hash keys are the random numbers that the standard library has.
        let draw = RandomState::new().build_hasher().finish();
        let port = 20_000 + u16::try_from(draw % 10_000)?;
        if !taken.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            taken.push(port);
            return Ok(port);
        }
    }
    bail!("found no free port between 20000 and 29999 on 127.0.0.1");
}
