//! What operators get in `generated/ops`: rules, runbook and dashboards fit the metrics and each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::expressions::{labels, wrong};

/// Folder of the generated files.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/ops")
}

/// Files of alerts, and the one of recording rules.
pub(super) fn files() -> Vec<PathBuf> {
    let alerts = fs::read_dir(folder().join("alerts")).unwrap();
    let alerts = alerts.map(|file| file.unwrap().path());
    alerts.chain([folder().join("recording.yaml")]).collect()
}

/// Rules of all files.
fn rules() -> Vec<Value> {
    let mut rules = Vec::new();
    for file in files() {
        let text = fs::read_to_string(file).unwrap();
        let parsed: Value = serde_yaml::from_str(&text).unwrap();
        for group in parsed["groups"].as_array().unwrap() {
            rules.extend(group["rules"].as_array().unwrap().clone());
        }
    }
    rules
}

/// Alerts of all files.
pub(super) fn alerts() -> Vec<Value> {
    let all = rules().into_iter();
    all.filter(|rule| rule["alert"].is_string()).collect()
}

/// Names of the recording rules, with their labels.
fn recorded() -> Vec<(String, BTreeSet<String>)> {
    let rules = rules().into_iter();
    let rules = rules.filter(|rule| rule["record"].is_string());
    let recorded = rules.map(|rule| {
        let mut all = labels(rule["expr"].as_str().unwrap());
        let own = rule["labels"].as_object().into_iter().flatten();
        all.extend(own.map(|(name, _)| name.clone()));
        (rule["record"].as_str().unwrap().to_owned(), all)
    });
    recorded.collect()
}

/// Dashboards by file.
fn dashboards() -> BTreeMap<String, Value> {
    let files = fs::read_dir(folder().join("dashboards")).unwrap();
    let files = files.map(|file| file.unwrap());
    files
        .map(|file| {
            let text = fs::read_to_string(file.path()).unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.filter(|panel| panel["type"] != "row")
}

#[test]
fn rules_and_dashboards_name_metrics_and_labels_that_are_declared() {
    let recorded = recorded();
    let rules = rules().into_iter();
    let mut expressions: Vec<String> = rules
        .map(|rule| rule["expr"].as_str().unwrap().to_owned())
        .collect();
    for dashboard in dashboards().values() {
        let targets = panels(dashboard).flat_map(|panel| panel["targets"].as_array().unwrap());
        expressions.extend(targets.map(|target| target["expr"].as_str().unwrap().to_owned()));
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let Some(query) = variable["query"]
                .as_str()
                .filter(|_| variable["type"] == "query")
            else {
                continue;
            };
            let inside = query.strip_prefix("label_values(").unwrap();
            let (metric, label) = inside.trim_end_matches(')').rsplit_once(", ").unwrap();
            expressions.push(format!("max by ({label}) ({metric})"));
        }
    }
    assert!(expressions.len() > 100);
    let wrong: Vec<String> = expressions
        .iter()
        .flat_map(|e| wrong(e, &recorded))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_alert_has_what_operators_need() {
    let mut headings = 0;
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in fs::read_dir(folder().join("runbooks")).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        headings += text.lines().filter(|line| line.starts_with("## ")).count();
    }
    let alerts = alerts();
    for alert in &alerts {
        let name = alert["alert"].as_str().unwrap();
        let severity = alert["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning")), "{name}");
        let annotations = &alert["annotations"];
        for text in ["summary", "description"] {
            assert!(
                annotations[text]
                    .as_str()
                    .is_some_and(|text| text.len() > 20),
                "{name}"
            );
        }
        let runbook = annotations["runbook_url"].as_str().unwrap();
        let (file, anchor) = runbook.split_once('#').unwrap();
        let page = fs::read_to_string(top.join(file)).unwrap_or_default();
        let mut sections = page.lines().filter_map(|line| line.strip_prefix("## "));
        assert!(
            sections.any(|section| section.to_lowercase() == anchor),
            "{name}: {runbook} leads nowhere"
        );
    }
    assert_eq!(headings, alerts.len());
}

#[test]
fn dashboards_are_as_grafana_wants_them() {
    let dashboards = dashboards();
    assert_eq!(dashboards.len(), 5);
    let uids: BTreeSet<&str> = dashboards
        .values()
        .map(|d| d["uid"].as_str().unwrap())
        .collect();
    assert_eq!(uids.len(), dashboards.len());
    for (file, dashboard) in &dashboards {
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        assert_eq!(variables[0]["type"], "datasource", "{file}");
        let names: Vec<&str> = variables
            .iter()
            .map(|v| v["name"].as_str().unwrap())
            .collect();
        let all = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = all
            .iter()
            .map(|panel| panel["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids.len(), all.len(), "{file}: ids of panels");
        let mut taken = BTreeSet::new();
        for panel in all {
            let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            let (x, y, w, h) = (place("x"), place("y"), place("w"), place("h"));
            assert!(x + w <= 24, "{file}: {}", panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{file}: {} overlaps", panel["title"]);
            }
        }
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{file}: {title}"
            );
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
            assert!(unit.is_some_and(|unit| !unit.is_empty()), "{file}: {title}");
            let targets = panel["targets"].as_array().unwrap();
            let letters: BTreeSet<&str> = targets
                .iter()
                .map(|t| t["refId"].as_str().unwrap())
                .collect();
            assert!(
                !targets.is_empty() && letters.len() == targets.len(),
                "{file}: {title}"
            );
            for target in targets {
                let expression = target["expr"].as_str().unwrap();
                for used in expression.split('$').skip(1) {
                    let end = used
                        .find(|c: char| !c.is_ascii_alphanumeric())
                        .unwrap_or(used.len());
                    assert!(
                        names.contains(&&used[..end]),
                        "{file}: {title}: {expression}"
                    );
                }
            }
        }
    }
}
