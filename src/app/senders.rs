//! Who may send events, where the sources listen.

use std::sync::Arc;

use super::Config;
use super::listeners::Addresses;
use crate::access::{Access, Config as Senders, Listener};
use crate::contract::Pipeline;

/// Reads the files that say who may send, and tells what is open to others.
pub(super) fn start(
    config: &Config,
    pipeline: &'static Pipeline,
    addresses: Addresses,
) -> anyhow::Result<Arc<Access>> {
    let listener = |name, address| Listener {
        name,
        address,
        tls: config.tls.is_some(),
        asks: config
            .tls
            .as_ref()
            .is_some_and(|tls| tls.client_ca.is_some()),
    };
    let listeners = vec![
        listener("grpc", addresses.grpc),
        listener("http", addresses.http),
    ];
    let senders = Senders {
        unverified: config.unverified.clone(),
        ..config.senders.clone()
    };
    let access = Access::start(senders, pipeline, listeners)?;
    access.tell();
    Ok(access)
}
