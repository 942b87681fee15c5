//! Files for operators: alert and recording rules of Prometheus, the runbook, and dashboards of Grafana.

mod alert;
mod broker;
mod dashboard;
mod dashboards;
mod intake;
mod process;
mod recording;
mod stores;

use serde::Serialize;
use serde_json::Value;

use super::RenderError;
use super::templates::Templates;
use crate::base::header::HEADER;
use crate::base::tree::Tree;
use crate::model::Model;
use alert::{Alert, Group, Needs, Severity};
use recording::Recording;

/// What the names of all alerts begin with.
const PREFIX: &str = "EventGrpc";

/// Groups of alerts, each with a page of the runbook.
const GROUPS: [Group; 4] = [intake::GROUP, broker::GROUP, stores::GROUP, process::GROUP];

/// Adds the files below `generated/ops/`.
pub(super) fn add(tree: &mut Tree, model: &Model) -> Result<(), RenderError> {
    let templates = Templates::new()?;
    for group in GROUPS.iter().map(|group| GroupView::of(group, model)) {
        let name = group.name;
        let rules = templates.render("alerts.yaml", &group)?;
        let path = format!("generated/ops/alerts/{name}.yaml");
        tree.add(path, format!("# {HEADER}\n{rules}"));
        let page = templates.render("runbook.md", &group)?;
        tree.add(group.page, format!("<!-- {HEADER} -->\n{page}"));
    }
    let rules = templates.render("recording.yaml", &Recording::of(model))?;
    tree.add(
        "generated/ops/recording.yaml",
        format!("# {HEADER}\n{rules}"),
    );
    for (name, dashboard) in dashboards::all() {
        let path = format!("generated/ops/dashboards/{name}.json");
        tree.add(path, lines(&dashboard)?);
    }
    Ok(())
}

/// An object of JSON with a line for each member, and for each element of its lists, so that a difference shows what came and
/// went.
fn lines(value: &Value) -> Result<String, serde_json::Error> {
    let mut members = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = match value.as_array() {
            Some(list) if !list.is_empty() => {
                let list: Result<Vec<String>, _> = list.iter().map(serde_json::to_string).collect();
                format!("[\n    {}\n  ]", list?.join(",\n    "))
            }
            _ => serde_json::to_string(value)?,
        };
        members.push(format!("  {name:?}: {text}"));
    }
    Ok(format!("{{\n{}\n}}\n", members.join(",\n")))
}

/// What the templates of rules and of the runbook see.
#[derive(Debug, Serialize)]
struct GroupView {
    name: &'static str,
    title: &'static str,
    /// Page of the runbook.
    page: String,
    alerts: Vec<AlertView>,
}

/// Alert with its texts as YAML has them, and as they are.
#[derive(Debug, Serialize)]
struct AlertView {
    name: String,
    severity: Severity,
    lasts: &'static str,
    expr: String,
    quoted_expr: String,
    summary: String,
    description: String,
    runbook: String,
    meaning: &'static str,
    look: &'static [&'static str],
    act: &'static [&'static str],
}

impl GroupView {
    fn of(group: &Group, model: &Model) -> Self {
        let has = |needs: Needs| match needs {
            Needs::Nothing => true,
            Needs::Kafka => model.queues.iter().any(|queue| queue.topic.is_some()),
            Needs::Requests => !model.requests.is_empty(),
        };
        let page = format!("generated/ops/runbooks/{}.md", group.name);
        let alerts = group.alerts.iter().filter(|alert| has(alert.needs));
        GroupView {
            name: group.name,
            title: group.title,
            alerts: alerts
                .map(|alert| AlertView::of(alert, &model.runbooks, &page))
                .collect(),
            page,
        }
    }
}

impl AlertView {
    fn of(alert: &Alert, runbooks: &str, page: &str) -> Self {
        let name = format!("{PREFIX}{}", alert.name);
        let anchor = name.to_lowercase();
        AlertView {
            severity: alert.severity,
            lasts: alert.lasts,
            expr: alert.expr.to_owned(),
            quoted_expr: quoted(alert.expr),
            summary: quoted(alert.summary),
            description: quoted(&alert.meaning.replace("](../../../", "](")),
            runbook: quoted(&format!("{runbooks}{page}#{anchor}")),
            meaning: alert.meaning,
            look: alert.look,
            act: alert.act,
            name,
        }
    }
}

/// Text as a scalar of YAML in single quotes, in which only they are special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
