//! Rules about what operators see and get.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&PERSONAL_FIELD, &RUNBOOK_URL];

pub(crate) const PERSONAL_FIELD: Rule = Rule {
    code: "EG240",
    name: "personal-field",
    purpose: "`personal` names fields that there are.",
    text: "Their values are masked where operators look at events, beside those of fields that are called like an email \
           address, a phone number and so on (docs/seeing.md). A misspelt name would mask nothing. A name is that of a field \
           in proto/ or of a column, wherever it is; a path, as in `tap --where`, counts by its last names: \
           `addToCartEvent.note`, `header.referrer`. `*.NAME` is a member of JSON that no message declares.",
    bad: "personal: [loyaltyCrad, addToCartEvent.nte]",
    good: "personal: [loyaltyCard, addToCartEvent.note, \"*.nick\"]",
};

pub(crate) const RUNBOOK_URL: Rule = Rule {
    code: "EG241",
    name: "runbook-url",
    purpose: "`runbooks` of `ops` is the address of this repository as people read it.",
    text: "It stands before the paths of the runbook in the `runbook_url` of alerts, so that the page opens from wherever an \
           alert is shown. An https:// or http:// URL without a query and without a fragment; its last part is a folder.",
    bad: "ops: { runbooks: git.example.com/events#readme }",
    good: "ops: { runbooks: \"https://git.example.com/events/blob/main/\" }",
};
