//! Layer of the log that reports its errors.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;

use super::Reporter;
use super::report::Report;

/// Fields that are reported: names that stand in `pipeline.yaml` or in the code. What else a line has may come from
/// outside.
const TAGS: [&str; 9] = [
    "door", "exchange", "queue", "request", "server", "shard", "source", "table", "target",
];

/// Field of lines about a panic, which is reported by itself.
const PANIC: &str = "panic";

/// Maximum length of a tag; Sentry takes no longer ones.
const LONGEST: usize = 200;

/// Modules whose messages are constant sentences.
const OURS: &str = "event_grpc";

/// Layer that reports errors.
#[derive(Debug, Clone)]
pub struct Layer(pub(super) Arc<Reporter>);

/// What is reported of a line.
#[derive(Default)]
struct Line {
    message: String,
    tags: BTreeMap<&'static str, String>,
    is_of_panic: bool,
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Layer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        if *about.level() != Level::ERROR || !about.target().starts_with(OURS) {
            return;
        }
        let (file, line) = (about.file().unwrap_or_default(), about.line().unwrap_or(0));
        let mut read = Line::default();
        event.record(&mut read);
        if read.is_of_panic {
            return;
        }
        let Some(left_out) = self.0.admit(file, line) else {
            return;
        };
        self.0.send(Report {
            level: "error",
            message: read.message,
            module: about.target().to_owned(),
            file: file.to_owned(),
            line,
            tags: read.tags,
            frames: None,
            left_out,
        });
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            PANIC => self.is_of_panic = true,
            name if TAGS.contains(&name) => {
                let mut text = format!("{value:?}");
                text.truncate(text.floor_char_boundary(LONGEST));
                self.tags.insert(field.name(), text);
            }
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
