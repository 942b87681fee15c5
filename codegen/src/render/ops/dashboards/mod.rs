//! The dashboards: an overview, and one each for sources, queues, tables and clients.

mod clients;
mod overview;
mod queues;
mod sources;
mod tables;

use serde_json::Value;

use super::dashboard::Kind::{Lines, Stat, Table};
use super::dashboard::{Kind, Panel};

/// The dashboards, by the names of their files.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Value)> {
    [
        overview::DASHBOARD,
        sources::DASHBOARD,
        queues::DASHBOARD,
        tables::DASHBOARD,
        clients::DASHBOARD,
    ]
    .into_iter()
    .map(|dashboard| (dashboard.name, dashboard.json()))
}

/// Expression and legend.
type Target = (&'static str, &'static str);

const fn lines(title: &'static str, unit: &'static str, targets: &'static [Target]) -> Panel {
    panel(Lines, title, unit, targets)
}

const fn stat(title: &'static str, unit: &'static str, targets: &'static [Target]) -> Panel {
    panel(Stat, title, unit, targets)
}

const fn table(title: &'static str, unit: &'static str, targets: &'static [Target]) -> Panel {
    panel(Table, title, unit, targets)
}

const fn panel(
    kind: Kind,
    title: &'static str,
    unit: &'static str,
    targets: &'static [Target],
) -> Panel {
    Panel {
        title,
        kind,
        unit,
        targets,
    }
}
