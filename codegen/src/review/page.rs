//! A review as a page: text for a terminal, Markdown for a pull request.

use super::{Area, Item, Review, Severity, What};

const AREAS: [(Area, &str); 5] = [
    (Area::Wire, "Messages and senders"),
    (Area::Topology, "Exchanges, queues, bindings"),
    (Area::Transforms, "Transforms"),
    (Area::Tables, "Tables"),
    (Area::Declarations, "Declarations"),
];

/// Text for a terminal.
pub fn text(review: &Review) -> String {
    let mut out = format!("{}\n", headline(review));
    for (title, items) in areas(review) {
        out.push_str(&format!("\n{title}\n"));
        for item in items {
            out.push_str(&format!("  {} {}{}\n", sign(item), item.told, code(item)));
            for (whom, how) in effects(item) {
                out.push_str(&format!("      {whom}: {how}\n"));
            }
        }
    }
    if !review.statements.is_empty() {
        out.push_str("\nStatements\n");
        for statement in &review.statements {
            let (database, cost) = (&statement.database, statement.cost.told());
            out.push_str(&format!(
                "  {database}, {cost}:\n    {}\n",
                statement.sql.replace('\n', "\n    ")
            ));
        }
    }
    if !review.order.is_empty() {
        out.push_str("\nOrder\n");
        for (at, step) in review.order.iter().enumerate() {
            out.push_str(&format!("  {}. {step}\n", at + 1));
        }
    }
    out
}

/// Markdown for a pull request.
pub fn markdown(review: &Review) -> String {
    let mut out = format!("# Plan\n\n{}\n", headline(review));
    for (title, items) in areas(review) {
        out.push_str(&format!(
            "\n## {title}\n\n| | change | old senders | old instances | in flight | stored rows | |\n| --- | --- | --- | --- | --- | --- | --- |\n"
        ));
        for item in items {
            let cell = |text: &str| match text {
                "" if item.severity == Severity::Refused => String::new(),
                "" => "safe".to_owned(),
                text => text.replace('|', "\\|"),
            };
            out.push_str(&format!(
                "| {} | {}{} | {} | {} | {} | {} | {} |\n",
                sign(item),
                item.told.replace('|', "\\|"),
                code(item),
                cell(&item.senders),
                cell(&item.instances),
                cell(&item.messages),
                cell(&item.rows),
                item.why.replace('|', "\\|"),
            ));
        }
    }
    if !review.statements.is_empty() {
        out.push_str("\n## Statements\n\n| database | cost | statement |\n| --- | --- | --- |\n");
        for statement in &review.statements {
            let first = statement.sql.lines().next().unwrap_or_default();
            out.push_str(&format!(
                "| {} | {} | `{}` |\n",
                statement.database,
                statement.cost.told(),
                first.replace('`', "").replace('|', "\\|")
            ));
        }
    }
    if !review.order.is_empty() {
        out.push_str("\n## Order of deployment\n\n");
        for (at, step) in review.order.iter().enumerate() {
            out.push_str(&format!("{}. {step}\n", at + 1));
        }
    }
    out
}

fn headline(review: &Review) -> String {
    let count = |severity| {
        review
            .items
            .iter()
            .filter(|item| item.severity == severity)
            .count()
    };
    match (review.items.len(), review.statements.len()) {
        (0, 0) => format!("No change against {}.", review.base),
        _ => format!(
            "Against {}: {} refused, {} that hurt and are meant, {} harmless; {}.",
            review.base,
            count(Severity::Refused),
            count(Severity::Meant),
            count(Severity::Safe),
            super::counted(review.statements.len(), "statement")
        ),
    }
}

fn areas(review: &Review) -> impl Iterator<Item = (&'static str, Vec<&Item>)> {
    AREAS.into_iter().filter_map(|(area, title)| {
        let items: Vec<&Item> = review
            .items
            .iter()
            .filter(|item| item.area == area)
            .collect();
        (!items.is_empty()).then_some((title, items))
    })
}

fn sign(item: &Item) -> &'static str {
    match (item.severity, item.what) {
        (Severity::Refused, _) => "✗",
        (Severity::Meant, What::Retired) => "−",
        (Severity::Meant, _) => "!",
        (Severity::Safe, What::Added) => "+",
        (Severity::Safe, _) => "~",
    }
}

fn code(item: &Item) -> String {
    item.code
        .map(|code| format!(" ({code})"))
        .unwrap_or_default()
}

fn effects(item: &Item) -> Vec<(&'static str, &str)> {
    let effects = [
        ("old senders", item.senders.as_str()),
        ("old instances", &item.instances),
        ("in flight", &item.messages),
        ("stored rows", &item.rows),
        (
            if item.severity == Severity::Refused {
                "way out"
            } else {
                "why"
            },
            &item.why,
        ),
    ];
    effects
        .into_iter()
        .filter(|(_, how)| !how.is_empty())
        .collect()
}
