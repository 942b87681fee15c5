//! `accepts` and `retired`, as written: changes that are meant.

use chrono::NaiveDate;

use super::scalars::{Fields, wrong};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Accepted, Retired};
use crate::rules::contracts::RETIRED;
use crate::rules::reading::WRONG_TYPE;
use crate::syntax::yaml::{Node, Text, Value};

/// What can be retired: the word in declarations, the word of its fact, and how many names it has.
const RETIRABLE: [(&str, &str, usize); 8] = [
    ("event", "event", 1),
    ("field", "field", 2),
    ("source", "source", 1),
    ("exchange", "exchange", 1),
    ("queue", "queue", 1),
    ("binding", "bind", 3),
    ("table", "table", 1),
    ("column", "column", 2),
];

/// `accepts: [{ change, why }, ...]`.
pub(super) fn accepts(node: &Node, out: &mut Diagnostics) -> Vec<Accepted> {
    let items = list("`accepts`", node, out);
    let read = |item: &Node, out: &mut Diagnostics| {
        let fields = Fields::open(
            "an accepted change",
            item.span,
            item,
            &["change", "why"],
            out,
        )?;
        fields.require("change", out)?;
        fields.require("why", out)?;
        let (change, why) = (fields.text("change", out)?, fields.text("why", out)?);
        Some(Accepted {
            change: change
                .value
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            why: why.value,
        })
    };
    items.iter().filter_map(|item| read(item, out)).collect()
}

/// `retired: [{ queue: NAME, since, why }, ...]`.
pub(super) fn retired(node: &Node, out: &mut Diagnostics) -> Vec<Retired> {
    let items = list("`retired`", node, out);
    items
        .iter()
        .filter_map(|item| one_retired(item, out))
        .collect()
}

fn one_retired(item: &Node, out: &mut Diagnostics) -> Option<Retired> {
    let mut known: Vec<&str> = RETIRABLE.iter().map(|(word, ..)| *word).collect();
    known.extend(["since", "why", "data", "late"]);
    let fields = Fields::open("what is retired", item.span, item, &known, out)?;
    let named: Vec<_> = RETIRABLE
        .iter()
        .filter_map(|what| Some((what, fields.get(what.0)?)))
        .collect();
    let [((word, fact, names), entry)] = named[..] else {
        let words: Vec<String> = RETIRABLE.iter().map(|(w, ..)| format!("`{w}`")).collect();
        let found = Diagnostic::new(&RETIRED, "an entry of `retired` names one thing");
        let help = format!("write one of {}", words.join(", "));
        out.push(found.at(item.span, "this entry").help(help));
        return None;
    };
    let subject = fields.text(word, out)?;
    let mut parts: Vec<&str> = match *word {
        "column" => subject.value.split('.').collect(),
        // A message may be named with its package.
        "field" => subject.value.rsplitn(2, '.').collect::<Vec<_>>(),
        _ => subject.value.split_whitespace().collect(),
    };
    if *word == "field" {
        parts.reverse();
    }
    let is_name = |part: &&str| !part.is_empty() && !part.contains(char::is_whitespace);
    if parts.len() != *names || !parts.iter().all(is_name) {
        let (what, example) = match *word {
            "binding" => ("a binding", "QUEUE EXCHANGE KEY"),
            "column" => ("a column", "TABLE.COLUMN"),
            "field" => ("a field", "MESSAGE.FIELD"),
            _ => ("its name", "NAME"),
        };
        let message = format!("`{}` is not {what}", subject.value);
        let found = Diagnostic::new(&RETIRED, message).at(entry.node.span, "here");
        out.push(found.help(format!("write `{word}: {example}`")));
        return None;
    }
    fields.require("since", out);
    fields.require("why", out);
    let since = fields.text("since", out)?;
    date(&since, out);
    let discard = late(word, &fields, out);
    Some(Retired {
        key: format!("{fact} {}", parts.join(" ")),
        since: since.value,
        why: fields.text("why", out)?.value,
        drop: fields.get("data").is_some_and(|entry| {
            let words = [("keep", false), ("drop", true)];
            let drop = super::scalars::word("`data`", &entry.node, &words, out);
            drop.is_some_and(|word| word.value)
        }),
        discard,
    })
}

/// What becomes of what is still sent: true if it is discarded. It says so of event types and fields only.
fn late(what: &str, fields: &Fields<'_>, out: &mut Diagnostics) -> bool {
    let kept = match what {
        "event" => Some("quarantine"),
        "field" => Some("keep"),
        _ => None,
    };
    let (unfit, help) = match kept {
        Some(_) => (
            "data",
            "what is stored stays; retire its columns with entries of their own, which may say `data: drop`",
        ),
        None => (
            "late",
            "write it in the entry of an event or a field: a retired source answers 410, and a retired queue stays until it is empty",
        ),
    };
    if let Some(entry) = fields.get(unfit) {
        let message = format!("`{unfit}` says nothing of a retired {what}");
        let found = Diagnostic::new(&RETIRED, message).at(entry.node.span, "here");
        out.push(found.help(help));
        return false;
    }
    let (Some(kept), Some(entry)) = (kept, fields.get("late")) else {
        return false;
    };
    let words = [(kept, false), ("discard", true)];
    let discard = super::scalars::word("`late`", &entry.node, &words, out);
    discard.is_some_and(|word| word.value)
}

fn date(written: &Text, out: &mut Diagnostics) {
    if NaiveDate::parse_from_str(&written.value, "%Y-%m-%d").is_err() {
        let message = format!("`{}` is not a date", written.value);
        let found = Diagnostic::new(&WRONG_TYPE, message).at(written.span, "not a date");
        out.push(found.help("write it as `2026-11-26`"));
    }
}

fn list<'a>(what: &str, node: &'a Node, out: &mut Diagnostics) -> &'a [Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Null => &[],
        _ => {
            out.push(wrong(what, "a list", node));
            &[]
        }
    }
}
