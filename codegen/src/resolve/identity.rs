//! Identity of JSON messages: the header or fields that their ids are made of.

use prost_reflect::{Kind, MessageDescriptor};

use super::Resolved;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_header;
use crate::model::{ColumnSource, IdFrom, Input, Intake, Root, Route};
use crate::resolve::routing;
use crate::resolve::typing::{self, Scope};
use crate::rules::webhooks::{HEADER_NAME, MESSAGE_ID};
use crate::syntax::proto::Proto;
use crate::syntax::spec::{self, Id, IdWay, Located, Way};
use crate::syntax::yaml::Text;

/// Known partners: a word in a source's name, path or message, and the fitting `id`.
const PARTNERS: [(&str, &str, &str); 13] = [
    ("shopify", "Shopify", "{ header: X-Shopify-Webhook-Id }"),
    ("github", "GitHub", "{ header: X-GitHub-Delivery }"),
    ("gitlab", "GitLab", "{ header: X-Gitlab-Event-UUID }"),
    (
        "woocommerce",
        "WooCommerce",
        "{ header: X-WC-Webhook-Delivery-ID }",
    ),
    ("razorpay", "Razorpay", "{ header: X-Razorpay-Event-Id }"),
    ("twilio", "Twilio", "{ header: I-Twilio-Idempotency-Token }"),
    ("stripe", "Stripe", "{ fields: [body.id, body.created] }"),
    ("branch", "Branch", "{ fields: [body.id, body.timestamp] }"),
    ("webengageuser", "WebEngage's users", "request"),
    (
        "webengage",
        "WebEngage's events",
        "{ fields: [body.eventName, body.eventTime] }",
    ),
    (
        "standardwebhooks",
        "Standard Webhooks",
        "{ header: webhook-id }",
    ),
    ("graphy", "Graphy", "request"),
    ("vidooly", "Vidooly", "request"),
];

/// Identity of a webhook's messages. It has to be declared.
pub(super) fn of_source(
    source: &spec::Source,
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<IdFrom> {
    let Some(id) = &source.id else {
        let name = &source.name;
        let text = format!(
            "source `{}` doesn't declare the identity of its messages",
            name.value
        );
        let missing = Diagnostic::new(&MESSAGE_ID, text).at(name.span, "has no `id`");
        out.push(missing.help(choices(source, message)));
        return None;
    };
    let place = id.span;
    match one(id, out)? {
        IdWay::MessageId(span) => {
            let wrong = Diagnostic::new(&MESSAGE_ID, "a request has no `message_id`");
            let wrong = wrong
                .at(*span, "of queues only")
                .and(Some(place), "of a source");
            out.push(wrong.help(choices(source, message)));
            None
        }
        IdWay::Request(_) => Some(IdFrom::Request),
        IdWay::Header(name) => header(name, out),
        IdWay::Fields(fields) => self::fields(fields, message, proto, out),
    }
}

/// Identity of a queue's messages.
pub(super) fn of_queue(
    resolved: &Resolved<'_>,
    queue: &spec::Queue,
    bindings: &[Located<Route>],
    input: Option<&Input>,
    out: &mut Diagnostics,
) -> IdFrom {
    let Some(id) = &queue.id else {
        return IdFrom::MessageId;
    };
    let found = match (one(id, out), input) {
        (None, _) | (_, None) => None,
        (Some(IdWay::MessageId(_)), _) => Some(IdFrom::MessageId),
        (_, Some(Input::Events | Input::DeadLetters)) => {
            let text = format!(
                "the messages of queue `{}` have ids of their own",
                queue.name.value
            );
            let wrong = Diagnostic::new(&MESSAGE_ID, text).at(id.span, "for JSON messages only");
            out.push(wrong.help("leave `id` out"));
            None
        }
        (Some(way), Some(Input::Json(message))) => match source(resolved, bindings) {
            Some(source) => {
                let text = format!(
                    "source `{}` makes the ids of queue `{}`",
                    source.spec.name.value, queue.name.value
                );
                let wrong = Diagnostic::new(&MESSAGE_ID, text).at(id.span, "not used");
                let wrong = wrong.and(Some(source.spec.name.span), "has an `id`");
                out.push(wrong.help("leave `id` of the queue out"));
                None
            }
            None => match way {
                IdWay::Request(span) => {
                    let text = "a message may be delivered more than once, so its id can't be a new one each time";
                    let wrong = Diagnostic::new(&MESSAGE_ID, text).at(*span, "of sources only");
                    let help =
                        "`message_id`, `{ header: NAME }` or `{ fields: [body.FIELD, ...] }`";
                    out.push(wrong.help(help));
                    None
                }
                IdWay::MessageId(_) => Some(IdFrom::MessageId),
                IdWay::Header(name) => header(name, out),
                IdWay::Fields(fields) => self::fields(fields, message, resolved.proto, out),
            },
        },
    };
    found.unwrap_or(IdFrom::MessageId)
}

/// A webhook whose messages the queue gets.
fn source<'r, 'a>(
    resolved: &'r Resolved<'a>,
    bindings: &[Located<Route>],
) -> Option<&'r super::Source<'a>> {
    let is_post = |source: &&super::Source<'a>| matches!(source.intake, Some(Intake::Post { .. }));
    resolved.sources.iter().filter(is_post).find(|source| {
        let exchange = source.spec.exchange.as_ref().map(|e| e.value.as_str());
        let keys = resolved.keys(source);
        let gets = |binding: &Located<Route>| {
            let kind = resolved.kind(&binding.value.exchange);
            let pattern = &binding.value.routing_key;
            exchange == Some(binding.value.exchange.as_str())
                && keys
                    .as_ref()
                    .is_none_or(|keys| keys.iter().any(|key| routing::matches(kind, pattern, key)))
        };
        bindings.iter().any(gets)
    })
}

/// The only way that is named.
fn one<'a>(id: &'a Id, out: &mut Diagnostics) -> Option<&'a IdWay> {
    let ways = id.ways.as_deref()?;
    if let [way] = ways {
        return Some(way);
    }
    let text = match ways.len() {
        0 => "`id` is empty: it must declare the identity of messages",
        _ => "`id` declares several identities of messages",
    };
    let help = "`{ header: NAME }`, or `{ fields: [body.FIELD, ...] }`";
    out.push(
        Diagnostic::new(&MESSAGE_ID, text)
            .at(id.span, "one is needed")
            .help(help),
    );
    None
}

