//! Versions of apps, as in `3.1.4`, and ranges of them, as in `>=3.1, <3.2`.

use std::cmp::Ordering;
use std::fmt;

/// Version: numbers with points between them. What stands behind them, such as `-beta`, doesn't count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version(Vec<u64>);

/// Maximum number of a version's numbers; what is behind them doesn't count.
const NUMBERS: usize = 8;

/// Range: all of its bounds hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range(Vec<(Bound, Version)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// Bounds as they are written; longer ones first.
const BOUNDS: [(&str, Bound); 5] = [
    ("<=", Bound::AtMost),
    (">=", Bound::AtLeast),
    ("<", Bound::Less),
    (">", Bound::More),
    ("=", Bound::Equal),
];

impl Version {
    /// Reads a version; none if it begins with no number. Senders write it, so that there is an end to its numbers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut numbers = Vec::new();
        for part in text.split('.').take(NUMBERS) {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let Some(Ok(number)) = part.get(..digits).map(str::parse) else {
                break;
            };
            numbers.push(number);
            if digits < part.len() {
                break;
            }
        }
        (!numbers.is_empty()).then_some(Version(numbers))
    }

    /// True if nothing but numbers and points was written.
    fn is_plain(text: &str) -> bool {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        text.split('.').all(is_number)
    }

    /// Numbers that are left out are zero.
    fn compare(&self, other: &Version) -> Ordering {
        let most = self.0.len().max(other.0.len());
        let at = |version: &Version, at| version.0.get(at).copied().unwrap_or_default();
        (0..most)
            .map(|place| at(self, place).cmp(&at(other, place)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Range {
    /// Reads a range: bounds with commas between them. A version alone is that version.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut bounds = Vec::new();
        for part in text.split(',').map(str::trim) {
            let found = BOUNDS
                .iter()
                .find_map(|(mark, bound)| Some((part.strip_prefix(mark)?.trim(), *bound)));
            let (version, bound) = found.unwrap_or((part, Bound::Equal));
            let version = Version::parse(version).filter(|_| Version::is_plain(version));
            let version = version.ok_or_else(|| {
                format!("`{part}` is no bound of versions; write it as in `>=3.1, <3.2`")
            })?;
            bounds.push((bound, version));
        }
        let range = Range(bounds);
        match range.is_empty() {
            true => Err(format!("no version is in `{text}`")),
            false => Ok(range),
        }
    }

    /// True if a version is in it.
    pub(super) fn has(&self, version: &Version) -> bool {
        self.0.iter().all(|(bound, of)| {
            let ordering = version.compare(of);
            match bound {
                Bound::Less => ordering.is_lt(),
                Bound::AtMost => ordering.is_le(),
                Bound::Equal => ordering.is_eq(),
                Bound::AtLeast => ordering.is_ge(),
                Bound::More => ordering.is_gt(),
            }
        })
    }

    /// True if its bounds contradict each other. The versions at the bounds and right above them are all that matter.
    fn is_empty(&self) -> bool {
        let after = |version: &Version| {
            let mut numbers = version.0.clone();
            numbers.extend([0; 8]);
            numbers.push(1);
            Version(numbers)
        };
        let bounds = self.0.iter().map(|(_, version)| version);
        let mut tried = bounds.flat_map(|version| [version.clone(), after(version)]);
        let lowest = Version(vec![0]);
        !self.has(&lowest) && !tried.any(|version| self.has(&version))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (bound, version)) in self.0.iter().enumerate() {
            let mark = BOUNDS.iter().find(|(_, known)| known == bound);
            let between = if at > 0 { ", " } else { "" };
            let numbers: Vec<String> = version.0.iter().map(u64::to_string).collect();
            let mark = mark.map_or("", |(mark, _)| mark);
            write!(f, "{between}{mark}{}", numbers.join("."))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn has(range: &str, version: &str) -> bool {
        let range = Range::parse(range).unwrap();
        Version::parse(version).is_some_and(|version| range.has(&version))
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for version in ["3.1", "3.1.0", "v3.1.9", "3.1.10-beta", "3.1.5+77"] {
            assert!(has(">=3.1, <3.2", version), "{version}");
        }
        let endless = format!("3.1{}", ".1".repeat(1_000_000));
        assert_eq!(Version::parse(&endless).unwrap().0.len(), NUMBERS);
        for version in ["3.0.9", "3.2", "3.10", "30.1", "", "beta", "-1"] {
            assert!(!has(">=3.1, <3.2", version), "{version}");
        }
        assert!(has("3.1", "3.1.0") && has("=3.1", "3.1") && !has("3.1", "3.1.1"));
        assert!(has("<3", "0") && has(">3", "3.0.1") && !has(">3", "3") && has("<=3", "3.0"));
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (text, told) in [
            ("", "`` is no bound"),
            (">=3.x", "`>=3.x` is no bound"),
            ("~3.1", "`~3.1` is no bound"),
            (">=3.1 <3.2", "is no bound"),
            (">3.2, <3.1", "no version is in"),
            ("<0", "no version is in"),
        ] {
            let error = Range::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
        let range = Range::parse(">=3.1 , <3.2,>0").unwrap();
        assert_eq!(range.to_string(), ">=3.1, <3.2, >0");
    }
}
