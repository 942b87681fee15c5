//! Requests: what they forward, where to, as what, and what answers mean.

use prost_reflect::MessageDescriptor;

use super::{Resolved, records, statuses::statuses};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::{is_header, list};
use crate::model::{
    self, ColumnSource, Destination, Input, Member, Piece, Request, Root, Target, Template, To,
    Type, Value,
};
use crate::resolve::typing::{self, Scope};
use crate::rules::feeding::MIXED_INPUT;
use crate::rules::requests::{CHOICE, REQUEST_BODY, REQUEST_HEADER, URL, VARIABLE};
use crate::syntax::spec;
use crate::syntax::template;
use crate::syntax::yaml::Text;

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
            let message = message(resolved, at, out);
            let targets = targets(request, out);
            let key = request.idempotency_key.as_ref();
            let key_fits = key.is_none_or(|key| header_name(key, out));
            let statuses = statuses(request, out);
            let (message, (retried, refused)) = (message?, statuses?);
            let scoped = Scoped {
                input: Input::Json(message.clone()),
                resolved,
            };
            let by = scoped.choice(request, out);
            let targets = scoped.with_keys(request, targets, out);
            let (whole, members) = scoped.body(request, out)?;
            let number = |value: &Option<spec::Located<u64>>, default| {
                value.as_ref().map_or(default, |located| located.value)
            };
            Some(Request {
                name: request.name.value.clone(),
                doc: request.doc.clone(),
                message,
                by: by?,
                targets: targets.filter(|targets| key_fits && !targets.is_empty())?,
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

/// Message of a request's queues.
fn message(resolved: &Resolved<'_>, at: usize, out: &mut Diagnostics) -> Option<MessageDescriptor> {
    let mut found: Option<(&super::Queue, &MessageDescriptor)> = None;
    for queue in &resolved.queues {
        let (Some(Destination::Request(into)), Some(Input::Json(message))) =
            (queue.into, &queue.input)
        else {
            continue;
        };
        match found {
            _ if into != at => {}
            None => found = Some((queue, message)),
            Some((first, other)) if other != message => {
                let text = format!(
                    "a request can't take `{}` as well as `{}`",
                    message.full_name(),
                    other.full_name()
                );
                let mistake = Diagnostic::new(&MIXED_INPUT, text).and(
                    first.place,
                    format!("`{}` from this queue", other.full_name()),
                );
                out.push(match queue.place {
                    Some(place) => mistake.at(place, "does not fit here"),
                    None => mistake,
                });
                return None;
            }
            Some(_) => {}
        }
    }
    found.map(|(_, message)| message.clone())
}

fn targets(request: &spec::Request, out: &mut Diagnostics) -> Option<Vec<Target>> {
    let mut targets = Some(Vec::new());
    for (value, target) in &request.to {
        let to = match &target.to {
            spec::To::Url { method, url } => {
                let template = template(url, out).filter(|found| is_url(found, url, out));
                template.map(|url| To::Url { method, url })
            }
            spec::To::Topic { name, .. } => records::topic(name, out),
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

/// Scope of a request's expressions.
struct Scoped<'a> {
    input: Input,
    resolved: &'a Resolved<'a>,
}

/// The whole of a body, and its members.
type Body = (Option<Member>, Vec<Member>);

impl Scoped<'_> {
    fn value(&self, text: &Text, out: &mut Diagnostics) -> Option<Value> {
        if text.value.trim() == "body" {
            return Some(Value {
                root: Root::WholeBody,
                functions: Vec::new(),
                ty: Type::Json,
            });
        }
        let scope = Scope {
            input: &self.input,
            envelope: None,
            types: &[],
            types_known: true,
            proto: self.resolved.proto,
        };
        let expression = typing::read(text, out)?;
        match typing::resolve(&expression, text, &scope, out)? {
            ColumnSource::Value(value) => Some(value),
            ColumnSource::ByType(_) => None,
        }
    }

    /// Expression that chooses the target; none inside if there is one target.
    fn choice(
        &self,
        request: &spec::Request,
        out: &mut Diagnostics,
    ) -> Option<Option<(Value, String)>> {
        let Some(text) = &request.by else {
            return Some(None);
        };
        let value = self.value(text, out)?;
        if value.ty == Type::String {
            return Some(Some((value, text.value.clone())));
        }
        let known: Vec<&str> = request
            .to
            .iter()
            .filter_map(|(value, _)| value.as_ref())
            .map(|value| value.value.as_str())
            .collect();
        let mistake = Diagnostic::new(&CHOICE, "the expression that chooses a target must be text")
            .at(text.span, format!("this is {}", value.ty));
        out.push(match (value.ty.present(), known.first()) {
            (Type::String, Some(first)) => mistake.help(format!(
                "a field that may be absent becomes text with `| default(\"{first}\")`; targets: {}",
                list(&known)
            )),
            _ => mistake,
        });
        None
    }

    /// The targets with the keys of their records.
    fn with_keys(
        &self,
        request: &spec::Request,
        targets: Option<Vec<Target>>,
        out: &mut Diagnostics,
    ) -> Option<Vec<Target>> {
        let written = request.to.iter().map(|(_, target)| &target.to);
        let keys: Option<Vec<_>> = written
            .map(|to| match to {
                spec::To::Topic { key: Some(key), .. } => {
                    let value = self.value(key, out);
                    value
                        .and_then(|value| records::key(value, key, out))
                        .map(Some)
                }
                _ => Some(None),
            })
            .collect();
        let mut targets = targets?;
        for (target, found) in targets.iter_mut().zip(keys?) {
            if let To::Topic { key, .. } = &mut target.to {
                *key = found;
            }
        }
        Some(targets)
    }

    fn body(&self, request: &spec::Request, out: &mut Diagnostics) -> Option<Body> {
        let written = |text: &Text| text.value.clone();
        let whole = match &request.whole {
            Some(text) => Some(self.object(text, out)),
            None if request.made => None,
            None => Some(Some(Member {
                name: String::new(),
                value: Value {
                    root: Root::WholeBody,
                    functions: Vec::new(),
                    ty: Type::Json,
                },
                written: "body".to_owned(),
            })),
        };
        let members: Vec<Option<Member>> = request
            .members
            .iter()
            .map(|(name, text)| {
                let value = self.value(text, out)?;
                self.fits_json(&value, text, out).then(|| Member {
                    name: name.value.clone(),
                    value,
                    written: written(text),
                })
            })
            .collect();
        let whole = match whole {
            Some(whole) => Some(whole?),
            None => None,
        };
        Some((whole, members.into_iter().collect::<Option<_>>()?))
    }

    fn object(&self, text: &Text, out: &mut Diagnostics) -> Option<Member> {
        let value = self.value(text, out)?;
        if value.ty != Type::Json {
            out.push(
                Diagnostic::new(&REQUEST_BODY, "a body must be an object")
                    .at(text.span, format!("this is {}", value.ty))
                    .help("a single value becomes a member: `body: { NAME: EXPRESSION }`"),
            );
            return None;
        }
        Some(Member {
            name: String::new(),
            value,
            written: text.value.clone(),
        })
    }

    fn fits_json(&self, value: &Value, text: &Text, out: &mut Diagnostics) -> bool {
        let help = match value.ty.present() {
            Type::DateTime | Type::Millis | Type::Micros => {
                format!("write it out: `{} | rfc3339`", text.value)
            }
            Type::LowCardinality(_) => "leave `low_cardinality` out".to_owned(),
            Type::Array(_) | Type::Map(..) => "keep it in the object around it".to_owned(),
            _ => return true,
        };
        let message = format!("JSON has no {}", value.ty);
        let mistake = Diagnostic::new(&REQUEST_BODY, message).at(text.span, "not a JSON value");
        out.push(mistake.help(help));
        false
    }
}

/// Request that `into` names, if it is one.
pub(super) fn position(spec: &spec::Spec, name: &str) -> Option<model::Destination> {
    let at = spec.requests.iter().position(|r| r.name.value == name)?;
    Some(Destination::Request(at))
}
