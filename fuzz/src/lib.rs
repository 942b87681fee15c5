//! Runs the targets of the server by name, and the generator on a `pipeline.yaml`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use event_grpc::fuzzing::TARGETS;
use event_grpc_codegen::base::diagnostic::{Diagnostic, Sources};
use event_grpc_codegen::report::draw::{Style, render};
use event_grpc_codegen::report::sarif::sarif;
use event_grpc_codegen::{Failure, generate};
use tempfile::TempDir;

/// Runs a target of the server.
pub fn run(name: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, target) = found.expect("a target of this name");
    target(bytes);
}

/// Generates from a text as the `pipeline.yaml` of a project: there are files, or mistakes that have a rule and a place
/// and can be shown.
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
    match generate(project.path(), 1_760_000_000) {
        Ok(_) => {}
        Err(Failure::Mistakes(mistakes, sources)) => shown(&mistakes, &sources),
        Err(failure) => panic!("{failure}"),
    }
}

/// Mistakes have a rule and a place in a file, and can be drawn and written as a log.
fn shown(mistakes: &[Diagnostic], sources: &Sources) {
    assert!(!mistakes.is_empty(), "no files and no mistake");
    for mistake in mistakes {
        assert_ne!(mistake.code, "EG000", "{mistake:?}");
        let Some(label) = &mistake.primary else {
            panic!("it has no place: {mistake:?}");
        };
        let file = sources.file(label.span.file).expect("its file");
        let place = file.text.get(label.span.start..label.span.end);
        assert!(place.is_some(), "its place is none: {mistake:?}");
    }
    let style = Style {
        colour: false,
        width: 110,
    };
    render(mistakes, sources, style);
    sarif(mistakes, sources);
}
