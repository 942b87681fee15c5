//! Whatever stands in `pipeline.yaml`: there is a model, or there is a mistake that names a rule and a place.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use event_grpc_codegen::base::diagnostic::{Diagnostic, Sources};
use event_grpc_codegen::{Failure, generate};
use tempfile::TempDir;

/// The file with one thing changed: lines left out, cut off, or with another value.
fn changed(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut texts = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let with = |new: Option<String>| {
            let mut lines: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
            match new {
                Some(new) => lines[i] = new,
                None => drop(lines.remove(i)),
            }
            lines.join("\n")
        };
        texts.push(lines[..i].join("\n"));
        texts.push(with(None));
        texts.push(with(Some(line.replace(',', ""))));
        if let Some((key, _)) = line.split_once(": ") {
            for value in [
                "",
                "[]",
                "{}",
                "x",
                "[[x]]",
                "{ x: { x: x } }",
                "é|\u{1F980}",
                "\"",
                "0",
                "-",
            ] {
                texts.push(with(Some(format!("{key}: {value}"))));
            }
        }
        if let Some((head, tail)) = line.rsplit_once(": ") {
            texts.push(with(Some(format!("{head}: é{tail}"))));
        }
    }
    texts
}

/// A project with the proto file of the model.
fn project() -> TempDir {
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("proto")).unwrap();
    let proto = project.path().join("proto/kinds.proto");
    fs::copy(folder().join("tests/model/proto/kinds.proto"), proto).unwrap();
    project
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// There is a mistake, and each has a rule and a place.
fn are_told(mistakes: &[Diagnostic], sources: &Sources, text: &[u8]) {
    let text = text.escape_ascii();
    assert!(!mistakes.is_empty(), "no model and no mistake: {text}");
    for mistake in mistakes {
        assert_ne!(mistake.code, "EG000", "{mistake:?}: {text}");
        let Some(label) = &mistake.primary else {
            panic!("{mistake:?} has no place: {text}")
        };
        let file = &sources.file(label.span.file).unwrap().text;
        assert!(
            file.get(label.span.start..label.span.end).is_some(),
            "{mistake:?}: {text}"
        );
    }
}

#[test]
fn a_mistake_always_has_a_rule_and_a_place() {
    let project = project();
    let text = fs::read_to_string(folder().join("tests/model/pipeline.yaml")).unwrap();
    let mut refused = 0;
    for text in changed(&text) {
        fs::write(project.path().join("pipeline.yaml"), &text).unwrap();
        let (model, sources) = event_grpc_codegen::load(project.path());
        let Err(found) = model else { continue };
        refused += 1;
        are_told(&found, &sources, text.as_bytes());
    }
    assert!(refused > 100, "only {refused} of the changes were mistakes");
}

#[test]
fn what_fuzzing_found_does_no_harm() {
    let project = project();
    let corpus = folder().join("../fuzz/corpus/pipeline_yaml");
    for input in fs::read_dir(corpus).unwrap() {
        let text = fs::read(input.unwrap().path()).unwrap();
        fs::write(project.path().join("pipeline.yaml"), &text).unwrap();
        match generate(project.path(), 1_760_000_000) {
            Ok(_) => {}
            Err(Failure::Mistakes(found, sources)) => are_told(&found, &sources, &text),
            Err(failure) => panic!("{failure}: {}", text.escape_ascii()),
        }
    }
}
