//! Child process that cannot outlive this one.

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
/// When standard input closes, which happens however this process ends, the command gets the signal in `$1`, and
/// SIGKILL if it is still running five seconds later. The rest of its process group ends with it. The directory in
/// `$2`, if one is named, is removed then, and its parent if that is empty; the directory of a command that ended by
/// itself stays, for its log. The command finds the same pipe as descriptor 3, to watch it as well.
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

/// Running command; it is stopped when this is dropped.
pub(crate) struct Kept {
    name: &'static str,
    child: Child,
    log: Option<PathBuf>,
}

/// Options of a command.
pub(crate) struct Keep<'a> {
    /// Name in messages.
    pub(crate) name: &'static str,
    /// Signal that ends it at once and cleanly, without its `SIG`.
    pub(crate) signal: &'static str,
    /// Directory that is removed when the command has ended.
    pub(crate) directory: Option<&'a Path>,
    /// File to which its output is appended; by default `log` in the directory, and without either this process's
    /// output.
    pub(crate) log: Option<&'a Path>,
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
        let named = keep.log.map(Path::to_owned);
        let log = named.or_else(|| keep.directory.map(|directory| directory.join("log")));
        if let Some(path) = &log {
            let file = File::options().create(true).append(true).open(path);
            let file = file.with_context(|| format!("cannot write {}", path.display()))?;
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

    /// Exit status of the command, if it has ended.
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

    /// Waits until `ready` returns true; fails if the command ends before that or time runs out.
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

    /// Sends a signal, without its `SIG`, to the command and its descendants. `KILL` ends all of them without a chance
    /// to clean up.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let group = format!("-{}", self.child.id());
        let status = Command::new("kill")
            .args(["-s", signal, "--", &group])
            .status();
        if !status
            .with_context(|| format!("cannot signal {}", self.name))?
            .success()
        {
            bail!("{} takes no signal; it has ended", self.name);
        }
        Ok(())
    }

    /// Resumes it if it was suspended.
    fn thaw(&self) {
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        kill.args(["-s", "CONT", "--", &group])
            .stderr(Stdio::null());
        if let Err(error) = kill.status() {
            eprintln!("xtask: cannot thaw {}: {error}", self.name);
        }
    }

    /// Process of the command whose arguments contain `text`.
    pub(crate) fn pid_of(&self, text: &str) -> Result<u32> {
        let group = self.child.id().to_string();
        let output = Command::new("pgrep")
            .args(["-g", &group, "-f", "--", text])
            .output();
        let output = output.context("cannot run pgrep")?;
        // The keeper's own shells carry the same arguments, and come first.
        let text_of =
            |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let pids = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = pids.lines().find(|pid| text_of(pid.trim()).trim() != "sh");
        let pid = found.and_then(|pid| pid.trim().parse().ok());
        pid.with_context(|| format!("{} runs nothing that is called with {text}", self.name))
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
        // A frozen command is frozen with its keeper, and neither would notice. If it has ended there is nothing to
        // resume.
        self.thaw();
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("xtask: cannot wait for {}: {error}", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Command that runs `script` in a directory of its own, inside of the returned one.
    fn keep(script: &str) -> (tempfile::TempDir, PathBuf, Kept) {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("services/kept");
        std::fs::create_dir_all(&directory).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&directory);
        let keep = Keep {
            name: "kept",
            signal: "TERM",
            directory: Some(&directory),
            log: None,
        };
        let kept = Kept::spawn(&keep, &command).unwrap();
        (parent, directory, kept)
    }

    fn is_alive(pid: &str) -> bool {
        let mut signal = Command::new("kill");
        signal.args(["-0", pid]).stderr(Stdio::null());
        // A process that has ended but that nobody has waited for yet still accepts signals.
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        signal.status().unwrap().success() && !state.contains(") Z ")
    }

    fn until(mut what: impl FnMut() -> bool) -> bool {
        let begun = Instant::now();
        while !what() && begun.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(20));
        }
        what()
    }

    #[test]
    fn a_command_that_is_frozen_ends_too() {
        let (parent, directory, kept) = keep("sleep 1000");
        kept.signal("STOP").unwrap();
        let begun = Instant::now();
        drop(kept);
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(!directory.exists());
        drop(parent);
    }

    #[test]
    fn a_command_and_its_children_end_with_this_process_and_leave_nothing() {
        let (parent, directory, mut kept) =
            keep("sleep 600 & echo $! $$ > pids.new; mv pids.new pids; wait");
        kept.wait_until(Duration::from_secs(10), || directory.join("pids").exists())
            .unwrap();
        let pids = std::fs::read_to_string(directory.join("pids")).unwrap();
        assert!(pids.split_whitespace().all(is_alive));

        // The end of this process would close the pipe in the same way, and nobody would wait any more.
        drop(kept.child.stdin.take());
        assert!(until(|| !pids.split_whitespace().any(is_alive)));
        assert!(until(|| !parent.path().join("services").exists()));
        assert!(until(|| kept.ended().unwrap().is_some()));
    }

    #[test]
    fn a_command_that_ends_by_itself_keeps_its_status_and_its_output() {
        let (_parent, directory, mut kept) = keep("echo no space left; exit 7");
        let error = kept
            .wait_until(Duration::from_secs(10), || false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("exit status: 7") && error.contains("no space left"),
            "{error}"
        );
        assert_eq!(
            kept.ended().unwrap().and_then(|status| status.code()),
            Some(7)
        );
        assert!(directory.join("log").exists());
    }

    #[test]
    fn a_command_that_does_not_answer_in_time_is_an_error() {
        let (_parent, _directory, mut kept) = keep("sleep 600");
        let error = kept
            .wait_until(Duration::from_millis(100), || false)
            .unwrap_err()
            .to_string();
        assert!(error.contains("did not answer within 100ms"), "{error}");
    }
}
