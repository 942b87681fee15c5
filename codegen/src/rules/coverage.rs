//! Rules about completeness: a field that is sent is stored, or somebody said that it is not.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&UNCOVERED_FIELD, &USELESS_IGNORE];

pub(crate) const UNCOVERED_FIELD: Rule = Rule {
    code: "EG070",
    name: "uncovered-field",
    purpose: "Every field of a table's input has a column or an `ignore`, in every table.",
    text: "A field that is added to a message must not be lost unnoticed. A wildcard includes new fields \
           automatically; `$payload | json` and `body | json` hold everything; `ignore` lists what a table leaves out: \
           a whole root, or a path.",
    bad: "columns: { event_id: event.id, event_name: $type, params: $payload | json }",
    good: "columns: { event_id: event.id, event_name: $type, params: $payload | json }\nignore: [header, event.timestamp, event.currentURL]",
};

pub(crate) const USELESS_IGNORE: Rule = Rule {
    code: "EG071",
    name: "useless-ignore",
    purpose: "An `ignore` names a field that would have no column otherwise.",
    text: "The field has a column already, or another entry ignores it. An entry without effect would hide the change \
           that gives it one.",
    bad: "columns: { user_id: header.userId, \"*\": header }\nignore: [header.userId]",
    good: "columns: { user_id: header.userId, \"*\": header }",
};
