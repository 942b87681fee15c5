//! The image: what its build is given, what that build needs, and the tag that it gets.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{path, text};

/// What `.dockerignore` lets through is a project that cargo can build: each file that the project is built of here is there, too.
#[test]
fn the_context_of_the_image_has_all_that_cargo_asks_for() {
    let place = tempfile::tempdir().unwrap();
    let ignored = text("deploy/docker/Dockerfile.dockerignore");
    let taken: Vec<&str> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    assert!(taken.len() > 10, "{taken:?}");
    for name in &taken {
        let to = place.path().join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let copied = Command::new("cp")
            .arg("-r")
            .arg(path(name))
            .arg(&to)
            .status();
        assert!(copied.unwrap().success(), "{name}");
    }
    metadata(place.path());
    // What isn't in the copy isn't in the copy's metadata either, so the project itself is asked.
    let root = path("").canonicalize().unwrap();
    let sources = sources(&metadata(&root));
    assert!(sources.iter().any(|source| source.ends_with("build.rs")));
    let missing: Vec<PathBuf> = sources
        .iter()
        .flat_map(|source| included(source).into_iter().chain([source.clone()]))
        .map(|file| file.strip_prefix(&root).unwrap().to_owned())
        .filter(|file| !place.path().join(file).is_file())
        .collect();
    assert!(missing.is_empty(), "not in the context: {missing:?}");
}

/// What cargo knows of a project.
fn metadata(root: &Path) -> Value {
    let mut metadata = Command::new("cargo");
    metadata.args(["metadata", "--locked", "--offline", "--no-deps"]);
    metadata.args(["--format-version", "1"]);
    let output = metadata.current_dir(root).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Manifests and sources of all packages, but for those of tests and benchmarks alone.
fn sources(known: &Value) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for package in known["packages"].as_array().unwrap() {
        found.push(PathBuf::from(package["manifest_path"].as_str().unwrap()));
        for target in package["targets"].as_array().unwrap() {
            let source = PathBuf::from(target["src_path"].as_str().unwrap());
            match target["kind"][0].as_str().unwrap() {
                "test" | "bench" => {}
                "lib" | "proc-macro" | "bin" => modules(source.parent().unwrap(), &mut found),
                _ => found.push(source),
            }
        }
    }
    found
}

/// Adds all files of Rust in a folder.
fn modules(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => modules(&path, found),
            false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Files that one of Rust takes in: by `include_str!`, `include_bytes!` or `#[path]`, where it names them in one literal.
fn included(source: &Path) -> Vec<PathBuf> {
    if source.extension().is_none_or(|end| end != "rs") {
        return Vec::new();
    }
    let (text, folder) = (
        std::fs::read_to_string(source).unwrap(),
        source.parent().unwrap(),
    );
    let mut found = Vec::new();
    for start in ["include_str!(", "include_bytes!(", "#[path = "] {
        for (at, _) in text.match_indices(start) {
            let rest = text[at + start.len()..].trim_start();
            let name = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            found.extend(name.map(|name| folder.join(name).canonicalize().expect(name)));
        }
    }
    // A module elsewhere has modules and takes in files of its own.
    let mut elsewhere = Vec::new();
    for file in found.iter().filter(|file| file.ends_with("mod.rs")) {
        modules(file.parent().unwrap(), &mut elsewhere);
    }
    found.extend(elsewhere.iter().flat_map(|file| included(file)));
    found.extend(elsewhere);
    found
}

/// The commit, which no repository in the context could tell, is told to each build of an image that a release makes.
#[test]
fn an_image_of_a_release_knows_its_commit() {
    let dockerfile = text("deploy/docker/Dockerfile");
    let (before, _) = dockerfile.split_once("cargo build").unwrap();
    let (_, stage) = before.rsplit_once("\nFROM ").unwrap();
    assert!(stage.contains("\nARG EVENT_GRPC_COMMIT"), "{stage}");
    let github = text(".github/workflows/release.yml");
    assert!(github.contains("build-args: EVENT_GRPC_COMMIT=${{ github.sha }}"));
    let gitlab = text(".gitlab-ci.yml");
    assert!(gitlab.contains("--build-arg EVENT_GRPC_COMMIT=\"$CI_COMMIT_SHA\""));
}

/// The tag of a release, `v` and the version, is pushed as the version, which the chart's `appVersion` is.
#[test]
fn the_image_of_a_release_is_the_one_that_the_chart_of_it_asks_for() {
    let version = env!("CARGO_PKG_VERSION");
    let chart: serde_yaml::Value =
        serde_yaml::from_str(&text("deploy/helm/event-grpc/Chart.yaml")).unwrap();
    assert_eq!(chart["appVersion"], version);
    assert_eq!(chart["version"], version);
    let manifest = text("Cargo.toml");
    let lines = manifest.lines();
    assert_eq!(
        lines
            .filter(|line| *line == format!("version = \"{version}\""))
            .count(),
        1
    );
    let github = text(".github/workflows/release.yml");
    assert!(github.contains(r#"echo "VERSION=${GITHUB_REF_NAME#v}" >> "$GITHUB_ENV""#));
    assert!(github.contains("tags: ghcr.io/${{ github.repository }}:${{ env.VERSION }}\n"));
    let gitlab = text(".gitlab-ci.yml");
    assert!(gitlab.contains(r#"image="$CI_REGISTRY_IMAGE:${CI_COMMIT_TAG#v}""#));
    assert!(gitlab.contains(r#"docker push "$image""#));
    // A tag that isn't the version of the program makes no release.
    for (pipeline, tag) in [(github, "GITHUB_REF_NAME"), (gitlab, "CI_COMMIT_TAG")] {
        let asked = format!(r#""version = \"${{{tag}#v}}\"" Cargo.toml"#);
        assert!(pipeline.contains(&asked), "{asked}");
    }
}
