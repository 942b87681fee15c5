//! Rules for ids, as facts of the lock: another id makes another row of the same message.

use std::collections::BTreeMap;

use crate::model::{IdFrom, Input, Intake, Model};

/// By the message of app events' requests; by source, and by queue where a queue says something else than the default.
/// Names of the latter two can't be confused: a word says which it is.
pub(super) fn of(model: &Model) -> BTreeMap<String, String> {
    let sources = model
        .sources
        .iter()
        .filter_map(|source| match &source.intake {
            Intake::Post { id, .. } => Some((format!("source.{}", source.name), written(id))),
            Intake::Grpc { .. } => None,
        });
    let queues = model
        .queues
        .iter()
        .filter(|queue| matches!(queue.input, Input::Json(_)) && queue.id != IdFrom::MessageId);
    let queues = queues.map(|queue| (format!("queue.{}", queue.name), written(&queue.id)));
    let events = model.envelope.iter().map(|envelope| {
        let message = envelope.request.full_name().to_owned();
        (message, envelope.ids.to_string())
    });
    events.chain(sources).chain(queues).collect()
}

/// Rule as it is written in a declaration.
fn written(id: &IdFrom) -> String {
    match id {
        IdFrom::Request => "request".to_owned(),
        IdFrom::MessageId => "message_id".to_owned(),
        IdFrom::Header(name) => format!("header {name}"),
        IdFrom::Fields(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| path.join(".")).collect();
            format!("fields {}", paths.join(" "))
        }
    }
}
