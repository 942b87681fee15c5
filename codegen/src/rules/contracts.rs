//! Rules about contracts: what senders, queues, messages in flight and stored rows rely on.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &SENDERS,
    &JSON_CONTRACT,
    &PROOF,
    &TOPOLOGY,
    &RESERVED_AGAIN,
    &MEANING,
    &TARGETS,
    &ACCEPTED,
    &RETIRED,
    &RENAMED,
    &PERSONAL_SHOWN,
];

pub(crate) const SENDERS: Rule = Rule {
    code: "EG111",
    name: "sender-contract",
    purpose: "Methods, paths, sources, limits and origins that senders use stay.",
    text: "Apps that are installed, pages that are open and partners send as they did before, for years. A method, a \
           path or a source that is gone, with other messages or with a smaller limit loses their events. What is released \
           is in migrations/schema.lock. Add the new beside the old; retire a source in `retired` when nobody sends to it \
           any more, which its metrics show; accept any other change in `accepts`, with the code that the refusal names.",
    bad: "sources: { app: { json: /events } }  # was: /event/dispatch",
    good: "sources: { app: { json: /event/dispatch }, app2: { json: /events } }",
};

pub(crate) const JSON_CONTRACT: Rule = Rule {
    code: "EG112",
    name: "json-contract",
    purpose: "JSON messages don't have to hold more than before, and their names stay.",
    text: "A field without `optional` that a column needs must be in each message: senders that leave it out are refused, \
           and messages that wait in queues become dead letters. The same holds for `any_of` with fewer fields, a limit that is \
           enforced, another `json_name`, and another `message`. Declare new fields `optional`.",
    bad: "message Order { string id = 1; string shop = 2; }           // was without shop",
    good: "message Order { string id = 1; optional string shop = 2; }",
};

pub(crate) const PROOF: Rule = Rule {
    code: "EG113",
    name: "proof-changed",
    purpose: "Who may send, and how it is proved, changes only on purpose.",
    text: "Without `verify` or with `auth: none` anybody may send; with another way of proof everybody who proves themselves \
           the former way is refused. Add a source with the new proof and move the senders, or accept the change.",
    bad: "verify: none  # was: { shopify: SHOPIFY_WEBHOOK_SECRET }",
    good: "verify: { shopify: SHOPIFY_WEBHOOK_SECRET }",
};

pub(crate) const TOPOLOGY: Rule = Rule {
    code: "EG114",
    name: "topology-changed",
    purpose: "Exchanges, queues and bindings that are in RabbitMQ stay, or are retired.",
    text: "What isn't declared any more is still there: a queue stays bound and fills, a binding goes on to bring messages \
           that nothing reads. An exchange or a queue can't get another type. Declare new ones under other names, and \
           list what goes in `retired`: then it is unbound, and deleted when it is empty.",
    bad: "queues: {}  # was: { orders_q: ... }",
    good: "queues: {}\nretired:\n  - { queue: orders_q, since: 2026-11-26, why: nobody orders by fax }",
};

pub(crate) const RESERVED_AGAIN: Rule = Rule {
    code: "EG115",
    name: "reserved-again",
    purpose: "A reserved number or name stays reserved.",
    text: "It belonged to a field that is gone. Apps that are installed may still send it, and queues and dead letters may hold \
           it: under the number, its bytes would be read as the new field.",
    bad: "message Order { string note = 3; }                // was: reserved 3;",
    good: "message Order { reserved 3; string note = 4; }",
};

pub(crate) const MEANING: Rule = Rule {
    code: "EG116",
    name: "meaning-changed",
    purpose: "A column keeps the expression that it is filled with.",
    text: "Stored rows keep the former meaning and nothing tells them apart from new ones; messages that wait, dead letters and \
           replays get the new one; and if the column is in a key, an event that comes again is another row. Add a column \
           with another name. If the former expression was wrong and the rows are mended or may stay, accept the change.",
    bad: "sent: body.time | epoch_seconds  # was: body.time | epoch_millis",
    good: "sent: body.time | epoch_millis\nsent_at: body.time | epoch_seconds",
};

pub(crate) const TARGETS: Rule = Rule {
    code: "EG117",
    name: "target-changed",
    purpose: "Requests to HTTP APIs keep their targets, their bodies and their idempotency key.",
    text: "Messages that wait were made for them. A target that is gone makes dead letters of its messages; without the \
           idempotency key, what is sent again after a timeout counts twice.",
    bad: "to: { USER: ... }  # was: { USER: ..., BRAND: ... }",
    good: "to: { USER: ..., BRAND: ... }",
};

pub(crate) const ACCEPTED: Rule = Rule {
    code: "EG118",
    name: "accepted-otherwise",
    purpose: "`accepts` names a change by the code of its refusal.",
    text: "The code stands for the value before and the value after, so that another change of the same fact isn't accepted with it. \
           An entry whose change is released does nothing and can be removed.",
    bad: "accepts: [{ change: auth app, why: all apps have keys }]",
    good: "accepts: [{ change: auth app 5f0c2a, why: all apps have keys }]",
};

pub(crate) const RETIRED: Rule = Rule {
    code: "EG119",
    name: "retired",
    purpose: "`retired` lists what was released and is declared no more, and keeps doing so.",
    text: "An entry names one event type, field, source, exchange, queue, binding, table or column, the day, and why. It must have \
           been released, must not be declared as well, and stays in the list: servers that were not upgraded yet still have it. \
           The message of an event type or a field reserves its number and name; `late: discard` accepts what is still sent of it \
           and doesn't keep it.",
    bad: "retired: [{ queue: orders_q, since: 2026-11-26, why: unused }]\nqueues: { orders_q: ... }",
    good: "retired: [{ queue: orders_q, since: 2026-11-26, why: unused }]",
};

pub(crate) const RENAMED: Rule = Rule {
    code: "EG121",
    name: "renamed",
    purpose: "`renamed_from` names what a released column, table or queue was called, and former names stay taken.",
    text: "The former name must have been released and must not be declared any more, one thing at a time can claim it, and the new \
           name must be new. ClickHouse can't rename a column of a key. Queries, instances of the former build and messages in \
           flight go on to use the former name: nothing else gets it. When the change is released, `renamed_from` does \
           nothing and can be removed.",
    bad: "platform: { from: event.platform, renamed_from: utm_platfrom }",
    good: "platform: { from: event.platform, renamed_from: utm_platform }",
};

pub(crate) const PERSONAL_SHOWN: Rule = Rule {
    code: "EG122",
    name: "personal-shown",
    purpose: "What is masked where operators look at events stays masked.",
    text: "A name that leaves `personal` shows the field's values to whoever may ask operations, in events that come and in \
           rows that are stored. Keep it; or accept the change, with the reason, if the field was never personal.",
    bad: "personal: []  # was: [loyaltyCard]",
    good: "personal: [loyaltyCard]",
};
