//! Report: an error or a panic as Sentry takes it. It says where in the code it was and which part of the pipeline it is
//! about, and nothing that anybody has sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::build::{BUILD, Build};
use crate::host;
use crate::time::now_ms;

/// Error or panic.
#[derive(Debug)]
pub(super) struct Report {
    /// `error`, or `fatal` for a panic.
    pub(super) level: &'static str,
    /// Sentence that stands in the code.
    pub(super) message: String,
    /// Module.
    pub(super) module: String,
    /// Place in the code.
    pub(super) file: String,
    pub(super) line: u32,
    /// Names of the pipeline that it is about.
    pub(super) tags: BTreeMap<&'static str, String>,
    /// Frames of a panic, the innermost first.
    pub(super) frames: Option<Vec<Frame>>,
    /// Number of reports of the same place that were left out before this one.
    pub(super) left_out: u64,
}

/// Frame of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) function: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
}

/// What all reports of an instance say.
#[derive(Debug)]
pub(super) struct About {
    pub(super) environment: String,
    server: String,
    release: String,
}

impl About {
    pub(super) fn new(environment: &str) -> Self {
        About {
            environment: environment.to_owned(),
            server: host::name(),
            release: release(&BUILD),
        }
    }
}

/// Name of a release, as Sentry reads it.
fn release(build: &Build) -> String {
    match build.commit {
        "unknown" => format!("event-grpc@{}", build.version),
        commit => format!(
            "event-grpc@{}+{}",
            build.version,
            commit.trim_end_matches('+')
        ),
    }
}

impl Report {
    /// Envelope with this report.
    pub(super) fn envelope(self, about: &About) -> Bytes {
        let id = Uuid::now_v7().simple().to_string();
        let event = self.event(&id, about).to_string();
        let head = json!({ "event_id": id });
        let item = json!({ "type": "event", "length": event.len() });
        format!("{head}\n{item}\n{event}\n").into()
    }

    fn event(self, id: &str, about: &About) -> Value {
        let place = format!("{}:{}", self.file, self.line);
        let mut event = json!({
            "event_id": id,
            "timestamp": now_ms() as f64 / 1000.0,
            "platform": "native",
            "level": self.level,
            "logger": self.module,
            "release": about.release,
            "environment": about.environment,
            "server_name": about.server,
            "sdk": { "name": "event-grpc", "version": BUILD.version },
            "tags": self.tags,
            "extra": { "place": place, "left_out_before": self.left_out },
        });
        match self.frames {
            None => {
                // The same in each release, whatever its line is there.
                event["fingerprint"] = json!([event["logger"], self.message]);
                event["logentry"] = json!({ "formatted": self.message });
            }
            Some(frames) => {
                // Sentry has the innermost last.
                let frames: Vec<Value> = frames.iter().rev().map(Frame::json).collect();
                event["exception"] = json!({ "values": [{
                    "type": "panic",
                    "value": self.message,
                    "mechanism": { "type": "panic" },
                    "stacktrace": { "frames": frames },
                }]});
            }
        }
        event
    }
}

impl Frame {
    fn json(&self) -> Value {
        let ours = ["event_grpc::", "<event_grpc::"];
        json!({
            "function": self.function,
            "filename": self.file,
            "lineno": self.line,
            "in_app": ours.iter().any(|crate_name| self.function.starts_with(crate_name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_its_commit_if_it_is_known() {
        let of = |commit| {
            let version = "1.2.3";
            release(&Build { version, commit })
        };
        assert_eq!(of("unknown"), "event-grpc@1.2.3");
        assert_eq!(of("0123abc"), "event-grpc@1.2.3+0123abc");
        assert_eq!(of("0123abc+"), "event-grpc@1.2.3+0123abc");
    }
}
