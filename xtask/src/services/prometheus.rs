//! Prometheus' own tool, for the tests of metrics and rules. They run it themselves.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Running, install};

/// Variables for tests: the program.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_PROMTOOL"];

/// Finds the program.
pub(super) fn prepare(_directory: &Path) -> Result<Running> {
    let program = install::prometheus_program("promtool").context("promtool is not installed")?;
    let value = program.display().to_string();
    Ok(Running {
        kept: None,
        environment: VARIABLES.into_iter().zip([value]).collect(),
        restart: None,
    })
}
