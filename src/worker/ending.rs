//! Endings of messages in their queues.

use crate::metrics::workers;

/// Ending of a message in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its units are stored, or dead letters.
    Acknowledged,
    /// As above, but a copy carries the undecided units back to the queue.
    Retried,
    /// It is in its queue again as it was, uncounted.
    Returned,
    /// It isn't known if the broker got the acknowledgement. If not, it delivers the message again.
    Lost,
}

impl Ending {
    /// All endings, in order.
    pub(super) const ALL: [Ending; 4] = [
        Ending::Acknowledged,
        Ending::Retried,
        Ending::Returned,
        Ending::Lost,
    ];

    /// Word for metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ending::Acknowledged => workers::ACKNOWLEDGED,
            Ending::Retried => workers::RETRIED,
            Ending::Returned => workers::RETURNED,
            Ending::Lost => workers::LOST,
        }
    }
}
