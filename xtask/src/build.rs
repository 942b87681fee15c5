//! Builds of this workspace's executables.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Paths of built executables.
pub(crate) struct Executables {
    /// `event-grpc`.
    pub(crate) server: PathBuf,
    /// `loadgen`.
    pub(crate) loadgen: PathBuf,
}

/// What release builds for measuring are told in place of the commit, so that neither the next commit nor another of these
/// commands compiles everything again.
pub(crate) const MEASURED: (&str, &str) = ("EVENT_GRPC_COMMIT", "measured");

/// Builds `event-grpc`. `args` are further ones of `cargo build`.
pub(crate) fn server(args: &[&str]) -> Result<PathBuf> {
    let [server] = build(["event-grpc"], args)?;
    Ok(server)
}

/// Builds `event-grpc` and `loadgen`. `args` are further ones of `cargo build`.
pub(crate) fn all(args: &[&str]) -> Result<Executables> {
    let [server, loadgen] = build(["event-grpc", "loadgen"], args)?;
    Ok(Executables { server, loadgen })
}

/// Builds these commands in release.
pub(crate) fn xtask() -> Result<PathBuf> {
    let [xtask] = build(["xtask"], &["--release"])?;
    Ok(xtask)
}

/// A development build shares dependencies with the tests: the whole workspace is selected, and the examples,
/// of which there are none, because features that only tests ask for are otherwise left out, and everything above tokio
/// would be built once more without them. A release build has to do without those features.
fn build<const N: usize>(names: [&'static str; N], args: &[&str]) -> Result<[PathBuf; N]> {
    let mut command = crate::cargo();
    command.args(["build", "--workspace"]);
    for name in names {
        command.args(["--bin", name]);
    }
    if args.contains(&"--release") {
        command.env(MEASURED.0, MEASURED.1);
    } else {
        command.arg("--examples");
    }
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{} can't be built", names.join(" and "));
    }
    let built = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = built
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let mut paths = Vec::new();
    for name in names {
        let of_this = messages
            .iter()
            .filter(|message| message["target"]["name"] == name);
        let path = of_this
            .filter_map(|message| message["executable"].as_str())
            .next();
        let path = path.with_context(|| format!("cargo did not say where it put {name}"))?;
        paths.push(PathBuf::from(path));
    }
    // One path was found for each name.
    <[PathBuf; N]>::try_from(paths).map_err(|_| anyhow::anyhow!("cargo built something else"))
}
