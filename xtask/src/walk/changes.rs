//! The changes of the release, and what the plan says about each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use event_grpc_codegen::{Failure, generate_since, review_since};
use serde::Deserialize;
use serde_json::Value;

use crate::mutations::{self, Edit};
use crate::tree;

/// The changes of the release, and those past one machine, from the project's root.
pub(super) const RELEASE: &str = "xtask/walk/changes.yaml";
pub(super) const SCALE: &str = "xtask/walk/scale.yaml";

/// Time of the release, in seconds since the epoch: behind that of every migration, and always the same, so that what is
/// generated is, too.
const NOW: u64 = 4_000_000_000;

/// The effects of an item.
const EFFECTS: [&str; 4] = ["senders", "instances", "messages", "rows"];

/// A change that can hurt.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// Its kind, by which its scenario is found.
    pub(super) kind: String,
    /// What it does.
    pub(super) what: String,
    edits: Vec<Edit>,
    /// Entries of `retired`.
    #[serde(default)]
    retired: Vec<String>,
    predicted: Vec<BTreeMap<String, String>>,
    #[serde(default)]
    order: Vec<String>,
}

/// All of a file.
pub(super) fn read(root: &Path, file: &str) -> Result<Vec<Change>> {
    let path = root.join(file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_yaml::from_str(&text).with_context(|| path.display().to_string())
}

/// The declarations with these changes, generated, in a folder.
pub(super) fn release(root: &Path, changes: &[Change], to: &Path) -> Result<()> {
    tree::declared(root, to)?;
    let plan = declare(changes, to)?;
    let generated = generate_since(to, None, NOW, None).map_err(told)?;
    generated.write(to)?;
    for change in changes {
        // The order of all of them is another one.
        predicts(&plan, change)
            .with_context(|| format!("the plan of all changes, {}", change.kind))?;
    }
    Ok(())
}

/// Asks the plan about a change alone, and whether it predicts what is expected.
pub(super) fn predict(root: &Path, change: &Change) -> Result<()> {
    let folder = tempfile::tempdir()?;
    tree::declared(root, folder.path())?;
    let plan = declare(std::slice::from_ref(change), folder.path())?;
    predicts(&plan, change)?;
    orders(&plan, change)
}

/// Makes the changes, and accepts what the plan refuses in the words that it says. The plan then.
fn declare(changes: &[Change], to: &Path) -> Result<Value> {
    let mut files = mutations::originals(to)?;
    for change in changes {
        for edit in &change.edits {
            mutations::apply(edit, &mut files).with_context(|| change.kind.clone())?;
        }
    }
    let yaml = PathBuf::from("pipeline.yaml");
    let mut text = files.remove(&yaml).context("there is no pipeline.yaml")?;
    let retired: Vec<&String> = changes.iter().flat_map(|change| &change.retired).collect();
    append(&mut text, "retired", retired);
    for (path, text) in &files {
        fs::write(to.join(path), text)?;
    }
    fs::write(to.join(&yaml), &text)?;
    let refused = plan(to)?;
    let accepted: Vec<String> = items(&refused)
        .filter(|item| item["severity"] == "refused")
        .map(|item| {
            let way_out = item["why"].as_str().unwrap_or_default();
            let entry = way_out.split("`accepts: [").nth(1);
            let entry = entry.and_then(|rest| rest.split("]`").next());
            let entry = entry.map(|entry| entry.replace("why: ...", "why: the walk means it"));
            entry.with_context(|| format!("there is no way out: {} ({way_out})", item["told"]))
        })
        .collect::<Result<_>>()?;
    append(&mut text, "accepts", accepted.iter().collect());
    fs::write(to.join(&yaml), &text)?;
    plan(to)
}

fn append(yaml: &mut String, key: &str, entries: Vec<&String>) {
    if !entries.is_empty() {
        let entries: String = entries
            .iter()
            .map(|entry| format!("  - {entry}\n"))
            .collect();
        yaml.push_str(&format!("\n{key}:\n{entries}"));
    }
}

/// The plan, as its JSON.
fn plan(root: &Path) -> Result<Value> {
    let review = review_since(root, None).map_err(told)?;
    Ok(serde_json::to_value(&review)?)
}

fn told(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Mistakes(mistakes, sources) => {
            crate::codegen::show(&mistakes, &sources);
            anyhow::anyhow!("the generator refuses it")
        }
        failure => failure.into(),
    }
}

fn items(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["items"].as_array().into_iter().flatten()
}

/// Fails if the plan doesn't predict what is expected of a change.
fn predicts(plan: &Value, change: &Change) -> Result<()> {
    ensure!(
        plan["severity"] != "refused",
        "it is refused although it is accepted"
    );
    for expected in &change.predicted {
        let has = |item: &&Value, key: &str| {
            let text = item[key].as_str().unwrap_or_default();
            expected.get(key).is_none_or(|part| text.contains(part))
        };
        let found: Vec<&Value> = items(plan).filter(|item| has(item, "told")).collect();
        let [item] = found[..] else {
            bail!("{} items are about {:?}", found.len(), expected.get("told"));
        };
        for effect in EFFECTS {
            let text = item[effect].as_str().unwrap_or_default();
            let right = has(&item, effect) && (expected.contains_key(effect) || text.is_empty());
            ensure!(
                right,
                "{effect} of {}: it says {text:?}, and should say {:?}",
                item["told"],
                expected.get(effect)
            );
        }
    }
    Ok(())
}

/// Fails if the steps of the plan don't come in the order that is expected of a change.
fn orders(plan: &Value, change: &Change) -> Result<()> {
    let steps: Vec<&str> = plan["order"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut rest = steps.iter();
    for expected in &change.order {
        ensure!(
            rest.any(|step| step.contains(expected.as_str())),
            "no step says {expected:?} in its place: {steps:#?}"
        );
    }
    Ok(())
}
