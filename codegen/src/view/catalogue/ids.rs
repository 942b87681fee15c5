//! How the ids of what comes by a source are made, as sentences.

use crate::model::{Ids, Intake, Model, Source};

/// How the ids of a source's events are made.
pub(super) fn of_source(model: &Model, source: &Source) -> String {
    match &source.intake {
        Intake::Grpc { .. } => {
            let ids = model.envelope.as_ref().map(|e| e.ids).unwrap_or_default();
            format!(
                "the event's own; of one without, {}; of one without timestamp, a new one each time",
                of_events(ids)
            )
        }
        Intake::Post { .. } => "a new one each time".to_owned(),
    }
}

fn of_events(ids: Ids) -> String {
    const BYTES: &str = "a hash of the bytes of header and event (version 1)";
    const CONTENT: &str = "a hash of what header and event say (version 2)";
    match ids {
        Ids::Bytes => BYTES.to_owned(),
        Ids::Content { from_ms: None } => CONTENT.to_owned(),
        Ids::Content { from_ms: Some(_) } => {
            let from = ids.to_string();
            let from = from.trim_start_matches("2 from ");
            format!("{BYTES}, and {CONTENT} where its timestamp is {from} or later")
        }
    }
}
