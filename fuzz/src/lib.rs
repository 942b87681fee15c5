//! Runs the targets of the server by name, and the generator on a `pipeline.yaml`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use event_grpc::fuzzing::TARGETS;
use tempfile::TempDir;

/// Runs a target of the server.
pub fn run(name: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, target) = found.expect("a target of this name");
    target(bytes);
}

/// Loads a text as the `pipeline.yaml` of a project: there is a model, or a mistake that has a place.
pub fn pipeline(text: &[u8]) {
    static PROJECT: OnceLock<TempDir> = OnceLock::new();
    let project = PROJECT.get_or_init(|| {
        let project = TempDir::new().expect("a directory");
        fs::create_dir(project.path().join("proto")).expect("a directory in it");
        let proto =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/model/proto/kinds.proto");
        fs::copy(proto, project.path().join("proto/kinds.proto")).expect("the proto file");
        project
    });
    fs::write(project.path().join("pipeline.yaml"), text).expect("the file is written");
    if let (Err(found), _) = event_grpc_codegen::load(project.path()) {
        assert!(!found.is_empty(), "no model and no mistake");
    }
}
