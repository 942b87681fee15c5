//! Dashboard: rows of panels, as Grafana's JSON model has them.

use serde_json::{Map, Value, json};

/// Width of the grid, and the height of a panel.
const WIDTH: u32 = 24;
const HEIGHT: u32 = 8;

/// Version of the JSON model: that of Grafana 10 and later.
const SCHEMA_VERSION: u32 = 38;

/// Dashboard as it is declared.
pub(super) struct Dashboard {
    /// File and uid, behind `event-grpc-`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Further variables: name, and the metric whose label of that name has the values.
    pub(super) variables: &'static [(&'static str, &'static str)],
    pub(super) rows: &'static [(&'static str, &'static [Panel])],
}

/// Panel.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) kind: Kind,
    /// Unit, by Grafana's id.
    pub(super) unit: &'static str,
    /// Expressions, each with a legend.
    pub(super) targets: &'static [(&'static str, &'static str)],
}

/// Kind of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lines over time.
    Lines,
    /// The present value.
    Stat,
    /// The present values of all series, in rows.
    Table,
}

impl Dashboard {
    /// The JSON model.
    pub(super) fn json(&self) -> Value {
        json!({
            "uid": format!("event-grpc-{}", self.name),
            "title": format!("event-grpc / {}", self.title),
            "tags": ["event-grpc"],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": true,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": { "from": "now-3h", "to": "now" },
            "timezone": "browser",
            "links": [{
                "type": "dashboards", "tags": ["event-grpc"], "title": "event-grpc",
                "asDropdown": true, "includeVars": true, "keepTime": true,
            }],
            "templating": { "list": self.templating() },
            "panels": self.panels(),
        })
    }

    fn templating(&self) -> Vec<Value> {
        let mut list = vec![json!({
            "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1,
        })];
        let job = [("job", "event_grpc_build_info")];
        let all = job.iter().chain(self.variables);
        list.extend(all.map(|(name, metric)| {
            let query = match *name {
                "job" => format!("label_values({metric}, job)"),
                name => format!("label_values({metric}{{job=~\"$job\"}}, {name})"),
            };
            json!({
                "name": name, "label": name, "type": "query", "datasource": datasource(), "query": query,
                "definition": query, "refresh": 2, "sort": 1, "multi": true, "includeAll": true,
                // Those that are known would leave out series without the label, such as those of unknown senders.
                "allValue": ".*", "current": { "text": "All", "value": "$__all" },
            })
        }));
        list
    }

    fn panels(&self) -> Vec<Value> {
        let mut panels = Vec::new();
        let (mut id, mut y) = (0, 0);
        let mut next_id = || {
            id += 1;
            id
        };
        for (title, row) in self.rows {
            panels.push(json!({
                "id": next_id(), "type": "row", "title": title, "collapsed": false, "panels": [],
                "gridPos": { "x": 0, "y": y, "w": WIDTH, "h": 1 },
            }));
            y += 1;
            let mut x = 0;
            for panel in *row {
                let (w, h) = panel.size();
                if x + w > WIDTH {
                    (x, y) = (0, y + HEIGHT);
                }
                let place = json!({ "x": x, "y": y, "w": w, "h": h });
                panels.push(panel.json(next_id(), place));
                x += w;
            }
            y += HEIGHT;
        }
        panels
    }
}

impl Panel {
    fn size(&self) -> (u32, u32) {
        match self.kind {
            Kind::Stat => (WIDTH / 6, HEIGHT),
            Kind::Lines | Kind::Table => (WIDTH / 2, HEIGHT),
        }
    }

    fn json(&self, id: u32, place: Value) -> Value {
        let is_now = self.kind != Kind::Lines;
        let targets = self.targets.iter().zip('A'..='Z');
        let targets = targets.map(|((expr, legend), letter)| {
            json!({
                "refId": letter.to_string(), "datasource": datasource(), "expr": expr, "legendFormat": legend,
                "instant": is_now, "range": !is_now,
                "format": if self.kind == Kind::Table { "table" } else { "time_series" },
            })
        });
        let targets: Vec<Value> = targets.collect();
        let mut panel = Map::new();
        let (kind, options) = match self.kind {
            Kind::Lines => (
                "timeseries",
                json!({ "legend": { "displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"] },
                        "tooltip": { "mode": "multi", "sort": "desc" } }),
            ),
            Kind::Stat => (
                "stat",
                json!({ "reduceOptions": { "calcs": ["lastNotNull"] }, "colorMode": "value", "graphMode": "none" }),
            ),
            Kind::Table => ("table", json!({ "showHeader": true })),
        };
        let defaults = match self.kind {
            Kind::Lines => {
                json!({ "unit": self.unit, "min": 0, "custom": { "fillOpacity": 10, "showPoints": "never" } })
            }
            _ => json!({ "unit": self.unit }),
        };
        for (name, value) in [
            ("id", json!(id)),
            ("type", json!(kind)),
            ("title", json!(self.title)),
            ("datasource", datasource()),
            ("gridPos", place),
            ("targets", Value::from(targets)),
            (
                "fieldConfig",
                json!({ "defaults": defaults, "overrides": [] }),
            ),
            ("options", options),
        ] {
            panel.insert(name.to_owned(), value);
        }
        if self.kind == Kind::Table {
            let hidden = json!({ "id": "organize", "options": { "excludeByName": { "Time": true, "Value": true, "__name__": true } } });
            panel.insert("transformations".to_owned(), Value::from(vec![hidden]));
        }
        Value::Object(panel)
    }
}

/// The datasource that the dashboard's variable names.
fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}
