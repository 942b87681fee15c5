//! What JSON messages must hold: fields that have to be there, and names that differ from the proto file's.

use prost_reflect::{FieldDescriptor, Kind};

use super::expression::body_path;
use super::facts::Facts;
use super::kind::{self, Harm, NONE, always, at, yaml};
use crate::base::refusal::Place;
use crate::model::{
    Argument, ColumnSource, Input, Intake, Model, Queue, Request, RoutingKey, Table, Value,
};
use crate::rules::contracts::JSON_CONTRACT;

/// The JSON name of a field, where it is not the usual one.
pub(super) const JSON: kind::Kind = kind::Kind {
    word: "json",
    names: 2,
    rule: &JSON_CONTRACT,
    title: |s| format!("the JSON name of field {} of `{}`", at(s, 1), at(s, 0)),
    place: field_place,
    part_of: |s| vec![format!("field {} {}", at(s, 0), at(s, 1))],
    added: Some(Harm {
        senders: "JSON with the usual name is not understood any more",
        instead: "remove `json_name`",
        ..NONE
    }),
    changed: Some(Harm {
        senders: "JSON with the former name is not understood any more",
        instead: "leave `json_name` as it was",
        ..NONE
    }),
    hurts: always,
    gone: Some(Harm {
        senders: "JSON with the former name is not understood any more",
        instead: "put `json_name` back",
        ..NONE
    }),
    retired_as: "",
};

/// A field of a queue's JSON messages that must be there.
pub(super) const REQUIRED: kind::Kind = kind::Kind {
    word: "required",
    names: 2,
    rule: &JSON_CONTRACT,
    title: |s| {
        format!(
            "required field `{}` of the messages of queue `{}`",
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| yaml(&["queues", at(s, 0)]),
    part_of: |s| vec![format!("queue {}", at(s, 0))],
    added: Some(Harm {
        senders: "messages without it are refused or become dead letters",
        messages: "those that wait have no such field and become dead letters",
        instead: "declare it `optional`, or leave it out of the columns",
        ..NONE
    }),
    changed: None,
    hurts: always,
    gone: None,
    retired_as: "",
};

/// A field of a webhook's messages from which their routing key is made.
pub(super) const NEEDED: kind::Kind = kind::Kind {
    word: "needed",
    names: 2,
    rule: &JSON_CONTRACT,
    title: |s| {
        format!(
            "field `{}` that messages of source `{}` must have",
            at(s, 1),
            at(s, 0)
        )
    },
    place: |s| yaml(&["sources", at(s, 0)]),
    part_of: |s| vec![format!("source {}", at(s, 0))],
    added: Some(Harm {
        senders: "messages without it are refused",
        instead: "give the routing key a `default`, and declare the field `optional`",
        ..NONE
    }),
    changed: None,
    hurts: always,
    gone: None,
    retired_as: "",
};

/// Fields of which a JSON message must have one.
pub(super) const ANY_OF: kind::Kind = kind::Kind {
    word: "any_of",
    names: 1,
    rule: &JSON_CONTRACT,
    title: |s| format!("`any_of` of `{}`", at(s, 0)),
    place: |s| yaml(&["messages", at(s, 0)]),
    part_of: |s| vec![format!("message {}", at(s, 0))],
    added: Some(Harm {
        senders: "messages with none of them are refused",
        messages: "those that wait become dead letters",
        instead: "leave it out",
        ..NONE
    }),
    changed: Some(Harm {
        senders: "messages with none of the remaining fields are refused",
        messages: "those that wait become dead letters",
        instead: "add fields to it only",
        ..NONE
    }),
    hurts: narrowed,
    gone: None,
    retired_as: "",
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    names(model, facts);
    for (message, fields) in &model.any_of {
        let mut names: Vec<&str> = fields.iter().map(String::as_str).collect();
        names.sort_unstable();
        facts.add(&ANY_OF, &[message.full_name()], names.join(" "));
    }
    for queue in &model.queues {
        if matches!(queue.input, Input::Json(_)) {
            let mut values = Vec::new();
            model
                .table_of(queue)
                .into_iter()
                .for_each(|table| values.extend(of_table(table)));
            model
                .request_of(queue)
                .into_iter()
                .for_each(|request| values.extend(of_request(request)));
            required(queue, &values, facts);
        }
    }
    for source in &model.sources {
        if let Intake::Post {
            routing_key: RoutingKey::Computed(value),
            ..
        } = &source.intake
        {
            for path in paths(value) {
                facts.add(&NEEDED, &[&source.name, &path], "");
            }
        }
    }
}

/// The field of a message, by the subject of a fact.
fn field_place(subject: &[&str]) -> Place {
    match at(subject, 1).parse() {
        Ok(number) => Place::Field(at(subject, 0).to_owned(), number),
        Err(_) => Place::Type(at(subject, 0).to_owned()),
    }
}

/// True if one of the fields before is none any more.
fn narrowed(before: &str, after: &str) -> bool {
    before
        .split(' ')
        .any(|name| !after.split(' ').any(|other| other == name))
}

/// JSON names that aren't the ones that proto3 gives by itself.
fn names(model: &Model, facts: &mut Facts) {
    for message in model.pool.all_messages() {
        if message.package_name() == "google.protobuf" {
            continue;
        }
        for field in message.fields() {
            if field.json_name() != lower_camel(field.name()) {
                let number = field.number().to_string();
                let name = field.json_name().to_owned();
                facts.add(&JSON, &[message.full_name(), &number], name);
            }
        }
    }
}

/// The JSON name that protoc gives to a field: each letter behind an underscore is upper case, and underscores go.
pub(in crate::schema) fn lower_camel(name: &str) -> String {
    let mut made = String::new();
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                made.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => made.push(letter),
        }
    }
    made
}

fn of_table(table: &Table) -> Vec<&Value> {
    let columns = table.columns.iter();
    columns.flat_map(|column| column.from.values()).collect()
}

fn of_request(request: &Request) -> Vec<&Value> {
    let by = request.by.iter().map(|(value, _)| value);
    let whole = request.whole.iter().map(|member| &member.value);
    let members = request.members.iter().map(|member| &member.value);
    let all = by.chain(whole).chain(members);
    all.flat_map(ColumnSource::values).collect()
}

fn required(queue: &Queue, values: &[&Value], facts: &mut Facts) {
    for path in values.iter().flat_map(|value| paths(value)) {
        facts.add(&REQUIRED, &[&queue.name, &path], "");
    }
}

/// The paths that must be there for a value to be made: those without an optional field on their way.
fn paths(value: &Value) -> Vec<String> {
    let arguments = value
        .functions
        .iter()
        .flat_map(|function| &function.arguments);
    let mut found: Vec<String> = arguments
        .filter_map(|argument| match argument {
            Argument::Value(value) => Some(paths(value)),
            Argument::Text(_) => None,
        })
        .flatten()
        .collect();
    let fields = body_path(value).unwrap_or_default();
    let may_be_absent = |field: &FieldDescriptor| match field.kind() {
        Kind::Message(_) => field.field_descriptor_proto().proto3_optional(),
        _ => field.supports_presence(),
    };
    let must_be_there =
        |field: &FieldDescriptor| !may_be_absent(field) && !field.is_list() && !field.is_map();
    if !fields.is_empty() && fields.iter().all(must_be_there) {
        let names: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
        found.push(names.join("."));
    }
    found
}
