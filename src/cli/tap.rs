//! `event-grpc tap`: events as they go by, of one or several instances.

use anyhow::Context as _;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::form_urlencoded;

use super::ask::{Asks, hint};
use super::ops::AskArgs;
use super::{one_line, say};
use crate::ops::logging;
use crate::ops::tap::filter::Filter;
use crate::tap::Stage;

/// Longest line of an instance, in bytes.
const LONGEST: usize = 1 << 20;

/// Show events as they go by: received, refused, published, stored, dead-lettered. Personal fields are masked. What is
/// looked at is copied; the events themselves never wait. See docs/seeing.md.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Operations address of an instance; may be repeated.
    #[arg(
        long = "instance",
        visible_alias = "ops-url",
        env = "EVENT_GRPC_LEDGER_INSTANCES",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8018",
        value_name = "URL"
    )]
    instances: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// Stage: received, refused, published, stored, dead_lettered; all of them without this. May be repeated.
    #[arg(long, value_delimiter = ',', value_name = "STAGE", value_parser = stage)]
    stage: Vec<String>,
    /// Only of this source, its exchange and the queues that are bound to that; may be repeated.
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Only in this queue; may be repeated.
    #[arg(long, value_name = "NAME")]
    queue: Vec<String>,
    /// Only events of this type; may be repeated.
    #[arg(long = "type", value_name = "NAME")]
    event_type: Vec<String>,
    /// Only of this client; an empty name is for unknown senders. May be repeated.
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Only events that match, as in 'quantity >= 2 and not (header.os == "ios" or exists coupon)'.
    #[arg(long = "where", value_name = "EXPRESSION", value_parser = expression)]
    filter: Option<String>,
    /// Show the rows that events become, too.
    #[arg(long)]
    row: bool,
    /// Show personal fields. The instance has to ask for a token or a certificate, and logs it.
    #[arg(long)]
    unmasked: bool,
    /// How long to look, in seconds; at most an hour.
    #[arg(long = "for", default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
    /// End after so many events of each instance.
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    /// Events a second that an instance looks at; the others are passed over, which is said.
    #[arg(long, default_value_t = 1000, value_name = "NUMBER")]
    per_second: u64,
    /// As lines of JSON, for programs.
    #[arg(long)]
    json: bool,
}

fn stage(name: &str) -> Result<String, String> {
    let known = Stage::named(name).map(|stage| stage.name().to_owned());
    known.ok_or_else(|| format!("it is one of {}", Stage::ALL.map(Stage::name).join(", ")))
}

/// Checks an expression here, so that what is wrong is shown below it.
fn expression(text: &str) -> Result<String, String> {
    match Filter::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(wrong) => {
            let marked = format!("{}^", " ".repeat(wrong.at));
            Err(format!("{wrong}\n\n  {text}\n  {marked}"))
        }
    }
}

/// Runs the command; false if an instance could not be asked.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let asks = std::sync::Arc::new(Asks::new(&args.ask)?);
    let path = format!("/tap?{}", query(&args));
    let (lines, mut all) = mpsc::channel(64);
    let mut open = JoinSet::new();
    for url in args.instances.clone() {
        let (asks, path, lines) = (asks.clone(), path.clone(), lines.clone());
        open.spawn(async move {
            let ended = read(&asks, &url, &path, &lines).await;
            ended.with_context(|| url.clone())
        });
    }
    drop(lines);
    let several = args.instances.len() > 1;
    let mut passed_over = Vec::new();
    while let Some((url, line)) = all.recv().await {
        let Ok(mut value) = serde_json::from_slice::<Value>(&line) else {
            continue;
        };
        if let (true, Some(members)) = (several, value.as_object_mut()) {
            members.insert("instance".to_owned(), url.clone().into());
        }
        match args.json {
            true => say(&value.to_string()),
            false => told(&value, &url, &mut passed_over),
        }
    }
    let mut good = true;
    while let Some(ended) = open.join_next().await {
        if let Err(error) = ended? {
            // The others have been shown.
            tracing::error!("{error:#}");
            good = false;
        }
    }
    Ok(good)
}

fn query(args: &Args) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, values) in [
        ("stage", &args.stage),
        ("source", &args.source),
        ("queue", &args.queue),
        ("type", &args.event_type),
        ("client", &args.client),
    ] {
        query.extend_pairs(values.iter().map(|value| (name, value)));
    }
    query.extend_pairs(args.filter.iter().map(|filter| ("where", filter)));
    for (name, on) in [("row", args.row), ("unmasked", args.unmasked)] {
        query.extend_pairs(on.then_some((name, "true")));
    }
    query.append_pair("for", &args.seconds.to_string());
    query.append_pair("per_second", &args.per_second.to_string());
    query.extend_pairs(args.count.map(|count| ("count", count.to_string())));
    query.finish()
}

/// Reads the lines of an instance to their end.
async fn read(
    asks: &Asks,
    url: &str,
    path: &str,
    lines: &mpsc::Sender<(String, Bytes)>,
) -> anyhow::Result<()> {
    let answer = asks.open(url, path).await?;
    let status = answer.status();
    let mut body = answer.into_body();
    if status != StatusCode::OK {
        let text = Limited::new(body, LONGEST).collect().await;
        let text = text.map(|text| text.to_bytes()).unwrap_or_default();
        let said: Value = serde_json::from_slice(&text).unwrap_or_default();
        match said.get("error").and_then(Value::as_str) {
            Some(error) => anyhow::bail!("{error}"),
            None => anyhow::bail!("it answers {status}; {}", hint(status)),
        }
    }
    let mut rest: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else {
            continue;
        };
        rest.extend_from_slice(&piece);
        anyhow::ensure!(rest.len() <= 2 * LONGEST, "a line has no end");
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if lines.send((url.to_owned(), line.into())).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Prints an event on a line; of what was passed over, what is new.
fn told(value: &Value, url: &str, passed_over: &mut Vec<(String, u64)>) {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    if let Some(tap) = value.get("tap") {
        let count = |name: &str| tap.get(name).and_then(Value::as_u64).unwrap_or_default();
        let missed = count("sampled_out") + count("dropped");
        let known = passed_over.iter_mut().find(|(of, _)| of == url);
        let before = known.as_ref().map_or(0, |(_, before)| *before);
        let state = tap.get("state").and_then(Value::as_str);
        if missed > before || state != Some("open") {
            say(&format!(
                "-- {url}: {} shown of {} looked at; passed over: {} because there were too many, {} because this is \
                 read too slowly{}",
                count("shown"),
                count("looked_at"),
                count("sampled_out"),
                count("dropped"),
                match state {
                    Some("open") | None => String::new(),
                    Some(why) => format!(". Ended: {why}"),
                }
            ));
        }
        match known {
            Some((_, before)) => *before = missed,
            None => passed_over.push((url.to_owned(), missed)),
        }
        return;
    }
    let time = text("time").split_once('T').map_or("", |(_, time)| time);
    let place = ["door", "source", "exchange", "queue"].map(text).concat();
    let mut parts = vec![time.to_owned(), text("stage").to_owned(), place];
    let into = text("into");
    parts.extend((!into.is_empty()).then(|| format!("-> {into}")));
    let named = ["type", "client", "id", "letter", "class", "reason"].map(text);
    parts.extend(
        named
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
    );
    let shown = ["header", "event", "row", "base64", "too_long"];
    let shown = shown
        .iter()
        .filter_map(|name| Some((*name, value.get(*name)?)));
    parts.extend(shown.map(|(name, value)| format!("{name}={value}")));
    say(&one_line(&parts.join(" ")));
}
