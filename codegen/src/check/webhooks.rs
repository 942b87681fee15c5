//! Rules about webhooks: headers.

use super::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&HEADER_NAME];

pub(crate) const HEADER_NAME: Rule = Rule {
    code: "EG134",
    name: "header-name",
    purpose: "A header's name is one that HTTP and AMQP can have.",
    text: "Letters, digits, and a few signs such as - . and _; the case doesn't matter. `$headers.\"NAME\"` is one of \
           a message's headers, `$headers` alone are all of them.",
    bad: "columns: { device: '$headers.\"x bb deviceid\"' }",
    good: "columns: { device: '$headers.\"x-bb-deviceid\"' }",
};
