//! Finds the servers' programs, and installs missing ones if that needs no confirmation.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::python;

/// Debian's packages run this before they start a service; 101 forbids it.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Directory of RabbitMQ's own scripts. Debian's wrappers of the same name in `/usr/sbin` are for its one system-wide
/// broker: they change the user and drop the environment.
pub(super) fn rabbitmq_programs() -> Option<PathBuf> {
    directories(&["/usr/lib/rabbitmq/bin"])
        .find(|directory| directory.join("rabbitmq-server").is_file())
}

/// Directory of `initdb` and `postgres`; the newest version if there are several.
pub(super) fn postgres_programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]
        .into_iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))))
        .filter(|directory| is_postgres(directory))
        .collect();
    versions.sort();
    versions
        .pop()
        .or_else(|| directories(&[]).find(|directory| is_postgres(directory)))
}

/// Path of haproxy. Debian has it in a directory that is not in every user's path.
pub(super) fn haproxy_program() -> Option<PathBuf> {
    directories(&["/usr/sbin"])
        .map(|directory| directory.join("haproxy"))
        .find(|program| program.is_file())
}

/// Path of `prometheus` or `promtool`.
pub(crate) fn prometheus_program(name: &str) -> Option<PathBuf> {
    directories(&[])
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// Path of Chromium, or of Chrome.
pub(crate) fn chromium_program() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    directories(&[])
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|program| program.is_file())
}

/// True if this process runs as root.
pub(super) fn is_root() -> Result<bool> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .context("cannot run id")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// Installs the packages of those `services` whose programs are missing, or says what to install.
pub(crate) fn missing_packages(services: &[&str]) -> Result<()> {
    let mut packages = Vec::new();
    if services.contains(&"rabbitmq") && rabbitmq_programs().is_none() {
        packages.push("rabbitmq-server");
    }
    if services.contains(&"postgres") && postgres_programs().is_none() {
        packages.push("postgresql");
    }
    if services.contains(&"python") && !python::is_installed() {
        packages.push("python3-venv");
    }
    if services.contains(&"haproxy") && haproxy_program().is_none() {
        packages.push("haproxy");
    }
    let has_prometheus = ["prometheus", "promtool"]
        .iter()
        .all(|name| prometheus_program(name).is_some());
    if services.contains(&"prometheus") && !has_prometheus {
        packages.push("prometheus");
    }
    if services.contains(&"chromium") && chromium_program().is_none() {
        packages.push("chromium");
    }
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let has_apt = directories(&[]).any(|directory| directory.join("apt-get").is_file());
    if !(has_apt && is_root()?) {
        bail!(
            "the tests need programs that are not installed: {names}. On Debian or Ubuntu: `sudo apt-get install \
             --no-install-recommends {names}`; with Homebrew: `brew install rabbitmq postgresql python haproxy prometheus`. No \
             server need run: private instances are started from their programs. Or name what you have in \
             EVENT_GRPC_TEST_AMQP_URL with EVENT_GRPC_TEST_RABBITMQCTL, EVENT_GRPC_TEST_POSTGRES_URL, \
             EVENT_GRPC_TEST_HAPROXY, EVENT_GRPC_TEST_PROMTOOL, EVENT_GRPC_TEST_CHROMIUM, and EVENT_GRPC_TEST_PYTHON, a Python with the packages of \
             tests/python/requirements.txt"
        );
    }
    eprintln!("Installing {names} with apt-get.");
    // The package would start a system-wide broker, and nobody would stop it.
    let _quiet = NoServices::begin()?;
    apt(&["update"])?;
    apt(&[
        &["install", "-y", "--no-install-recommends"],
        packages.as_slice(),
    ]
    .concat())
}

fn apt(args: &[&str]) -> Result<()> {
    let output = Command::new("apt-get")
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1")
        .stdin(Stdio::null())
        .output()
        .context("cannot run apt-get")?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!(
            "apt-get {} failed ({}):\n{}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&text)
        );
    }
    Ok(())
}

fn is_postgres(directory: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| directory.join(program).is_file())
}

/// Directories to search: `first`, then those of `PATH`.
fn directories(first: &[&str]) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let first: Vec<_> = first.iter().map(PathBuf::from).collect();
    first
        .into_iter()
        .chain(env::split_paths(&path).collect::<Vec<_>>())
}

/// While this lives, no package starts a service.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn begin() -> Result<Self> {
        match fs::File::create_new(POLICY) {
            // A container's image often has one already, with the same content.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self { ours: false }),
            Err(error) => Err(error).with_context(|| format!("cannot write {POLICY}")),
            Ok(_) => {
                let policy = Self { ours: true };
                fs::write(POLICY, "#!/bin/sh\nexit 101\n")?;
                fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
                Ok(policy)
            }
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("xtask: remove {POLICY} yourself: {error}");
        }
    }
}
