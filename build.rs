//! Build script: tells the server which commit it is built from.
//!
//! `EVENT_GRPC_COMMIT` says it where there is no repository, as in the build of an image. Otherwise git is asked, in optimized
//! builds only: a debug build would compile everything anew after each commit. Where nobody knows, it is `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=EVENT_GRPC_COMMIT");
    let given = std::env::var("EVENT_GRPC_COMMIT").unwrap_or_default();
    let commit = match plain(&given) {
        Some(commit) => Some(commit),
        None if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") => of_git(),
        None => None,
    };
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=BUILT_FROM_COMMIT={commit}");
}

/// The commit of the repository that this package is the root of, with `+` behind it if files have been changed since.
fn of_git() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // A repository around a copy of the sources says nothing of them.
    if !git(&["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    for file in ["HEAD", "logs/HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let commit = plain(&git(&["rev-parse", "--short=12", "HEAD"])?)?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(match changed.is_empty() {
        true => commit,
        false => format!("{commit}+"),
    })
}

/// A commit as it is given, if it is one word.
fn plain(commit: &str) -> Option<String> {
    let commit = commit.trim();
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    let is_plain = !commit.is_empty() && commit.len() <= 64 && commit.chars().all(is_word);
    is_plain.then(|| commit.to_owned())
}
