//! Private Python environment, for the client in `tests/python`.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::Running;

/// Variables for tests: the interpreter that has the packages.
pub(super) const VARIABLES: [&str; 1] = ["EVENT_GRPC_TEST_PYTHON"];

/// Succeeds only if the packages are installed for this Python.
const CHECK: &str = "import grpc, grpc_tools.protoc, google.protobuf";

/// Creates the environment, unless an earlier run has. It stays with the build output, and not in `_directory`, because
/// fetching the packages takes longer than all the rest.
pub(super) fn prepare(_directory: &Path) -> Result<Running> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let requirements = top.join("tests/python/requirements.txt");
    let text = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from);
    let target = std::path::absolute(target)?;

    // Other requirements have another directory, so that an environment doesn't change while tests use it.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let name = format!("python-venv-{:016x}", hasher.finish());
    let place = target.join(&name);
    let python = place.join("bin/python");

    fs::create_dir_all(&target)?;
    let lock = File::create(target.join(format!("{name}.lock")))?;
    lock.lock()
        .context("cannot wait for another run that makes the same")?;
    if !succeeds(Command::new(&python).args(["-c", CHECK])) {
        eprintln!("Installing the packages of the Python client with pip.");
        finish(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&place),
        )?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-input"]);
        pip.args(["--disable-pip-version-check", "--requirement"]);
        finish(pip.arg(&requirements)).context(
            "the Python client's packages could not be installed; or set EVENT_GRPC_TEST_PYTHON to a Python that has \
             those of tests/python/requirements.txt",
        )?;
        if !succeeds(Command::new(&python).args(["-c", CHECK])) {
            bail!("the packages in {} can't be imported", place.display());
        }
    }
    let value = python.display().to_string();
    Ok(Running {
        kept: None,
        environment: VARIABLES.into_iter().zip([value]).collect(),
        restart: None,
    })
}

/// True if Python is installed with ensurepip and venv; Debian has them in a separate package.
pub(super) fn is_installed() -> bool {
    succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Runs a command to its end; its output is shown only if it fails.
fn finish(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!(
            "{command:?} failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(&text)
        );
    }
    Ok(())
}
