//! Requests on the page for people.

use serde::Serialize;

use super::text::{cell, code, message_link, request_page};
use crate::model::{Destination, Format, Member, Model, Request, Target, To};

/// A request, which is a page of its own.
#[derive(Debug, Serialize)]
pub struct RequestSection {
    name: String,
    /// Its page, below the catalogue's folder.
    pub page: String,
    doc: String,
    takes: String,
    queues: String,
    limits: String,
    chosen: String,
    targets: Vec<TargetRow>,
    members: Vec<MemberRow>,
    retried: String,
    refused: String,
}

#[derive(Debug, Serialize)]
struct TargetRow {
    value: String,
    address: String,
    headers: String,
}

#[derive(Debug, Serialize)]
struct MemberRow {
    name: String,
    written: String,
}

/// Sections of all requests.
pub(super) fn sections(model: &Model) -> Vec<RequestSection> {
    let requests = model.requests.iter().enumerate();
    requests
        .map(|(at, request)| section(model, at, request))
        .collect()
}

fn section(model: &Model, at: usize, request: &Request) -> RequestSection {
    let queues: Vec<String> = model
        .queues
        .iter()
        .filter(|queue| queue.into == Destination::Request(at))
        .map(|queue| code(&queue.name))
        .collect();
    let whole = request
        .whole
        .iter()
        .map(|whole| member("everything in", whole));
    let members = request
        .members
        .iter()
        .map(|one| member(&code(&one.name), one));
    RequestSection {
        name: request.name.clone(),
        page: request_page(&request.name),
        doc: cell(&request.doc),
        takes: match request.events {
            true => format!(
                "app events, each as one {}",
                code(request.message.full_name())
            ),
            false => message_link(&request.message),
        },
        queues: queues.join(", "),
        limits: limits(request),
        chosen: match &request.by {
            Some((_, written)) => code(written),
            None => "target".to_owned(),
        },
        targets: request.targets.iter().map(target).collect(),
        members: whole.chain(members).collect(),
        retried: statuses(&request.retried),
        refused: statuses(&request.refused),
    }
}

fn member(name: &str, member: &Member) -> MemberRow {
    MemberRow {
        name: name.to_owned(),
        written: code(&member.written),
    }
}

fn target(target: &Target) -> TargetRow {
    let headers: Vec<String> = target
        .headers
        .iter()
        .map(|(name, value)| code(&format!("{name}: {}", value.written)))
        .collect();
    TargetRow {
        value: match &target.value {
            Some(value) => code(value),
            None => "all".to_owned(),
        },
        address: address(target),
        headers: headers.join("<br>"),
    }
}

/// Address of a target, and format and key of its records.
fn address(target: &Target) -> String {
    let mut address = code(&target.address());
    if target.format() == Format::Protobuf {
        address.push_str(" in protobuf");
    }
    match &target.to {
        To::Topic {
            key: Some((_, key)),
            ..
        } => format!("{address}, by {}", code(key)),
        _ => address,
    }
}

/// Limits of a request, in sentences.
fn limits(request: &Request) -> String {
    let rate = request.rate.map_or_else(String::new, |rate| {
        let time = match rate.per_ms {
            1000 => "second",
            60_000 => "minute",
            _ => "hour",
        };
        format!(" and {} a {time}", rate.count)
    });
    let key = request
        .idempotency_key
        .as_ref()
        .map_or_else(String::new, |key| {
            format!(" The header {} holds the message's id.", code(key))
        });
    format!(
        "Each instance makes at most {} attempts at once{rate} at each target, of at most {} each.{key}",
        request.concurrency,
        time(request.timeout_ms)
    )
}

fn time(ms: u32) -> String {
    match ms % 1000 {
        0 => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}

fn statuses(ranges: &[(u16, u16)]) -> String {
    let shown: Vec<String> = ranges
        .iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            99 => format!("{}xx", first / 100),
            _ => format!("{first} to {last}"),
        })
        .collect();
    match shown.as_slice() {
        [] => "none".to_owned(),
        shown => shown.join(", "),
    }
}
