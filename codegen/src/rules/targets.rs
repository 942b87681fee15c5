//! Rules about the values that choose among the targets of a request.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&DEFAULT_TARGET, &UNREACHABLE_TARGET];

pub(crate) const DEFAULT_TARGET: Rule = Rule {
    code: "EG079",
    name: "default-target",
    purpose: "A value that the expression `by` gives of itself names a target.",
    text: "`default(\"USER\")` and a constant are known before any message is there. If no target has that name, each \
           message without a value becomes a dead letter.",
    bad: "by: body.appType | default(\"USR\")\nto: { USER: { post: $USERS_URL }, BRAND: { post: $BRANDS_URL } }",
    good: "by: body.appType | default(\"USER\")\nto: { USER: { post: $USERS_URL }, BRAND: { post: $BRANDS_URL } }",
};

pub(crate) const UNREACHABLE_TARGET: Rule = Rule {
    code: "EG080",
    name: "unreachable-target",
    purpose: "Each target can be chosen.",
    text: "`by` may end with `upper` or `lower`, or be a constant. A target with a name that it never gives gets no \
           message, and the messages that were meant for it become dead letters.",
    bad: "by: body.appType | upper\nto: { user: { post: $USERS_URL } }",
    good: "by: body.appType | upper\nto: { USER: { post: $USERS_URL } }",
};
