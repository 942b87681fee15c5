//! `event-grpc send`: posts events from a JSON file or stdin to a server.
//!
//! The text is sent unchanged, so that it is read, and errors are reported, by the server's own reader.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::IgnoredAny;
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};

use super::{one_line, say};
use crate::app::environment::Environment;
use crate::app::variables::KEY;
use crate::contract::Intake;
use crate::contract::json::without_mark;
use crate::generated::PIPELINE;
use crate::generated::proto::event::event_service_client::EventServiceClient;
use crate::tls::client::Tls;
use crate::tls::https::Https;
use crate::tls::{self, Names, Options};

/// What the options of TLS are called.
const NAMES: Names = Names {
    ca: "--ca",
    certificate: "--cert and --key",
    server_name: "name it by one of its names in --to",
};

/// Client of a server's HTTP port. One without TLS works on a machine without root certificates, too.
enum Sender {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Encrypted(Client<Https, Full<Bytes>>),
}

/// Send events from a JSON file, one request or several one after the other.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// File with requests as proto3 JSON, {"header": {...}, "events": [...]}; - for stdin.
    file: PathBuf,
    /// HTTP address of the server, with http:// or https://.
    #[arg(long, default_value = "http://127.0.0.1:8019")]
    to: String,
    /// Write key or token, from the environment only.
    #[arg(skip = Environment::of_process().get(KEY))]
    write_key: Option<String>,
    /// PEM file of the authority that signed the server's certificate, in place of those that this machine trusts.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// PEM file of a client certificate, for servers that ask for one.
    #[arg(long, requires = "key", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long, requires = "cert", value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Sends each request and prints the answer.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let text = read(&args.file)?;
    let requests = requests(without_mark(&text));
    anyhow::ensure!(
        !requests.is_empty(),
        "{}: it holds no request",
        args.file.display()
    );
    let uri = format!("{}{}", args.to.trim_end_matches('/'), path());
    let uri: Uri = uri.parse().with_context(|| not_an_address(&args.to))?;
    anyhow::ensure!(
        matches!(uri.scheme_str(), Some("http" | "https")),
        not_an_address(&args.to)
    );
    let sender = sender(&uri, args.ca, args.cert.zip(args.key))?;
    let mut good = true;
    for (at, request) in requests.into_iter().enumerate() {
        let (status, answer) = post(&sender, &uri, args.write_key.as_deref(), request.to_vec())
            .await
            .map_err(|error| error.told(&args.to))?;
        for line in report(at + 1, status, &answer) {
            say(&line);
        }
        good &= status == StatusCode::OK && rejected(&answer).is_empty();
    }
    Ok(good)
}

/// Connects to a server's gRPC address.
pub(super) async fn connect(to: &str) -> anyhow::Result<EventServiceClient<Channel>> {
    let endpoint = Endpoint::from_shared(to.to_owned()).with_context(|| not_an_address(to))?;
    let channel = endpoint.connect().await.with_context(|| no_answer(to))?;
    Ok(EventServiceClient::new(channel))
}

fn not_an_address(to: &str) -> String {
    format!("{to:?} is not an address; write it as in https://events.example:8019")
}

/// Why a request has no answer.
enum PostError {
    /// The server is there, and the two don't agree about TLS.
    Tls(String),
    Other(anyhow::Error),
}

impl PostError {
    /// The error in words. That no server is there is only said if it may be so.
    fn told(self, to: &str) -> anyhow::Error {
        match self {
            PostError::Tls(reason) => anyhow::anyhow!("{to}: {reason}"),
            PostError::Other(error) => error.context(no_answer(to)),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for PostError {
    fn from(error: E) -> Self {
        PostError::Other(error.into())
    }
}

fn no_answer(to: &str) -> String {
    format!("no server answers at {to}; start one with: event-grpc serve")
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut text = Vec::new();
        std::io::stdin()
            .read_to_end(&mut text)
            .context("stdin can't be read")?;
        return Ok(text);
    }
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

/// The requests of a text: JSON values one after the other. Where it stops being JSON, the rest is one request, which the
/// server says more about.
fn requests(text: &[u8]) -> Vec<&[u8]> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let mut requests = Vec::new();
    let mut from = 0;
    loop {
        let is_json = matches!(values.next(), Some(Ok(_)));
        let to = if is_json {
            values.byte_offset()
        } else {
            text.len()
        };
        let request = text.get(from..to).unwrap_or_default().trim_ascii();
        if !request.is_empty() {
            requests.push(request);
        }
        if !is_json {
            return requests;
        }
        from = to;
    }
}

/// The path that takes app events as JSON.
fn path() -> &'static str {
    let mut sources = PIPELINE.sources.iter();
    let path = sources.find_map(|source| match source.intake {
        Intake::Grpc { json_path, .. } => Some(json_path),
        Intake::Post { .. } => None,
    });
    path.unwrap_or("/")
}

/// Client that trusts this authority, or without one those of the machine, and shows this certificate.
fn sender(
    uri: &Uri,
    ca: Option<PathBuf>,
    pair: Option<(PathBuf, PathBuf)>,
) -> anyhow::Result<Sender> {
    let builder = Client::builder(TokioExecutor::new());
    let connector = HttpConnector::new();
    if uri.scheme_str() != Some("https") {
        return Ok(Sender::Plain(builder.build(connector)));
    }
    let (certificate, key) = pair.unzip();
    let tls = Tls::new(Options {
        ca,
        certificate,
        key,
        ..Options::new(&NAMES)
    });
    // What is wrong with the files is said before anything is sent.
    tls.config()?;
    Ok(Sender::Encrypted(builder.build(Https::new(connector, tls))))
}

async fn post(
    sender: &Sender,
    uri: &Uri,
    key: Option<&str>,
    body: Vec<u8>,
) -> Result<(StatusCode, Value), PostError> {
    let mut request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(body))?;
    if let Some(key) = key {
        let bearer = HeaderValue::try_from(format!("Bearer {key}"));
        let mut bearer = bearer.context("EVENT_GRPC_KEY can't stand in a header")?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
    }
    let answer = match sender {
        Sender::Plain(client) => client.request(request).await,
        Sender::Encrypted(client) => client.request(request).await,
    };
    let answer = answer.map_err(|error| match tls::refusal(&error, &NAMES) {
        Some(reason) => PostError::Tls(reason),
        None => PostError::from(error),
    })?;
    let status = answer.status();
    let text = answer.into_body().collect().await?.to_bytes();
    // What isn't the server's own answer, such as that of a proxy before it, is shown as it is.
    let answer = serde_json::from_slice(&text)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&text).into_owned()));
    Ok((status, answer))
}

