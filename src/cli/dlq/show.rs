//! `event-grpc dlq show`: all fields of a dead letter, with its body.

use prost_reflect::DescriptorPool;
use serde_json::{Value, json};

use super::body::{Shown, shown};
use super::{one_line, schema};
use crate::cli::serve::ClickHouseArgs;
use crate::cli::{say, time};
use crate::generated::PIPELINE;
use crate::ops::replay;
use crate::sink::clickhouse::dead_letters::StoredDeadLetter;

/// Show all fields of a dead letter, with its body decoded if possible.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its id, as `dlq list` shows it.
    id: String,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    /// As JSON, for programs; includes the body in base64.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let letters = super::letters(&args.clickhouse)?;
    let found = letters.by_id(&args.id).await?;
    anyhow::ensure!(!found.is_empty(), "there is no dead letter {}", args.id);
    let pool = DescriptorPool::decode(PIPELINE.descriptors)?;
    for letter in &found {
        let body = letter.body();
        let shown = shown(&pool, &PIPELINE, letter, &body);
        match args.json {
            true => say(&as_json(letter, &shown).to_string()),
            false => say(&as_text(letter, &shown)),
        }
    }
    Ok(true)
}

/// Fields of a dead letter, by name.
fn facts(letter: &StoredDeadLetter) -> Vec<(&'static str, Value)> {
    let discarded = replay::discarded(&PIPELINE, letter);
    let replay = match (discarded, replay::target(&PIPELINE, letter)) {
        (Some(event), _) => format!("discards it: its type `{}` is retired", event.name),
        (None, Ok(target)) => target.to_string(),
        (None, Err(reason)) => format!("not possible: {reason}"),
    };
    let headers = serde_json::from_str(&letter.headers);
    let schemas = PIPELINE.known_schemas();
    let made_by = schema::told(&schemas, &letter.schema, &letter.fingerprint);
    vec![
        ("id", json!(letter.id)),
        ("decision", json!(letter.decision)),
        ("class", json!(letter.class)),
        ("reason", json!(letter.reason)),
        ("queue", json!(letter.queue)),
        ("event_type", json!(letter.event_type)),
        ("client", json!(letter.client)),
        ("attempts", json!(letter.attempts)),
        ("first_failed", json!(time::text(letter.first_failed_ms))),
        ("last_failed", json!(time::text(letter.last_failed_ms))),
        ("exchange", json!(letter.exchange)),
        ("routing_key", json!(letter.routing_key)),
        ("fingerprint", json!(letter.fingerprint)),
        ("schema", json!(letter.schema)),
        ("made_by", json!(made_by)),
        ("content_type", json!(letter.content_type)),
        ("kind", json!(letter.kind)),
        ("message_id", json!(letter.message_id)),
        ("sent", json!(letter.sent_ms.map(time::text))),
        ("headers", headers.unwrap_or(Value::Null)),
        ("replay", json!(replay)),
    ]
}

fn as_json(letter: &StoredDeadLetter, body: &Shown) -> Value {
    let named = facts(letter).into_iter();
    let mut object: serde_json::Map<_, _> = named
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    object.insert("body".to_owned(), body.value.clone().unwrap_or(Value::Null));
    object.insert("body_base64".to_owned(), json!(letter.body_base64()));
    Value::Object(object)
}

fn as_text(letter: &StoredDeadLetter, body: &Shown) -> String {
    let mut text = String::new();
    for (name, value) in facts(letter) {
        let value = match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let line = format!("{name:<13} {}", one_line(&value));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&body.text);
    text
}
