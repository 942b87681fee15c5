//! Process of the embedded ClickHouse: it becomes the engine, and ends when its parent does.
//!
//! This is the hidden command `event-grpc engine`. The server starts it with a pipe as its standard input and keeps the
//! other end open. However the server ends, SIGKILL included, the kernel closes that end, and the thread that waits
//! here for it ends this process.
//!
//! Over the same pipe come the accounts that the engine is to know. Before it becomes the engine, the process gives up
//! what it doesn't need: inherited descriptors, capabilities, files outside of the engine's directory.
//!
//! It is the one file with unsafe code: it calls into a C library.
#![allow(unsafe_code)]

mod admission;
mod handover;

use std::ffi::{CString, OsStr, OsString, c_char, c_int, c_void};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use event_grpc::sink::clickhouse::engine::accounts::Password;
use event_grpc::sink::clickhouse::engine::confine::{self, Needs};
use event_grpc::sink::clickhouse::engine::provision::{self, Places, Program};
use rustix::process::{Pid, Signal, getpid, kill_process};

use admission::Admission;

/// Statements that have `clickhouse local` listen.
const LISTEN_HTTP: &str = "SYSTEM START LISTEN HTTP;";
const LISTEN_NATIVE: &str = "SYSTEM START LISTEN TCP;";

/// The query that keeps it serving: it never ends.
const SERVE: &str = "SELECT sleepEachRow(3) FROM system.numbers FORMAT Null \
    SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0";

/// Name of the working directory in the engine's own, which is there until the engine has started.
const START: &str = "start";

/// Time limit for the engine to end on SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The arguments of the hidden command.
#[derive(Debug, Parser)]
#[command(
    name = "event-grpc engine",
    about = "Serves the embedded ClickHouse; started by the server itself."
)]
pub(crate) struct EngineArguments {
    /// The engine as a C library; without this and `--binary` it is found or fetched.
    #[arg(long, conflicts_with = "binary")]
    library: Option<PathBuf>,
    /// The engine as a `clickhouse` binary.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// The directory with the data.
    #[arg(long)]
    path: PathBuf,
    /// The port for HTTP on the loopback address.
    #[arg(long)]
    http_port: u16,
    /// A port for the native protocol on the loopback address, for tests: the engine ends when a login there fails.
    #[arg(long, conflicts_with = "accounts")]
    tcp_port: Option<u16>,
    /// Read the accounts from standard input, as ClickHouse's configuration of users and a zero byte. Without this
    /// everybody on the machine is let in, which is for tests.
    #[arg(long)]
    accounts: bool,
    /// The user to become.
    #[arg(long, requires = "group")]
    user: Option<u32>,
    /// The group to become.
    #[arg(long, requires = "user")]
    group: Option<u32>,
}

/// Arguments of the engine, if the command line asks for it; exits with a message if they are wrong.
pub(crate) fn asked_for(
    mut command_line: impl Iterator<Item = OsString>,
) -> Option<EngineArguments> {
    let _program = command_line.next();
    let name = command_line.next()?;
    (name == "engine")
        .then(|| EngineArguments::parse_from(std::iter::once(name).chain(command_line)))
}

/// Serves until the engine or the parent ends.
pub(crate) fn run(arguments: EngineArguments) -> anyhow::Result<ExitCode> {
    close_inherited();
    let mut lease = take_stdin().context("can't set standard input aside")?;
    let mut serve = serve_arguments(&arguments);
    let accounts = arguments.accounts.then(|| handover::read(&mut lease));
    let program = match (&arguments.library, &arguments.binary) {
        (Some(library), _) => Program::Library(library.clone()),
        (None, Some(binary)) => Program::Binary(binary.clone()),
        (None, None) => provide()?,
    };
    let library = match &program {
        Program::Library(library) => Some(Library::open(library)?),
        Program::Binary(_) => None,
    };
    let Some(accounts) = accounts.transpose()? else {
        return match (&program, library) {
            (Program::Binary(binary), _) => serve_binary(binary, &serve, None, lease),
            (_, Some(library)) => serve_library(&library, &serve, lease),
            (Program::Library(_), None) => bail!("there is no engine"),
        };
    };

    let file = File::open(program.file());
    let file = file.with_context(|| format!("can't open {}", program.file().display()))?;
    let owner = arguments.user.zip(arguments.group);
    confine::give_up_rights(owner).context("can't give up rights")?;
    let start = arguments.path.join(START);
    let work_there = || {
        std::fs::create_dir_all(&start)?;
        std::env::set_current_dir(&start)
    };
    work_there().with_context(|| format!("can't use the directory {}", start.display()))?;
    let secret = Password::draw()?.reveal().to_owned();
    let admission = Admission::listen(secret, start).context("can't listen")?;
    let configuration = handover::Configuration::new(&accounts, &admission.url())?;
    let needs = Needs {
        directory: arguments.path,
        program: file,
        runs: library.is_none(),
        listens: arguments.http_port,
        connects: admission.port(),
    };
    serve.extend(["--config-file".into(), configuration.path().into()]);
    match library {
        Some(library) => {
            confine::confine(&needs).context("can't confine the engine")?;
            admission.start()?;
            serve_library(&library, &serve, lease)
        }
        None => serve_binary(program.file(), &serve, Some((needs, admission)), lease),
    }
}

/// Closes descriptors beyond the standard ones, which whoever started the server left open.
fn close_inherited() {
    let Ok(open) = std::fs::read_dir("/dev/fd") else {
        return;
    };
    let numbers = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let numbers: Vec<c_int> = numbers.filter(|number| *number > 2).collect();
    for number in numbers {
        // SAFETY: the descriptor is used for the next line alone, which fails if it isn't open. That is so for the one
        // with which the directory was read.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        if rustix::io::fcntl_getfd(descriptor).is_ok() {
            // SAFETY: it is open, and nothing here uses it: this process has just begun and has opened none itself.
            unsafe { rustix::io::close(number) };
        }
    }
}

