//! What changes, item by item.

use super::late;
use super::{Area, Item, Severity, What, safe};
use crate::model::{Model, Queue};
use crate::schema::change::{Change, Verdict};
use crate::schema::contract::kinds;
use crate::schema::contract::topology::PUBLISHED;
use crate::schema::lock::Lock;
use crate::schema::plan::Compared;

/// All items but those that are refused.
pub(super) fn of(compared: &Compared<'_>, model: &Model) -> Vec<Item> {
    let base = &compared.renames.base;
    let mut items = fields(base, &compared.now, model);
    items.extend(late::of(base, &compared.now, model));
    items.extend(tables(base, &compared.now, model));
    items.extend(super::renames::items(compared));
    items.extend(
        compared
            .changes
            .iter()
            .filter_map(|change| contract(change, model)),
    );
    items.extend(compared.notes.iter().map(|note| Item {
        rows: "what is sent again across the change is stored twice".into(),
        severity: Severity::Meant,
        ..safe(Area::Wire, What::Changed, note.clone())
    }));
    items
}

/// The area of a rule about changes.
pub(super) fn area(code: &str) -> Area {
    match code {
        "EG101" | "EG102" | "EG111" | "EG112" | "EG113" | "EG115" => Area::Wire,
        "EG114" => Area::Topology,
        "EG116" | "EG117" => Area::Transforms,
        "EG118" | "EG119" | "EG121" => Area::Declarations,
        _ => Area::Tables,
    }
}

/// Fields and enum values that come, change harmlessly, or are gone and reserved.
fn fields(base: &Lock, now: &Lock, model: &Model) -> Vec<Item> {
    let mut items = Vec::new();
    for (key @ (message, number), field) in &now.fields {
        match base.fields.get(key) {
            None => {
                let told = format!("field {number} of `{message}`, `{}`, is new", field.name);
                items.push(Item {
                    instances: "keep it as an unknown field".into(),
                    ..safe(Area::Wire, What::Added, told)
                });
            }
            Some(before) if before.ty != field.ty => {
                let (name, ty) = (&field.name, &field.ty);
                let told = format!("field {number} of `{message}`, `{name}`, is `{ty}` now");
                items.push(safe(Area::Wire, What::Changed, told));
            }
            Some(_) => {}
        }
    }
    let retired = late::told(base, now, model);
    for (key @ (message, number), field) in &base.fields {
        if !now.fields.contains_key(key) && !retired(message, *number) {
            let told = format!(
                "field {number} of `{message}`, `{}`, is reserved",
                field.name
            );
            items.push(Item {
                severity: Severity::Meant,
                senders: "what apps still send of it is kept as an unknown field".into(),
                messages: "what waits holds it as an unknown field".into(),
                ..safe(Area::Wire, What::Retired, told)
            });
        }
    }
    for ((of, number), name) in &now.values {
        if !base.values.contains_key(&(of.clone(), *number)) {
            let told = format!("value {number} of `{of}`, `{name}`, is new");
            items.push(safe(Area::Wire, What::Added, told));
        }
    }
    items
}

/// Tables and columns.
fn tables(base: &Lock, now: &Lock, model: &Model) -> Vec<Item> {
    let mut items = Vec::new();
    let drops = |key: String| model.retired(&key).is_some_and(|retired| retired.drop);
    for (name, table) in &now.tables {
        let Some(before) = base.tables.get(name) else {
            items.push(safe(
                Area::Tables,
                What::Added,
                format!("table `{name}` is new"),
            ));
            continue;
        };
        for (column, ty) in &table.columns {
            match before.columns.iter().find(|(other, _)| other == column) {
                None => {
                    let told = format!("column `{column}` of table `{name}`, `{ty}`, is new");
                    items.push(Item {
                        instances: "store without it".into(),
                        rows: "those that are stored have the default there".into(),
                        ..safe(Area::Tables, What::Added, told)
                    });
                }
                Some((_, was)) if was != ty => {
                    let told = format!(
                        "column `{column}` of table `{name}` was `{was}` and is now `{ty}`"
                    );
                    items.push(safe(Area::Tables, What::Changed, told));
                }
                Some(_) => {}
            }
        }
        for (column, _) in &before.columns {
            if table.columns.iter().all(|(other, _)| other != column) {
                let told = format!("column `{column}` of table `{name}` is retired");
                let dropped = drops(format!("column {name} {column}"));
                items.push(Item {
                    severity: Severity::Meant,
                    instances: stopped(dropped),
                    rows: match dropped {
                        true => "what is stored in it is dropped".into(),
                        false => {
                            "those that are stored keep it; new ones have the default there".into()
                        }
                    },
                    why: why(model, &format!("column {name} {column}")),
                    ..safe(Area::Tables, What::Retired, told)
                });
            }
        }
    }
    for name in base
        .tables
        .keys()
        .filter(|name| !now.tables.contains_key(*name))
    {
        let dropped = drops(format!("table {name}"));
        items.push(Item {
            severity: Severity::Meant,
            instances: stopped(dropped),
            rows: match dropped {
                true => "those that are stored are dropped".into(),
                false => "those that are stored stay; no new ones come".into(),
            },
            why: why(model, &format!("table {name}")),
            ..safe(
                Area::Tables,
                What::Retired,
                format!("table `{name}` is retired"),
            )
        });
    }
    items
}

