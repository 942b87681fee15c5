//! Holds the rules of the house that no compiler knows: who may import whom, and what a file looks like.

mod circles;
mod documents;
mod generator;
mod imports;
mod metrics;
mod server;
mod tree;

use std::collections::BTreeSet;

use imports::{Import, imports};
use tree::{File, files};

/// The crates that generated code is written against, and the names that every path may begin with.
const GENERATED_NAMES: [&str; 10] = [
    "crate",
    "self",
    "super",
    "std",
    "core",
    "http",
    "prost",
    "prost_types",
    "tonic",
    "tonic_prost",
];

/// Whom a crate may not know, by folder and as the name is spelled in a manifest.
const STRANGERS: [(&str, &str); 11] = [
    ("codegen", "event-grpc"),
    ("src", "event-grpc-codegen"),
    ("tests", "event-grpc-codegen"),
    ("src", "xtask"),
    ("xtask", "event-grpc"),
    ("src", "event-grpc-loadgen"),
    ("tests", "event-grpc-loadgen"),
    ("codegen", "event-grpc-loadgen"),
    ("xtask", "event-grpc-loadgen"),
    ("loadgen", "event-grpc-codegen"),
    ("loadgen", "xtask"),
];

const LONGEST_FILE: usize = 400;

#[test]
fn generated_code_uses_nothing_but_the_contract_prost_and_tonic() {
    let generated: Vec<_> = files()
        .into_iter()
        .filter(|file| file.is_rust_of("generated"))
        .collect();
    let modules: BTreeSet<_> = generated
        .iter()
        .flat_map(|file| file.path.split(['/', '.']))
        .collect();
    let mut found = Vec::new();
    for file in &generated {
        for Import {
            line,
            name,
            of_this_crate,
        } in imports(file)
        {
            if !of_this_crate
                && !GENERATED_NAMES.contains(&name.as_str())
                && !modules.contains(name.as_str())
            {
                found.push(format!("{}:{line}: uses {name}", file.path));
            }
        }
    }
    none(
        "Generated code is written against src/contract, prost and tonic",
        &found,
    );
}

#[test]
fn the_generator_and_the_server_never_depend_on_each_other() {
    let mut found = Vec::new();
    for (folder, stranger) in STRANGERS {
        let manifest = match folder {
            "src" | "tests" => "Cargo.toml".to_owned(),
            _ => format!("{folder}/Cargo.toml"),
        };
        for file in files() {
            if file.path == manifest {
                found.extend(file.lines_where(|line| names_dependency(line, stranger)));
            }
            if file.is_rust_of(folder) {
                let name = stranger.replace('-', "_");
                let hits = imports(&file)
                    .into_iter()
                    .filter(|import| !import.of_this_crate && import.name == name);
                found.extend(
                    hits.map(|import| format!("{}:{}: uses {name}", file.path, import.line)),
                );
            }
        }
    }
    none(
        "codegen/ and the server do not know each other, xtask/ knows only codegen/, and loadgen/ only the server",
        &found,
    );
}

#[test]
fn every_module_says_first_what_it_is_for() {
    let opens = |file: &File| {
        file.text
            .lines()
            .next()
            .is_some_and(|line| line.starts_with("//! "))
    };
    let found: Vec<_> = hand_written()
        .iter()
        .filter(|file| !opens(file))
        .map(|file| format!("{}:1", file.path))
        .collect();
    none(
        "The first line of a module is a `//!` line that says what it is for",
        &found,
    );
}

#[test]
fn no_file_is_too_long() {
    let mut found = Vec::new();
    for file in hand_written() {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            found.push(format!("{}:{lines}", file.path));
        }
    }
    none(
        &format!(
            "A hand-written file has at most {LONGEST_FILE} lines; split it by what its parts are for"
        ),
        &found,
    );
}

#[test]
fn no_generated_file_is_too_long() {
    let generated = files().into_iter().filter(|file| {
        let parts: Vec<&str> = file.path.split('/').collect();
        parts.contains(&"generated") && !parts.contains(&"proto")
    });
    let long = generated.filter(|file| file.text.lines().count() > LONGEST_FILE);
    let found: Vec<_> = long.map(|file| file.path).collect();
    none(
        &format!(
            "A file that the generator prints has at most {LONGEST_FILE} lines, what prost prints aside; \
             codegen/src/render prints each thing into a file of its own"
        ),
        &found,
    );
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file doesn't hold them.
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["todo", "!("],
        ["unimple", "mented!("],
        ["#[ig", "nore"],
    ];
    let marks = marks.map(|mark| mark.concat());
    let found: Vec<_> = files()
        .iter()
        .flat_map(|file| file.lines_where(|line| marks.iter().any(|mark| stands_alone(line, mark))))
        .collect();
    none(
        "What is in the tree is finished, and every test runs",
        &found,
    );
}