/// Finds or fetches the engine as the server would, for callers that run it without a server.
fn provide() -> anyhow::Result<Program> {
    let places =
        Places::of_this_user(std::env::var_os("EVENT_GRPC_ENGINE_PATH").map(PathBuf::from));
    // The runtime and its threads are gone again before the engine starts.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(provision::provide(&places, false))?)
}

fn serve_arguments(arguments: &EngineArguments) -> Vec<OsString> {
    let mut serve: Vec<OsString> = vec![
        "--path".into(),
        arguments.path.clone().into(),
        "--listen_host".into(),
        "127.0.0.1".into(),
        "--http_port".into(),
        arguments.http_port.to_string().into(),
    ];
    let mut statements = String::from(LISTEN_HTTP);
    if let Some(port) = arguments.tcp_port {
        serve.extend(["--tcp_port".into(), port.to_string().into()]);
        statements.push_str(LISTEN_NATIVE);
    }
    statements.push_str(SERVE);
    serve.extend(["--query".into(), statements.into()]);
    serve
}

/// Moves the pipe away from standard input, so that the engine can't read from it.
fn take_stdin() -> std::io::Result<File> {
    let lease = std::io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(File::from(lease))
}

/// Starts the thread that ends `process` once the parent is gone.
fn watch(mut lease: File, process: Pid) -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name("parent-watch".to_owned())
        .spawn(move || {
            // Bytes mean nothing here. The end of the pipe and a failure to read both mean that
            // nobody holds the other end any more.
            let mut buffer = [0; 64];
            while !matches!(lease.read(&mut buffer), Ok(0) | Err(_)) {}
            // A failed signal means that the process has ended already, which is what is wanted.
            kill_process(process, Signal::TERM).ok();
            std::thread::sleep(GRACE);
            kill_process(process, Signal::KILL).ok();
        })
        .context("can't start the thread that waits for the parent's end")?;
    Ok(())
}

/// Library that was opened when this process could still open it by its name.
struct Library {
    path: PathBuf,
    file: File,
}

impl Library {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path);
        Ok(Self {
            file: file.with_context(|| format!("can't open the engine {}", path.display()))?,
            path: path.to_owned(),
        })
    }

    /// Name under which this process can load it.
    fn name(&self) -> PathBuf {
        if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
        } else {
            self.path.clone()
        }
    }
}

/// Becomes the engine by loading it into this process.
fn serve_library(library: &Library, serve: &[OsString], lease: File) -> anyhow::Result<ExitCode> {
    type QueryCmdline = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;

    watch(lease, getpid())?;
    let owned = std::iter::once(OsStr::new("clickhouse"))
        .chain(serve.iter().map(OsString::as_os_str))
        .map(|argument| CString::new(argument.as_bytes()).context("an argument holds a zero byte"))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // C expects a list that ends with a null pointer, like the one that `main` gets.
    let mut pointers: Vec<*mut c_char> = owned
        .iter()
        .map(|argument| argument.as_ptr().cast_mut())
        .collect();
    let count = c_int::try_from(pointers.len())?;
    pointers.push(std::ptr::null_mut());

    // SAFETY: loading runs the library's constructors. That is sound for this library, whose
    // checksum was compared when it was fetched or which the user has chosen, and this process
    // does nothing else that they could disturb.
    let engine = unsafe { libloading::Library::new(library.name()) }
        .with_context(|| format!("can't load the engine {}", library.path.display()))?;
    // SAFETY: the type is that of the library's public C header.
    let query =
        unsafe { engine.get::<QueryCmdline>(b"chdb_query_cmdline\0") }.with_context(|| {
            format!(
                "{} isn't a ClickHouse engine of a known kind",
                library.path.display()
            )
        })?;
    // SAFETY: `pointers` holds `count` strings that end with a zero byte, and then a null pointer.
    // Both lists live until the call returns. The library reads the strings and doesn't keep or
    // write them. The result is not used: it is given back with the process.
    unsafe { query(count, pointers.as_mut_ptr()) };
    bail!("the engine stopped serving; its own message is above")
}

/// Runs the binary as a child and passes the parent's end on to it.
fn serve_binary(
    binary: &Path,
    serve: &[OsString],
    confined: Option<(Needs, Admission)>,
    lease: File,
) -> anyhow::Result<ExitCode> {
    let mut command = Command::new(binary);
    command.arg("local").args(serve).stdin(Stdio::null());
    #[cfg(target_os = "linux")]
    end_with_this_process(&mut command);
    let (needs, admission) = confined.unzip();
    if let Some(needs) = needs {
        // SAFETY: the closure runs between fork and exec. It allocates, which is sound because this process has had one
        // thread so far: none can hold the allocator's lock.
        unsafe { command.pre_exec(move || confine::confine(&needs)) };
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("can't run {}", binary.display()))?;
    if let Some(admission) = admission {
        admission.start()?;
    }
    watch(lease, Pid::from_child(&child))?;
    let status = child.wait()?;
    let code = status
        .code()
        .or(status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Has the kernel end the command if this process is killed before it can pass the signal on.
///
/// The signal is bound to the thread that starts the command. Here that is the main thread, which
/// lives as long as the process.
#[cfg(target_os = "linux")]
fn end_with_this_process(command: &mut Command) {
    let parent = getpid();
    let before_exec = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        // The parent may have died before the line above took effect.
        if rustix::process::getppid() != Some(parent) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec. It makes two system calls and neither
    // allocates nor takes a lock.
    unsafe { command.pre_exec(before_exec) };
}
