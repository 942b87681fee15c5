//! The chart with what the generator makes for Prometheus and Grafana in it, as a folder that `helm package` and `helm install`
//! take.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// Copies the chart to `place`, in place of what is there, and the generated rules and dashboards into it.
pub(super) fn build(root: &Path, place: &Path) -> Result<PathBuf> {
    let to = place.join("chart/event-grpc");
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    super::folder(&root.join("deploy/helm/event-grpc"), &to)?;
    let made = root.join("generated/ops");
    if made.is_dir() {
        super::folder(&made, &to.join("ops"))?;
    }
    Ok(to)
}
