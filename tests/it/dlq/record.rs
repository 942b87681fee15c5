//! The dead-letter record as others know it: the generator, what it generates, and the documents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use event_grpc::contract::Append;
use event_grpc::dead_letter::{Class, FIELDS};
use event_grpc::generated::PIPELINE;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fields() -> BTreeSet<&'static str> {
    FIELDS.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_generator_knows_the_fields_of_the_record_and_no_others() {
    let source = sources(&root().join("codegen/src"))
        .into_iter()
        .find(|text| text.contains("impl ErrorField {"))
        .expect("the generator lists the fields of dead letters in `impl ErrorField`");
    let listed = source
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("(\"")?
                .split_once("\", ErrorField::")
        })
        .map(|(name, _)| name);
    assert_eq!(listed.collect::<BTreeSet<_>>(), fields());
}

#[test]
fn the_table_of_dead_letters_has_a_column_for_each_field() {
    let columns = PIPELINE.tables.iter().find_map(|table| match table.append {
        Append::DeadLetters(_, columns) => Some(columns),
        _ => None,
    });
    let names = columns.unwrap().iter().map(|(name, _)| *name);
    assert_eq!(names.collect::<BTreeSet<_>>(), fields());
}

#[test]
fn the_document_lists_all_classes_as_they_are() {
    let text = std::fs::read_to_string(root().join("docs/dead-letters.md")).unwrap();
    let listed: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("| class |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let expected: Vec<String> = Class::ALL
        .into_iter()
        .map(|class| {
            let (name, meaning) = (class.name(), class.meaning());
            let (who, when) = (class.blame().who(), class.replay().when());
            format!("| `{name}` | {meaning} | {who} | {when} |")
        })
        .collect();
    assert_eq!(
        listed,
        expected,
        "docs/dead-letters.md has to list:\n{}\n",
        expected.join("\n")
    );
}

fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for path in entries {
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false => found.push(std::fs::read_to_string(path).unwrap()),
        }
    }
    found
}
