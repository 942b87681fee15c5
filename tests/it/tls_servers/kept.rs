//! A server of a test's own, which ends with the test however that ends.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the command in `$@`. When standard input closes, it gets the signal in `$1`, and what is left of its process
/// group is killed.
const KEEPER: &str = r#"
signal=$1
shift
"$@" </dev/null &
kept=$!
read -r _
kill -s "$signal" "$kept"
wait "$kept"
kill -s KILL -- "-$$"
"#;

/// The longest that a server may take to start.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// A running command.
pub(super) struct Kept(Child);

impl Kept {
    /// Starts a command, with its output in a file, and waits until it is ready.
    pub(super) fn start(
        command: &Command,
        signal: &str,
        log: &Path,
        ready: impl Fn() -> bool,
    ) -> Kept {
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "sh", signal]);
        shell.arg(command.get_program()).args(command.get_args());
        let variables = command.get_envs();
        shell.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            shell.current_dir(directory);
        }
        let output = fs::File::create(log).unwrap();
        shell
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        let kept = Kept(shell.process_group(0).spawn().unwrap());
        let begun = Instant::now();
        while !ready() {
            let output = || fs::read_to_string(log).unwrap_or_default();
            assert!(
                begun.elapsed() < TIME_LIMIT,
                "it does not start: {}",
                output()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        kept
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().ok();
    }
}

/// A free port of the loopback address.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The folder of a program: the first of these that has it, or one of the path.
pub(super) fn folder_of(program: &str, first: Vec<PathBuf>) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = first.into_iter().chain(env::split_paths(&path));
    let found = folders.find(|folder| folder.join(program).is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed"))
}
