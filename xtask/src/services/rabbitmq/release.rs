//! Releases of RabbitMQ: the one that is installed, or that of another Debian, in a root of its own in the user's cache.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use super::super::install;

/// Releases by the version that is asked for, with the Debian suite that has them.
const SUITES: [(&str, &str); 2] = [("4.0", "trixie"), ("4.3", "sid")];

/// Makes a root: `root.sh SUITE ROOT`.
const MAKE: &str = include_str!("root.sh");

/// Runs a command in a root, with the folders of this project and of temporary files at their places. What is mounted goes
/// with the command.
const ENTER: &str = r#"
root=$1
shift
enter='
root=$1
shift
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    shift
done
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
'
exec unshare --mount --propagation private sh -c "$enter" sh "$root" "$@"
"#;

/// A release of RabbitMQ.
#[derive(Debug, Clone)]
pub(crate) enum Release {
    /// The installed one; the directory of its programs.
    Installed(PathBuf),
    /// That of another Debian, in this root.
    Root(PathBuf),
}

static CHOSEN: Mutex<Option<Release>> = Mutex::new(None);

/// Chooses the release of all brokers that are started from now on, and fetches it if it isn't there yet.
pub(crate) fn choose(version: &str) -> Result<()> {
    let known = SUITES.iter().find(|(known, _)| *known == version);
    let Some((_, suite)) = known else {
        let known: Vec<&str> = SUITES.iter().map(|(version, _)| *version).collect();
        bail!("--rabbitmq takes one of {}", known.join(", "));
    };
    let root = cache()?.join(version);
    if !root.exists() {
        if !install::is_root()? {
            bail!("RabbitMQ {version} runs in a root of its own, which only root can enter");
        }
        eprintln!(
            "Fetching RabbitMQ {version} of Debian {suite} into {}.",
            root.display()
        );
        let made = Command::new("sh")
            .args(["-c", MAKE, "sh", suite])
            .arg(&root)
            .stdout(std::process::Stdio::null())
            .status()
            .context("cannot run sh")?;
        if !made.success() {
            bail!("RabbitMQ {version} could not be fetched");
        }
    }
    *CHOSEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Release::Root(root));
    Ok(())
}

/// All releases that can be chosen; none for whoever can't enter a root.
pub(crate) fn choices() -> Result<impl Iterator<Item = &'static str>> {
    let is_root = install::is_root()?;
    let versions = SUITES.iter().map(|(version, _)| *version);
    Ok(versions.filter(move |_| is_root))
}

/// The chosen release, or the installed one.
pub(super) fn chosen() -> Result<Release> {
    let chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(release) = chosen.as_ref() {
        return Ok(release.clone());
    }
    let programs = install::rabbitmq_programs().context("rabbitmq-server is not installed")?;
    Ok(Release::Installed(programs))
}

fn cache() -> Result<PathBuf> {
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    let cache = xdg.filter(|path| path.is_absolute()).or_else(home);
    let folder = cache.context("neither XDG_CACHE_HOME nor HOME is set")?;
    let folder = folder.join("event-grpc/rabbitmq");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Release {
    /// A command of it, as words: `sh` itself, or one of its programs.
    pub(super) fn command(&self, words: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        if let Release::Root(root) = self {
            let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let project = project.canonicalize().unwrap_or(project);
            let folders = [env::temp_dir(), project];
            all.extend(["sh", "-c", ENTER, "sh"].map(str::to_owned));
            all.push(root.display().to_string());
            all.extend(folders.iter().map(|folder| folder.display().to_string()));
            all.push("--".to_owned());
        }
        all.extend(words.iter().map(|word| (*word).to_owned()));
        all
    }

    /// Path of a program.
    pub(super) fn program(&self, name: &str) -> String {
        match self {
            Release::Installed(programs) => programs.join(name).display().to_string(),
            Release::Root(_) => format!("/usr/lib/rabbitmq/bin/{name}"),
        }
    }
}
