//! `cargo xtask deploy`: what is in `deploy/` and the pipelines, held to the rules of their own tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{build, package};

/// Score of `systemd-analyze security` that the unit may have, of 10: the lower the better.
const EXPOSURE: &str = "15";

/// The linter of GitHub's workflows, which Go builds.
const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

/// A check: its name, the program that it needs on the path, and what it does.
type Check = (&'static str, &'static str, fn(&Places) -> Result<()>);

/// The checks, in their order.
const CHECKS: [Check; 9] = [
    ("shell scripts", "shellcheck", scripts),
    ("systemd unit", "systemd-analyze", unit),
    ("system calls of the unit", "systemd-analyze", system_calls),
    ("Dockerfile", "python3", dockerfile),
    ("compose file", "python3", compose),
    ("chart", "python3", chart),
    ("pipeline of GitLab", "python3", gitlab),
    ("pipelines of GitHub", "go", github),
    ("Debian package", "dpkg-deb", debian),
];

/// Folders of a run.
struct Places {
    root: PathBuf,
    /// Where tools are installed.
    tools: PathBuf,
    /// The server, as it is built for tests.
    server: PathBuf,
}

/// Arguments of `cargo xtask deploy`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fail where a check's tool isn't installed, in place of leaving the check out
    #[arg(long)]
    all: bool,
}

/// Runs all checks, those whose tools are there, and says which were left out.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    Ok(match all(root, args.all)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The same at the end of all tests.
pub(crate) fn after_tests(root: &Path) -> Result<()> {
    if !all(root, false)? {
        bail!("what is in deploy/ isn't as its tools want it");
    }
    Ok(())
}

fn all(root: &Path, everything: bool) -> Result<bool> {
    let root = fs::canonicalize(root)?;
    let places = Places {
        tools: root.join("target/tools"),
        server: build::server(&[])?,
        root,
    };
    fs::create_dir_all(&places.tools)?;
    let mut good = true;
    for (name, needs, check) in CHECKS {
        if !on_path(needs) {
            println!("{name}: not checked, there is no {needs}");
            good &= !everything;
            continue;
        }
        match check(&places) {
            Ok(()) => println!("{name}: good"),
            Err(error) => {
                println!("{name}: {error:#}");
                good = false;
            }
        }
    }
    Ok(good)
}

fn scripts(places: &Places) -> Result<()> {
    let mut check = Command::new("shellcheck");
    check.args([
        "deploy/rolling.sh",
        "deploy/backup.sh",
        "deploy/compose/secrets.sh",
    ]);
    check.args([
        "deploy/debian/postinst",
        "deploy/debian/prerm",
        "deploy/debian/postrm",
    ]);
    finish(check.current_dir(&places.root))
}

/// The unit is understood, and exposes little. The program that it starts isn't installed where it is checked.
fn unit(places: &Places) -> Result<()> {
    let place = tempfile::tempdir()?;
    let text = fs::read_to_string(places.root.join("deploy/systemd/event-grpc.service"))?;
    let server = places.server.display().to_string();
    let text = text.replace("/usr/bin/event-grpc", &server);
    let unit = place.path().join("event-grpc.service");
    fs::write(&unit, text)?;
    let mut verify = Command::new("systemd-analyze");
    finish(verify.args(["verify", "--man=no"]).arg(&unit))?;
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager"]);
    finish(security.arg(format!("--threshold={EXPOSURE}")).arg(&unit))
}

/// An instance with its engine starts, stores an event and stops where it may make no other system call than the unit allows.
fn system_calls(places: &Places) -> Result<()> {
    let has = Command::new("/usr/bin/python3")
        .args(["-c", "import seccomp"])
        .stderr(Stdio::null())
        .status();
    if !has.is_ok_and(|status| status.success()) {
        bail!("install python3-seccomp");
    }
    let mut confined = Command::new("/usr/bin/python3");
    confined.arg(places.root.join("deploy/check/confined.py"));
    confined.arg(places.root.join("deploy/systemd/event-grpc.service"));
    finish(confined.arg(&places.server))
}

fn dockerfile(places: &Places) -> Result<()> {
    let mut lint = Command::new(python(places)?.with_file_name("hadolint"));
    finish(lint.arg(places.root.join("deploy/docker/Dockerfile")))
}

fn compose(places: &Places) -> Result<()> {
    schema(places, "vendor.compose-spec", "deploy/compose/compose.yaml")
}

fn gitlab(places: &Places) -> Result<()> {
    schema(places, "vendor.gitlab-ci", ".gitlab-ci.yml")
}

/// A file is as its published schema says.
fn schema(places: &Places, name: &str, file: &str) -> Result<()> {
    let mut check = Command::new(python(places)?.with_file_name("check-jsonschema"));
    check.args(["--builtin-schema", name]);
    finish(check.arg(places.root.join(file)))
}

fn chart(places: &Places) -> Result<()> {
    let mut check = Command::new(python(places)?);
    check.arg(places.root.join("deploy/check/chart.py"));
    finish(check.arg(places.root.join("deploy/helm/event-grpc")))
}

fn github(places: &Places) -> Result<()> {
    let folder = places.tools.join("go");
    let program = folder.join("actionlint");
    if !program.is_file() {
        let mut install = Command::new("go");
        finish(install.args(["install", ACTIONLINT]).env("GOBIN", &folder))?;
    }
    finish(Command::new(program).current_dir(&places.root))
}

/// The package is as Debian wants it, and what is in it runs.
fn debian(places: &Places) -> Result<()> {
    let place = tempfile::tempdir()?;
    let package = package::deb(&places.root, place.path(), &places.server)?;
    let tree = place.path().join("installed");
    finish(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&package)
            .arg(&tree),
    )?;
    finish(Command::new(tree.join("usr/bin/event-grpc")).arg("--version"))?;
    if on_path("systemd-sysusers") {
        fs::create_dir_all(tree.join("etc"))?;
        let mut users = Command::new("systemd-sysusers");
        finish(
            users
                .arg(format!("--root={}", tree.display()))
                .arg("event-grpc.conf"),
        )?;
        let made = fs::read_to_string(tree.join("etc/passwd"))?;
        if !made.starts_with("event-grpc:") {
            bail!("its user is not made: {made}");
        }
    }
    if !on_path("lintian") {
        bail!("install lintian");
    }
    let mut lint = Command::new("lintian");
    lint.args(["--allow-root", "--fail-on", "error,warning"]);
    finish(lint.arg(&package))
}

/// The Python with what `deploy/check/requirements.txt` lists.
fn python(places: &Places) -> Result<PathBuf> {
    let venv = places.tools.join("deploy-venv");
    let (python, list) = (
        venv.join("bin/python"),
        places.root.join("deploy/check/requirements.txt"),
    );
    let installed = venv.join("requirements.txt");
    let wanted = fs::read_to_string(&list)?;
    if fs::read_to_string(&installed).ok().as_deref() != Some(&wanted) {
        finish(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv),
        )?;
        let mut install = Command::new(&python);
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ]);
        finish(install.arg(&list))?;
        fs::write(&installed, wanted)?;
    }
    Ok(python)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs a command to its end; its output is shown only if it fails.
fn finish(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!(
            "{program}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&text)
        );
    }
    Ok(())
}
