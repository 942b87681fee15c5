//! What describes the service for tools: the proto files by buf's rules, and OpenAPI against a server.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The linter of proto files, from npm.
const BUF: &str = "@bufbuild/buf@1.75.0";

/// Checks the proto files by the rules of `proto/buf.yaml`; without npx it says that it can't.
pub(super) fn proto(root: &Path) -> Result<()> {
    let lint = Command::new("npx")
        .args(["--yes", BUF, "lint", "proto"])
        .current_dir(root)
        .status();
    match lint {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("proto/ doesn't keep to proto/buf.yaml"),
        Err(_) => {
            println!("proto: not checked, there is no npx (Node.js 20 or later)");
            Ok(())
        }
    }
}

/// Checks `clients/openapi.json`, and a server's answers by it.
pub(super) fn openapi(root: &Path, server: &Path) -> Result<()> {
    let status = Command::new("python3")
        .arg("clients/openapi/check.py")
        .arg(server)
        .current_dir(root)
        .status()
        .context("cannot run python3")?;
    match status.success() {
        true => Ok(()),
        false => bail!("clients/openapi.json and the server don't agree"),
    }
}
