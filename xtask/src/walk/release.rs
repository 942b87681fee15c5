//! The upgrade to the release and back under a load.

use std::path::Path;
use std::sync::mpsc::Receiver;

use anyhow::Result;
use serde_json::Value;

use super::stage::Builds;

pub(super) fn run(
    _plan: &Value,
    _builds: &Builds,
    _folder: &Path,
    _interrupt: &Receiver<()>,
) -> Result<()> {
    Ok(())
}
