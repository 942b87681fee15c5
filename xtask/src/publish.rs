//! `cargo xtask publish --dry-run`: builds what each registry takes of the client libraries, in `target/publish`.

mod copy;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use packages::{PACKAGES, Package};

/// Arguments of `cargo xtask publish`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build the packages and publish none: that is done by a pipeline, with the files that this builds
    #[arg(long)]
    dry_run: bool,
    /// Only these: npm, maven, pypi, go, crates
    only: Vec<String>,
}

/// Builds the packages and prints what came of it.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    if !args.dry_run {
        bail!(
            "nothing is published from here: give --dry-run, and let a pipeline upload what is in target/publish"
        );
    }
    let known: Vec<&str> = PACKAGES.iter().map(|package| package.name).collect();
    if let Some(other) = args
        .only
        .iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        bail!("`{other}` is none of {}", known.join(", "));
    }
    let root = fs::canonicalize(root)?;
    let version = version(&root)?;
    let mut complete = true;
    let mut lines = Vec::new();
    let wanted = |package: &&Package| {
        args.only.is_empty() || args.only.iter().any(|name| name == package.name)
    };
    for package in PACKAGES.iter().filter(wanted) {
        match packages::build(package, &root, &version) {
            Ok(files) => {
                for file in files {
                    lines.push(line(package.name, &root, &file)?);
                }
            }
            Err(error) => {
                complete = false;
                lines.push(format!("{:<8} not built: {error:#}", package.name));
            }
        }
    }
    println!("Version {version} of the client libraries:");
    for line in lines {
        println!("{line}");
    }
    Ok(match complete {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The version of all libraries, as the generator keeps it.
fn version(root: &Path) -> Result<String> {
    let path = root.join("clients/version.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let file: serde_json::Value = serde_json::from_str(&text)?;
    let version = file.get("version").and_then(serde_json::Value::as_str);
    Ok(version
        .context("clients/version.json has no version")?
        .to_owned())
}

fn line(name: &str, root: &Path, file: &PathBuf) -> Result<String> {
    let size = fs::metadata(file)?.len();
    let shown = file.strip_prefix(root).unwrap_or(file);
    Ok(format!("{name:<8} {size:>9} bytes  {}", shown.display()))
}
