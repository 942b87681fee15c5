//! Each rule has a pipeline that breaks it, and what the generator says of it to the letter.
//!
//! `diagnostics/CODE-name/` holds `pipeline.yaml`, its proto files (those of `diagnostics/proto/` if it has none) and
//! `expected.txt`. `UPDATE_EXPECT=1` rewrites the expected texts; look at the difference before committing it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc_codegen::report::draw::{Style, render};
use event_grpc_codegen::report::explain::codes;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// The rules that a single state of the declarations can break; EG100 to EG129 are about changes.
fn rules() -> Vec<(&'static str, &'static str)> {
    codes()
        .into_iter()
        .filter(|(code, _)| !("EG100"..="EG129").contains(code))
        .collect()
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect()
}

/// Output of the generator for a fixture, laid out as a project.
fn said(fixture: &Path) -> (String, Vec<&'static str>) {
    let project = tempfile::tempdir().unwrap();
    let proto = project.path().join("proto");
    fs::create_dir(&proto).unwrap();
    let own = files(fixture, "proto");
    let protos = match own.is_empty() {
        true => files(&fixtures().join("proto"), "proto"),
        false => own,
    };
    for file in protos {
        fs::copy(&file, proto.join(file.file_name().unwrap())).unwrap();
    }
    fs::copy(
        fixture.join("pipeline.yaml"),
        project.path().join("pipeline.yaml"),
    )
    .unwrap();
    let (model, sources) = event_grpc_codegen::load(project.path());
    let found = model.err().unwrap_or_default();
    let style = Style {
        colour: false,
        width: 120,
    };
    let text = render(&found, &sources, style);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    (
        lines.join("\n") + "\n",
        found.iter().map(|d| d.code).collect(),
    )
}

#[test]
fn each_rule_is_told_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for (code, name) in rules() {
        let fixture = fixtures().join(format!("{code}-{name}"));
        assert!(
            fixture.is_dir(),
            "{code} has no fixture {}",
            fixture.display()
        );
        let (text, found) = said(&fixture);
        assert!(
            found.contains(&code),
            "the fixture of {code} {name} only breaks {found:?}"
        );
        let expected = fixture.join("expected.txt");
        if update {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{code}-{name} is told like this now:\n\n{text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nUPDATE_EXPECT=1 accepts these texts.",
        wrong.join("\n")
    );
}

#[test]
fn each_fixture_belongs_to_a_rule() {
    let known: Vec<String> = rules().iter().map(|(c, n)| format!("{c}-{n}")).collect();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            known.contains(&name) || name == "proto",
            "{name} is no rule's fixture"
        );
    }
}
