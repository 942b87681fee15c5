//! Rules of the documents: invariants name tests that are there, links lead somewhere, and every variable is on the page of
//! configuration.

use std::collections::BTreeSet;
use std::path::Path;

use super::none;
use super::tree::{File, files};

/// How an invariant that the compiler holds says so.
const BY_CONSTRUCTION: &str = "*Held by construction.*";

#[test]
fn each_invariant_has_a_number_of_its_own_and_names_tests_that_are_there() {
    let files = files();
    let known: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .flat_map(|file| tests(&file.text))
        .collect();
    let page = page(&files, "ARCHITECTURE.md");
    let invariants: Vec<&str> = page
        .text
        .lines()
        .filter(|line| line.starts_with("- **"))
        .collect();
    assert!(
        invariants.len() > 50,
        "only {} invariants were found",
        invariants.len()
    );
    let mut numbers = BTreeSet::new();
    let mut found = Vec::new();
    for line in invariants {
        let number = line
            .trim_start_matches("- **")
            .split("**")
            .next()
            .unwrap_or_default();
        if !numbers.insert(number) {
            found.push(format!("{number} is there twice"));
        }
        let held: Vec<&str> = line
            .rsplit_once("*Held by ")
            .map_or("", |(_, held)| held)
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        if held.is_empty() && !line.ends_with(BY_CONSTRUCTION) {
            found.push(format!("{number} names no test"));
        }
        let unknown = held.iter().filter(|name| !known.contains(*name));
        found.extend(unknown.map(|name| format!("{number} names `{name}`, which is no test")));
    }
    none("An invariant is held by a test that it names", &found);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    // Golden files lead to pages of a project that isn't there.
    let golden = |file: &&File| file.path.starts_with("codegen/tests/golden/");
    let files = files();
    let pages = files.iter().filter(|file| file.path.ends_with(".md"));
    for file in pages.filter(|file| !golden(file)) {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (at, line) in file.text.lines().enumerate() {
            for target in line.split("](").skip(1) {
                let target = target.split(')').next().unwrap_or_default();
                let elsewhere = ["http://", "https://", "mailto:", "#"];
                if elsewhere.iter().any(|start| target.starts_with(start)) {
                    continue;
                }
                let (path, section) = target.split_once('#').unwrap_or((target, ""));
                let path = top.join(folder).join(path);
                let there = std::fs::read_to_string(&path)
                    .is_ok_and(|text| section.is_empty() || has_section(&text, section));
                if !there && !path.is_dir() {
                    found.push(format!("{}:{}: {target}", file.path, at + 1));
                }
            }
        }
    }
    none("A link leads to a file, and to a section of it", &found);
}

#[test]
fn every_variable_of_the_environment_is_on_the_page_of_configuration() {
    let files = files();
    let page = page(&files, "docs/configuration.md");
    let mut variables = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| file.path.starts_with("src/") && file.path.ends_with(".rs"))
    {
        let starts = file.text.match_indices("\"EVENT_GRPC_");
        variables.extend(starts.map(|(at, _)| word(&file.text[at + 1..])));
    }
    assert!(
        variables.len() > 15,
        "only {} variables were found",
        variables.len()
    );
    let found: Vec<_> = variables
        .into_iter()
        .filter(|name| !page.text.contains(*name))
        .map(str::to_owned)
        .collect();
    none("docs/configuration.md has every variable", &found);
}

fn page<'a>(files: &'a [File], path: &str) -> &'a File {
    let page = files.iter().find(|file| file.path == path);
    page.unwrap_or_else(|| panic!("there is no {path}"))
}

/// The names of the functions that have an attribute of tests right before them.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("fn ").filter_map(|(at, start)| {
        let attributes = text[..at].rsplit(['}', ';']).next().unwrap_or_default();
        let is_test = ["#[test]", "#[tokio::test"].map(|mark| attributes.contains(mark));
        is_test
            .contains(&true)
            .then(|| word(&text[at + start.len()..]))
    })
}

/// The letters, digits and underscores at the start of a text.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// True if a page has a heading, or an anchor, that a link's `#section` leads to.
fn has_section(text: &str, section: &str) -> bool {
    text.contains(&format!("<a id=\"{section}\">"))
        || text
            .lines()
            .filter(|line| line.starts_with('#'))
            .any(|line| slug(line.trim_start_matches('#').trim()) == section)
}

/// The anchor that a heading has: small letters, digits, `_` and `-`, and a dash for each blank.
fn slug(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " _-".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}
