//! Single mistakes in declarations that were right, and what is said of each, to the letter.
//!
//! Each case of `words/cases.txt` changes the small shop of `diagnostics/proto` in one way; `words/NAME.txt` is what the
//! generator says. `UPDATE_EXPECT=1` rewrites these texts; look at the difference before committing it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc_codegen::report::draw::{Style, render};
use event_grpc_codegen::report::explain::codes;
use event_grpc_codegen::{Failure, generate};

const NOW: u64 = 1_795_468_500;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words")
}

/// Changes of contracts of a shop that has more of them.
fn contracts() -> PathBuf {
    folder().join("contracts")
}

/// A mistake: its name, and edits of a file each, from a text to another.
struct Case {
    name: String,
    edits: Vec<(String, String, String)>,
}

/// `# NAME`, then for each edit a line `FILE`, the lines `- ` that are replaced and the lines `+ ` that replace them.
fn cases(folder: &Path) -> Vec<Case> {
    let text = fs::read_to_string(folder.join("cases.txt")).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("# ") {
            let name = name.to_owned();
            cases.push(Case {
                name,
                edits: Vec::new(),
            });
            continue;
        }
        let edits = &mut cases.last_mut().expect("a name comes first").edits;
        match line.split_at_checked(2) {
            Some(("- ", old)) => edits.last_mut().unwrap().1.push_str(&format!("{old}\n")),
            Some(("+ ", new)) => edits.last_mut().unwrap().2.push_str(&format!("{new}\n")),
            _ => edits.push((line.to_owned(), String::new(), String::new())),
        }
    }
    cases
}

/// The shop, generated.
fn project(folder: &Path) -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let own = folder.join("shop.proto");
    let proto = match own.exists() {
        true => own,
        false => folder.join("../diagnostics/proto/shop.proto"),
    };
    fs::create_dir(project.path().join("proto")).unwrap();
    fs::copy(proto, project.path().join("proto/shop.proto")).unwrap();
    fs::copy(
        folder.join("pipeline.yaml"),
        project.path().join("pipeline.yaml"),
    )
    .unwrap();
    generate(project.path(), NOW)
        .unwrap()
        .write(project.path())
        .unwrap();
    project
}

/// What the generator says after the edits.
fn said(folder: &Path, case: &Case) -> String {
    let project = project(folder);
    for (file, old, new) in &case.edits {
        let path = project.path().join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A file that is edited from nothing is a new one; one that is edited to nothing loses these lines.
        assert_eq!(text.is_empty(), old.is_empty(), "{}: {file}", case.name);
        assert!(
            text.contains(old.as_str()),
            "{}: no {old:?} in {file}",
            case.name
        );
        let new = new.replace("\\t", "\t").replace("\\u{feff}", "\u{feff}");
        let text = match old.is_empty() {
            true => new,
            false => text.replacen(old.as_str(), &new, 1),
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let text = match generate(project.path(), NOW + 3600) {
        Ok(_) => "passes".to_owned(),
        Err(Failure::Mistakes(found, sources)) => {
            assert!(found.iter().all(|one| one.code != "EG000"), "{}", case.name);
            let style = Style {
                colour: false,
                width: 110,
            };
            render(&found, &sources, style)
        }
        Err(failure) => failure.to_string(),
    };
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

fn compare(folder: &Path) {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for case in cases(folder) {
        let text = said(folder, &case);
        let path = folder.join(format!("{}.txt", case.name));
        if update {
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(format!("{} is told like this now:\n\n{text}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nUPDATE_EXPECT=1 accepts these texts.",
        wrong.join("\n")
    );
}

#[test]
fn one_mistake_is_told_once_at_the_place_to_edit() {
    compare(&folder());
}

#[test]
fn a_change_of_a_contract_is_told_with_its_harm_and_the_way_out() {
    compare(&contracts());
}

/// Rules about contracts have no fixture of a single state: each is told in a case.
#[test]
fn each_rule_about_contracts_is_told_in_a_case() {
    let cases = cases(&contracts());
    let texts = cases
        .iter()
        .map(|case| contracts().join(format!("{}.txt", case.name)));
    let told: String = texts
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for (code, name) in codes() {
        assert!(
            !("EG111"..="EG121").contains(&code) || told.contains(code),
            "{code} {name} is told in no case of words/contracts"
        );
    }
}

#[test]
fn a_file_that_is_no_text_is_told_in_plain_words() {
    for (bytes, words, at) in [
        (&b"\xff\xfea\x00"[..], "is written in UTF-16", "\u{FEFF}"),
        (b"\xfe\xff\x00", "is written in UTF-16", "\u{FEFF}"),
        (b"\xc3\x00b", "is no text: it has bytes of zero", "\u{FFFD}"),
        (b"# caf\xe9\n", "is not written in UTF-8", "\u{FFFD}"),
    ] {
        for file in ["pipeline.yaml", "proto/shop.proto"] {
            let project = project(&folder());
            fs::write(project.path().join(file), bytes).unwrap();
            let Err(Failure::Mistakes(found, sources)) = generate(project.path(), NOW) else {
                panic!("{file} is read");
            };
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].message, format!("`{file}` {words}"));
            assert!(found[0].help.is_some());
            let place = found[0].primary.as_ref().unwrap().span;
            let shown = &sources.file(place.file).unwrap().text;
            assert_eq!(&shown[place.start..place.end], at, "{shown}");
        }
    }
}

#[test]
fn a_lock_that_is_cut_off_is_told_as_such() {
    let project = project(&folder());
    let path = project.path().join("migrations/schema.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let facts = lock.find("\nfield ").unwrap() + 1;
    for (end, words) in [
        (lock.len() / 2, "the file ends in the middle of a line"),
        (facts, "the file ends before its last facts"),
    ] {
        let end = if end == facts {
            end
        } else {
            end - usize::from(lock.as_bytes()[end - 1] == b'\n')
        };
        fs::write(&path, &lock[..end]).unwrap();
        let Err(failure) = generate(project.path(), NOW) else {
            panic!("it is read");
        };
        let said = failure.to_string();
        assert!(
            said.contains(words) && said.contains("git checkout HEAD"),
            "{said}"
        );
    }
}
