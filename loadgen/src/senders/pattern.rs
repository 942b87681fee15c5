//! Comparison of what came with what a scenario expects.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use serde_json::{Map, Value};

/// Texts that a scenario has given names: `$first` is whatever stood there first, and the same everywhere else.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<String, String>);

impl Named {
    /// Compares a value with a pattern. Objects may have more members than theirs, lists may not have more elements.
    /// `$uuid7` is any UUID of version 7, `$any` is anything, `$at_least 3` and `$at_most 3` are bounds of a number.
    pub(super) fn compare(&mut self, pattern: &Value, found: &Value) -> anyhow::Result<()> {
        match (pattern, found) {
            (Value::Object(pattern), Value::Object(found)) => self.object(pattern, found),
            (Value::Array(patterns), Value::Array(found)) => {
                let (expected, came) = (patterns.len(), found.len());
                ensure!(
                    expected == came,
                    "{expected} elements expected, {came} came"
                );
                for (at, (pattern, found)) in patterns.iter().zip(found).enumerate() {
                    let compared = self.compare(pattern, found);
                    compared.map_err(|error| error.context(format!("at {at}")))?;
                }
                Ok(())
            }
            (Value::String(pattern), found) if pattern.starts_with('$') => {
                self.special(pattern, found)
            }
            (pattern, found) if pattern == found => Ok(()),
            // JSON and YAML have whole and other numbers of one value.
            (Value::Number(pattern), Value::Number(found))
                if pattern.as_f64() == found.as_f64() =>
            {
                Ok(())
            }
            _ => bail!("{pattern} expected, {found} came"),
        }
    }

    /// Compares an object with a pattern.
    pub(super) fn object(
        &mut self,
        pattern: &Map<String, Value>,
        found: &Map<String, Value>,
    ) -> anyhow::Result<()> {
        for (key, pattern) in pattern {
            let compared = match (found.get(key), pattern) {
                (Some(found), pattern) => self.compare(pattern, found),
                // Counters that are 0, and fields at their default, may be left out.
                (None, Value::Number(number)) if number.as_f64() == Some(0.0) => Ok(()),
                (None, Value::Null) => Ok(()),
                (None, pattern) => bail!("`{key}` is missing, {pattern} expected"),
            };
            compared.map_err(|error| error.context(format!("in `{key}`")))?;
        }
        Ok(())
    }

    fn special(&mut self, pattern: &str, found: &Value) -> anyhow::Result<()> {
        let bound = |word: &str| {
            let rest = pattern.strip_prefix(word)?.trim();
            Some((rest.parse::<f64>().ok()?, found.as_f64()?))
        };
        if let Some((least, found)) = bound("$at_least ") {
            ensure!(found >= least, "at least {least} expected, {found} came");
            return Ok(());
        }
        if let Some((most, found)) = bound("$at_most ") {
            ensure!(found <= most, "at most {most} expected, {found} came");
            return Ok(());
        }
        match (pattern, found) {
            ("$any", _) => Ok(()),
            ("$uuid7", Value::String(text)) if is_uuid7(text) => Ok(()),
            ("$uuid7", _) => bail!("a UUID of version 7 expected, {found} came"),
            (name, Value::String(text)) => {
                let known = self
                    .0
                    .entry(name.to_owned())
                    .or_insert_with(|| text.clone());
                ensure!(known == text, "{name} is {known}, {text} came");
                Ok(())
            }
            (name, found) => bail!("a text expected as {name}, {found} came"),
        }
    }
}

/// `01890a5d-ac96-774b-bcce-b302099a8057`: version 7, variant of RFC 9562.
fn is_uuid7(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_hex = |part: &&str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(is_hex)
        && parts.get(2).is_some_and(|part| part.starts_with('7'))
        && parts
            .get(3)
            .is_some_and(|part| part.starts_with(['8', '9', 'a', 'b']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_says_what_has_to_be_there_and_names_keep_what_they_stood_for() {
        let mut named = Named::default();
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let found = json!({"id": id, "list": [1, {"a": "b", "more": true}], "n": 3});
        for pattern in [
            json!({"id": "$uuid7", "n": "$at_least 3", "zero": 0}),
            json!({"id": "$first", "list": ["$any", {"a": "b"}], "n": 3.0}),
        ] {
            let compared = named.compare(&pattern, &found);
            assert!(compared.is_ok(), "{pattern}: {compared:?}");
        }
        let other = json!({"id": "01890a5d-ac96-774b-bcce-b302099a8058"});
        let compared = named.compare(&json!({"id": "$first"}), &other);
        let told = compared.map_err(|error| format!("{error:#}"));
        assert!(told.is_err_and(|told| told.contains("in `id`: $first is")));
        for pattern in [
            json!({"list": [1]}),
            json!({"n": "$at_most 2"}),
            json!({"absent": 1}),
            json!({"n": "$uuid7"}),
        ] {
            assert!(named.compare(&pattern, &found).is_err(), "{pattern}");
        }
    }
}
