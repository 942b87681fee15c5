//! The kinds of events that no table can take, and what each has to become.

use super::bodies::{self, Body, One};

/// Way to send a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the exchange of this queue, as other services do.
    Queue(&'static str),
    /// To an instance.
    Grpc,
}

/// One kind.
pub(super) struct Kind {
    /// Defect.
    pub what: &'static str,
    pub way: Way,
    /// The queue, or the source, that its letter names, and the letter's class.
    pub queue: &'static str,
    pub class: &'static str,
    /// True if it is refused at once: then whether it is kept, too, is not promised.
    pub refused: bool,
    /// The table that stores the good event which travels with it.
    pub beside: Option<&'static str>,
    pub make: fn(&One<'_>) -> Body,
}

const EVENTS: &str = "grpc_clickhouse_event_q";
const JSON: &str = "sentiment_log_events_q";
const ACCOUNTS: &str = "create_user_account_q";
const MESSAGES: &str = "webengage_event_q";

/// A kind of app events that comes through RabbitMQ with a good event beside it.
const APP: Kind = Kind {
    what: "",
    way: Way::Queue(EVENTS),
    queue: EVENTS,
    class: "malformed",
    refused: false,
    beside: Some("event"),
    make: bodies::noise,
};

/// A kind of JSON messages.
const OTHER: Kind = Kind {
    way: Way::Queue(JSON),
    queue: JSON,
    class: "bad_field",
    beside: None,
    ..APP
};

/// A kind of app events that comes to an instance.
const DIRECT: Kind = Kind {
    way: Way::Grpc,
    queue: "app",
    ..APP
};

/// A kind of messages that PostgreSQL stores.
const ACCOUNT: Kind = Kind {
    queue: ACCOUNTS,
    way: Way::Queue(ACCOUNTS),
    ..OTHER
};

/// All of them; with `stores` those of PostgreSQL and of the HTTP API, too.
pub(super) fn all(stores: bool) -> impl Iterator<Item = &'static Kind> {
    let more = OF_STORES.iter().filter(move |_| stores);
    KINDS.iter().chain(more)
}

static KINDS: [Kind; 16] = [
    Kind {
        what: "no protobuf at all",
        beside: None,
        ..APP
    },
    Kind {
        what: "text that is not UTF-8",
        make: bodies::not_utf8,
        ..APP
    },
    Kind {
        what: "a header that is cut off",
        make: bodies::broken_header,
        ..APP
    },
    Kind {
        what: "an event that is cut off",
        make: bodies::cut_off,
        ..APP
    },
    Kind {
        what: "an unknown type",
        class: "unknown_type",
        make: bodies::unknown_type,
        ..APP
    },
    Kind {
        what: "no type",
        class: "no_type",
        make: bodies::no_type,
        ..APP
    },
    Kind {
        what: "a time out of range",
        class: "bad_value",
        make: bodies::too_late,
        ..APP
    },
    Kind {
        what: "a row that the table refuses",
        class: "refused",
        make: bodies::refused_row,
        ..APP
    },
    Kind {
        what: "protobuf that says it is JSON",
        class: "bad_field",
        beside: None,
        make: bodies::false_name,
        ..APP
    },
    Kind {
        what: "JSON that ends too soon",
        make: bodies::half_json,
        ..OTHER
    },
    Kind {
        what: "JSON with a number that is a text",
        beside: Some("sentiment_log"),
        make: bodies::wrong_type,
        ..OTHER
    },
    Kind {
        what: "JSON with a time out of range",
        class: "bad_value",
        beside: Some("sentiment_log"),
        make: bodies::wrong_time,
        ..OTHER
    },
    Kind {
        what: "a list of JSON that holds no objects",
        make: bodies::no_objects,
        ..OTHER
    },
    Kind {
        what: "an empty body",
        make: bodies::empty,
        ..OTHER
    },
    Kind {
        what: "an unknown type, sent to an instance",
        class: "unknown_type",
        make: bodies::unknown_type,
        ..DIRECT
    },
    Kind {
        what: "an event that is cut off, sent to an instance",
        refused: true,
        beside: None,
        make: bodies::only_cut_off,
        ..DIRECT
    },
];

static OF_STORES: [Kind; 3] = [
    Kind {
        what: "an account whose id is a text",
        make: bodies::text_id,
        ..ACCOUNT
    },
    Kind {
        what: "an account with a text that PostgreSQL refuses",
        class: "refused",
        make: bodies::nul,
        ..ACCOUNT
    },
    Kind {
        what: "a message that the HTTP API refuses",
        way: Way::Queue(MESSAGES),
        queue: MESSAGES,
        class: "refused",
        make: bodies::for_the_api,
        ..OTHER
    },
];
