//! What HTTP APIs and topics of others are sent, and where.

use super::expression::texts;
use super::facts::Facts;
use super::kind::{Harm, Kind, NONE, OF_REQUEST, PLAIN, at, yaml};
use crate::model::{Format, Model, To};
use crate::rules::contracts::TARGETS;

/// A request to an HTTP API, and the message that is forwarded.
pub(super) const REQUEST: Kind = Kind {
    word: "request",
    names: 1,
    rule: &TARGETS,
    title: |s| format!("request `{}`", at(s, 0)),
    place: |s| yaml(&["requests", at(s, 0)]),
    changed: Some(Harm {
        messages: "those that wait are read as another message",
        instead: "declare another request",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "those that wait go nowhere",
        instead: "keep it, and retire the queue first",
        ..NONE
    }),
    ..PLAIN
};

/// The expression that chooses a target.
pub(super) const BY: Kind = Kind {
    word: "by",
    names: 1,
    rule: &TARGETS,
    title: |s| format!("`by` of request `{}`", at(s, 0)),
    changed: Some(Harm {
        messages: "those that wait and come may go to another target, or to none",
        instead: "leave it",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "those that wait and come may go to another target, or to none",
        instead: "leave it",
        ..NONE
    }),
    ..OF_REQUEST
};

/// A target of a request.
pub(super) const TARGET: Kind = Kind {
    word: "target",
    names: 2,
    rule: &TARGETS,
    title: |s| format!("target `{}` of request `{}`", at(s, 1), at(s, 0)),
    changed: Some(Harm {
        messages: "those that wait and come go to the new address",
        instead: "change the variable on the servers, not its name",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "messages for it become dead letters",
        instead: "keep it as long as messages name it",
        ..NONE
    }),
    ..OF_REQUEST
};

/// The key of the records of a topic.
pub(super) const RECORD_KEY: Kind = Kind {
    word: "record-key",
    names: 2,
    rule: &TARGETS,
    title: |s| format!("`key` of target `{}` of request `{}`", at(s, 1), at(s, 0)),
    place: |s| yaml(&["requests", at(s, 0), "to", at(s, 1)]),
    part_of: |s| vec![format!("target {} {}", at(s, 0), at(s, 1))],
    added: Some(Harm {
        messages: "records of before have no key: their order towards later ones isn't kept, and a compacted topic refused them",
        instead: "tell whoever reads the topic",
        ..NONE
    }),
    changed: Some(Harm {
        messages: "records of before and after are in different partitions: the order within a key isn't kept across the change",
        instead: "write to another topic",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "the order within a key isn't kept any more",
        instead: "keep it",
        ..NONE
    }),
    ..PLAIN
};

/// The format of the values of records, where it isn't JSON.
pub(super) const RECORD_FORMAT: Kind = Kind {
    word: "record-format",
    names: 2,
    rule: &TARGETS,
    title: |s| {
        format!(
            "`format` of target `{}` of request `{}`",
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| yaml(&["requests", at(s, 0), "to", at(s, 1)]),
    part_of: |s| vec![format!("target {} {}", at(s, 0), at(s, 1))],
    added: Some(Harm {
        messages: "those that wait and come are records in protobuf, between records in JSON: readers have to tell both apart",
        instead: "write to another topic",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "those that wait and come are records in JSON, between records in protobuf: readers have to tell both apart",
        instead: "write to another topic",
        ..NONE
    }),
    ..PLAIN
};

/// A header that a target gets, with the variables that hold secrets by their names.
pub(super) const TARGET_HEADER: Kind = Kind {
    word: "target_header",
    names: 3,
    rule: &TARGETS,
    title: |s| {
        format!(
            "header `{}` of target `{}` of request `{}`",
            at(s, 2),
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| yaml(&["requests", at(s, 0), "to", at(s, 1)]),
    part_of: |s| vec![format!("target {} {}", at(s, 0), at(s, 1))],
    changed: Some(Harm {
        messages: "the API takes what waits and comes for somebody else's, or refuses it",
        instead: "change the variable on the servers, not its name",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "the API may refuse what waits and comes",
        instead: "keep it",
        ..NONE
    }),
    ..PLAIN
};

/// The header with the id of a forwarded message.
pub(super) const IDEMPOTENCY: Kind = Kind {
    word: "idempotency",
    names: 1,
    rule: &TARGETS,
    title: |s| format!("`idempotency_key` of request `{}`", at(s, 0)),
    changed: Some(Harm {
        messages: "what is sent again after a timeout counts twice where the API knows the former header",
        instead: "leave it",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "what is sent again after a timeout counts twice",
        instead: "leave it",
        ..NONE
    }),
    ..OF_REQUEST
};

/// A member of the object that is forwarded.
pub(super) const BODY: Kind = Kind {
    word: "body",
    names: 2,
    rule: &TARGETS,
    title: |s| format!("member `{}` of request `{}`", at(s, 1), at(s, 0)),
    changed: Some(Harm {
        messages: "the API gets another value there, also of those that wait",
        instead: "add a member with another name",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "the API does not get it any more",
        instead: "keep it",
        ..NONE
    }),
    ..OF_REQUEST
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for request in &model.requests {
        let name = request.name.as_str();
        facts.add(&REQUEST, &[name], request.message.full_name());
        if let Some((value, _)) = &request.by {
            facts.add(&BY, &[name], texts(value));
        }
        for target in &request.targets {
            let value = target.value.as_deref().unwrap_or("*");
            facts.add(&TARGET, &[name, value], target.address());
            if let To::Topic {
                key: Some((key, _)),
                ..
            } = &target.to
            {
                facts.add(&RECORD_KEY, &[name, value], texts(key));
            }
            if target.format() == Format::Protobuf {
                facts.add(&RECORD_FORMAT, &[name, value], "protobuf");
            }
            for (header, template) in &target.headers {
                let header = header.to_ascii_lowercase();
                facts.add(
                    &TARGET_HEADER,
                    &[name, value, &header],
                    template.written.as_str(),
                );
            }
        }
        if let Some(header) = &request.idempotency_key {
            facts.add(&IDEMPOTENCY, &[name], header.to_ascii_lowercase());
        }
        for member in request.whole.iter().chain(&request.members) {
            let member_name = match member.name.as_str() {
                "" => "*",
                name => name,
            };
            facts.add(&BODY, &[name, member_name], texts(&member.value));
        }
    }
}
