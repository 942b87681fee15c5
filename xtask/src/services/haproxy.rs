//! haproxy, for the tests that restart instances behind it. They start it themselves, each with its own configuration.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Running, install};

/// Variables for tests: the program.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_HAPROXY"];

/// Finds the program.
pub(super) fn prepare(_directory: &Path) -> Result<Running> {
    let program = install::haproxy_program().context("haproxy is not installed")?;
    let value = program.display().to_string();
    Ok(Running {
        kept: None,
        environment: VARIABLES.into_iter().zip([value]).collect(),
        restart: None,
    })
}
