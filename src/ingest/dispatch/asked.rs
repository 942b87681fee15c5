//! Requests that were asked, counted by how each was answered.

use super::super::response::Refusal;
use crate::metrics::intake;

/// Counts a request as abandoned by its client, unless it was answered.
pub(in crate::ingest) struct Asked {
    source: &'static str,
    answered: bool,
}

impl Asked {
    pub(in crate::ingest) fn of(source: &'static str) -> Self {
        Asked {
            source,
            answered: false,
        }
    }

    pub(in crate::ingest) fn answered<T>(mut self, answer: &Result<T, Refusal>) {
        self.answered = true;
        count(self.source, answer);
    }

    /// Counts it under a word of its own.
    pub(in crate::ingest) fn ended(mut self, outcome: &'static str) {
        self.answered = true;
        tell(self.source, outcome);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.answered {
            tell(self.source, "gone");
        }
    }
}

/// Counts an answered request.
pub(in crate::ingest) fn count<T>(source: &'static str, answer: &Result<T, Refusal>) {
    let outcome = match answer {
        Ok(_) => intake::ACCEPTED,
        Err(refusal) => refusal.outcome(),
    };
    tell(source, outcome);
}

/// Counts a request under a word.
pub(super) fn tell(source: &'static str, outcome: &'static str) {
    intake::REQUESTS.with([source, outcome]).increment(1);
}
