//! Requests: what they forward, where to, as what, and what answers mean.

mod parts;

use super::{Queue, Resolved, inputs, records, routing, statuses::statuses};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_header;
use crate::model::{self, Destination, Input, Intake, Piece, Request, Target, Template, To};
use crate::rules::feeding::MIXED_INPUT;
use crate::rules::requests::{REQUEST_HEADER, URL, VARIABLE};
use crate::syntax::spec;
use crate::syntax::template;
use crate::syntax::yaml::Text;
use parts::Scoped;

/// Headers that follow from the request, or that are set by other keys.
const OWN_HEADERS: [&str; 8] = [
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
];

/// Resolves every request; none for one with mistakes.
pub(super) fn resolve(resolved: &Resolved<'_>, out: &mut Diagnostics) -> Vec<Option<Request>> {
    let requests = resolved.spec.requests.iter().enumerate();
    requests
        .map(|(at, request)| {
            let input = input(resolved, at, out);
            let targets = targets(request, out);
            let key = request.idempotency_key.as_ref();
            let key_fits = key.is_none_or(|key| header_name(key, out));
            let statuses = statuses(request, out);
            let (input, (retried, refused)) = (input?, statuses?);
            let message = match &input {
                Input::Json(message) => message.clone(),
                _ => resolved.envelope.as_ref()?.request.clone(),
            };
            let scoped = Scoped {
                events: matches!(input, Input::Events),
                types: types(resolved, at),
                input,
                resolved,
            };
            let by = scoped.choice(request, out);
            let targets = scoped.with_keys(request, targets, out);
            let formats_fit = records::formats(request, scoped.events, out);
            let (whole, members) = scoped.body(request, out)?;
            let number = |value: &Option<spec::Located<u64>>, default| {
                value.as_ref().map_or(default, |located| located.value)
            };
            Some(Request {
                name: request.name.value.clone(),
                doc: request.doc.clone(),
                message,
                events: scoped.events,
                by: by?,
                targets: targets
                    .filter(|targets| key_fits && formats_fit && !targets.is_empty())?,
                whole,
                members,
                idempotency_key: key.map(|key| key.value.clone()),
                timeout_ms: u32::try_from(number(&request.timeout, 10_000)).ok()?,
                concurrency: u16::try_from(number(&request.concurrency, 8)).ok()?,
                rate: request.rate,
                retried,
                refused,
            })
        })
        .collect()
}

/// Input of a request's queues.
fn input(resolved: &Resolved<'_>, at: usize, out: &mut Diagnostics) -> Option<Input> {
    let mut found: Option<(&Queue, &Input)> = None;
    for queue in of_request(resolved, at) {
        let Some(input @ (Input::Json(_) | Input::Events)) = &queue.input else {
            continue;
        };
        match found {
            None => found = Some((queue, input)),
            Some((first, other)) if !inputs::same(other, input) => {
                let (this, other) = (inputs::name(input), inputs::name(other));
                let text = format!("a request can't take {this} as well as {other}");
                let mistake = Diagnostic::new(&MIXED_INPUT, text)
                    .and(first.place, format!("{other} from this queue"));
                out.push(match queue.place {
                    Some(place) => mistake.at(place, "does not fit here"),
                    None => mistake,
                });
                return None;
            }
            Some(_) => {}
        }
    }
    found.map(|(_, input)| input.clone())
}

fn of_request<'r>(resolved: &'r Resolved<'_>, at: usize) -> impl Iterator<Item = &'r Queue> {
    let into = Some(Destination::Request(at));
    resolved.queues.iter().filter(move |q| q.into == into)
}

/// The numbers of the event types that come to a request, ascending: those that a binding of its queues matches, and all of
/// them where others publish.
fn types(resolved: &Resolved<'_>, at: usize) -> Vec<u32> {
    let bound = |queue: &Queue, name: &str| {
        let sources = resolved.sources.iter();
        let mut exchanges = sources
            .filter(|source| matches!(source.intake, Some(Intake::Grpc { .. })))
            .filter_map(|source| source.spec.exchange.as_ref());
        exchanges.any(|exchange| {
            let kind = resolved.kind(&exchange.value);
            let mut routes = queue.bindings.iter().map(|binding| &binding.value);
            routes.any(|route| {
                route.exchange == exchange.value && routing::matches(kind, &route.routing_key, name)
            })
        })
    };
    let declared = |queue: &Queue| {
        let spec = resolved.spec.queue(&queue.name);
        spec.is_some_and(|spec| spec.message.is_some())
    };
    let comes =
        |name: &str| of_request(resolved, at).any(|queue| declared(queue) || bound(queue, name));
    let all = resolved.envelope.iter().flat_map(|e| &e.types);
    let mut types: Vec<u32> = all
        .filter(|(_, message)| comes(message.name()))
        .map(|(number, _)| *number)
        .collect();
    types.sort_unstable();
    types
}

