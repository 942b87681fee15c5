//! Whatever stands in `pipeline.yaml`: there is a model, or there is a mistake that names a rule and a place.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

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

#[test]
fn a_mistake_always_has_a_rule_and_a_place() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model");
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("proto")).unwrap();
    fs::copy(
        fixture.join("proto/kinds.proto"),
        project.path().join("proto/kinds.proto"),
    )
    .unwrap();
    let text = fs::read_to_string(fixture.join("pipeline.yaml")).unwrap();
    let mut refused = 0;
    for text in changed(&text) {
        fs::write(project.path().join("pipeline.yaml"), &text).unwrap();
        let (model, sources) = event_grpc_codegen::load(project.path());
        let Err(found) = model else { continue };
        refused += 1;
        assert!(!found.is_empty(), "no model and no mistake:\n{text}");
        for mistake in found {
            assert_ne!(mistake.code, "EG000", "{mistake:?}\n{text}");
            let Some(label) = &mistake.primary else {
                panic!("{mistake:?} has no place:\n{text}")
            };
            let file = &sources.file(label.span.file).unwrap().text;
            assert!(
                file.get(label.span.start..label.span.end).is_some(),
                "{mistake:?}\n{text}"
            );
        }
    }
    assert!(refused > 100, "only {refused} of the changes were mistakes");
}