#[test]
fn no_path_of_somebodys_machine_is_in_the_tree() {
    let places = ["home", "Users", "root", "work"].map(|place| format!("/{place}/"));
    let found: Vec<_> = files()
        .iter()
        .flat_map(|file| {
            file.lines_where(|line| places.iter().any(|place| begins_path(line, place)))
        })
        .collect();
    none(
        "A path that exists on one machine only has no place in the tree",
        &found,
    );
}

#[test]
fn the_message_of_an_error_is_a_part_of_the_code() {
    let mut found = Vec::new();
    let mut errors = 0;
    let server = files().into_iter().filter(|file| file.is_rust_of("src"));
    // A command tells its user; nothing of it is reported.
    for file in server
        .filter(|file| !file.path.starts_with("src/cli/") || file.path.starts_with("src/cli/serve"))
    {
        for (at, start) in file.text.match_indices("tracing::error!(") {
            errors += 1;
            let call = &file.text[at + start.len()..];
            let call = &call[..call.find(");").unwrap_or(call.len())];
            // The message comes last.
            let message = call
                .rfind('"')
                .and_then(|end| call[..end].rfind('"').map(|from| &call[from..end]));
            if message.is_none_or(|message| message.contains(['{', '}'])) {
                let line = file.text[..at].lines().count();
                found.push(format!("{}:{line}", file.path));
            }
        }
    }
    assert!(errors > 20, "found only {errors} errors");
    none(
        "The message of an error is a constant sentence, which reports may hold; what varies is a field",
        &found,
    );
}

/// Fails and lists what was found.
fn none(rule: &str, found: &[String]) {
    assert!(
        found.is_empty(),
        "{rule}. Against it:\n  {}\n",
        found.join("\n  ")
    );
}

fn hand_written() -> Vec<File> {
    let written: Vec<_> = files()
        .into_iter()
        .filter(|file| {
            file.path.ends_with(".rs") && !file.path.split('/').any(|part| part == "generated")
        })
        .collect();
    assert!(
        written.len() > 10,
        "the walk found only {} Rust files",
        written.len()
    );
    written
}

/// True if a line of a manifest names the crate, under its own name or renamed.
fn names_dependency(line: &str, name: &str) -> bool {
    let line = line.trim();
    let key = line
        .split(['=', '.', ' '])
        .next()
        .unwrap_or_default()
        .trim_matches('"');
    key == name || line.contains(&format!("package = \"{name}\"")) && key != "name"
}

/// True if `mark` occurs in the line and is not a part of a longer word.
fn stands_alone(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let open =
            mark.ends_with('(') || !line[at + mark.len()..].starts_with(char::is_alphanumeric);
        open && !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

/// True if a path in the line begins with `place` and goes on from there; an address on the web has a host before it.
fn begins_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.}/*".contains(c))
            && line[at + place.len()..].starts_with(char::is_alphanumeric)
    })
}

#[test]
fn the_rules_find_what_they_look_for() {
    assert!(names_dependency(
        "event-grpc = { path = \"..\" }",
        "event-grpc"
    ));
    assert!(names_dependency(
        "server = { package = \"event-grpc\" }",
        "event-grpc"
    ));
    assert!(names_dependency(
        "event-grpc-codegen.workspace = true",
        "event-grpc-codegen"
    ));
    assert!(!names_dependency(
        "event-grpc-codegen = \"1\"",
        "event-grpc"
    ));
    assert!(!names_dependency("name = \"event-grpc\"", "event-grpc"));
    let mark = ["FIX", "ME"].concat();
    assert!(stands_alone(&format!("// {mark}: later"), &mark));
    assert!(!stands_alone(&format!("{mark}D_POINT"), &mark));
    let place = ["/ho", "me/"].concat();
    assert!(begins_path(&format!("read(\"{place}anna/x\")"), &place));
    assert!(!begins_path(
        &format!("https://shop.example{place}sale"),
        &place
    ));
    assert!(!begins_path(&format!("\"{place}\""), &place));
}