fn targets(request: &spec::Request, out: &mut Diagnostics) -> Option<Vec<Target>> {
    let mut targets = Some(Vec::new());
    for (value, target) in &request.to {
        let to = match &target.to {
            spec::To::Url { method, url } => {
                let template = template(url, out).filter(|found| is_url(found, url, out));
                template.map(|url| To::Url { method, url })
            }
            spec::To::Topic { name, format, .. } => records::topic(name, format.as_ref(), out),
        };
        let mut headers = Some(Vec::new());
        let mut seen: Vec<&Text> = request.idempotency_key.iter().collect();
        for (name, text) in &target.headers {
            let fits = header_name(name, out) & header_is_new(name, &seen, out);
            seen.push(name);
            headers = match (headers, template(text, out).filter(|_| fits)) {
                (Some(mut headers), Some(value)) => {
                    headers.push((name.value.clone(), value));
                    Some(headers)
                }
                _ => None,
            };
        }
        targets = match (targets, to, headers) {
            (Some(mut targets), Some(to), Some(headers)) => {
                targets.push(Target {
                    value: value.as_ref().map(|value| value.value.clone()),
                    to,
                    headers,
                });
                Some(targets)
            }
            _ => None,
        };
    }
    targets.filter(|_| records::without_answers(request, out))
}

fn template(text: &Text, out: &mut Diagnostics) -> Option<Template> {
    match template::parse(&text.value) {
        Ok(pieces) => Some(Template {
            written: text.value.clone(),
            pieces,
        }),
        Err(error) => {
            out.push(
                Diagnostic::new(&VARIABLE, "this is not a valid environment variable")
                    .at(text.part(error.range), "not a name")
                    .help("`$NAME` or `${NAME}`, in capital letters; `$$` is a dollar sign"),
            );
            None
        }
    }
}

fn is_url(url: &Template, text: &Text, out: &mut Diagnostics) -> bool {
    let fits = match url.pieces.first() {
        Some(Piece::Variable(_)) => true,
        Some(Piece::Text(begin)) => {
            let after = begin
                .strip_prefix("https://")
                .or_else(|| begin.strip_prefix("http://"));
            let named = after.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
            let open = after.is_some_and(str::is_empty) && url.pieces.len() > 1;
            let plain = |c: char| c.is_ascii_graphic();
            (named || open) && text.value.chars().all(plain)
        }
        None => false,
    };
    if !fits {
        out.push(
            Diagnostic::new(&URL, format!("`{}` is not a URL", text.value))
                .at(text.span, "not a URL")
                .help("a variable such as `$EVENTS_URL`, or https:// or http:// and a host"),
        );
    }
    fits
}

fn header_name(name: &Text, out: &mut Diagnostics) -> bool {
    let own = OWN_HEADERS.contains(&name.value.to_ascii_lowercase().as_str());
    if is_header(&name.value) && !own {
        return true;
    }
    let (message, label) = match own {
        true => (
            format!("the header `{}` is set by the server", name.value),
            "set by the server",
        ),
        false => (
            format!("`{}` can't be the name of a header", name.value),
            "not a name",
        ),
    };
    out.push(Diagnostic::new(&REQUEST_HEADER, message).at(name.span, label));
    false
}

fn header_is_new(name: &Text, seen: &[&Text], out: &mut Diagnostics) -> bool {
    let same = |other: &&&Text| other.value.eq_ignore_ascii_case(&name.value);
    let Some(other) = seen.iter().find(same) else {
        return true;
    };
    out.push(
        Diagnostic::new(&REQUEST_HEADER, format!("`{}` is set twice", name.value))
            .at(name.span, "again here")
            .and(Some(other.span), "first here"),
    );
    false
}

/// Request that `into` names, if it is one.
pub(super) fn position(spec: &spec::Spec, name: &str) -> Option<model::Destination> {
    let at = spec.requests.iter().position(|r| r.name.value == name)?;
    Some(Destination::Request(at))
}
