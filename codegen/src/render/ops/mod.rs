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

use super::RenderError;
use super::templates::Templates;
use crate::base::header::HEADER;
use crate::base::tree::Tree;
use crate::model::Model;
use alert::{Alert, Group, Needs, Severity};
use recording::Recording;

/// What the names of all alerts begin with.
const PREFIX: &str = "EventGrpc";

/// The runbook, as rules refer to it.
const RUNBOOK: &str = "generated/ops/runbooks.md";

/// Groups of alerts, which are the chapters of the runbook.
const GROUPS: [Group; 4] = [intake::GROUP, broker::GROUP, stores::GROUP, process::GROUP];

/// Adds the files below `generated/ops/`.
pub(super) fn add(tree: &mut Tree, model: &Model) -> Result<(), RenderError> {
    let templates = Templates::new()?;
    let alerts = Alerts::of(model);
    let rules = templates.render("alerts.yaml", &alerts)?;
    tree.add("generated/ops/alerts.yaml", format!("# {HEADER}\n{rules}"));
    let rules = templates.render("recording.yaml", &Recording::of(model))?;
    tree.add(
        "generated/ops/recording.yaml",
        format!("# {HEADER}\n{rules}"),
    );
    let page = templates.render("runbooks.md", &alerts)?;
    tree.add(RUNBOOK, format!("<!-- {HEADER} -->\n{page}"));
    for (name, dashboard) in dashboards::all() {
        let text = serde_json::to_string_pretty(&dashboard)?;
        let path = format!("generated/ops/dashboards/{name}.json");
        tree.add(path, format!("{text}\n"));
    }
    Ok(())
}

/// What the templates of rules and of the runbook see.
#[derive(Debug, Serialize)]
struct Alerts {
    groups: Vec<GroupView>,
}

#[derive(Debug, Serialize)]
struct GroupView {
    name: &'static str,
    title: &'static str,
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

impl Alerts {
    fn of(model: &Model) -> Self {
        let has = |needs: Needs| match needs {
            Needs::Nothing => true,
            Needs::Kafka => model.queues.iter().any(|queue| queue.topic.is_some()),
            Needs::Requests => !model.requests.is_empty(),
        };
        let groups = GROUPS.iter().map(|group| GroupView {
            name: group.name,
            title: group.title,
            alerts: (group.alerts.iter())
                .filter(|alert| has(alert.needs))
                .map(AlertView::of)
                .collect(),
        });
        Alerts {
            groups: groups.collect(),
        }
    }
}

impl AlertView {
    fn of(alert: &Alert) -> Self {
        let name = format!("{PREFIX}{}", alert.name);
        let anchor = name.to_lowercase();
        AlertView {
            severity: alert.severity,
            lasts: alert.lasts,
            expr: alert.expr.to_owned(),
            quoted_expr: quoted(alert.expr),
            summary: quoted(alert.summary),
            description: quoted(&alert.meaning.replace("](../../", "](")),
            runbook: quoted(&format!("{RUNBOOK}#{anchor}")),
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
