//! Tests of the order of places, and of fetching with a fake npm.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::process::Command;

use flate2::write::GzEncoder;

use super::*;

/// Checksum of the bytes `an engine`.
const CHECKSUM: &str = "48189993a28ac7ea2c871d7c7c3ba80052d50958868ff560d01913094889afc8";

/// Empty directories for programs and for the cache.
struct Machine {
    root: tempfile::TempDir,
    places: Places,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (empty, bin) = (root.path().join("empty"), root.path().join("bin"));
        fs::create_dir_all(&bin).unwrap();
        let path = Some(env::join_paths([empty.as_path(), bin.as_path()]).unwrap());
        let places = Places {
            configured: None,
            path,
            cache: Some(root.path().join("cache")),
        };
        Self { root, places }
    }

    /// Writes a script through a shell, because a file that this process has open for writing can't be run by a thread
    /// that starts a process at the same moment.
    fn program(&self, name: &str, script: &str) -> PathBuf {
        let file = self.root.path().join("bin").join(name);
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let status = Command::new("/bin/sh")
            .args(["-c", write])
            .arg(&file)
            .arg(script)
            .status();
        assert!(status.unwrap().success());
        file
    }

    /// Fake npm that packs these files.
    fn npm(&self, files: &[(&str, &[u8])]) {
        let packed = self.root.path().join("packed");
        let mut archive = tar::Builder::new(GzEncoder::new(
            fs::File::create(&packed).unwrap(),
            flate2::Compression::fast(),
        ));
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, *content).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap();
        let called = self.root.path().join("called");
        self.program(
            "npm",
            &format!(
                "echo \"$@\" >> '{}'; sleep 0.3; cp '{}' engine.tgz",
                called.display(),
                packed.display()
            ),
        );
    }

    fn library(&self) -> PathBuf {
        cached_library(self.places.cache.as_deref().unwrap())
    }

    fn cache_library(&self) -> PathBuf {
        fs::create_dir_all(self.library().parent().unwrap()).unwrap();
        fs::write(self.library(), "an engine").unwrap();
        self.library()
    }

    async fn provide(&self) -> Result<Program, EngineError> {
        provide_release(&self.places, Some(release()), true).await
    }

    /// Files in the version's directory, apart from the lock file.
    fn cached_files(&self) -> Vec<OsString> {
        let entries = fs::read_dir(self.library().parent().unwrap()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name != "fetch.lock")
            .collect()
    }
}

fn release() -> Release {
    Release {
        version: VERSION,
        package: "an-engine",
        packed: 100,
        unpacked: 9,
        sha256: CHECKSUM,
    }
}

#[tokio::test]
async fn a_configured_engine_comes_before_all_others() {
    let mut machine = Machine::new();
    machine.program("clickhouse", "true");
    machine.cache_library();
    let binary = machine.program("my-clickhouse", "true");
    machine.places.configured = Some(binary.clone());
    assert_eq!(machine.provide().await.unwrap(), Program::Binary(binary));

    let library = machine.root.path().join("libchdb.so");
    fs::write(&library, "an engine").unwrap();
    machine.places.configured = Some(library.clone());
    assert_eq!(machine.provide().await.unwrap(), Program::Library(library));
}

