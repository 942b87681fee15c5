//! Fields of a dead letter.

/// Field of a dead letter, as in `contract::DeadLetter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ErrorField {
    Id,
    Reason,
    Class,
    Queue,
    Exchange,
    RoutingKey,
    EventType,
    Attempts,
    FirstFailed,
    LastFailed,
    Fingerprint,
    ContentType,
    Kind,
    MessageId,
    Sent,
    Client,
    Schema,
    Headers,
    Body,
}

impl ErrorField {
    /// All of them, with the name that each has in expressions.
    pub const ALL: [(&'static str, ErrorField); 19] = [
        ("id", ErrorField::Id),
        ("reason", ErrorField::Reason),
        ("class", ErrorField::Class),
        ("queue", ErrorField::Queue),
        ("exchange", ErrorField::Exchange),
        ("routing_key", ErrorField::RoutingKey),
        ("event_type", ErrorField::EventType),
        ("attempts", ErrorField::Attempts),
        ("first_failed", ErrorField::FirstFailed),
        ("last_failed", ErrorField::LastFailed),
        ("fingerprint", ErrorField::Fingerprint),
        ("content_type", ErrorField::ContentType),
        ("kind", ErrorField::Kind),
        ("message_id", ErrorField::MessageId),
        ("sent", ErrorField::Sent),
        ("client", ErrorField::Client),
        ("schema", ErrorField::Schema),
        ("headers", ErrorField::Headers),
        ("body", ErrorField::Body),
    ];

    /// Its name in expressions.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, field)| *field == self)
            .map_or("", |(name, _)| *name)
    }
}