fn header(name: &Text, out: &mut Diagnostics) -> Option<IdFrom> {
    if is_header(&name.value) {
        return Some(IdFrom::Header(name.value.to_ascii_lowercase()));
    }
    let text = format!("`{}` is not a valid header name", name.value);
    let help = "letters, digits, and a few signs such as - . and _";
    out.push(
        Diagnostic::new(&HEADER_NAME, text)
            .at(name.span, "not a name")
            .help(help),
    );
    None
}

/// The fields' paths as they are in JSON.
fn fields(
    fields: &[Text],
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<IdFrom> {
    let paths: Vec<Option<Vec<String>>> = fields
        .iter()
        .map(|text| field(text, message, proto, out))
        .collect();
    let paths: Vec<Vec<String>> = paths.into_iter().collect::<Option<_>>()?;
    (!paths.is_empty()).then_some(IdFrom::Fields(paths))
}

fn field(
    text: &Text,
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<Vec<String>> {
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
    let names = |path: &[prost_reflect::FieldDescriptor]| -> Vec<String> {
        path.iter().map(|field| field.name().to_owned()).collect()
    };
    let path = match &value.root {
        Root::Body(path) => {
            let single = path.last().is_some_and(|last| {
                !last.is_list() && !last.is_map() && !matches!(last.kind(), Kind::Message(_))
            });
            single.then(|| names(path))
        }
        Root::Untyped { fields, keys } => Some([names(fields), keys.clone()].concat()),
        _ => None,
    };
    if path.is_none() || !value.functions.is_empty() {
        let wrong = Diagnostic::new(&MESSAGE_ID, "an id is made of single fields of the body");
        let wrong = wrong.at(text.span, "not a single field");
        out.push(wrong.help("a path without functions, such as `body.id`"));
        return None;
    }
    path
}

/// The three choices, and which of them fits as far as can be told.
fn choices(source: &spec::Source, message: &MessageDescriptor) -> String {
    let mut words = format!("{} {}", source.name.value, message.full_name()).to_lowercase();
    if let Some(path) = &source.post {
        words.push_str(&path.value.to_lowercase());
    }
    let ways = source.verify.iter().filter_map(|v| v.ways.as_ref());
    words.extend(ways.flatten().map(|(way, _)| match way.value {
        Way::Shopify => "shopify",
        Way::GitHub => "github",
        Way::Stripe => "stripe",
        Way::StandardWebhooks => "standardwebhooks",
        Way::Slack | Way::Bearer | Way::Basic | Way::Path | Way::Hmac => "",
    }));
    let fits = PARTNERS.iter().find(|(word, _, _)| words.contains(word));
    let fits = fits.map_or_else(String::new, |(_, name, id)| {
        format!("`id: {id}` fits {name}. ")
    });
    format!(
        "{fits}`id: {{ header: NAME }}` where the sender gives each message an id in a header; `id: {{ fields: [{}] }}` \
         where the body says which message it is, and when it happened; `id: request` where neither does, and each request \
         is stored",
        likely(message)
    )
}

/// The fields that look like an id and a time.
fn likely(message: &MessageDescriptor) -> String {
    let ending = |endings: &[&str]| {
        let name = |field: prost_reflect::FieldDescriptor| field.name().to_owned();
        let mut names = message.fields().map(name);
        names.find(|name| endings.iter().any(|ending| name.ends_with(ending)))
    };
    let id = ending(&["id", "Id", "ID"]).unwrap_or_else(|| "ID".to_owned());
    let time = ending(&[
        "time",
        "Time",
        "timestamp",
        "Timestamp",
        "created",
        "_at",
        "At",
    ]);
    let time = time.unwrap_or_else(|| "TIME".to_owned());
    format!("body.{id}, body.{time}")
}
