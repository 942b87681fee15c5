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
    folder(&root.join("deploy/helm/event-grpc"), &to)?;
    let made = root.join("generated/ops");
    if made.is_dir() {
        folder(&made, &to.join("ops"))?;
    }
    Ok(to)
}

fn folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => folder(&entry.path(), &copy)?,
            false => super::copy(&entry.path(), &copy)?,
        }
    }
    Ok(())
}
