//! The embedded ClickHouse's process: what it knows of the server, and what it may still do.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use event_grpc::sink::clickhouse::engine::Engine;
use rustix::io::FdFlags;

use super::{config, fill, rows};
use crate::support::server::reader;

fn of(engine: &Engine, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{}/{file}", engine.pid())).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A field of the process's status.
fn status(engine: &Engine, name: &str) -> String {
    let text = of(engine, "status");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn it_knows_nothing_of_the_servers_environment_and_files() {
    let directory = tempfile::tempdir().unwrap();
    // As a shell would leave it open.
    let left_open = fs::File::create(directory.path().join("left-open")).unwrap();
    rustix::io::fcntl_setfd(&left_open, FdFlags::empty()).unwrap();
    let data = directory.path().join("data");
    let engine = Engine::start(&config(&data)).await.unwrap();
    drop(left_open);

    let environment = of(&engine, "environ");
    let mut names: Vec<&str> = environment
        .split('\0')
        .filter_map(|variable| variable.split_once('=').map(|(name, _)| name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["LANG", "PATH", "TZ"]);
    let arguments = of(&engine, "cmdline");
    for password in [engine.password(), &reader(&data).1] {
        assert!(!arguments.contains(password) && !environment.contains(password));
    }
    let fds = fs::read_dir(format!("/proc/{}/fd", engine.pid())).unwrap();
    let open: Vec<_> = fds
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .collect();
    let inherited = |path: &&std::path::PathBuf| path.ends_with("left-open");
    assert_eq!(open.iter().find(inherited), None, "{open:?}");
    engine.stop().await.unwrap();
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn it_has_no_capability_and_gains_none() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status(&engine, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(&engine, "NoNewPrivs"), "1");
    let limits = of(&engine, "limits");
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let cores: Vec<&str> = cores.unwrap().split_whitespace().collect();
    assert_eq!(cores[4..6], ["0", "0"], "{cores:?}");
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn files_of_a_data_directory_are_their_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir_all(data.join("clickhouse")).unwrap();
    fs::set_permissions(data.join("clickhouse"), fs::Permissions::from_mode(0o755)).unwrap();
    let engine = Engine::start(&config(&data)).await.unwrap();
    assert_eq!(mode(&data.join("clickhouse")), 0o700);
    for entry in fs::read_dir(&data).unwrap().flatten() {
        if entry.path().is_file() {
            assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        }
    }
    engine.stop().await.unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// As root, an engine in somebody's directory is somebody's, and so is what it writes.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn started_by_root_it_runs_as_the_owner_of_the_data_directory() {
    const SOMEBODY: u32 = 12_345;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(&data).unwrap();
    std::os::unix::fs::chown(&data, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    for _ in 0..2 {
        let engine = Engine::start(&config(&data)).await.unwrap();
        let ids = format!("{SOMEBODY}\t{SOMEBODY}\t{SOMEBODY}\t{SOMEBODY}");
        assert_eq!(status(&engine, "Uid"), ids);
        assert_eq!(status(&engine, "Gid"), ids);
        assert_eq!(status(&engine, "Groups"), "");
        if !data.join("clickhouse/metadata/shop").exists() {
            fill(&engine).await;
        }
        assert_eq!(rows(&engine).await, (10_000, 49_995_000));
        engine.stop().await.unwrap();
        let files = [data.clone(), data.join("clickhouse")];
        for entry in files
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap().flatten())
        {
            let owner = entry.metadata().unwrap().uid();
            assert_eq!(owner, SOMEBODY, "{}", entry.path().display());
        }
    }
}
