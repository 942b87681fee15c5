//! Names of the AMQP headers and properties by which the parts of the pipeline, and its instances, understand
//! each other.

/// How often a message has failed and gone back to its queue: an integer.
pub const RETRY_COUNT: &str = "x-retry-count";
/// The exchange that such a message was first published to.
pub const RETRY_EXCHANGE: &str = "x-retry-exchange";
/// The routing key that it was first published with.
pub const RETRY_ROUTING_KEY: &str = "x-retry-routing-key";
/// When it first failed: an integer, milliseconds since the epoch.
pub const RETRY_FIRST_FAILED: &str = "x-retry-first-failed";

/// Why a message is a dead letter, for people.
pub const DEAD_REASON: &str = "x-dead-reason";
/// Why, as a short stable word.
pub const DEAD_CLASS: &str = "x-dead-class";
/// The queue that it failed in, or the source that refused it.
pub const DEAD_QUEUE: &str = "x-dead-queue";
/// The exchange that it was first published to.
pub const DEAD_EXCHANGE: &str = "x-dead-exchange";
/// The routing key that it was first published with.
pub const DEAD_ROUTING_KEY: &str = "x-dead-routing-key";
/// Its event type's name, or number where the build didn't know it.
pub const DEAD_EVENT_TYPE: &str = "x-dead-event-type";
/// How often it was tried: an integer.
pub const DEAD_ATTEMPTS: &str = "x-dead-attempts";
/// When it first failed: an integer, milliseconds since the epoch.
pub const DEAD_FIRST_FAILED: &str = "x-dead-first-failed";
/// When it last failed: an integer, milliseconds since the epoch.
pub const DEAD_LAST_FAILED: &str = "x-dead-last-failed";
/// The fingerprint of the pipeline that gave it up.
pub const DEAD_FINGERPRINT: &str = "x-dead-fingerprint";

/// The id that the message itself had, before it was a dead letter; none if it had none.
pub const DEAD_MESSAGE_ID: &str = "x-dead-message-id";
/// When the message itself was sent, by its own word: an integer, milliseconds since the epoch.
pub const DEAD_SENT: &str = "x-dead-sent";

/// Of a dead letter that is sent again: when it first failed, an integer, milliseconds since the epoch.
pub const REPLAY_FIRST_FAILED: &str = "x-replay-first-failed";
/// When it last failed: an integer, milliseconds since the epoch. What fails again has failed later than that.
pub const REPLAY_LAST_FAILED: &str = "x-replay-last-failed";
/// How often it had been tried by then: an integer.
pub const REPLAY_ATTEMPTS: &str = "x-replay-attempts";
/// When it was sent again: an integer, milliseconds since the epoch.
pub const REPLAY_AT: &str = "x-replay-at";

/// The HTTP headers of the request that a webhook's message came in, as one JSON object in a text.
pub const HTTP_HEADERS: &str = "x-http-headers";

/// The id of an object that came in a list and travels by itself since: a text. What it is made of may not be with it any
/// more.
pub const OBJECT_ID: &str = "x-object-id";

/// Why a message could not be read as it was sent: a text. It is written in place of what RabbitMQ delivered, and is not
/// believed of anybody else.
pub const UNREADABLE: &str = "x-unreadable";

/// Of a dead letter, the headers that its message had and that are not with it: their names.
pub const CUT_HEADERS: &str = "x-cut-headers";
/// Of a dead letter whose body is only the beginning of its message's: the whole one's size and hash.
pub const CUT_BODY: &str = "x-cut-body";

/// How often a quorum queue has got a message back: an integer that the broker writes, and none at first.
pub const DELIVERY_COUNT: &str = "x-delivery-count";
/// So many returns are no accident. RabbitMQ 4 drops a message at its twentieth unless it is told otherwise.
pub const RETURNED_OFTEN: i64 = 5;

/// Names of headers that the broker writes as a message goes round.
pub fn is_of_the_broker(name: &str) -> bool {
    const EXACT: [&str; 4] = [
        "x-death",
        DELIVERY_COUNT,
        "x-acquired-count",
        "x-stream-offset",
    ];
    const PREFIXES: [&str; 2] = ["x-first-death-", "x-last-death-"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Names of headers that say nothing of a message's sender: ours, and those that the broker writes as a message goes
/// round. What was sent is the same on every attempt; these are not.
pub fn is_internal(name: &str) -> bool {
    const EXACT: [&str; 6] = [
        RETRY_COUNT,
        RETRY_EXCHANGE,
        RETRY_ROUTING_KEY,
        RETRY_FIRST_FAILED,
        HTTP_HEADERS,
        UNREADABLE,
    ];
    const PREFIXES: [&str; 2] = ["x-dead-", "x-replay-"];
    EXACT.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || is_of_the_broker(name)
}

/// Content type of protobuf bodies.
pub const PROTOBUF: &str = "application/x-protobuf";
/// Content type of JSON bodies.
pub const JSON: &str = "application/json";
/// AMQP `type` of a body that holds `event.EventBatch`.
pub const EVENT_BATCH: &str = "event.EventBatch";
