//! A scenario as its file has it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Answer;

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// Its file's name without the ending.
    #[serde(skip)]
    pub(super) name: String,
    /// What it shows, in words.
    pub(super) title: String,
    /// Limits and times of the client.
    #[serde(default)]
    pub(super) config: Map<String, Value>,
    /// Further parts of the command that opens the client.
    #[serde(default)]
    pub(super) open: Map<String, Value>,
    /// Answers to the requests, in their order; the last one is repeated.
    #[serde(default = "accept")]
    pub(super) answers: Vec<Answer>,
    /// Commands to the driver and to the runner, in order.
    pub(super) steps: Vec<Map<String, Value>>,
    /// All requests that came; not looked at if absent.
    pub(super) requests: Option<Vec<Map<String, Value>>>,
    /// What the client counted in the end.
    #[serde(default)]
    pub(super) counters: Map<String, Value>,
}

fn accept() -> Vec<Answer> {
    vec![Answer::default()]
}

/// All scenarios of a folder whose names hold a text, by name.
pub(super) fn all(folder: &Path, only: Option<&str>) -> anyhow::Result<Vec<Scenario>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_one = path.extension().is_some_and(|ending| ending == "yaml");
        if !is_one || only.is_some_and(|text| !name.contains(text)) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let scenario: Scenario =
            serde_yaml::from_str(&text).with_context(|| path.display().to_string())?;
        found.push(Scenario {
            name: name.into_owned(),
            ..scenario
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
