//! Rules about names: what they refer to, and what form they have.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &UNKNOWN_MESSAGE,
    &UNKNOWN_METHOD,
    &UNKNOWN_EVENT,
    &UNKNOWN_EXCHANGE,
    &UNKNOWN_TABLE,
    &BAD_IDENTIFIER,
    &BAD_BROKER_NAME,
    &ENVELOPE,
    &PATH_COLLISION,
];

pub(crate) const UNKNOWN_MESSAGE: Rule = Rule {
    code: "EG010",
    name: "unknown-message",
    purpose: "A message that is named exists in proto/.",
    text: "Messages are named in full, with their package.",
    bad: "queues:\n  post_log_events_q: { message: log.PostLogs, ... }",
    good: "queues:\n  post_log_events_q: { message: log.PostLog, ... }",
};

pub(crate) const UNKNOWN_METHOD: Rule = Rule {
    code: "EG011",
    name: "unknown-method",
    purpose: "A gRPC method that is named exists in proto/.",
    text: "Methods are named by their path on the wire without the first slash: package.Service/method.",
    bad: "sources:\n  app: { grpc: event.EventService.dispatch, exchange: grpc_event.tx }",
    good: "sources:\n  app: { grpc: event.EventService/dispatch, exchange: grpc_event.tx }",
};

pub(crate) const UNKNOWN_EVENT: Rule = Rule {
    code: "EG012",
    name: "unknown-event-type",
    purpose: "An event type that a table names is a variant of the event's oneof.",
    text: "`events` lists message names without package, which are also the routing keys on the wire. Event types \
           exist only if a source accepts them over gRPC.",
    bad: "tables:\n  purchase: { events: [PurchaseCompleted], ... }",
    good: "tables:\n  purchase: { events: [CompletePurchaseEvent], ... }",
};

pub(crate) const UNKNOWN_EXCHANGE: Rule = Rule {
    code: "EG013",
    name: "unknown-exchange",
    purpose: "An exchange that is named is declared under `exchanges`.",
    text: "A source publishes to, a queue is bound to, and dead letters go to declared exchanges only, so that a \
           misspelt name can't make messages vanish.",
    bad: "exchanges: { beat.dx: direct }\nqueues:\n  post_log_events_q: { bind: { beats.dx: post_log_events }, ... }",
    good: "exchanges: { beat.dx: direct }\nqueues:\n  post_log_events_q: { bind: { beat.dx: post_log_events }, ... }",
};

pub(crate) const UNKNOWN_TABLE: Rule = Rule {
    code: "EG014",
    name: "unknown-table",
    purpose: "A queue's messages go into a declared table or request.",
    text: "`into` names a table under `tables`, or a request under `requests`.",
    bad: "queues:\n  post_log_events_q: { into: post_logs, ... }",
    good: "queues:\n  post_log_events_q: { into: post_log_event, ... }",
};

pub(crate) const BAD_IDENTIFIER: Rule = Rule {
    code: "EG015",
    name: "bad-identifier",
    purpose: "The names of sources, tables and columns are plain identifiers.",
    text: "Letters, digits and underscores, not beginning with a digit, at most 64 of them: such names need no \
           quotes in SQL and can stand in generated code, in metrics and in the names of environment variables.",
    bad: "columns: { user-id: header.userId }",
    good: "columns: { user_id: header.userId }",
};

pub(crate) const BAD_BROKER_NAME: Rule = Rule {
    code: "EG016",
    name: "bad-broker-name",
    purpose: "The names of exchanges and queues are valid at the broker and not reserved.",
    text: "At most 255 bytes of letters, digits, `.`, `-`, `_` and `:`. Names beginning with `amq.` belong to the \
           broker, those beginning with `event_grpc.` and the queues of typed tables (`clickhouse_TABLE_q`) to the \
           generator.",
    bad: "exchanges: { amq.events: topic }",
    good: "exchanges: { events.tx: topic }",
};

pub(crate) const ENVELOPE: Rule = Rule {
    code: "EG017",
    name: "envelope",
    purpose: "The request of a gRPC source is an envelope of events.",
    text: "The request has exactly one single message (the header) and one list of messages (the events). An event has \
           `string id`, `string timestamp` (decimal milliseconds since the epoch) and exactly one oneof whose variants \
           are messages with different names: its types. A further message holds just a list of requests, which is \
           what travels through the broker. All gRPC sources accept the same request, and answer one request with one \
           response.",
    bad: "message Events { repeated Event events = 1; }",
    good: "message Events { Header header = 1; repeated Event events = 2; }\nmessage EventBatch { repeated Events batches = 1; }",
};

pub(crate) const PATH_COLLISION: Rule = Rule {
    code: "EG018",
    name: "path-collision",
    purpose: "Every HTTP path has one owner.",
    text: "A source's path begins with a slash and holds only characters of a path. A path with a slash at the end is \
           the same as the one without. `/metrics`, `/heartbeat`, `/healthz` and `/readyz` belong to the server.",
    bad: "sources:\n  a: { post: /shop/, ... }\n  b: { post: /shop, ... }",
    good: "sources:\n  a: { post: /shop/a/, ... }\n  b: { post: /shop/b/, ... }",
};
