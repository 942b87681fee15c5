//! Sources: how events arrive and where they are published.

use prost_reflect::MessageDescriptor;

use super::envelope::method;
use super::{Source, cors, identity, verify};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::suggest;
use crate::model::{
    Auth, ColumnSource, Envelope, Input, Intake, OnBad, Route, RoutingKey, Type, Value,
};
use crate::resolve::typing::{self, Scope};
use crate::rules::columns::TYPE_DISAGREES;
use crate::rules::names::{UNKNOWN_EXCHANGE, UNKNOWN_MESSAGE};
use crate::rules::reading::{CONFLICTING_KEYS, MISSING_KEY};
use crate::rules::webhooks::{HEADERS_NOT_KEPT, PROVEN_ONE_WAY};
use crate::syntax::proto::Proto;
use crate::syntax::spec::{self, Located, Spec};
use crate::syntax::yaml::Text;

/// Resolves every source.
pub(super) fn resolve<'a>(
    spec: &'a Spec,
    proto: &Proto,
    envelope: Option<&Envelope>,
    out: &mut Diagnostics,
) -> Vec<Source<'a>> {
    spec.sources
        .iter()
        .map(|source| {
            for exchange in source.exchange.iter().chain(&source.rejects) {
                self::exchange(exchange, spec, out);
            }
            let rejects = source.rejects.as_ref().map(|exchange| Located {
                value: Route {
                    exchange: exchange.value.clone(),
                    routing_key: format!("error.{}", source.name.value),
                },
                span: exchange.span,
            });
            Source {
                spec: source,
                intake: intake(source, proto, envelope, out),
                rejects,
                cors: source.cors.as_ref().map(|c| cors::resolve(c, out)),
            }
        })
        .collect()
}

/// Reports an exchange that isn't declared.
pub(super) fn exchange(name: &Text, spec: &Spec, out: &mut Diagnostics) {
    if spec.exchange(&name.value).is_none() {
        let known = spec.exchanges.iter().map(|e| e.name.value.as_str());
        out.push(
            Diagnostic::new(
                &UNKNOWN_EXCHANGE,
                format!("exchange `{}` is not declared", name.value),
            )
            .at(name.span, "no such exchange")
            .help(suggest(&name.value, known, "declared exchanges")),
        );
    }
}

