//! Proofs of a siege: certificates, write keys and a token of operations, that the server asks for and the loads have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::bench::setting::Running;

/// What every key and token of a siege begins with.
const SECRET: &str = "eg_siege_";

/// Folder of `loadgen proofs`.
pub(crate) struct Proofs {
    pub(super) folder: PathBuf,
}

impl Proofs {
    /// Makes them, in a folder of this directory.
    pub(super) fn make(loadgen: &Path, directory: &Path) -> Result<Self> {
        let folder = directory.join("proofs");
        let status = Command::new(loadgen).arg("proofs").arg(&folder).status();
        let status = status.context("loadgen can't be run")?;
        if !status.success() {
            bail!("loadgen proofs failed");
        }
        Ok(Proofs { folder })
    }

    /// A file of the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Variables with which a server asks for them.
    pub(super) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("EVENT_GRPC_TLS_CERT", self.file("server.pem")),
            ("EVENT_GRPC_TLS_KEY", self.file("server.key")),
            ("EVENT_GRPC_TLS_CLIENT_CA", self.file("ca.pem")),
            ("EVENT_GRPC_KEYS", self.file("keys.yaml")),
            ("EVENT_GRPC_OPS_TOKEN_FILE", self.file("ops-token")),
        ]
    }
}

/// Makes the addresses of a server those of one with TLS.
pub(super) fn over_tls(running: &mut Running) {
    for url in [&mut running.grpc, &mut running.http, &mut running.ops] {
        *url = url.replacen("http://", "https://", 1);
    }
}

/// Checks that no key and no token is in a log, right ones or wrong.
pub(super) fn are_not_in(log: &Path) -> Result<()> {
    let text = fs::read_to_string(log)?;
    match text.lines().find(|line| line.contains(SECRET)) {
        Some(line) => bail!("the log of the server holds a key: {line}"),
        None => Ok(()),
    }
}
