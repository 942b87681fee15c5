//! Queues of the ledger: what went in, what came out, what is there, and the remainder.

use std::fmt;

use serde::Serialize;

use super::reading::Reading;
use super::scrape::QueueCounts;
use super::span::Span;

/// Message counts of a queue, since the opening, or since the instances started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueLine {
    /// Name of the queue.
    pub queue: String,
    /// Messages at the opening; none without an opening.
    pub opening: Option<Span>,
    /// Messages that the instances published, and the broker confirmed.
    pub published: u64,
    /// Messages that they published without an answer: in the queue or not.
    pub unanswered: u64,
    /// Messages delivered to them.
    pub delivered: u64,
    /// Deliveries of messages that had been delivered before.
    pub redelivered: u64,
    /// Settled: every unit of them is stored or a dead letter.
    pub acknowledged: u64,
    /// Settled, but for units that a copy took back to the queue, where it counts as published.
    pub retried: u64,
    /// Given back to the queue as they were.
    pub returned: u64,
    /// Acknowledgements of unknown outcome. If the broker didn't get one, it delivers the message again.
    pub lost: u64,
    /// Messages that wait in the queue now.
    pub ready: Span,
    /// Messages that the instances hold now.
    pub held: Span,
    /// Remainder: opening plus published, less settled, ready and held. Above zero messages are missing; below zero
    /// there are some that were not counted as published.
    pub remainder: Span,
    /// Verdict on the remainder.
    pub verdict: BalanceVerdict,
    /// Reasons of the verdict, where it needs some.
    pub reasons: Vec<String>,
}

/// Verdict on a remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceVerdict {
    /// The remainder is zero.
    Balanced,
    /// The remainder may be zero: something moved while it was read.
    WithinBand,
    /// More was settled or is there than was counted as published: from other publishers, or from before.
    Surplus,
    /// It can't be explained, because counts are missing.
    Unknown,
    /// Messages were published that are neither settled nor there, and nothing explains it.
    Missing,
}

impl fmt::Display for BalanceVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BalanceVerdict::Balanced => "balanced",
            BalanceVerdict::WithinBand => "within band",
            BalanceVerdict::Surplus => "surplus",
            BalanceVerdict::Unknown => "not explained",
            BalanceVerdict::Missing => "MISSING",
        })
    }
}

/// Line of a queue with this prefetch.
pub(super) fn line(
    queue: &str,
    prefetch: u64,
    opening: Option<&Reading>,
    now: &Reading,
    doubts: &[String],
) -> QueueLine {
    let since = |value: fn(&QueueCounts) -> u64| since(queue, opening, now, value);
    let seen = |value| u64::try_from(since(value).high).unwrap_or(0);
    let before = opening.map(|opening| {
        // A message without an answer at the opening is counted as published when the answer comes.
        let unconfirmed = opening.sum(queue, |c| c.unconfirmed).high;
        let depth = opening.depth(queue, prefetch);
        Span {
            low: depth.low.saturating_sub(unconfirmed),
            ..depth
        }
    });
    let unconfirmed = now.sum(queue, |c| c.unconfirmed).high;
    let published = since(|c| c.confirmed).or_more(u64::try_from(unconfirmed).unwrap_or(0));
    let settled = since(QueueCounts::settled);
    let depth = now.depth(queue, prefetch);
    let remainder = before.unwrap_or_default() + published - settled - depth;
    let unanswered = seen(|c| c.unanswered) + u64::try_from(unconfirmed).unwrap_or(0);
    let mut reasons = doubts.to_vec();
    let (consumers, instances) = (now.consumers(queue), now.instances.len() as u64);
    if consumers > instances {
        reasons.push(format!(
            "{consumers} consumers take from it, and the counts of {instances} are here"
        ));
    }
    let lost = seen(|c| c.lost);
    if lost > 0 && (1..=lost).contains(&u64::try_from(remainder.low).unwrap_or(0)) {
        reasons.push(format!(
            "it is not known whether {lost} acknowledgements reached the broker before a connection broke"
        ));
    }
    let verdict = match remainder {
        Span { low: 0, high: 0 } => BalanceVerdict::Balanced,
        Span { low, high } if low <= 0 && high >= 0 => BalanceVerdict::WithinBand,
        _ if !reasons.is_empty() => BalanceVerdict::Unknown,
        Span { low, .. } if low > 0 => BalanceVerdict::Missing,
        _ => BalanceVerdict::Surplus,
    };
    if verdict != BalanceVerdict::Unknown {
        reasons.clear();
    }
    QueueLine {
        queue: queue.to_owned(),
        opening: before,
        published: seen(|c| c.confirmed),
        unanswered,
        delivered: seen(|c| c.delivered),
        redelivered: seen(|c| c.redelivered),
        acknowledged: seen(|c| c.acknowledged),
        retried: seen(|c| c.retried),
        returned: seen(|c| c.returned),
        lost,
        ready: now.ready(queue),
        held: now.sum(queue, |c| c.held),
        remainder,
        verdict,
        reasons,
    }
}

/// Increase of a counter since the opening. An instance that started since then counted from zero.
fn since(
    queue: &str,
    opening: Option<&Reading>,
    now: &Reading,
    value: fn(&QueueCounts) -> u64,
) -> Span {
    let instances = now.instances.iter();
    instances
        .map(|(name, instance)| {
            let span = |[first, second]: [QueueCounts; 2]| Span::of(value(&first), value(&second));
            let before = instance.opening(name, opening);
            span(instance.of(queue))
                - before.map_or(Span::default(), |before| span(before.of(queue)))
        })
        .sum()
}

impl QueueLine {
    /// True if all counts are zero.
    pub fn is_empty(&self) -> bool {
        let counts = [self.published, self.unanswered, self.delivered, self.lost];
        let there = [self.opening.unwrap_or_default(), self.ready, self.held];
        counts == [0; 4] && there.iter().all(|span| *span == Span::default())
    }

    /// Verdict as a sentence; none if there is nothing to report.
    pub fn sentence(&self) -> Option<String> {
        let QueueLine {
            queue, remainder, ..
        } = self;
        let turned = Span::default() - *remainder;
        match self.verdict {
            BalanceVerdict::Balanced | BalanceVerdict::WithinBand => None,
            BalanceVerdict::Missing => {
                let unless = match self.opening {
                    Some(_) => "and nothing explains it",
                    None => "unless an instance settled them that is gone; only an opening tells",
                };
                Some(format!(
                    "{queue}: {remainder} missing: published, but neither settled nor in the queue, {unless}"
                ))
            }
            BalanceVerdict::Unknown => {
                let what = match remainder.low > 0 {
                    true => format!("{remainder} missing"),
                    false => format!("{turned} too many"),
                };
                let reasons = self.reasons.join("; ");
                Some(format!("{queue}: {what}, not explained ({reasons})"))
            }
            BalanceVerdict::Surplus => {
                let sources = self.sources();
                Some(format!(
                    "{queue}: {turned} more than the instances published: {sources}"
                ))
            }
        }
    }

    /// Possible origins of a surplus.
    fn sources(&self) -> String {
        let mut text = "from others".to_owned();
        if self.opening.is_none() {
            text += ", or from before the instances started";
        }
        if self.unanswered > 0 {
            text += &format!(", or of the {} without an answer", self.unanswered);
        }
        if self.redelivered > 0 {
            let again = self.redelivered;
            text += &format!(
                ", or of the {again} delivered again: an acknowledgement may be lost on its way"
            );
        }
        text
    }
}
