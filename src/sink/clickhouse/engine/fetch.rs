//! Fetches the engine once, with npm, into the user cache.
//!
//! Everything happens in a temporary directory next to the library's place: npm's own cache, the
//! packed file, the unpacking. Only a library with the right checksum is renamed into its place,
//! so that another process sees either the whole library or none. A lock file keeps processes
//! that start at the same time from fetching twice.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::error::FetchError;
use super::release::{LIBRARY, Release};

/// Time limit of the whole fetch, waiting for another process included.
const LIMIT: Duration = Duration::from_mins(15);

/// Interval at which the progress bar is updated and a lock that another process holds is retried.
const TICK: Duration = Duration::from_millis(200);

/// Prefix of temporary directories, by which those of killed processes are recognized.
const TEMPORARY: &str = "fetch-";

/// Result of a fetch that ran to its end.
pub(super) enum Fetched {
    /// The library is in place.
    Library(PathBuf),
    /// The library has another checksum, and was not kept.
    Refused {
        /// Its checksum.
        checksum: String,
    },
}

/// Fetches the release and puts its library at `place`.
pub(super) async fn fetch(
    release: &Release,
    npm: &Path,
    place: &Path,
    quiet: bool,
) -> Result<Fetched, FetchError> {
    match tokio::time::timeout(LIMIT, fetch_unbounded(release, npm, place, quiet)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(FetchError::Timeout(LIMIT)),
    }
}

async fn fetch_unbounded(
    release: &Release,
    npm: &Path,
    place: &Path,
    quiet: bool,
) -> Result<Fetched, FetchError> {
    let directory = place.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory).map_err(FetchError::io("create", directory))?;
    let _lock = lock(&directory.join("fetch.lock")).await?;
    if place.is_file() {
        return Ok(Fetched::Library(place.to_owned()));
    }
    remove_leftovers(directory);
    let temporary = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempdir_in(directory)
        .map_err(FetchError::io("create a directory in", directory))?;

    tracing::info!(
        package = release.specifier(),
        "Fetching the ClickHouse engine."
    );
    let started = Instant::now();
    let bar = progress_bar(release, quiet);
    let packed = pack(release, npm, &temporary, &bar).await?;
    let library = temporary.path().join(LIBRARY);
    let checksum = unpack(release, packed, library.clone(), bar.clone()).await?;
    bar.finish_and_clear();
    if checksum != release.sha256 {
        return Ok(Fetched::Refused { checksum });
    }
    fs::rename(&library, place).map_err(FetchError::io("move the library to", place))?;
    tracing::info!(place = %place.display(), seconds = started.elapsed().as_secs_f32(), "The ClickHouse engine is in the cache.");
    Ok(Fetched::Library(place.to_owned()))
}

/// Takes the lock, which ends with the returned file or the process.
async fn lock(path: &Path) -> Result<File, FetchError> {
    let file = File::create(path).map_err(FetchError::io("create", path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TICK).await,
            // Some network file systems have no locks. Without one the rename still keeps the library whole; it may be
            // fetched twice.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Removes the leftovers of killed processes. The caller holds the lock, so none of it is in use.
fn remove_leftovers(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            // A leftover that can't be removed only takes disk space.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

fn progress_bar(release: &Release, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(release.packed), ProgressDrawTarget::stderr());
    let template = "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message("Fetching the ClickHouse engine, once");
    bar
}

/// Runs `npm pack` and returns the packed file.
async fn pack(
    release: &Release,
    npm: &Path,
    temporary: &TempDir,
    bar: &ProgressBar,
) -> Result<PathBuf, FetchError> {
    let directory = temporary.path();
    let log = directory.join("npm.log");
    let output = File::create(&log).map_err(FetchError::io("create", &log))?;
    let errors = output.try_clone().map_err(FetchError::io("open", &log))?;
    let child = Command::new(npm)
        .args(["pack", "--loglevel=error", "--cache"])
        .arg(directory.join("npm"))
        .arg(release.specifier())
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()
        .map_err(FetchError::io("run", npm))?;
    let status = wait_with_progress(child, directory, bar)
        .await
        .map_err(FetchError::io("wait for", npm))?;
    if !status.success() {
        let output = fs::read(&log).map_err(FetchError::io("read", &log))?;
        let output = String::from_utf8_lossy(&output[output.len().saturating_sub(2_000)..])
            .trim()
            .to_owned();
        return Err(FetchError::Npm {
            status: status.to_string(),
            output,
        });
    }
    let entries = fs::read_dir(directory).map_err(FetchError::io("read", directory))?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| FetchError::Npm {
            status: status.to_string(),
            output: "it wrote no packed file".to_owned(),
        })
}

/// npm reports no progress, so the bar follows the biggest file that it writes.
async fn wait_with_progress(
    mut child: Child,
    directory: &Path,
    bar: &ProgressBar,
) -> io::Result<std::process::ExitStatus> {
    loop {
        if let Ok(status) = tokio::time::timeout(TICK, child.wait()).await {
            return status;
        }
        if !bar.is_hidden() {
            bar.set_position(biggest_file(directory, 8));
        }
    }
}

/// Size of the biggest file below a directory, down to a depth.
fn biggest_file(directory: &Path, depth: u8) -> u64 {
    let sizes = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(metadata) if metadata.is_dir() && depth > 0 => {
                biggest_file(&entry.path(), depth - 1)
            }
            _ => 0,
        });
    sizes.max().unwrap_or(0)
}

/// Unpacks the library and returns its checksum.
async fn unpack(
    release: &Release,
    packed: PathBuf,
    library: PathBuf,
    bar: ProgressBar,
) -> Result<String, FetchError> {
    bar.set_message("Unpacking the ClickHouse engine");
    bar.set_position(0);
    bar.set_length(release.unpacked);
    let limit = release.unpacked;
    let place = library.clone();
    tokio::task::spawn_blocking(move || unpack_blocking(&packed, &library, limit, &bar))
        .await
        .unwrap_or_else(|error| Err(FetchError::io("unpack", &place)(io::Error::other(error))))
}

fn unpack_blocking(
    packed: &Path,
    library: &Path,
    limit: u64,
    bar: &ProgressBar,
) -> Result<String, FetchError> {
    let unreadable = || FetchError::io("read", packed);
    let file = File::open(packed).map_err(unreadable())?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 20, file)));
    for entry in archive.entries().map_err(unreadable())? {
        let entry = entry.map_err(unreadable())?;
        if entry
            .path()
            .is_ok_and(|path| path == Path::new("package").join(LIBRARY))
        {
            // A byte more than expected is enough for another checksum, and bounds the file.
            return write_library(entry.take(limit + 1), library, bar);
        }
    }
    Err(FetchError::NotInPackage("package/libchdb.so"))
}

fn write_library(
    mut source: impl Read,
    library: &Path,
    bar: &ProgressBar,
) -> Result<String, FetchError> {
    let unwritable = || FetchError::io("write", library);
    let mut file = File::create(library).map_err(unwritable())?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = source
            .read(&mut buffer)
            .map_err(FetchError::io("unpack", library))?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(unwritable())?;
        bar.inc(count as u64);
    }
    file.set_permissions(fs::Permissions::from_mode(0o644))
        .map_err(unwritable())?;
    // Renaming must not overtake the data: a library that is in its place is trusted.
    file.sync_all().map_err(unwritable())?;
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
