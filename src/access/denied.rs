//! Denials: why a sender may not send, for metrics and for its answer.

use std::time::Duration;

/// Refusal of a request for want of proof, permission or rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Denied {
    /// Reason.
    pub reason: Reason,
    /// Reason as a sentence, for the sender. It never holds a secret.
    pub text: String,
    /// Time after which a repetition may succeed, if waiting helps.
    pub wait: Option<Duration>,
}

/// Reason for a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No key and no token was presented.
    Missing,
    /// What was presented is neither a key nor a token, or there are several.
    Malformed,
    /// No key has this id and this secret.
    Unknown,
    /// The key is revoked.
    Revoked,
    /// The key, the token or the client has expired.
    Expired,
    /// The token is not acceptable.
    Token,
    /// The token is good, and the key file has no such client.
    Client,
    /// The client may not send to this source.
    Source,
    /// The client may not send from this page.
    Origin,
    /// The key was presented in the URL, where only public ones may be.
    InUrl,
    /// The client is over its rate of bytes.
    Bytes,
    /// The client is over its rate of events.
    Events,
    /// There were too many failed attempts from this address.
    Failures,
    /// The source wants keys, and the server has no key file.
    NoKeys,
}

/// Kind of a denial, which decides on the answer's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 401, UNAUTHENTICATED.
    Unauthenticated,
    /// 403, PERMISSION_DENIED.
    Forbidden,
    /// 429, RESOURCE_EXHAUSTED.
    OverRate,
    /// 503, UNAVAILABLE.
    Off,
}

impl Kind {
    /// Short stable word for the metrics of requests.
    pub fn outcome(self) -> &'static str {
        match self {
            Kind::Unauthenticated => "unauthorized",
            Kind::Forbidden => "forbidden",
            Kind::OverRate => "over_rate",
            Kind::Off => "off",
        }
    }
}

impl Reason {
    #[cfg(test)]
    const ALL: [Reason; 14] = [
        Reason::Missing,
        Reason::Malformed,
        Reason::Unknown,
        Reason::Revoked,
        Reason::Expired,
        Reason::Token,
        Reason::Client,
        Reason::Source,
        Reason::Origin,
        Reason::InUrl,
        Reason::Bytes,
        Reason::Events,
        Reason::Failures,
        Reason::NoKeys,
    ];

    /// Short stable word for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Missing => "missing",
            Reason::Malformed => "malformed",
            Reason::Unknown => "unknown",
            Reason::Revoked => "revoked",
            Reason::Expired => "expired",
            Reason::Token => "token",
            Reason::Client => "client",
            Reason::Source => "source",
            Reason::Origin => "origin",
            Reason::InUrl => "in_url",
            Reason::Bytes => "bytes",
            Reason::Events => "events",
            Reason::Failures => "failures",
            Reason::NoKeys => "no_keys",
        }
    }

    /// Kind of the denial.
    pub fn kind(self) -> Kind {
        match self {
            Reason::Missing
            | Reason::Malformed
            | Reason::Unknown
            | Reason::Revoked
            | Reason::Expired
            | Reason::Token => Kind::Unauthenticated,
            Reason::Client | Reason::Source | Reason::Origin | Reason::InUrl => Kind::Forbidden,
            Reason::Bytes | Reason::Events | Reason::Failures => Kind::OverRate,
            Reason::NoKeys => Kind::Off,
        }
    }

    /// Denial for this reason.
    pub(super) fn because(self, text: impl Into<String>) -> Denied {
        Denied {
            reason: self,
            text: text.into(),
            wait: None,
        }
    }

    /// Denial for this reason, which passes by itself.
    pub(super) fn until(self, wait: Duration, text: impl Into<String>) -> Denied {
        Denied {
            wait: Some(wait),
            ..self.because(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::access::DENIED_FOR;

    #[test]
    fn each_reason_is_a_label() {
        let words: Vec<&str> = Reason::ALL.into_iter().map(Reason::word).collect();
        assert_eq!(words, DENIED_FOR);
    }
}
