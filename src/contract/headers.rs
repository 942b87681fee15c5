//! Names of the AMQP headers and properties by which the parts of the pipeline, and its instances, understand
//! each other. Those of dead letters are in `dead_letter`, with what travels in them.

pub use crate::dead_letter::headers::{
    DEAD_ATTEMPTS, DEAD_CLASS, DEAD_CLIENT, DEAD_EVENT_TYPE, DEAD_EXCHANGE, DEAD_FINGERPRINT,
    DEAD_FIRST_FAILED, DEAD_LAST_FAILED, DEAD_MESSAGE_ID, DEAD_QUEUE, DEAD_REASON,
    DEAD_ROUTING_KEY, DEAD_SENT,
};

/// Name of the client that sent the message: a text. It holds for each group of events that names no client itself.
pub const CLIENT: &str = "x-client";

/// Schema that the message was made under: the fingerprint of the declarations of the build that first published it. A
/// retry, a dead letter and a replay have that of the message.
pub const SCHEMA: &str = "x-schema";

/// Slot of the message's partition key and the number of slots of its exchange, as in `3/8`: a text, which RabbitMQ routes
/// by. Whoever publishes by a key of their own may write it. Its name has no `x-`, since such headers match nothing.
pub const PARTITION: &str = "event-grpc-partition";

/// Trace context of the span that the message was published in, as W3C writes it: a text.
pub const TRACE: &str = "traceparent";

/// Number of times that a message has failed and gone back to its queue: an integer.
pub const RETRY_COUNT: &str = "x-retry-count";
/// The exchange that such a message was first published to.
pub const RETRY_EXCHANGE: &str = "x-retry-exchange";
/// The routing key that it was first published with.
pub const RETRY_ROUTING_KEY: &str = "x-retry-routing-key";
/// When it first failed: an integer, milliseconds since the epoch.
pub const RETRY_FIRST_FAILED: &str = "x-retry-first-failed";

/// The HTTP headers of the request that a webhook's message came in, as one JSON object in a text.
pub const HTTP_HEADERS: &str = "x-http-headers";

/// The id of an object that came in a list and travels by itself since: a text. What it is made of may not be with it any
/// more.
pub const OBJECT_ID: &str = "x-object-id";

/// Key of the record that the message came as: a text, of topics of other services only.
pub const KAFKA_KEY: &str = "kafka_key";

/// Reason why a message could not be read as it was sent: a text. It is written in place of what RabbitMQ delivered,
/// and is not believed of anybody else.
pub const UNREADABLE: &str = "x-unreadable";

/// Names of headers that the message had and the dead letter lacks.
pub const CUT_HEADERS: &str = "x-cut-headers";
/// Size and hash of the whole body, of a dead letter with only the beginning of it.
pub const CUT_BODY: &str = "x-cut-body";

/// Number of times that a quorum queue has got a message back: an integer that the broker writes, and none at first.
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
    const EXACT: [&str; 10] = [
        CLIENT,
        SCHEMA,
        PARTITION,
        TRACE,
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