/// What instances do that still write to what is dropped.
fn stopped(dropped: bool) -> String {
    match dropped {
        true => "can't store once it is dropped: they name it in each insert".into(),
        false => String::new(),
    }
}

/// What becomes of the messages of a queue that is retired.
pub(super) const EMPTIED: &str = "nothing reads what waits once the last former instance has stopped; the queue is deleted only when \
                       it is empty";

/// What instances do to what is retired in RabbitMQ.
const DECLARED_AGAIN: &str = "declare it again when they start or reconnect";

/// What instances do where a queue has other partitions.
const SPREAD: &str = "what they publish by other slots goes to the queue itself, which instances of both builds store";

/// What becomes of what waits in partitions.
pub(super) const STAY: &str = "what waits stays where it is and is stored beside what comes; across the change messages of a key may \
                    overtake each other";

/// What becomes of messages of an event type that leaves a table.
const UNEXPECTED: &str = "those that wait in the queue when the first instance of this build starts, and that come before it is unbound, \
                          become dead letters";

/// Effects of something that is retired.
fn retired(item: &mut Item, change: &Change, model: &Model) {
    let subject = kinds::subject(&change.key);
    let is_of = |queue: &&Queue| Some(&queue.name.as_str()) == subject.first();
    let (senders, instances, messages) = match change.kind.word {
        "source" => ("whoever posts to its path gets 410", "", ""),
        "queue" => ("", DECLARED_AGAIN, EMPTIED),
        "exchange" => (PUBLISHED, DECLARED_AGAIN, ""),
        // The queue of a typed table takes the event types of the table only.
        "bind"
            if model
                .queues
                .iter()
                .find(is_of)
                .is_some_and(|queue| queue.derived) =>
        {
            ("", DECLARED_AGAIN, UNEXPECTED)
        }
        "bind" => ("", DECLARED_AGAIN, ""),
        _ => (change.kind.gone.map_or("", |harm| harm.senders), "", ""),
    };
    item.senders = senders.to_owned();
    item.instances = instances.to_owned();
    item.messages = messages.to_owned();
}

/// Why something is retired.
pub(super) fn why(model: &Model, key: &str) -> String {
    let entry = model.retired(key);
    entry.map(|retired| retired.why.clone()).unwrap_or_default()
}

fn contract(change: &Change, model: &Model) -> Option<Item> {
    let what = match (&change.before, &change.after) {
        (None, _) => What::Added,
        (_, None) => What::Retired,
        _ => What::Changed,
    };
    let area = area(change.kind.rule.code);
    let mut item = safe(area, what, change.told());
    match change.verdict {
        // Refusals say more than this.
        Verdict::Refused(_) => return None,
        Verdict::Harmless if change.kind.word == "partitions" => {
            item.instances = SPREAD.to_owned();
            item.messages = STAY.to_owned();
        }
        Verdict::Harmless => {}
        Verdict::Retired => {
            item.severity = Severity::Meant;
            item.code = Some(change.kind.rule.code);
            retired(&mut item, change, model);
            item.told = format!("{} is retired", change.title());
            item.why = why(model, &change.key);
        }
        Verdict::Accepted(harm) => {
            item.severity = Severity::Meant;
            item.code = Some(change.kind.rule.code);
            item.senders = harm.senders.to_owned();
            item.instances = harm.instances.to_owned();
            item.messages = harm.messages.to_owned();
            item.rows = harm.rows.to_owned();
            let entry = model.accepted.iter().find(|entry| change.is(&entry.change));
            item.why = entry.map(|entry| entry.why.clone()).unwrap_or_default();
        }
    }
    Some(item)
}
