//! The graph of a crate's modules: which imports which, and where that goes in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::tokens;
use super::tree::File;

/// A module by the names of the modules that it is in, outermost first, and its own; the crate's root has none.
pub(super) type Module = Vec<String>;

/// One module that names another one of the same crate.
#[derive(Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) from: Module,
    pub(super) to: Module,
    /// The file and line, as `path:line`.
    pub(super) place: String,
}

/// Every import among the modules of the crate whose files are below `root`. What a unit test imports isn't one: it may
/// use what is built on the module that it tests.
pub(super) fn edges(files: &[File], root: &str) -> Vec<Edge> {
    let files: BTreeMap<Module, &File> = files
        .iter()
        .filter_map(|file| Some((module(file, root)?, file)))
        .collect();
    let paths: BTreeMap<&Module, Vec<Path>> = files
        .iter()
        .map(|(module, file)| (module, paths(&file.text)))
        .collect();
    let mut found = Vec::new();
    for (from, paths_of) in &paths {
        for path in paths_of {
            let Some(wanted) = absolute(from, path) else {
                continue;
            };
            let length = (0..=wanted.len())
                .rev()
                .find(|length| files.contains_key(&wanted[..*length]))
                .unwrap_or_default();
            let (to, rest) = wanted.split_at(length);
            // A name that its module only passes on is the child's that it comes from.
            let passed_on = rest.first().and_then(|name| {
                let uses = paths.get(&to.to_vec())?.iter().filter(|path| path.is_use);
                let mut children = uses.filter(|path| path.names.last() == Some(name));
                children.find_map(|path| {
                    let child = [to, path.names.get(..1)?].concat();
                    files.contains_key(&child).then_some(child)
                })
            });
            let to = passed_on.unwrap_or_else(|| to.to_vec());
            if to != **from {
                found.push(Edge {
                    from: (*from).clone(),
                    to,
                    place: format!("{}:{}", files[*from].path, path.line),
                });
            }
        }
    }
    found
}

/// The imports that are part of a circle among the modules of one folder, each with the way back. A module counts with
/// all that is in it.
pub(super) fn circles(edges: &[Edge]) -> Vec<String> {
    let mut folders: BTreeMap<&[String], BTreeMap<&str, BTreeMap<&str, &Edge>>> = BTreeMap::new();
    for edge in edges {
        let pairs = edge.from.iter().zip(&edge.to);
        let common = pairs.take_while(|(from, to)| from == to).count();
        let (Some(from), Some(to)) = (edge.from.get(common), edge.to.get(common)) else {
            continue;
        };
        let siblings = folders.entry(&edge.from[..common]).or_default();
        siblings.entry(from).or_default().entry(to).or_insert(edge);
    }
    let mut found = Vec::new();
    for (folder, siblings) in &folders {
        for (from, to, edge) in siblings
            .iter()
            .flat_map(|(from, all)| all.iter().map(|(to, edge)| (*from, *to, edge)))
        {
            if let Some(back) = way(siblings, to, from) {
                found.push(format!(
                    "{}: in {}, {from} imports {to}, which leads back: {}",
                    edge.place,
                    ["crate"]
                        .into_iter()
                        .chain(folder.iter().map(String::as_str))
                        .collect::<Vec<_>>()
                        .join("::"),
                    back.join(" → ")
                ));
            }
        }
    }
    found
}