fn rejected(answer: &Value) -> &[Value] {
    let listed = answer.get("rejected").and_then(Value::as_array);
    listed.map_or(&[], Vec::as_slice)
}

/// An answer in words.
fn report(number: usize, status: StatusCode, answer: &Value) -> Vec<String> {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let text =
        |of: &Value, name: &str| one_line(of.get(name).and_then(Value::as_str).unwrap_or_default());
    let (accepted, not) = (count("accepted"), count("rejectedCount"));
    let head = match (status, answer) {
        (StatusCode::OK, answer) => format!(
            "{}, {accepted} of {} events taken",
            text(answer, "status"),
            accepted + not
        ),
        (status, Value::String(text)) => format!("HTTP {status}: {}", one_line(text)),
        (status, answer) => {
            let told = match text(answer, "message") {
                told if told.is_empty() => text(answer, "error"),
                told => told,
            };
            format!("HTTP {status}: {told}")
        }
    };
    let mut lines = vec![format!("request {number}: {head}")];
    for event in rejected(answer) {
        let again = match event.get("retryable").and_then(Value::as_bool) {
            Some(true) => "; sending it again may help",
            _ => "",
        };
        let index = event
            .get("index")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        lines.push(format!(
            "  event {index} {:?}: {}{again}",
            text(event, "id"),
            text(event, "reason")
        ));
    }
    let further = |all: u64, listed: usize, what: &str| match all.saturating_sub(listed as u64) {
        0 => None,
        more => Some(format!("  and {more} more {what}")),
    };
    lines.extend(further(not, rejected(answer).len(), "that were not taken"));
    let warnings = answer.get("warnings").and_then(Value::as_array);
    let warnings = warnings.map_or(&[][..], Vec::as_slice);
    let told = warnings.iter().filter_map(Value::as_str);
    lines.extend(told.map(|warning| format!("  warning: {}", one_line(warning))));
    lines.extend(further(count("warningCount"), warnings.len(), "warnings"));
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_requests_one_after_the_other() {
        let parts = |text: &str| -> Vec<String> {
            let parts = requests(text.as_bytes()).into_iter();
            parts
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect()
        };
        assert_eq!(parts(" \n"), [""; 0]);
        assert_eq!(parts("{} {\"a\": [1]}\n{}\n"), ["{}", "{\"a\": [1]}", "{}"]);
        // The server takes what is no JSON by the letter, and says where the rest is broken.
        assert_eq!(
            parts("{\"a\":\"\\ud83d\"}{\"b\":NaN} {}"),
            ["{\"a\":\"\\ud83d\"}", "{\"b\":NaN} {}"]
        );
        assert_eq!(parts("{\"a\": 1"), ["{\"a\": 1"]);
    }

    #[test]
    fn an_answer_is_told_with_what_was_rejected_and_what_was_unknown() {
        let answer = serde_json::json!({
            "status": "SUCCESS", "accepted": 2, "rejectedCount": 3, "warningCount": 1,
            "rejected": [{"id": "a", "reason": "no\ntype"}, {"index": 2, "reason": "later", "retryable": true}],
            "warnings": ["event 0: unknown member `x`"],
        });
        let told = report(1, StatusCode::OK, &answer);
        let expected = [
            "request 1: SUCCESS, 2 of 5 events taken",
            "  event 0 \"a\": no type",
            "  event 2 \"\": later; sending it again may help",
            "  and 1 more that were not taken",
            "  warning: event 0: unknown member `x`",
        ];
        assert_eq!(told, expected);
        let refused = serde_json::json!({"status": "ERROR", "message": "line 1, column 2: no"});
        let told = report(2, StatusCode::BAD_REQUEST, &refused);
        assert_eq!(
            told,
            ["request 2: HTTP 400 Bad Request: line 1, column 2: no"]
        );
        let other = Value::String("go away".to_owned());
        assert_eq!(
            report(3, StatusCode::NOT_FOUND, &other),
            ["request 3: HTTP 404 Not Found: go away"]
        );
    }
}