#[tokio::test]
async fn a_configured_path_that_is_no_engine_is_an_error_even_if_others_are_there() {
    let mut machine = Machine::new();
    machine.program("clickhouse", "true");
    let text = machine.root.path().join("notes.txt");
    fs::write(&text, "").unwrap();
    let cases = [
        (machine.root.path().join("gone"), "doesn't exist"),
        (machine.root.path().to_owned(), "isn't a file"),
        (text, "is neither a library nor executable"),
    ];
    for (path, problem) in cases {
        machine.places.configured = Some(path.clone());
        let error = machine.provide().await.unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains(path.to_str().unwrap()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_binary_on_path_comes_before_the_cache() {
    let machine = Machine::new();
    machine.cache_library();
    // A directory, and a file that isn't executable, have the right name, but are no programs.
    fs::create_dir_all(machine.root.path().join("empty/clickhouse")).unwrap();
    fs::write(machine.root.path().join("bin/clickhouse"), "").unwrap();
    assert_eq!(
        machine.provide().await.unwrap(),
        Program::Library(machine.library())
    );
    let binary = machine.program("clickhouse", "true");
    assert_eq!(machine.provide().await.unwrap(), Program::Binary(binary));
}

#[tokio::test]
async fn the_cache_comes_before_npm() {
    let machine = Machine::new();
    machine.npm(&[]);
    let library = machine.cache_library();
    assert_eq!(machine.provide().await.unwrap(), Program::Library(library));
    assert!(!machine.root.path().join("called").exists());
}

#[tokio::test]
async fn npm_is_called_once_by_starters_at_the_same_time() {
    let machine = Machine::new();
    machine.npm(&[
        ("package/package.json", b"{}"),
        ("package/libchdb.so", b"an engine"),
    ]);
    fs::create_dir_all(
        machine
            .library()
            .parent()
            .unwrap()
            .join("fetch-of-a-killed-one"),
    )
    .unwrap();
    let expected = Program::Library(machine.library());
    let (one, other) = tokio::join!(machine.provide(), machine.provide());
    assert_eq!((one.unwrap(), other.unwrap()), (expected.clone(), expected));
    assert_eq!(fs::read(machine.library()).unwrap(), b"an engine");
    assert_eq!(machine.cached_files(), [LIBRARY]);
    let calls = fs::read_to_string(machine.root.path().join("called")).unwrap();
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(
        calls.starts_with("pack ") && calls.contains(&release().specifier()),
        "{calls}"
    );
}

#[tokio::test]
async fn another_checksum_is_refused_and_leaves_nothing_behind() {
    // The second one is right up to the expected length.
    for content in [b"an animal".as_slice(), b"an engine and more"] {
        let machine = Machine::new();
        machine.npm(&[("package/libchdb.so", content)]);
        let error = machine.provide().await.unwrap_err();
        assert!(
            matches!(&error, EngineError::Checksum { found, .. } if found != CHECKSUM),
            "{error}"
        );
        assert!(error.to_string().contains(CHECKSUM), "{error}");
        assert!(machine.cached_files().is_empty());
    }
}

#[tokio::test]
async fn when_nothing_works_one_message_names_all_four_ways() {
    let machine = Machine::new();
    machine.npm(&[("package/README.md", b"")]);
    let broken = machine.provide().await.unwrap_err().to_string();
    assert!(broken.contains("package/libchdb.so"), "{broken}");

    machine.program("npm", "echo no network >&2; exit 7");
    let failed = machine.provide().await.unwrap_err().to_string();
    assert!(
        failed.contains("exit status: 7") && failed.contains("no network"),
        "{failed}"
    );

    let without_npm = Machine::new().provide().await.unwrap_err().to_string();
    assert!(without_npm.contains("npm isn't on PATH"), "{without_npm}");

    let mut homeless = Machine::new();
    homeless.places.cache = None;
    let homeless = homeless.provide().await.unwrap_err().to_string();
    assert!(homeless.contains("HOME"), "{homeless}");

    let elsewhere = provide_release(&Machine::new().places, None, true)
        .await
        .unwrap_err()
        .to_string();
    assert!(elsewhere.contains(env::consts::ARCH), "{elsewhere}");

    for message in [broken, failed, without_npm, homeless, elsewhere] {
        for way in [
            "--engine-path",
            "`clickhouse` binary on PATH",
            "user cache, as `",
            "npm pack",
        ] {
            assert!(message.contains(way), "{way} is missing in: {message}");
        }
    }
    assert!(machine.cached_files().is_empty());
}

#[test]
fn the_cache_follows_the_standard() {
    let some = |text: &str| Some(OsString::from(text));
    let place = |text: &str| Some(PathBuf::from(text));
    assert_eq!(
        user_cache(some("/xdg"), some("/people/a")),
        place("/xdg/event-grpc/engine")
    );
    assert_eq!(
        user_cache(None, some("/people/a")),
        place("/people/a/.cache/event-grpc/engine")
    );
    assert_eq!(
        user_cache(some("relative"), some("/people/a")),
        place("/people/a/.cache/event-grpc/engine")
    );
    assert_eq!(user_cache(some(""), None), None);
}