/// The shortest way from one module to another.
fn way<'a>(
    siblings: &BTreeMap<&'a str, BTreeMap<&'a str, &Edge>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(so_far) = ways.pop_front() {
        let last = *so_far.last()?;
        if last == to {
            return Some(so_far);
        }
        for next in siblings.get(last).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next) {
                ways.push_back([so_far.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// The module that a file is; none if it is no part of the crate, or holds tests only.
fn module(file: &File, root: &str) -> Option<Module> {
    let path = file.path.strip_prefix(root)?.strip_prefix('/')?;
    let mut parts: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
    parts.pop_if(|name| ["mod", "lib", "main"].contains(name));
    let tests = parts.contains(&"tests");
    (!tests).then(|| parts.into_iter().map(str::to_owned).collect())
}

/// A path as a file has it.
#[derive(Debug, PartialEq)]
struct Path {
    line: usize,
    /// Its names; those of a `use` may begin with one of a child, and the last is the one that it has here.
    names: Vec<String>,
    is_use: bool,
    /// How many inline modules it stands in.
    inline: usize,
}

/// The names of a path from the crate's root; none if it isn't of this crate, or begins with a child.
fn absolute(from: &Module, path: &Path) -> Option<Module> {
    let first = path.names.first()?;
    if first == "crate" {
        return Some(path.names[1..].to_vec());
    }
    let up = path
        .names
        .iter()
        .take_while(|name| *name == "super")
        .count();
    let up_of_file = up.checked_sub(path.inline).filter(|_| up > 0)?;
    let kept = from.len().checked_sub(up_of_file)?;
    Some([&from[..kept], &path.names[up..]].concat())
}

/// Every path of a file that begins with `crate` or `super`, and every `use`; groups are taken apart.
fn paths(text: &str) -> Vec<Path> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1);
    let mut found = Vec::new();
    // The depths of braces at which inline modules began, and whether they hold tests.
    let mut inner: Vec<(usize, bool)> = Vec::new();
    let mut braces = 0;
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map_or("", word);
        let is_use = word(at) == "use";
        let begins =
            ["crate", "super"].contains(&word(at)) && word(at + 1) == "::" && before != "::";
        if is_use || begins {
            let mut names = Vec::new();
            let end = tree(&tokens, at + usize::from(is_use), &[], &mut names);
            if inner.iter().all(|(_, tests)| !tests) {
                found.extend(names.into_iter().map(|(line, names)| Path {
                    line,
                    names,
                    is_use,
                    inline: inner.len(),
                }));
            }
            at = end.max(at + 1);
            continue;
        }
        match word(at) {
            "{" => {
                braces += 1;
                if at >= 2 && word(at - 2) == "mod" {
                    inner.push((braces, before == "tests"));
                }
            }
            "}" => {
                inner.pop_if(|(depth, _)| *depth == braces);
                braces -= 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads a path that begins at `at`, and all those that its groups stand for; says where it ends.
fn tree(
    tokens: &[(usize, &str)],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1);
    let mut names = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.0);
    loop {
        if word(at) == "{" {
            at += 1;
            while !["}", ""].contains(&word(at)) {
                let end = tree(tokens, at, &names, found);
                at = end.max(at + usize::from(end == at));
                at += usize::from(word(at) == ",");
            }
            return at + 1;
        }
        let is_name = word(at).starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_name && word(at) != "*" {
            break;
        }
        // `self` in a group is the module itself.
        if word(at) != "self" || names.is_empty() {
            names.push(word(at).to_owned());
        }
        at += 1;
        if word(at) != "::" {
            break;
        }
        at += 1;
    }
    if word(at) == "as" {
        names.pop();
        names.push(word(at + 1).to_owned());
        at += 2;
    }
    found.push((line, names));
    at
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let file = |path: &str, text: &str| File {
        path: path.into(),
        text: text.into(),
    };
    let found = |files: &[File]| circles(&edges(files, "x/src"));
    let circle = [
        file("x/src/lib.rs", "mod a; mod b; mod c; use b::B;"),
        file("x/src/a.rs", "use crate::{b::{self, d::D}, std};"),
        file("x/src/b/mod.rs", "pub mod d; fn f() -> super::c::C {}"),
        file("x/src/b/d.rs", "mod tests { use crate::c::C; }"),
        file(
            "x/src/c.rs",
            "// use crate::nothing;\nmod inner { use super::super::a; }",
        ),
    ];
    let expect = [
        "x/src/a.rs:1: in crate, a imports b, which leads back: b → c → a",
        "x/src/b/mod.rs:1: in crate, b imports c, which leads back: c → a → b",
        "x/src/c.rs:2: in crate, c imports a, which leads back: a → b → c",
    ];
    assert_eq!(found(&circle), expect);
    assert!(found(&circle[..4]).is_empty());

    let passed_on = [
        file(
            "x/src/v/mod.rs",
            "mod one; mod two; pub use one::One; struct Own;",
        ),
        file("x/src/v/one.rs", "use super::two::Two; use super::Own;"),
        file("x/src/v/two.rs", "use super::One;"),
    ];
    assert_eq!(found(&passed_on).len(), 2, "{:?}", found(&passed_on));
}
