//! Records that requests write to topics of Kafka: their topics, their keys, and what has no meaning for them.

use super::partitions::is_key_type;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_topic;
use crate::model::{To, Value};
use crate::rules::kafka::{RECORDS, TOPIC_NAME};
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// The topic of a target, without the key of its records.
pub(super) fn topic(name: &Text, out: &mut Diagnostics) -> Option<To> {
    if is_topic(&name.value) {
        return Some(To::Topic {
            name: name.value.clone(),
            key: None,
        });
    }
    let message = format!("`{}` can't be the name of a topic", name.value);
    out.push(Diagnostic::new(&TOPIC_NAME, message).at(name.span, "no name of a topic"));
    None
}

/// The key of records, with its text; none if it can't be one.
pub(super) fn key(value: Value, text: &Text, out: &mut Diagnostics) -> Option<(Value, String)> {
    if is_key_type(&value.ty) {
        return Some((value, text.value.clone()));
    }
    out.push(
        Diagnostic::new(
            &RECORDS,
            "the key of a record must be a text or a whole number",
        )
        .at(text.span, format!("this is {}", value.ty))
        .help("a field such as `body.orderId`"),
    );
    None
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
