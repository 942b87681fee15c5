//! `event-grpc send`: sends events from a JSON file or stdin to a server.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use tonic::transport::{Channel, Endpoint};

use crate::generated::PIPELINE;
use crate::generated::proto::event::event_service_client::EventServiceClient;
use crate::generated::proto::event::{Events, Response};

/// Send events from a file, one request or several one after the other.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// File with requests as proto3 JSON, {"header": {...}, "events": [...]}; - for stdin.
    file: PathBuf,
    /// gRPC address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8017")]
    to: String,
}

/// Sends each request and prints the answer.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let text = read(&args.file)?;
    let requests = parse(&text).with_context(|| format!("in {}", args.file.display()))?;
    let mut client = connect(&args.to).await?;
    let mut good = true;
    for (at, request) in requests.into_iter().enumerate() {
        let sent = request.events.len();
        match client.dispatch(request).await {
            Ok(answer) => good &= report(at + 1, sent, &answer.into_inner()),
            Err(status) => {
                good = false;
                super::say(&format!(
                    "request {}: {} {}",
                    at + 1,
                    status.code(),
                    status.message()
                ));
            }
        }
    }
    Ok(good)
}

/// Connects to a server's gRPC address.
pub(super) async fn connect(to: &str) -> anyhow::Result<EventServiceClient<Channel>> {
    let endpoint =
        Endpoint::from_shared(to.to_owned()).with_context(|| format!("{to} is not an address"))?;
    let channel = endpoint
        .connect()
        .await
        .with_context(|| format!("no server answers at {to}; start one with: event-grpc serve"))?;
    Ok(EventServiceClient::new(channel))
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("stdin can't be read")?;
        return Ok(without_mark(text));
    }
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("{} can't be read", file.display()))?;
    Ok(without_mark(text))
}

/// Removes the byte order mark that some editors put before a text.
fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Requests of a text: JSON objects one after the other.
fn parse(text: &str) -> anyhow::Result<Vec<Events>> {
    let pool = DescriptorPool::decode(PIPELINE.descriptors)?;
    let descriptor = pool
        .get_message_by_name("event.Events")
        .context("the descriptors hold no event.Events")?;
    let mut requests = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>() {
        let value = value.context("this is not JSON")?;
        let message =
            DynamicMessage::deserialize(descriptor.clone(), value).with_context(|| {
                format!(
                    "request {} is not an event.Events message",
                    requests.len() + 1
                )
            })?;
        requests.push(message.transcode_to()?);
    }
    anyhow::ensure!(!requests.is_empty(), "it holds no request");
    Ok(requests)
}

fn report(number: usize, sent: usize, answer: &Response) -> bool {
    super::say(&format!(
        "request {number}: {}, {} of {sent} events taken",
        answer.status, answer.accepted
    ));
    for event in &answer.rejected {
        let again = if event.retryable {
            "; sending it again may help"
        } else {
            ""
        };
        super::say(&format!(
            "  event {} {:?}: {}{again}",
            event.index, event.id, event.reason
        ));
    }
    answer.rejected.is_empty()
}
