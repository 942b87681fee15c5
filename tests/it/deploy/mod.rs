//! What an instance is deployed with, `deploy/`: held to what the server does, by running it. `cargo xtask deploy` holds the
//! files to the rules of their own tools.

mod alive;
mod backup;
mod broker;
mod database;
mod files;
mod image;
mod package;
mod rolling;
mod secrets;
mod supervisor;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

/// A file of the project.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The text of a file of the project.
fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// Runs a command to its end; what it said, and whether it succeeded.
async fn ended(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    (output.status.success(), said(&output))
}

/// Runs a command that has to succeed.
async fn succeeds(command: &mut Command) -> String {
    let (good, said) = ended(command).await;
    assert!(good, "{command:?}: {said}");
    said
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}
