//! `cargo xtask mutations`: seeded changes of the declarations, and whether the generator judges them rightly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use event_grpc_codegen::base::diagnostic::Diagnostic;
use event_grpc_codegen::{Failure, generate};
use serde::Deserialize;

/// Folder of the changes, from the project's root.
const FOLDER: &str = "codegen/mutations";

/// What a project is made of, from its root.
const DECLARED: [&str; 3] = ["pipeline.yaml", "proto", "migrations"];

/// Time of the runs, in seconds since the epoch: behind that of every migration.
const NOW: u64 = 4_000_000_000;

/// Text of files by path, from the project's root.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// A seeded change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What it does.
    name: String,
    /// Its edits, in order.
    edits: Vec<Edit>,
    /// The code of the first diagnostic; `history` for one without a code, none for a change that passes.
    refused: Option<String>,
    /// A text that one of the diagnostics has.
    says: Option<String>,
    /// Number of diagnostics, if one mistake is more than one.
    told: Option<usize>,
}

/// A text that is replaced in a file where it is there once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// The file, from the project's root.
    file: PathBuf,
    /// The text; none for a file that is new, or removed.
    find: Option<String>,
    /// The text instead; none removes the file.
    replace: Option<String>,
}

/// Runs those of all files of the folder whose name has this text in it, and prints those that were misjudged, and a score.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<ExitCode> {
    let originals = originals(root)?;
    let mut misjudged = 0;
    for (file, mutations) in read(root)? {
        let asked = |mutation: &&Mutation| only.is_none_or(|only| mutation.name.contains(only));
        let mutations: Vec<&Mutation> = mutations.iter().filter(asked).collect();
        let wrong = wrong(&originals, &mutations).with_context(|| file.clone())?;
        for found in &wrong {
            println!("wrong: {found}");
        }
        let (all, right) = (mutations.len(), mutations.len() - wrong.len());
        println!("{file}: {right} of {all} judged rightly");
        misjudged += wrong.len();
    }
    Ok(match misjudged {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The changes by the name of their file.
fn read(root: &Path) -> Result<BTreeMap<String, Vec<Mutation>>> {
    let mut read = BTreeMap::new();
    let folder = root.join(FOLDER);
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mutations = serde_yaml::from_str(&text).with_context(|| path.display().to_string())?;
        read.insert(name.into_owned(), mutations);
    }
    Ok(read)
}

/// What was judged wrongly, in order. Every processor has a share of the changes.
fn wrong(originals: &Files, mutations: &[&Mutation]) -> Result<Vec<String>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = mutations.len().div_ceil(threads).max(1);
    let judge_all = |mutations: &[&Mutation]| -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for mutation in mutations {
            let found = judge(originals, mutation).with_context(|| mutation.name.clone())?;
            wrong.extend(found.map(|found| format!("{}\n  {found}", mutation.name)));
        }
        Ok(wrong)
    };
    thread::scope(|scope| {
        let running: Vec<_> = mutations
            .chunks(share)
            .map(|share| scope.spawn(move || judge_all(share)))
            .collect();
        let mut wrong = Vec::new();
        for share in running {
            let found = share
                .join()
                .map_err(|_| anyhow!("the generator panicked"))?;
            wrong.extend(found?);
        }
        Ok(wrong)
    })
}

/// Text of each file that a project is made of, by path.
pub(crate) fn originals(root: &Path) -> Result<Files> {
    let mut found = BTreeMap::new();
    let mut paths: Vec<PathBuf> = DECLARED.iter().map(PathBuf::from).collect();
    while let Some(path) = paths.pop() {
        let full = root.join(&path);
        if full.is_dir() {
            for entry in fs::read_dir(&full)? {
                paths.push(path.join(entry?.file_name()));
            }
        } else {
            let text = fs::read_to_string(&full);
            found.insert(path, text.with_context(|| full.display().to_string())?);
        }
    }
    Ok(found)
}

/// What was judged wrongly; none if all is right.
fn judge(originals: &Files, mutation: &Mutation) -> Result<Option<String>> {
    let mut files = originals.clone();
    for edit in &mutation.edits {
        apply(edit, &mut files)?;
    }
    let project = tempfile::tempdir()?;
    for (path, text) in &files {
        let full = project.path().join(path);
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(full, text)?;
    }
    let found = match generate(project.path(), NOW) {
        Ok(_) => Vec::new(),
        Err(Failure::Mistakes(found, _)) => found,
        Err(Failure::History(error)) => return Ok(other(mutation, &error.to_string())),
        Err(error) => bail!("the generator failed: {error}"),
    };
    Ok(match (&mutation.refused, found.first()) {
        (None, None) => None,
        (None, Some(first)) => Some(format!("refused: {}", told(first))),
        (Some(code), None) => Some(format!("passed; should be {code}")),
        (Some(code), Some(first)) if first.code != code => {
            Some(format!("should be {code}: {}", all(&found)))
        }
        (Some(_), Some(_)) if found.len() != mutation.told.unwrap_or(1) => {
            Some(format!("is told {} times: {}", found.len(), all(&found)))
        }
        (Some(_), Some(_)) => match &mutation.says {
            Some(text) if !found.iter().any(|d| told(d).contains(text)) => {
                Some(format!("does not say {text:?}: {}", all(&found)))
            }
            _ => None,
        },
    })
}

/// A change that was refused without a code.
fn other(mutation: &Mutation, message: &str) -> Option<String> {
    let expected = mutation.refused.as_deref() == Some("history");
    let says = mutation.says.as_deref().unwrap_or_default();
    (!expected || !message.contains(says)).then(|| format!("refused: {message}"))
}

/// The first few diagnostics.
fn all(found: &[Diagnostic]) -> String {
    let told: Vec<String> = found.iter().take(6).map(told).collect();
    told.join("\n  ")
}

fn told(found: &Diagnostic) -> String {
    let help = found.help.as_deref().unwrap_or_default();
    format!("{} {} ({help})", found.code, found.message)
}

/// Makes an edit.
pub(crate) fn apply(edit: &Edit, files: &mut Files) -> Result<()> {
    let path = &edit.file;
    match (&edit.find, &edit.replace) {
        (None, Some(text)) => {
            files.insert(path.clone(), text.clone());
        }
        (_, None) => {
            let removed = files.remove(path);
            ensure!(removed.is_some(), "there is no {}", path.display());
        }
        (Some(find), Some(replace)) => {
            let text = files.get_mut(path);
            let text = text.with_context(|| format!("there is no {}", path.display()))?;
            let times = text.matches(find.as_str()).count();
            ensure!(
                times == 1,
                "{find:?} is {times} times in {}",
                path.display()
            );
            *text = text.replacen(find.as_str(), replace, 1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    /// Every fourth of them: `cargo xtask mutations` runs them all.
    #[test]
    fn seeded_changes_are_judged_rightly() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let originals = originals(&root).unwrap();
        let read = read(&root).unwrap();
        let (mistakes, harmless): (Vec<&Mutation>, Vec<&Mutation>) =
            read.values().flatten().partition(|m| m.refused.is_some());
        assert!(mistakes.len() >= 150 && harmless.len() >= 60);
        let all = mistakes.iter().chain(&harmless).step_by(4);
        let some: Vec<&Mutation> = all.copied().collect();
        let wrong = wrong(&originals, &some).unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
