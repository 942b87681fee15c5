//! The review of a change: what it adds, changes and retires, whom each of that can hurt, and in which order to deploy.

mod cost;
mod items;
mod late;
mod order;
pub mod page;
mod renames;

use serde::Serialize;

use crate::base::refusal::Refusal;
use crate::model::Model;
use crate::schema::history::History;
use crate::schema::plan;

pub use cost::Cost;

/// A change of the declarations, for its reviewer.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    /// What it is compared with.
    pub base: String,
    /// The worst of what is in it.
    pub severity: Severity,
    /// What changes, by area.
    pub items: Vec<Item>,
    /// Statements for the databases, in order.
    pub statements: Vec<Statement>,
    /// Steps of the deployment, in order.
    pub order: Vec<String>,
}

/// Severity of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It hurts nobody.
    Safe,
    /// It hurts, and is accepted or retired.
    Meant,
    /// It is refused.
    Refused,
}

/// Area of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Messages and senders.
    Wire,
    /// Exchanges, queues and bindings.
    Topology,
    /// Expressions of columns, and requests to HTTP APIs.
    Transforms,
    /// Tables and columns.
    Tables,
    /// `retired` and `accepts` themselves.
    Declarations,
}

/// What happens to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is new.
    Added,
    /// It is another.
    Changed,
    /// It has another name.
    Renamed,
    /// It is retired, or gone.
    Retired,
}

/// A change of one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Item {
    /// Its area.
    pub area: Area,
    /// What happens.
    pub what: What,
    /// One sentence without a full stop.
    pub told: String,
    /// Its severity.
    pub severity: Severity,
    /// The code of the rule, if it hurts.
    pub code: Option<&'static str>,
    /// What it does to senders that go on as before; empty for nothing.
    pub senders: String,
    /// What it does to instances of the former build.
    pub instances: String,
    /// What it does to messages in flight.
    pub messages: String,
    /// What it does to stored rows.
    pub rows: String,
    /// Why it is meant; or, for what is refused, the way out.
    pub why: String,
}

/// A statement for a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The database.
    pub database: String,
    /// SQL without a semicolon.
    pub sql: String,
    /// Its cost.
    pub cost: Cost,
}

/// Reviews a model against the base.
pub fn review(model: &Model, history: &History) -> Review {
    let compared = plan::compare(model, history);
    let mut items = items::of(&compared, model);
    items.extend(compared.refused.iter().map(refused));
    items.sort();
    items.dedup();
    let statements: Vec<Statement> = compared
        .diffs
        .iter()
        .chain(&compared.drops)
        .flat_map(|(home, diff)| {
            diff.statements.iter().map(|sql| Statement {
                database: home.folder().trim_start_matches("migrations/").to_owned(),
                sql: sql.clone(),
                cost: cost::of(home.store, sql),
            })
        })
        .collect();
    let severity = items.iter().map(|item| item.severity).max();
    Review {
        base: history.told.clone(),
        severity: severity.unwrap_or(Severity::Safe),
        order: order::of(&items, &statements),
        items,
        statements,
    }
}

fn refused(refusal: &Refusal) -> Item {
    Item {
        area: items::area(refusal.code),
        what: What::Changed,
        told: refusal.message.clone(),
        severity: Severity::Refused,
        code: Some(refusal.code),
        senders: String::new(),
        instances: String::new(),
        messages: String::new(),
        rows: String::new(),
        why: refusal.help.clone(),
    }
}

/// `1 statement`, `2 statements`.
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// An item that hurts nobody.
fn safe(area: Area, what: What, told: String) -> Item {
    Item {
        area,
        what,
        told,
        severity: Severity::Safe,
        code: None,
        senders: String::new(),
        instances: String::new(),
        messages: String::new(),
        rows: String::new(),
        why: String::new(),
    }
}
