//! Records that requests write to topics of Kafka: their topics, keys and formats, and what has no meaning for them.

use super::partitions::is_key_type;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_topic;
use crate::model::{Format, To, Type};
use crate::rules::kafka::{RECORDS, TOPIC_NAME};
use crate::rules::requests::REQUEST_INPUT;
use crate::syntax::spec::{self, Located};
use crate::syntax::yaml::Text;

/// The topic of a target, without the key of its records.
pub(super) fn topic(
    name: &Text,
    format: Option<&Located<Format>>,
    out: &mut Diagnostics,
) -> Option<To> {
    if is_topic(&name.value) {
        return Some(To::Topic {
            name: name.value.clone(),
            format: format.map_or(Format::Json, |format| format.value),
            key: None,
        });
    }
    let message = format!("`{}` can't be the name of a topic", name.value);
    out.push(Diagnostic::new(&TOPIC_NAME, message).at(name.span, "no name of a topic"));
    None
}

/// True if a value of this type can be the key of records.
pub(super) fn is_key(ty: &Type, text: &Text, events: bool, out: &mut Diagnostics) -> bool {
    if is_key_type(ty) {
        return true;
    }
    let such = match events {
        true => "a field such as `header.userId`, or `$id`",
        false => "a field such as `body.orderId`",
    };
    out.push(
        Diagnostic::new(
            &RECORDS,
            "the key of a record must be a text or a whole number",
        )
        .at(text.span, format!("this is {ty}"))
        .help(such),
    );
    false
}

/// False if a target wants records in protobuf of what isn't app events, or of a body that is made.
pub(super) fn formats(request: &spec::Request, events: bool, out: &mut Diagnostics) -> bool {
    let formats = request
        .to
        .iter()
        .filter_map(|(_, target)| match &target.to {
            spec::To::Topic { format, .. } => format.as_ref(),
            spec::To::Url { .. } => None,
        });
    let mut protobuf = formats.filter(|format| format.value == Format::Protobuf);
    let Some(protobuf) = protobuf.next() else {
        return true;
    };
    let name = &request.name.value;
    if !events {
        let message =
            format!("request `{name}` forwards JSON messages, which have no protobuf form");
        out.push(
            Diagnostic::new(&REQUEST_INPUT, message)
                .at(protobuf.span, "only app events are written in protobuf")
                .and(Some(request.name.span), "takes JSON messages")
                .help("leave `format` out: the records are JSON"),
        );
        return false;
    }
    let member = request.members.first().map(|(_, from)| from.span);
    let Some(made) = request.whole.as_ref().map(|whole| whole.span).or(member) else {
        return true;
    };
    let message = format!("request `{name}` has a `body` and writes records in protobuf");
    out.push(
        Diagnostic::new(&RECORDS, message)
            .at(made, "what is made here is JSON")
            .and(Some(protobuf.span), "here the event goes as it is")
            .help("leave `body` out, or write JSON"),
    );
    false
}

/// False if a request of which all targets are topics says what answers of HTTP mean.
pub(super) fn without_answers(request: &spec::Request, out: &mut Diagnostics) -> bool {
    let lists = [&request.retried, &request.refused];
    let answer = lists.into_iter().flatten().find_map(|list| list.first());
    let is_topic = |(_, target): &(_, spec::Target)| matches!(target.to, spec::To::Topic { .. });
    let (Some(answer), true) = (answer, request.to.iter().all(is_topic)) else {
        return true;
    };
    if request.to.is_empty() {
        return true;
    }
    let message = format!("request `{}` gets no answers of HTTP", request.name.value);
    out.push(
        Diagnostic::new(&RECORDS, message)
            .at(answer.span, "a status")
            .help("leave `retried` and `refused` out: what Kafka answers has its reactions (docs/kafka.md)"),
    );
    false
}
