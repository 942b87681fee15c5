//! `migrations/schemas.txt`: the fingerprints of this build and of those before it, by which a server tells whether a message was
//! made by an older or a newer build.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::fingerprint::DIGITS;
use super::git::{heads, is_checkout, show};
use super::history::HistoryError;
use crate::base::time::stamp;

/// Path of the file, from the project's root.
pub const SCHEMAS: &str = "migrations/schemas.txt";

/// Maximum number of fingerprints. The earliest ones go first.
const MOST: usize = 200;

/// The first line of the file.
const HEADING: &str = "# Fingerprints of the builds of this project and when each was first generated. Written by cargo xtask codegen; do not edit.";

/// Fingerprints that are known, with the time when each was first generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ancestors(BTreeMap<String, String>);

impl Ancestors {
    /// Reads those of the last commit, and of both sides in the middle of a merge. What only a former run in this working
    /// copy wrote was in no build and is left out. Without git they are those of the file.
    pub fn read(root: &Path, current: &str) -> Result<Self, HistoryError> {
        let file = match std::fs::read_to_string(root.join(SCHEMAS)) {
            Ok(text) => Ancestors::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ancestors::default(),
            Err(source) => {
                return Err(HistoryError::Read {
                    path: SCHEMAS.into(),
                    source,
                });
            }
        };
        let heads = match is_checkout(root) {
            true => heads(root),
            false => Vec::new(),
        };
        if heads.is_empty() {
            return Ok(file);
        }
        let mut known = Ancestors::default();
        for head in heads {
            known.join(Ancestors::parse(
                &show(root, &head, SCHEMAS).unwrap_or_default(),
            ));
        }
        // The current one keeps the time of its first run.
        known.join(file.only(current));
        Ok(known)
    }

    /// With this fingerprint, first generated at `now`, in seconds since the epoch, if it isn't known yet.
    pub fn with(mut self, current: &str, now: u64) -> Self {
        self.0
            .entry(current.to_owned())
            .or_insert_with(|| stamp(now));
        while self.0.len() > MOST {
            let others = self.0.iter().filter(|(name, _)| *name != current);
            let earliest = others.min_by_key(|(name, at)| (at.as_str(), name.as_str()));
            match earliest.map(|(name, _)| name.clone()) {
                Some(name) => self.0.remove(&name),
                None => break,
            };
        }
        self
    }

    /// Reads the file. Lines that are none of its own are left out: it is written anew.
    fn parse(text: &str) -> Self {
        let mut found = Ancestors::default();
        for line in text.lines() {
            let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            if let Some((at, name)) = line.split_once(' ')
                && name.len() == DIGITS
                && name.chars().all(is_digit)
                && at != "#"
            {
                found.join(Ancestors([(name.to_owned(), at.to_owned())].into()));
            }
        }
        found
    }

    /// Takes in what another one knows; of two times of one fingerprint the earlier.
    fn join(&mut self, other: Ancestors) {
        for (name, at) in other.0 {
            let known = self.0.entry(name).or_insert_with(|| at.clone());
            if at < *known {
                *known = at;
            }
        }
    }

    fn only(mut self, name: &str) -> Self {
        self.0.retain(|known, _| known == name);
        self
    }

    /// The file, in the order of time.
    pub fn render(&self) -> String {
        let mut lines: Vec<String> = self
            .0
            .iter()
            .map(|(name, at)| format!("{at} {name}\n"))
            .collect();
        lines.sort_unstable();
        format!("{HEADING}\n{}", lines.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> String {
        format!("{number:016x}")
    }

    #[test]
    fn a_file_reads_as_it_was_written_and_both_sides_of_a_merge_stay() {
        let one = Ancestors::default().with(&name(2), 10).with(&name(1), 20);
        let text = one.render();
        assert_eq!(
            text,
            format!(
                "{HEADING}\n19700101T000010 {}\n19700101T000020 {}\n",
                name(2),
                name(1)
            )
        );
        assert_eq!(Ancestors::parse(&text), one);
        let twice = format!(
            "{text}19700101T000005 {}\nno line\n# {}\n",
            name(1),
            name(3)
        );
        let merged = Ancestors::parse(&twice);
        assert_eq!(merged.0.len(), 2);
        assert_eq!(merged.0[&name(1)], "19700101T000005");
    }

    #[test]
    fn what_is_known_keeps_its_time() {
        let known = Ancestors::default().with(&name(1), 10);
        assert_eq!(known.clone().with(&name(1), 20), known);
    }

    #[test]
    fn the_earliest_go_first_and_the_current_one_stays() {
        let mut known = Ancestors::default();
        for number in 0..MOST + 5 {
            known = known.with(&name(number), number as u64);
        }
        assert_eq!(known.0.len(), MOST);
        assert!(!known.0.contains_key(&name(4)) && known.0.contains_key(&name(5)));
        let late = known.with(&name(4), 0);
        assert!(late.0.contains_key(&name(4)) && !late.0.contains_key(&name(5)));
    }
}
