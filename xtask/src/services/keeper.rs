//! A child process that cannot outlive this one.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Runs the command in `$@`, and ends with its exit status.
///
/// When standard input closes, which the system does for us however this process ends, the command gets the signal in
/// `$1`, and SIGKILL if it is still there five seconds later. Whatever else is in its process group ends with it. The
/// directory in `$2`, if one is named, is removed then, and its parent if that is empty; the directory of a command
/// that ended by itself stays, for its log. The command finds the same pipe as descriptor 3, to watch it as well.
const KEEPER: &str = r#"
signal=$1 directory=$2
shift 2
exec 3<&0 </dev/null
"$@" &
kept=$!
(
    read -r _ <&3
    [ -z "$directory" ] || : >"$directory/stopped"
    kill -s "$signal" "$kept"
    sleep 5
    kill -s KILL "$kept"
) 2>/dev/null &
exec 3<&-
wait "$kept"
status=$?
trap '' TERM
kill -s TERM -- "-$$" 2>/dev/null
if [ -n "$directory" ] && [ -e "$directory/stopped" ]; then
    rm -rf -- "$directory" 2>/dev/null || { sleep 1; rm -rf -- "$directory"; }
    rmdir -- "${directory%/*}" 2>/dev/null
fi
exit "$status"
"#;

/// A running command; it is stopped when this is dropped.
pub(crate) struct Kept {
    name: &'static str,
    child: Child,
    log: Option<PathBuf>,
}

/// What a command is to be started with.
pub(crate) struct Keep<'a> {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// The signal that ends it at once and cleanly, without its `SIG`.
    pub(crate) signal: &'static str,
    /// Goes away when the command has ended, and receives its output in a file `log`.
    pub(crate) directory: Option<&'a Path>,
}

impl Kept {
    /// Starts `command` in a process group of its own.
    pub(crate) fn spawn(keep: &Keep<'_>, command: &Command) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "sh", keep.signal]);
        shell.arg(keep.directory.unwrap_or(Path::new("")));
        shell.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            shell.current_dir(directory);
        }
        let log = keep.directory.map(|directory| directory.join("log"));
        if let Some(path) = &log {
            let file =
                File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            shell.stdout(file.try_clone()?).stderr(file);
        }
        // Ctrl-C at the terminal goes to the foreground group: this process gets it, and stops the others in its turn.
        let child = shell
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", keep.name))?;
        Ok(Self {
            name: keep.name,
            child,
            log,
        })
    }

    /// The command's exit status, if it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Fails, with the end of its output, if the command has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended ({status}). The end of its output:\n{}",
                self.name,
                self.output()
            ),
        }
    }

    /// Waits until `ready` says so; fails if the command ends before that or time runs out.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<()> {
        let begun = Instant::now();
        while !ready() {
            self.check()?;
            if begun.elapsed() > limit {
                bail!(
                    "{} did not answer within {limit:?}. The end of its output:\n{}",
                    self.name,
                    self.output()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn output(&self) -> String {
        let Some(path) = &self.log else {
            return String::new();
        };
        let mut bytes = Vec::new();
        if let Err(error) = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            return format!("(cannot read {}: {error})", path.display());
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("xtask: cannot wait for {}: {error}", self.name);
        }
    }
}
