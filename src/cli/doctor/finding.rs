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

    /// Number of warnings and problems.
    pub(super) fn bad(&self) -> usize {
        self.count(Level::Warning) + self.count(Level::Problem)
    }

    fn count(&self, level: Level) -> usize {
        let of = self.findings.iter().filter(|one| one.level == level);
        of.count()
    }

    /// Prints them, and how many there are of each level.
    pub(super) fn print(&self) {
        for one in &self.findings {
            say(&one_line(&format!(
                "{:<8} {}: {}",
                one.level.name(),
                one.place,
                one.what
            )));
            if !one.fix.is_empty() {
                say(&one_line(&format!("         fix: {}", one.fix)));
            }
        }
        say(&format!(
            "{} problems, {} warnings, {} notes, {} good",
            self.count(Level::Problem),
            self.count(Level::Warning),
            self.count(Level::Note),
            self.count(Level::Good)
        ));
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
