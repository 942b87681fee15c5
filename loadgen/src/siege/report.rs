//! Outcomes of hostile inputs, by kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::door::Outcome;
use super::found::Finds;
use super::kinds::{End, Kind, all};
use super::{Ended, Siege};

/// Maximum number of reported errors.
const TOLD: usize = 30;

/// The table, and the verdict.
pub(super) struct Report {
    kinds: BTreeMap<&'static str, Tally>,
    wrong: Vec<String>,
    /// Latencies of the good ones among them, in order.
    waited: Vec<Duration>,
}

/// Outcomes of a kind.
#[derive(Default)]
struct Tally {
    sent: u64,
    taken: u64,
    refused: BTreeMap<String, u64>,
    closed: u64,
    left: u64,
    unanswered: u64,
    again: u64,
    rows: u64,
    letters: u64,
    longest: Duration,
}

impl Report {
    /// Adds everything up. What the server has not counted is wrong, too.
    pub(super) fn new(
        siege: &Siege,
        ended: &[Ended],
        finds: &Finds,
        uncounted: Vec<String>,
    ) -> Self {
        let mut report = Report {
            kinds: BTreeMap::new(),
            wrong: Vec::new(),
            waited: Vec::new(),
        };
        for one in ended {
            let Some(kind) = siege.kind(one.number) else {
                continue;
            };
            let found = finds.of(one.number);
            let tally = report.kinds.entry(kind.name).or_default();
            tally.add(one);
            tally.rows += found.rows;
            tally.letters += found.letters;
            if kind.end == End::Stored {
                report.waited.push(one.took);
            }
            if let Some(wrong) = siege.wrong(one, finds) {
                let name = siege.name(one.number);
                report.wrong.push(format!("{name}, {}: {wrong}", kind.name));
            }
        }
        report.wrong.extend(uncounted);
        report.waited.sort();
        report
    }

    /// True if all ended as they may.
    pub(super) fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The table and what is wrong, for people.
    pub(super) fn text(&self, times: bool) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        self.write(&mut text, times).ok();
        text
    }

    fn write(&self, out: &mut String, times: bool) -> std::fmt::Result {
        writeln!(
            out,
            "{:<52} {:<8} {:>5} {:>5} {:>7} {:>6} {:>5} {:>10} {:>8} {:>8}{}  refused with",
            "kind",
            "door",
            "sent",
            "taken",
            "refused",
            "closed",
            "left",
            "unanswered",
            "rows",
            "letters",
            if times { "   longest" } else { "" },
        )?;
        let known = all().filter_map(|kind| Some((kind, self.kinds.get(kind.name)?)));
        for (kind, tally) in known {
            tally.write(out, kind, times)?;
        }
        if let (true, Some(longest)) = (times, self.waited.last()) {
            let at = |part: usize| self.waited.get(self.waited.len() * part / 100);
            writeln!(
                out,
                "The good ones among them waited: p50 {:.0?}, p99 {:.0?}, longest {longest:.0?}.",
                at(50).unwrap_or(longest),
                at(99).unwrap_or(longest)
            )?;
        }
        for wrong in self.wrong.iter().take(TOLD) {
            writeln!(out, "wrong: {wrong}")?;
        }
        let more = self.wrong.len().saturating_sub(TOLD);
        if more > 0 {
            writeln!(out, "wrong: and {more} more")?;
        }
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, one: &Ended) {
        self.sent += 1;
        self.again += u64::from(one.tries - 1);
        self.longest = self.longest.max(one.took);
        match &one.outcome {
            Outcome::Taken => self.taken += 1,
            Outcome::Refused(with) => *self.refused.entry(with.clone()).or_default() += 1,
            Outcome::Closed => self.closed += 1,
            Outcome::Left => self.left += 1,
            Outcome::Unanswered(_) => self.unanswered += 1,
        }
    }

    fn write(&self, out: &mut String, kind: &Kind, times: bool) -> std::fmt::Result {
        let refused: u64 = self.refused.values().sum();
        let with: Vec<_> = self
            .refused
            .iter()
            .map(|(with, count)| format!("{with} {count}x"))
            .collect();
        write!(
            out,
            "{:<52} {:<8} {:>5} {:>5} {refused:>7} {:>6} {:>5} {:>10} {:>8} {:>8}",
            kind.name,
            kind.door.name(),
            self.sent,
            self.taken,
            self.closed,
            self.left,
            self.unanswered,
            self.rows,
            self.letters,
        )?;
        if times {
            write!(out, "  {:>8.1?}", self.longest)?;
        }
        write!(out, "  {}", with.join(", "))?;
        if self.again > 0 {
            write!(out, " (sent again {}x)", self.again)?;
        }
        writeln!(out)
    }
}
