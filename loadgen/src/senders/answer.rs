//! What the scripted server answers to one request.

use std::collections::BTreeMap;

use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{descriptor, parse};

/// An answer, as a scenario has it.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default, from = "Written")]
pub(super) struct Answer {
    /// Status of HTTP; 200 if 0.
    pub(super) status: u16,
    /// Headers beside the type of the content.
    pub(super) headers: BTreeMap<String, String>,
    /// The body as it is, in place of an `event.Response`.
    pub(super) body: Option<String>,
    /// Entries of `rejected`.
    reject: Vec<Value>,
    /// How long it takes.
    pub(super) delay_ms: u64,
    /// What happens to the connection instead of an answer.
    pub(super) end: Option<End>,
}

/// Ways in which no whole answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    /// The connection is closed before any of it.
    Cut,
    /// The connection is closed in the middle of it.
    Half,
    /// Nothing comes.
    Hang,
}

/// `accept`, or a map.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Word(Word),
    #[serde(with = "Fields")]
    Fields(Answer),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Accept,
    Cut,
    Half,
    Hang,
}

/// The fields of a map.
#[derive(Deserialize)]
#[serde(remote = "Answer", deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    reject: Vec<Value>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    end: Option<End>,
}

impl From<Written> for Answer {
    fn from(written: Written) -> Self {
        let end = |end| Answer {
            end: Some(end),
            ..Answer::default()
        };
        match written {
            Written::Fields(answer) => answer,
            Written::Word(Word::Accept) => Answer::default(),
            Written::Word(Word::Cut) => end(End::Cut),
            Written::Word(Word::Half) => end(End::Half),
            Written::Word(Word::Hang) => end(End::Hang),
        }
    }
}

impl Answer {
    /// Status, type of the content, and body, to a request with so many events whose sender wants protobuf or not.
    pub(super) fn content(
        &self,
        events: usize,
        protobuf: bool,
    ) -> anyhow::Result<(u16, &'static str, Vec<u8>)> {
        let status = if self.status == 0 { 200 } else { self.status };
        if let Some(body) = &self.body {
            return Ok((status, "text/html", body.clone().into_bytes()));
        }
        let rejected = self.reject.len();
        let response = match status {
            200 => json!({
                "status": "SUCCESS",
                "accepted": events.saturating_sub(rejected),
                "rejectedCount": rejected,
                "rejected": self.reject,
            }),
            _ => json!({ "status": "ERROR", "message": format!("scripted {status}") }),
        };
        if !protobuf {
            return Ok((
                status,
                "application/json",
                response.to_string().into_bytes(),
            ));
        }
        let message: DynamicMessage = parse(descriptor("event.Response")?, &response.to_string())?;
        Ok((status, "application/x-protobuf", message.encode_to_vec()))
    }
}
