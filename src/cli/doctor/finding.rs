//! Findings: what a check found, how bad it is, and what to do about it.

use serde::Serialize;

use super::super::{one_line, say};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Good,
    /// To be known.
    Note,
    /// It works, and will not always.
    Warning,
    /// Something doesn't work.
    Problem,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    level: Level,
    /// What was looked at, as in `clickhouse events`.
    place: String,
    /// What is so.
    what: String,
    /// What to do about it; empty if nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    fix: String,
}

/// Everything that was found, in the order in which it was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    findings: Vec<Finding>,
}

impl Findings {
    /// Adds what is as it should be.
    pub(super) fn good(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.add(Level::Good, place, what, "");
    }

    /// Adds a finding.
    pub(super) fn add(
        &mut self,
        level: Level,
        place: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.findings.push(Finding {
            level,
            place: place.into(),
            what: what.into(),
            fix: fix.into(),
        });
    }

    /// True if nothing is a problem.
    pub(super) fn are_good(&self) -> bool {
        self.count(Level::Problem) == 0
    }

    fn count(&self, level: Level) -> usize {
        let of = self.findings.iter().filter(|one| one.level == level);
        of.count()
    }

    /// Prints them, and how many there are of each level.
    pub(super) fn print(&self) {
        self.lines().iter().for_each(|line| say(line));
    }

    /// As lines for people. What is so of several things alike is said of the first, with the names of the others.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = self.findings.as_slice();
        while let Some((first, others)) = rest.split_first() {
            let alike: Vec<&str> = others.iter().map_while(|one| first.other(one)).collect();
            lines.push(format!(
                "{:<8} {}: {}",
                first.level.name(),
                first.place,
                first.what
            ));
            if !alike.is_empty() {
                lines.push(format!(
                    "         likewise {}: {}",
                    alike.len(),
                    alike.join(", ")
                ));
            }
            if !first.fix.is_empty() {
                lines.push(format!("         fix: {}", first.fix));
            }
            rest = others.get(alike.len()..).unwrap_or_default();
        }
        lines.push(format!(
            "{} problems, {} warnings, {} notes, {} good",
            self.count(Level::Problem),
            self.count(Level::Warning),
            self.count(Level::Note),
            self.count(Level::Good)
        ));
        lines.iter().map(|line| one_line(line)).collect()
    }
}

// === impl Finding ===

impl Finding {
    /// What `other` is about, if the same is so of it: it says this in the same words, but for a name.
    fn other<'a>(&self, other: &'a Finding) -> Option<&'a str> {
        let is_same =
            (self.level, &self.place, &self.fix) == (other.level, &other.place, &other.fix);
        let (words, others) = (self.what.split(' '), other.what.split(' '));
        if !is_same || words.clone().count() != others.clone().count() {
            return None;
        }
        let mut differing = words.zip(others).filter(|(one, other)| one != other);
        let (name, other) = differing.next()?;
        // The name may be in a longer word, as in `database`.`name`.
        let is_named = |(word, of): (&str, &str)| word.replace(name, other) == of;
        let other_name = other.trim_end_matches(':');
        differing.all(is_named).then_some(other_name)
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Problem => "PROBLEM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_of_several_is_said_once() {
        let mut findings = Findings::default();
        let missing = "an instance declares it";
        findings.add(
            Level::Note,
            "mq",
            "missing queue a: it isn't there",
            missing,
        );
        findings.add(
            Level::Note,
            "mq",
            "missing queue b: it isn't there",
            missing,
        );
        findings.add(
            Level::Note,
            "mq",
            "missing exchange b: it isn't there",
            missing,
        );
        for table in ["event", "purchase", "click"] {
            let what = format!("table {table} takes no rows: `db`.`{table}` does not exist");
            findings.add(Level::Problem, "ch", what, "migrate");
        }
        findings.add(
            Level::Problem,
            "ch",
            "table order takes no rows: no rights",
            "migrate",
        );
        let lines = findings.lines();
        let expected = [
            "note     mq: missing queue a: it isn't there",
            "         likewise 1: b",
            "         fix: an instance declares it",
            "note     mq: missing exchange b: it isn't there",
            "         fix: an instance declares it",
            "PROBLEM  ch: table event takes no rows: `db`.`event` does not exist",
            "         likewise 2: purchase, click",
            "         fix: migrate",
            "PROBLEM  ch: table order takes no rows: no rights",
            "         fix: migrate",
            "4 problems, 0 warnings, 3 notes, 0 good",
        ];
        assert_eq!(lines, expected);
    }
}
