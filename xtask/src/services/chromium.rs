//! Chromium, for the tests that send events from a page. They start it themselves.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Running, install};

/// Variables for tests: the program.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_CHROMIUM"];

/// Finds the program.
pub(super) fn prepare(_directory: &Path) -> Result<Running> {
    let program = install::chromium_program().context("Chromium is not installed")?;
    let value = program.display().to_string();
    Ok(Running {
        kept: None,
        environment: VARIABLES.into_iter().zip([value]).collect(),
        restart: None,
    })
}
