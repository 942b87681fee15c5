//! Exchanges, and the routes of messages through them.

/// An exchange; exchanges carry no arguments.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Its name.
    pub name: &'static str,
    /// Type of the exchange.
    pub kind: ExchangeKind,
    /// True if the generator made it, rather than `pipeline.yaml`.
    pub derived: bool,
}

/// Type of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The routing key equals the binding key.
    Direct,
    /// The binding key is a pattern of words: `*` is one word, `#` any number.
    Topic,
    /// Every binding matches.
    Fanout,
}

/// An exchange and a routing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The exchange's name.
    pub exchange: &'static str,
    /// The routing key.
    pub routing_key: &'static str,
}
