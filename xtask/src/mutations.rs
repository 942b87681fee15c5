//! `cargo xtask mutations`: seeded changes of the declarations, and whether the generator judges them rightly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use event_grpc_codegen::base::diagnostic::Diagnostic;
use event_grpc_codegen::{Failure, generate};
use serde::Deserialize;

/// Folder of the changes, from the project's root.
const FOLDER: &str = "codegen/mutations";

/// What a project is made of, from its root.
const DECLARED: [&str; 3] = ["pipeline.yaml", "proto", "migrations"];

/// Time of the runs, in seconds since the epoch: behind that of every migration.
const NOW: u64 = 4_000_000_000;

/// A seeded change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What it does.
    name: String,
    /// Its edits, in order.
    edits: Vec<Edit>,
    /// The code of the first diagnostic; none for a change that passes.
    refused: Option<String>,
    /// A text that one of the diagnostics has.
    says: Option<String>,
    /// Number of diagnostics, if one mistake is more than one.
    told: Option<usize>,
}

/// A text that is replaced in a file where it is there once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The file, from the project's root.
    file: PathBuf,
    /// The text; none for a file that is new, or removed.
    find: Option<String>,
    /// The text instead; none removes the file.
    replace: Option<String>,
}

/// Runs those of all files of the folder whose name has this text in it, and prints those that were misjudged, and a score.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<ExitCode> {
    let mut files: Vec<PathBuf> = Vec::new();
    let folder = root.join(FOLDER);
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        files.push(entry?.path());
    }
    files.sort();
    let originals = originals(root)?;
    let mut wrong = 0;
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let mutations: Vec<Mutation> =
            serde_yaml::from_str(&text).with_context(|| file.display().to_string())?;
        let (mut right, mut all) = (0, 0);
        for mutation in &mutations {
            if only.is_some_and(|only| !mutation.name.contains(only)) {
                continue;
            }
            all += 1;
            match judge(&originals, mutation)
                .with_context(|| format!("{}: {}", file.display(), mutation.name))?
            {
                None => right += 1,
                Some(found) => println!("wrong: {}\n  {found}", mutation.name),
            }
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{name}: {right} of {all} judged rightly");
        wrong += all - right;
    }
    Ok(match wrong {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Text of each file that a project is made of, by path.
fn originals(root: &Path) -> Result<BTreeMap<PathBuf, String>> {
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
fn judge(originals: &BTreeMap<PathBuf, String>, mutation: &Mutation) -> Result<Option<String>> {
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

fn apply(edit: &Edit, files: &mut BTreeMap<PathBuf, String>) -> Result<()> {
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
