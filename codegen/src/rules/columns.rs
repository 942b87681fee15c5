//! Rules about columns: their expressions, their types and their names.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &EXPRESSION_SYNTAX,
    &UNKNOWN_ROOT,
    &MISPLACED_ROOT,
    &UNKNOWN_FIELD,
    &UNKNOWN_FUNCTION,
    &BAD_ARGUMENT,
    &FUNCTION_INPUT,
    &TYPE_DISAGREES,
    &NO_TYPE,
    &PAYLOADS_DISAGREE,
    &DUPLICATE_COLUMN,
    &UNTYPED_VALUE,
];

pub(crate) const EXPRESSION_SYNTAX: Rule = Rule {
    code: "EG040",
    name: "expression-syntax",
    purpose: "A column is a path and the functions that are applied to its value.",
    text: "`path | function | function(argument)`. Names hold letters, digits and underscores; other keys and names of \
           headers stand in double quotes (`body.touch.\"~campaign\"`), and so do constants and text arguments. A \
           wildcard stands for header, event, payload or body, or with `PATH | user_agent` for all parts of a user \
           agent.",
    bad: "columns: { os: header.os | low_cardinality( }",
    good: "columns: { os: header.os | low_cardinality }",
};

pub(crate) const UNKNOWN_ROOT: Rule = Rule {
    code: "EG041",
    name: "unknown-root",
    purpose: "An expression starts with a known root.",
    text: "header, event, payload, body and error are followed by a field; $payload, $type, $now, $id and $received \
           stand alone; $headers too, or followed by a header's name; body alone is the whole JSON message.",
    bad: "columns: { os: headers.os }",
    good: "columns: { os: header.os }",
};

pub(crate) const MISPLACED_ROOT: Rule = Rule {
    code: "EG042",
    name: "misplaced-root",
    purpose: "An expression starts with a root that the table's input has.",
    text: "Rows of app events have header, event, payload, $payload and $type; rows of JSON messages have body, $id, \
           $received and $headers; rows of dead letters have error and, if they can be decoded, header, event, \
           $payload and $type. $now is available everywhere.",
    bad: "columns: { id: $id }          # in a table of app events",
    good: "columns: { id: event.id }",
};

pub(crate) const UNKNOWN_FIELD: Rule = Rule {
    code: "EG043",
    name: "unknown-field",
    purpose: "A path leads to a field of its message.",
    text: "Fields are named as in the proto file. A path may continue into single messages only: not into lists and \
           maps, and into google.protobuf.Struct in JSON messages only. In a typed table it is enough that one of the \
           table's event types has the field; rows of the others get its default.",
    bad: "columns: { user_id: header.userID }",
    good: "columns: { user_id: header.userId }",
};

pub(crate) const UNKNOWN_FUNCTION: Rule = Rule {
    code: "EG044",
    name: "unknown-function",
    purpose: "A function that is named exists.",
    text: "epoch_millis, epoch_seconds, not_after($now), datetime(\"FORMAT\", \"ZONE\"), text, integer, \
           number, boolean, json, parse_json, \
           with(\"KEY\", body.FIELD), without(\"KEY\"), without_nulls, rfc3339, header(\"NAME\"), user_agent(\"PART\"), without_query, low_cardinality, upper, lower, default(\"TEXT\"), coalesce(PATH).",
    bad: "columns: { sent: event.timestamp | epoch_milis }",
    good: "columns: { sent: event.timestamp | epoch_millis }",
};

pub(crate) const BAD_ARGUMENT: Rule = Rule {
    code: "EG045",
    name: "bad-argument",
    purpose: "The arguments of a function are valid.",
    text: "A datetime's format must describe a whole date and time, and its zone must be in the IANA database; \
           without a zone it is UTC. A format with an offset takes no zone. `with` takes a key in quotes and a path to \
           a single value of the body, `coalesce` a path to a value of the type that it stands in for.",
    bad: "columns: { at: body.at | datetime(\"%Y-%m-%d\") }",
    good: "columns: { at: body.at | datetime(\"%Y-%m-%d %H:%M:%S\", \"Asia/Kolkata\") }",
};

pub(crate) const FUNCTION_INPUT: Rule = Rule {
    code: "EG046",
    name: "function-input",
    purpose: "The input of a function has a type that it accepts.",
    text: "epoch_millis and epoch_seconds accept text and whole numbers, not_after accepts their results, json and \
           with accept messages, coalesce accepts values that may be absent, text, integer, number and boolean accept \
           values inside a Struct, the others accept text. `low_cardinality` comes last, since its result is a type of \
           its own.",
    bad: "columns: { price: payload.chargeableAmount | low_cardinality }",
    good: "columns: { price: payload.chargeableAmount }",
};

pub(crate) const TYPE_DISAGREES: Rule = Rule {
    code: "EG047",
    name: "type-disagrees",
    purpose: "A declared type is the type of the expression.",
    text: "The type of a column follows from the proto field and the functions; `docs/types.md` has the table. A \
           declared type protects the column: if the field's type changes, the generator reports it. A computed \
           routing key must be text.",
    bad: "columns: { user_id: { from: header.userId, type: String } }",
    good: "columns: { user_id: { from: header.userId, type: Int64 } }",
};

pub(crate) const NO_TYPE: Rule = Rule {
    code: "EG048",
    name: "no-type",
    purpose: "A column has a ClickHouse type.",
    text: "A whole message becomes a column only as JSON. In JSON messages lists of anything but objects, bytes \
           and google.protobuf.Timestamp have no column of their own: keep them in the JSON around them (`body | json`), \
           or declare the field as the text or number that is sent.",
    bad: "columns: { params: $payload }",
    good: "columns: { params: $payload | json }",
};

pub(crate) const PAYLOADS_DISAGREE: Rule = Rule {
    code: "EG049",
    name: "payloads-disagree",
    purpose: "A field that several event types of a table have is of the same type in all of them.",
    text: "In a typed table the fields of all its event types become columns by name. Where two types have a field \
           of one name with different types, there is no column that fits both. Presence counts: a field that is \
           optional in one message and plain in the other differs.",
    bad: "message Paid { int64 amount = 1; }\nmessage Refunded { string amount = 1; }",
    good: "message Paid { int64 amount = 1; }\nmessage Refunded { int64 amount = 1; }",
};

pub(crate) const DUPLICATE_COLUMN: Rule = Rule {
    code: "EG050",
    name: "duplicate-column",
    purpose: "The columns of a table have different names.",
    text: "A wildcard names columns by their fields in snake case, so fields of two messages can get the same name. \
           Give one of them a column of its own name.",
    bad: "columns: { \"*\": [header, event] }          # both have currentURL",
    good: "columns: { event_current_url: event.currentURL, \"*\": [header, event] }",
};

pub(crate) const UNTYPED_VALUE: Rule = Rule {
    code: "EG130",
    name: "untyped-value",
    purpose: "A value inside a Struct needs an explicit type.",
    text: "A google.protobuf.Struct holds any JSON object, so a path into it has no type. `text`, `integer`, `number` \
           and `boolean` give it one: values are converted like fields of JSON messages, and are NULL if absent. \
           `json` accepts an object inside of it.",
    bad: "columns: { revenue: body.event_data.revenue }",
    good: "columns: { revenue: body.event_data.revenue | number }",
};