/// The message with this full name.
pub(super) fn message(
    name: &Text,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<MessageDescriptor> {
    let found = proto.pool.get_message_by_name(&name.value);
    if found.is_none() {
        let all: Vec<_> = proto
            .pool
            .all_messages()
            .filter(|m| !m.is_map_entry() && m.package_name() != "google.protobuf")
            .collect();
        out.push(unknown(name, &all, proto));
    }
    found
}

/// A message that isn't there: it may be in another package, or misspelt.
fn unknown(name: &Text, all: &[MessageDescriptor], proto: &Proto) -> Diagnostic {
    let (package, simple) = name.value.rsplit_once('.').unwrap_or(("", &name.value));
    let told = |message: String| {
        Diagnostic::new(&UNKNOWN_MESSAGE, message).at(name.span, "no such message")
    };
    let there: Vec<&str> = all
        .iter()
        .filter(|m| m.parent_message().is_none() && m.package_name() == package)
        .map(MessageDescriptor::full_name)
        .collect();
    let elsewhere: Vec<_> = all.iter().filter(|m| m.name() == simple).collect();
    if let [only] = elsewhere[..] {
        let other = only.package_name();
        return match there.is_empty() && only.parent_message().is_none() {
            true => told(format!("there is no package `{package}`")).help(format!(
                "package `{other}` has the messages of these names: write `{other}.NAME`, or put `package {package};` \
                 back in the proto file"
            )),
            false => told(format!("there is no message `{}`", name.value)).help(format!(
                "did you mean `{}`? If it was moved by mistake, move it back into package `{package}`",
                only.full_name()
            )),
        }
        .and(proto.message_span(only), "this message has the name");
    }
    let known: Vec<&str> = match there.is_empty() {
        true => all.iter().map(MessageDescriptor::full_name).collect(),
        false => there,
    };
    told(format!("there is no message `{}`", name.value)).help(suggest(
        &name.value,
        known,
        "messages",
    ))
}

fn intake(
    source: &spec::Source,
    proto: &Proto,
    envelope: Option<&Envelope>,
    out: &mut Diagnostics,
) -> Option<Intake> {
    let name = &source.name;
    let webhook = [
        ("message", &source.message),
        ("routing_key", &source.routing_key),
        ("routing_key_from", &source.routing_key_from),
    ];
    match (&source.grpc, &source.post) {
        (Some(grpc), None) => {
            for (key, value) in webhook {
                if let Some(value) = value {
                    out.push(conflict(key, value, "grpc", grpc));
                }
            }
            // A method that isn't there was reported where the envelope was looked for.
            let method = method(grpc, proto, &mut Diagnostics::default())?;
            envelope?;
            let keys = [
                ("headers", source.headers),
                ("verify", source.verify.as_ref().map(|v| v.span)),
                ("id", source.id.as_ref().map(|id| id.span)),
                ("on_bad", source.on_bad.as_ref().map(|on_bad| on_bad.span)),
            ];
            for (key, span) in keys {
                if let Some(span) = span {
                    out.push(conflicting(key, span, "grpc", grpc.span));
                }
            }
            Some(Intake::Grpc {
                service: method.parent_service().full_name().to_owned(),
                method: method.name().to_owned(),
                json_path: source
                    .json
                    .as_ref()
                    .map_or_else(|| format!("/{}", grpc.value), |json| json.value.clone()),
            })
        }
        (None, Some(post)) => {
            if let Some(json) = &source.json {
                out.push(conflict("json", json, "post", post));
            }
            let Some(message_name) = &source.message else {
                out.push(missing(source, "`message`, which tells what is posted"));
                return None;
            };
            if let (Some(auth), Some(verify)) = (&source.auth, &source.verify)
                && auth.value == Auth::Keys
                && !verify.none
            {
                out.push(proven_twice(auth.span, verify.span, source));
            }
            let verify = verify::of_source(source, out);
            let message = message(message_name, proto, out)?;
            let id = identity::of_source(source, &message, proto, out);
            let routing_key = routing_key(source, &message, proto, out)?;
            Some(Intake::Post {
                path: post.value.clone(),
                message,
                routing_key,
                headers: source.headers.is_some(),
                verify: verify?,
                id: id?,
                on_bad: source.on_bad.as_ref().map_or(OnBad::Keep, |o| o.value),
            })
        }
        (Some(grpc), Some(post)) => {
            out.push(conflict("post", post, "grpc", grpc));
            None
        }
        (None, None) => {
            out.push(
                missing(source, "`grpc` or `post`").at(name.span, "`grpc` or `post` is required"),
            );
            None
        }
    }
}

fn routing_key(
    source: &spec::Source,
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<RoutingKey> {
    match (&source.routing_key, &source.routing_key_from) {
        (Some(key), None) => Some(RoutingKey::Constant(key.value.clone())),
        (None, Some(from)) => {
            let value = computed(from, message, proto, out)?;
            if source.headers.is_none() && value.uses_headers() {
                out.push(not_kept(from, source));
            }
            Some(RoutingKey::Computed(value))
        }
        (Some(key), Some(from)) => {
            out.push(conflict("routing_key_from", from, "routing_key", key));
            None
        }
        (None, None) => {
            out.push(missing(source, "`routing_key` or `routing_key_from`"));
            None
        }
    }
}

fn computed(
    text: &Text,
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<Value> {
    let expression = typing::read(text, out)?;
    let input = Input::Json(message.clone());
    let scope = Scope {
        input: &input,
        envelope: None,
        types: &[],
        types_known: true,
        proto,
    };
    let ColumnSource::Value(value) = typing::resolve(&expression, text, &scope, out)? else {
        return None;
    };
    if value.ty != Type::String {
        out.push(
            Diagnostic::new(&TYPE_DISAGREES, "a routing key must be text")
                .at(text.span, format!("this is {}", value.ty))
                .help(
                    "a field that may be absent becomes text with `| default(\"NO_EVENT_NAME\")`",
                ),
        );
        return None;
    }
    Some(value)
}

fn not_kept(from: &Text, source: &spec::Source) -> Diagnostic {
    let message = format!("source `{}` doesn't keep headers", source.name.value);
    Diagnostic::new(&HEADERS_NOT_KEPT, message)
        .at(from.span, "uses `$headers`")
        .and(Some(source.name.span), "has no `headers: true`")
        .help("add `headers: true` to the source")
}

impl Source<'_> {
    /// Who may send. Events of apps need keys unless their source says otherwise; a webhook has its own `verify`.
    pub(super) fn auth(&self) -> Auth {
        let default = match self.spec.grpc {
            Some(_) => Auth::Keys,
            None => Auth::None,
        };
        self.spec.auth.as_ref().map_or(default, |auth| auth.value)
    }
}

fn proven_twice(auth: Span, verify: Span, source: &spec::Source) -> Diagnostic {
    let message = format!(
        "the senders of source `{}` would have to prove twice who they are",
        source.name.value
    );
    Diagnostic::new(&PROVEN_ONE_WAY, message)
        .at(auth, "by a key")
        .and(Some(verify), "and in this way")
        .help("leave `auth` out for a maker with a scheme of its own, or `verify` for your own clients")
}

fn conflict(key: &str, value: &Text, other_key: &str, other: &Text) -> Diagnostic {
    conflicting(key, value.span, other_key, other.span)
}

fn conflicting(key: &str, span: Span, other_key: &str, other: Span) -> Diagnostic {
    Diagnostic::new(
        &CONFLICTING_KEYS,
        format!("a source with `{other_key}` can't have `{key}`"),
    )
    .at(span, format!("`{key}` here"))
    .and(Some(other), format!("`{other_key}` here"))
}

fn missing(source: &spec::Source, what: &str) -> Diagnostic {
    let message = format!("source `{}` has no {what}", source.name.value);
    Diagnostic::new(&MISSING_KEY, message).at(source.name.span, "missing here")
}

/// A route and the place that says it.
pub(super) fn located(
    exchange: &Text,
    routing_key: String,
    span: crate::base::diagnostic::Span,
) -> Located<Route> {
    Located {
        value: Route {
            exchange: exchange.value.clone(),
            routing_key,
        },
        span,
    }
}
